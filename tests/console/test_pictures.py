"""The pictures say what happened, in every size, and nothing that a client sent is markup."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from scim.console.conversation.drawing import DARK, LIGHT, Font, Pen, file_svg, page_svg
from scim.console.conversation.grid import GRIDS
from scim.console.conversation.scene import conversation_of, newest
from scim.console.conversation.sequence import draw_sequence
from scim.console.conversation.timeline import Mark, bars, draw_timeline, marks
from scim.explain.exchange import Made, Statement

from ..explain.traffic import exchange

SVG = "{http://www.w3.org/2000/svg}"
BEGAN = datetime(2026, 11, 29, 10, 42, 7, tzinfo=UTC)
NOBODY = {"totalResults": 0, "Resources": []}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><image href=x onerror=alert(1)>',
    "]]><!--",
    "a\u202egnp.exe",
    "\x00\x1b[2J\ufffe\ud800",
    "x" * 10_000,
    "&amp;&#x3c;",
]


def at(seconds):
    return f"{(BEGAN + timedelta(seconds=seconds)).isoformat().partition('+')[0]}Z"


def jane(name="Jane Berg", **more):
    return {
        "id": "01a2",
        "userName": "jane@example.com",
        "displayName": name,
        "active": True,
    } | more


def created(name="Jane Berg", provider="Okta", number=1):
    """Return the look-up and the create of a user."""
    look = "/Users?filter=userName+eq+%22jane%40example.com%22"
    body = jane(name)
    ran = [Statement("SELECT 1", 1.2), Statement("INSERT", 0.9)]
    others = {"provider": provider, "token": provider, "statements": ran}
    return [
        exchange("GET", look, None, 200, NOBODY, number=number, at=at(number), **others),
        exchange(
            "POST",
            "/Users",
            body,
            201,
            body,
            number=number + 1,
            at=at(number + 1),
            made=[Made("User", "01a2", 1, "create")],
            **others,
        ),
    ]


def drawn(exchanges, size="wide", most=30, names=None):
    """Return the diagram of exchanges as a file."""
    pen = Pen(LIGHT, is_linked=False)
    return file_svg(pen, *draw_sequence(newest(exchanges, most, names or {}), pen, size))


def texts(svg):
    return [each.text or "" for each in ElementTree.fromstring(svg.encode()).iter(f"{SVG}text")]


@pytest.mark.parametrize("size", GRIDS)
def test_diagram_tells_who_did_what(size):
    told = texts(drawn(created(), size))

    words = " ".join(told)
    assert told[0] == "Okta"
    assert "Okta created Jane Berg (assigned to the app)." in words
    assert "Okta creates the user Jane Berg." in words
    assert "+1 user" in told
    assert any(each.startswith("201") for each in told)
    if size == "wide":
        assert {"10:42:08", "2026-11-29", "UTC", "POST /Users", "2 statements · 2.1 ms"} < set(told)
        assert 'GET /Users?filter=userName eq "jane@example.com"' in told


@pytest.mark.parametrize("size", GRIDS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name_is_text(name, size):
    exchanges = created(name) + created("Jane Berg", name, number=3)
    svg = drawn(exchanges, size)
    picture = page_svg(draw_sequence(newest(exchanges, 9, {}), Pen(LIGHT), size)[1], "group")

    names = {each.tag.removeprefix(SVG) for each in ElementTree.fromstring(svg.encode()).iter()}
    assert names <= {"svg", "g", "rect", "path", "text", "title"}
    assert "\u202e" not in svg
    assert len(svg) < 20_000
    ElementTree.fromstring(picture)
    assert "<script" not in picture
    assert max(map(len, texts(svg))) < 200


def test_everyone_has_a_lane():
    exchanges = [
        each
        for number, provider in enumerate(["Okta", "Entra ID", "OneLogin", "JumpCloud", "x"])
        for each in created(provider=provider, number=1 + 2 * number)
    ]

    assert texts(drawn(exchanges[:4]))[:3] == ["Entra ID", "Okta", "this server"]
    assert texts(drawn(exchanges))[3:6] == ["Others", "this server", "database"]


@pytest.mark.parametrize("size", ["wide", "middle"])
def test_sentence_goes_across_all_lanes(size):
    names = ["Okta", "Entra ID", "The console"]
    found = [
        each for at, name in enumerate(names) for each in created(provider=name, number=9 * at)
    ]

    told = texts(drawn(found, size))

    assert told[:3] == ["Entra ID", "Okta", "The console"]
    assert "Entra ID creates the user Jane Berg." in told


def test_newest_are_drawn_with_the_names_that_earlier_ones_told():
    deleted = exchange("DELETE", "/Users/01a2", status=204, number=3, at=at(90))

    told = " ".join(texts(drawn([*created(), deleted], most=1, names={"01a2": "Jane Berg"})))

    assert "Okta deletes Jane Berg." in told
    assert "POST" not in told


def test_one_conversation():
    found = conversation_of([*created(), *created("Omar Haddad", "Entra ID", 3)], 4, {})

    assert [each.number for each in found.exchanges] == [3, 4]
    assert found.title == "Entra ID created the user Omar Haddad. 2 exchanges."


def test_state_has_a_sign_and_a_colour():
    failed = exchange("POST", "/Users", jane(), 409, {"detail": "taken"}, number=1)
    broken = exchange("POST", "/Users", jane(), 500, {"detail": "away"}, number=2)

    svg = drawn([failed, broken])

    assert LIGHT["warn"] in svg
    assert LIGHT["bad"] in svg
    assert "M0 -4.5 V1" in svg
    assert "M-3.5 -3.5" in svg


def test_page_links_each_exchange_and_a_file_none():
    scene = newest(created(), 9, {})

    page = page_svg(draw_sequence(scene, Pen(LIGHT), "wide")[1], "group")
    file = file_svg(Pen(LIGHT), *draw_sequence(scene, Pen(LIGHT, is_linked=False), "wide"))

    assert re.findall(r'href="([^"]+)"', page) == ["/exchange/1", "/exchange/2"]
    assert 'aria-label="Okta creates the user Jane Berg. POST /Users, 201"' in page
    assert "href" not in file
    assert "style" not in page


def test_colours_are_those_of_the_stylesheet():
    css = Path("scim/console/static/console.css").read_text()

    assert LIGHT.keys() == DARK.keys()
    for name, colour in LIGHT.items():
        assert f"--{name}: light-dark({colour}, {DARK[name]});" in css, name


def test_each_colour_has_its_classes():
    css = Path("scim/console/static/conversation.css").read_text()
    exchanges = [*created(), exchange("GET", "/Users", status=500, number=7)]
    scene = newest(exchanges, 9, {})
    pictures = [*draw_sequence(scene, Pen(LIGHT), "wide")]
    pictures.append(draw_timeline([Mark(0, "created"), Mark(9, "failed")], Pen(LIGHT), "wide"))

    for kind in re.findall(r'class="([^"]+)"', "".join(page_svg(each, "img") for each in pictures)):
        for each in kind.split():
            assert f".{each}" in css


@pytest.mark.parametrize("text", ["a b c", "word " * 50, "w" * 500, "山田太郎" * 40, "", "  "])
def test_lines_are_as_wide_as_there_is_room(text):
    font = Font(15)

    lines = font.wrap(text, 200, 3)

    assert len(lines) <= 3
    assert all(font.width(line) <= 200 for line in lines)
    whole = " ".join(text.split())
    assert "".join(lines).replace(" ", "").rstrip("…") in whole.replace(" ", "")


COUNTED = [
    (exchange("POST", "/Users", jane(), 201, jane()), ["created"]),
    (exchange("PUT", "/Users/01a2", jane(), 200, jane()), ["updated"]),
    (exchange("PUT", "/Users/01a2", jane(active=False), 200, jane()), ["deactivated"]),
    (exchange("DELETE", "/Users/01a2", status=204), ["deleted"]),
    (exchange("DELETE", "/Users/01a2", status=404), ["failed"]),
    (exchange("GET", "/Users", status=401), ["failed"]),
    (exchange("GET", "/Users/01a2", status=404), []),
    (exchange("GET", "/Users", status=200, answered=NOBODY), []),
    (exchange("POST", "/Users", jane(), 201, jane(), applied="dry-run"), []),
    (exchange("POST", "/Users/.search", {}, 200, NOBODY), []),
    (exchange("POST", "/Users", jane(), 201, jane(), at="yesterday"), []),
    (
        exchange(
            "POST",
            "/Bulk",
            {"Operations": []},
            made=[Made("User", "1", 1, "create"), Made("User", "2", 3, "patch")],
        ),
        ["created", "updated"],
    ),
]


@pytest.mark.parametrize(("one", "kinds"), COUNTED)
def test_exchange_counts_as(one, kinds):
    assert [each.kind for each in marks(one)] == kinds


@pytest.mark.parametrize(
    ("seconds", "step"), [(0, 1), (30, 1), (300, 10), (7200, 300), (90 * 86400, 7 * 86400)]
)
def test_bars_are_as_long_as_the_time_asks(seconds, step):
    found = bars([Mark(1000, "created"), Mark(1000 + seconds, "failed")], 40, UTC)

    assert found.step == step
    assert 20 <= found.length <= 40
    assert sum(found.counts["created"]) == sum(found.counts["failed"]) == 1


def test_bars_of_days_begin_at_midnight_where_the_reader_is():
    berlin = ZoneInfo("Europe/Berlin")
    found = bars([Mark(0, "created"), Mark(30 * 86400, "created")], 40, berlin)

    assert found.rows()[0][0] == "1970-01-01 00:00:00"
    assert bars([], 40, UTC) is None


def test_centuries_fit():
    found = bars([Mark(0, "created"), Mark(9e9, "created")], 24, UTC)

    assert found.length <= 24


@pytest.mark.parametrize("size", GRIDS)
def test_timeline_tells_totals_and_times(size):
    found = [Mark(BEGAN.timestamp() + each, "created") for each in range(60)]
    svg = file_svg(Pen(DARK), draw_timeline(found, Pen(DARK, zone=ZoneInfo("Asia/Kolkata")), size))

    told = texts(svg)
    assert told[:2] == ["Created", "60"]
    assert any(each.startswith("16:1") for each in told)
    assert "Over time: 60 created, 0 updated, 0 deactivated, 0 deleted, 0 failed" in svg
    assert texts(file_svg(Pen(LIGHT), draw_timeline([], Pen(LIGHT), size)))[:2] == ["Created", "0"]
