"""Every page of the console has its screenshots, and documents show only those that exist."""

import re
from pathlib import Path

from docs.screenshots.pages import PAGES, files
from scim.console.app import PAGES as NAVIGATION

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/screenshots"
LINK = re.compile(r"\]\((?:docs/)?screenshots/([\w-]+\.png)\)")
MOST = 3_000_000  # bytes


def test_each_screenshot_is_there_and_no_other():
    there = {each.name for each in FOLDER.glob("*.png")}

    assert there == set(files()), "run: python -m docs.screenshots"
    assert sum(each.stat().st_size for each in FOLDER.glob("*.png")) < MOST


def test_each_page_of_the_navigation_has_one():
    named = {name.partition("-")[0] for name in PAGES}

    assert {label.lower() for _, label in NAVIGATION} <= named


def test_documents_show_those_that_exist():
    for document in [ROOT / "README.md", *ROOT.glob("docs/*.md")]:
        for name in LINK.findall(document.read_text()):
            assert name in files(), f"{document.name}: {name}"
