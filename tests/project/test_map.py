"""The map, the page on security, ``scim/README.md``: each name in them is where its link leads."""

import inspect
import re
from functools import reduce
from importlib import import_module

import pytest

from ..support.server import ROOT

MAP = ROOT / "docs" / "map.md"
FOLDERS = ROOT / "scim" / "README.md"
SECURITY = ROOT / "docs" / "security.md"
PLACE = re.compile(r"\[`([\w.]+):([\w.]+)`\]\(([\w./]+)\)")
PLACES = PLACE.findall(MAP.read_text())


@pytest.mark.parametrize(
    ("module", "name", "link"), [*PLACES, *PLACE.findall(SECURITY.read_text())]
)
def test_name_in_a_document_is_in_the_file_it_links_to(module, name, link):
    found = reduce(getattr, name.split("."), import_module(module))

    source = inspect.getsourcefile(inspect.unwrap(getattr(found, "fget", found)))
    assert source == str((MAP.parent / link).resolve())


def test_every_row_of_the_map_names_a_function():
    rows = re.findall(r"^\| (?!Rule|-).*", MAP.read_text(), re.MULTILINE)

    assert len(rows) == len(PLACES) >= 30


def test_every_threat_has_a_place():
    rows = re.findall(r"^\| (?!Threat|-).*", SECURITY.read_text(), re.MULTILINE)

    assert len(rows) >= 20
    assert [row for row in rows if "](" not in row.rpartition(" | ")[2]] == []


def test_every_folder_is_described():
    described = re.findall(r"^\| \[`(\w+)/`\]\((\w+)\) \|", FOLDERS.read_text(), re.MULTILINE)
    folders = {path.parent.name for path in FOLDERS.parent.glob("*/__init__.py")}

    assert {name for pair in described for name in pair} == folders
