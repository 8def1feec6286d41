"""What only a browser can tell: what is live, the keys, and whether the page stays quick."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from scim.console.conversation.drawing import LIGHT, Pen, file_svg
from scim.console.conversation.grid import GRIDS
from scim.console.conversation.scene import newest
from scim.console.conversation.sequence import draw_sequence

from ..support.server import run
from ..support.waiting import happens
from .staging import PHONE
from .test_pictures import HOSTILE, created

BURST = 400
MOST = 300  # rows on the page


def rows(page):
    return page.locator("#talks > li")


def test_requests_come_in_at_the_top(stage):
    page = stage.go()

    stage.send("first@example.com")

    rows(page).nth(0).filter(has_text="first@example.com").wait_for()


def test_pause_holds_what_is_new(stage):
    page = stage.go()
    page.keyboard.press("p")
    before = rows(page).first.get_attribute("data-number")

    stage.send("paused@example.com")
    page.locator("#more", has_text="1 new").wait_for()
    assert rows(page).first.get_attribute("data-number") == before
    assert page.locator("#pause").get_attribute("aria-pressed") == "true"

    page.keyboard.press("p")
    rows(page).filter(has_text="paused@example.com").first.wait_for()


def test_filter_is_in_the_url(stage):
    page = stage.go()
    page.keyboard.press("/")
    page.keyboard.type("status:401")
    page.keyboard.press("Enter")

    page.wait_for_url("**/?q=status%3A401")
    assert rows(page).count() == 1
    assert "refused" in rows(page).first.inner_text()


def test_rows_are_opened_with_keys(stage):
    page = stage.go("/?q=status:401")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    page.wait_for_url("**" + stage.paths["refused"])
    assert "refused" in page.locator("h1").inner_text().lower()


def test_a_conversation_unfolds_with_the_keyboard(stage):
    page = stage.go("/?q=user:jane")
    summary = page.locator("#talks summary").first
    summary.focus()
    page.keyboard.press("Enter")

    assert page.locator("#talks details[open] ol a").first.is_visible()


def test_palette_finds_pages_people_and_exchanges(stage):
    page = stage.go()
    page.keyboard.press("Control+k")
    page.keyboard.type("prob")
    page.keyboard.press("Enter")
    page.wait_for_url("**/problems")

    page.keyboard.press("Control+k")
    page.keyboard.type("nobody has this name")
    page.get_by_text("Nothing found").wait_for()
    page.keyboard.press("Escape")
    assert not page.locator("#palette").is_visible()


def test_keys_lead_to_pages(stage):
    page = stage.go()
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/conversation")


def test_theme_and_stage_are_kept(stage):
    page = stage.go()
    colour = "getComputedStyle(document.body).backgroundColor"
    light, size = page.evaluate(colour), "getComputedStyle(document.documentElement).fontSize"
    page.click("[data-theme-switch]")
    page.keyboard.press("s")

    stage.go("/problems")
    assert page.evaluate(colour) != light
    assert page.evaluate(size) == "24px"

    page.click("[data-theme-switch]")
    page.keyboard.press("s")
    page.evaluate("localStorage.clear()")
    assert page.evaluate(colour) == light


def test_bar_is_one_line_on_a_stage_and_shows_the_page_on_a_phone(stage):
    page = stage.go()
    page.keyboard.press("s")
    bar = page.locator(".bar").bounding_box()
    assert bar["height"] < 2 * page.locator(".brand").bounding_box()["height"] + 40
    assert page.locator(".bar nav").evaluate("nav => nav.scrollWidth <= nav.clientWidth")
    page.keyboard.press("s")

    page = stage.go("/operate", PHONE)
    place = page.locator(".bar [aria-current]").bounding_box()
    assert 0 <= place["x"] < place["x"] + place["width"] <= PHONE["width"]


def test_tables_are_cards_on_a_phone(stage):
    for path in ("/directory", "/operate"):
        for each in stage.go(path, PHONE).locator("table").all():
            assert each.evaluate("it => it.scrollWidth <= it.parentElement.clientWidth"), path


def test_first_tab_skips_to_the_content(stage):
    page = stage.go("/problems")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_diagram_grows_and_leads_to_the_exchange(stage):
    page = stage.go("/conversation?q=user:drawn")

    stage.send("drawn@example.com")
    step = page.locator(".wide a.step", has_text="drawn@example.com")
    step.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(r"/exchange/\d+$"))
    assert "drawn@example.com" in page.content()


def test_diagram_does_not_move_while_somebody_reads(stage):
    page = stage.go("/conversation?most=100")
    box = page.locator(".wide .sequence")
    box.evaluate("each => (each.scrollTop = 0)")
    page.wait_for_timeout(100)
    count = page.locator(".wide a.step").count()

    stage.send("unseen@example.com")
    page.locator("#more", has_text="1 new").wait_for()
    assert page.locator(".wide a.step").count() == count

    page.click("#more")
    page.locator(".wide a.step", has_text="unseen@example.com").wait_for()


@pytest.mark.parametrize("size", GRIDS)
def test_words_in_a_picture_do_not_overlap(stage, size):
    names = [*HOSTILE, "Wilhelmina Wiggersworth-Montgomery", "山田太郎" * 8, "MMMMMM WWWWWW"]
    exchanges = [
        each
        for place, name in enumerate(names)
        for each in created(name, ["Okta", "Entra ID", "M" * 60][place % 3], 1 + 2 * place)
    ]
    pen = Pen(LIGHT, is_linked=False)
    scene = newest(exchanges, 30, {})
    page = stage.page
    page.goto("about:blank")
    page.set_content(file_svg(pen, *draw_sequence(scene, pen, size)).partition("?>")[2])

    overlapping = page.evaluate("""() => {
        const found = [];
        const texts = [...document.querySelectorAll("text")].filter((each) => each.textContent);
        const boxes = texts.map((each) => each.getBoundingClientRect());
        const width = document.querySelector("svg").getBoundingClientRect().right;
        for (const [one, a] of boxes.entries()) {
            if (a.right > width) found.push(`outside: ${texts[one].textContent}`);
            for (const [other, b] of boxes.entries())
                if (one < other && a.left < b.right && b.left < a.right
                    && a.top + 3 < b.bottom - 3 && b.top + 3 < a.bottom - 3)
                    found.push(`${texts[one].textContent} | ${texts[other].textContent}`);
        }
        return found;
    }""")

    assert overlapping == []


def test_burst_does_not_block_the_page(stage):
    """Rows that come together are drawn together, and no more of them than the page shows."""
    page = stage.go()
    page.evaluate("""() => {
        window.drawn = [];
        const added = (records) => records.reduce((sum, each) => sum + each.addedNodes.length, 0);
        new MutationObserver((records) => drawn.push(added(records)))
            .observe(document.querySelector("#talks"), { childList: true });
    }""")

    session = stage.console.server.session
    with ThreadPoolExecutor(4) as clients:
        paths = [f"/Users?startIndex={number + 1}&count=1" for number in range(BURST)]
        list(clients.map(session.get, paths))
    last = page.locator(f"#talks >> text={paths[-1].partition('?')[2]}")
    last.first.wait_for(state="attached", timeout=20_000)

    drawn = page.evaluate("drawn")
    assert 1 <= len(drawn) < BURST / 4
    assert max(drawn) <= MOST
    assert page.locator("#talks > *").count() <= MOST


def test_link_for_looking_shows_no_buttons_that_write(stage):
    console = stage.console
    url = console.server.database_url
    done = run("manage.py", "console", "link", "--read-only", DATABASE_URL=url)
    [link] = [line for line in done.stdout.split() if line.startswith(console.url_shown)]
    context = stage.new_context(base_url=console.url)
    page = context.new_page()
    page.goto(link.replace(console.url_shown, console.url))

    assert page.locator("text=view only").is_visible()
    for path in stage.paths.values():
        page.goto(path)
        number = page.locator("form[method=post] button:enabled").count()
        assert number == (1 if path == "/lab/payload" else 0), path  # which keeps nothing
    context.close()


def test_stranger_pastes_the_link(stage):
    console = stage.console
    context = stage.new_context(base_url=console.url, viewport=PHONE)
    page = context.new_page()
    page.goto("/conversation")
    page.fill("#key", console.link)
    page.keyboard.press("Enter")

    page.locator("#talks").wait_for()
    assert happens(lambda: page.url == f"{console.url}/")
    context.close()
