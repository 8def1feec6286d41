"""``docs/map.md`` and ``scim/README.md``: every name in them exists, where they link to."""

import inspect
import re
from functools import reduce
from importlib import import_module

import pytest

from ..support.server import ROOT

MAP = ROOT / "docs" / "map.md"
FOLDERS = ROOT / "scim" / "README.md"
PLACES = re.findall(r"\[`([\w.]+):([\w.]+)`\]\(([\w./]+)\)", MAP.read_text())


@pytest.mark.parametrize(("module", "name", "link"), PLACES)
def test_name_on_the_map_is_in_the_file_it_links_to(module, name, link):
    found = reduce(getattr, name.split("."), import_module(module))

    source = inspect.getsourcefile(inspect.unwrap(getattr(found, "fget", found)))
    assert source == str((MAP.parent / link).resolve())


def test_every_row_of_the_map_names_a_function():
    rows = re.findall(r"^\| (?!Rule|-).*", MAP.read_text(), re.MULTILINE)

    assert len(rows) == len(PLACES) >= 30


def test_every_folder_is_described():
    described = re.findall(r"^\| \[`(\w+)/`\]\((\w+)\) \|", FOLDERS.read_text(), re.MULTILINE)
    folders = {path.parent.name for path in FOLDERS.parent.glob("*/__init__.py")}

    assert {name for pair in described for name in pair} == folders
