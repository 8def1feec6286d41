"""Every page can be read by everybody: no violation of axe, light and dark, and on a telephone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from docs.screenshots.pages import PAGES

from .staging import PHONE, WIDE

AXE = Axe()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(page):
    """Return what axe finds, and where."""
    found = AXE.run(page, options=RULES).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_read(stage, name):
    page = stage.go(stage.paths[name])
    page.wait_for_timeout(150)  # what a page loads by itself

    page.emulate_media(color_scheme="light")
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)


def test_closed_page_can_be_read(stage):
    context = stage.new_context(base_url=stage.console.url)
    page = context.new_page()
    page.goto("/")

    assert violations(page) == []
    context.close()
