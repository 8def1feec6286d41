"""The Lab and the lessons in a browser: what is typed, what is clicked, who cannot see."""

from ..support.databases import SQLITE
from .test_axe import violations_in_both_themes

pytestmark = SQLITE  # the pages are the same on both


def test_pages_have_no_barriers(page):
    page.goto("/lab/filter?filter=emails[type eq work] and not (active eq false)")
    assert violations_in_both_themes(page) == []
    page.goto("/lab/payload")
    page.get_by_role("button", name="Entra ID, with its own dialect").click()
    page.get_by_text("What would be stored").wait_for()
    assert violations_in_both_themes(page) == []
    page.goto("/learn/change-with-patch")
    page.get_by_role("button", name="Make Ana").click()
    page.get_by_role("button", name="Send").click()
    page.locator("#verdict").wait_for()
    assert violations_in_both_themes(page) == []


def test_result_follows_what_is_typed(page):
    page.goto("/lab/filter")

    page.get_by_label("Filter").fill("userName equals")
    page.locator("mark", has_text="equals").wait_for()
    page.get_by_label("Filter").fill('userName sw "a"')
    page.get_by_text('userName begins with "a"').wait_for()

    assert "filter=userName+sw" in page.url


def test_lesson_is_done_by_keyboard_on_a_telephone(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/learn/what-is-a-resource")

    page.get_by_label("Path").fill("/ResourceTypes")
    page.keyboard.press("Enter")

    page.get_by_text("Right. The server has at least two kinds").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
