"""Every page can be read by everybody: no violation of axe, light and dark, and on a telephone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from docs.screenshots.pages import PAGES

from .staging import PHONE, WIDE

AXE = Axe()
EVERY = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OF_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}


def violations(page, rules=EVERY):
    """Return what axe finds, and where."""
    options = rules | {"resultTypes": ["violations"]}
    return [
        f"{each['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for each in AXE.run(page, options=options).response["violations"]
        for node in each["nodes"]
    ]


def violations_in_both_themes(page):
    """Return what axe finds; the themes differ in their colours alone."""
    page.emulate_media(color_scheme="dark")
    found = violations(page, OF_COLOURS)
    page.emulate_media(color_scheme="light")
    return found + violations(page)


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_read(stage, name):
    page = stage.go(stage.paths[name])
    page.wait_for_timeout(150)  # what a page loads by itself

    assert violations_in_both_themes(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.set_viewport_size(WIDE)


def test_closed_page_can_be_read(stage):
    context = stage.new_context(base_url=stage.console.url)
    page = context.new_page()
    page.goto("/")

    assert violations(page) == []
    context.close()
