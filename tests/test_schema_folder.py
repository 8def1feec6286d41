"""SCIM_SCHEMA_FOLDER: which documents are read, and that a wrong one stops with one clear line."""

import json
import os

import pytest

from scim.places import PROJECT
from scim.protocol.definitions.assembly import BUILT_IN
from scim.schema_folder import read_definitions
from scim.settings import SettingError

from .support.definitions import ROOM_SCHEMA, TOGETHER, attribute, rooms, schema
from .support.server import run

ROOM, ROOM_ATTRIBUTES = (json.dumps(document) for document in rooms(attribute("displayName")))
FLOOR = json.dumps(
    schema("urn:example:params:scim:schemas:extension:floor:1.0:Room", attribute("x"))
)
WRONG = [
    ({"a/b.json": "{"}, "a/b.json: cannot be read as JSON: "),
    ({"b.json": b"\xff{}"}, "b.json: cannot be read as UTF-8: "),
    ({"b.json": b"\xfe\xff\x00{\x00}"}, "b.json: cannot be read as UTF-8: "),
    ({"b.json": "[]"}, "b.json: must be one JSON object"),
    ({"b.json": ROOM}, f"b.json: schema '{ROOM_SCHEMA}' is unknown"),
    (
        {"a/x.json": ROOM_ATTRIBUTES, "b/x.json": ROOM_ATTRIBUTES, "c.json": ROOM},
        "b/x.json: id " + ROOM_SCHEMA + " is also the id of a/x.json",
    ),
]


@pytest.fixture
def folder(tmp_path):
    """Write files, by their paths, into a new folder, and return its path."""

    def write(files):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(tmp_path)

    return write


def test_without_a_folder_nothing_is_read():
    assert read_definitions("").resource_types == BUILT_IN.resource_types


def test_folder_is_found_beside_the_project():
    below = os.pathsep.join(str(each.relative_to(PROJECT)) for each in TOGETHER)

    assert read_definitions(below).by_name.keys() > {"Device", "Role"}


def test_documents_of_one_name_in_different_folders_are_all_read(folder):
    path = folder({"room/x.json": ROOM, "schema/x.json": ROOM_ATTRIBUTES, "a/b/x.json": FLOOR})

    assert len(read_definitions(path).by_name["Room"].extensions) == 1


def test_other_files_are_passed_over(folder):
    path = folder(
        {
            "x.json": ROOM,
            "y.json": ROOM_ATTRIBUTES,
            "README.md": "#",
            "x.json~": "{",
            "folder.json/x": "{",
            ".x.json": "{",
            "..2026_11_25/x.json": ROOM,  # a mounted ConfigMap has each file twice
            "..2026_11_25/y.json": ROOM_ATTRIBUTES,
        }
    )

    assert "Room" in read_definitions(path).by_name


def test_byte_order_mark_is_passed_over(folder):
    path = folder({"x.json": b"\xef\xbb\xbf" + ROOM.encode(), "y.json": ROOM_ATTRIBUTES})

    assert "Room" in read_definitions(path).by_name


@pytest.mark.parametrize(("files", "problem"), WRONG)
def test_document_that_cannot_be_used_is_named_with_its_folder(folder, files, problem):
    with pytest.raises(SettingError) as caught:
        read_definitions(folder(files))

    message = str(caught.value)
    assert message.startswith(f"SCIM_SCHEMA_FOLDER: {problem}")
    assert len(message.splitlines()) == 1


def test_file_that_cannot_be_read_is_named(folder):
    path = folder({"x.json": ROOM})
    os.symlink("nowhere", f"{path}/y.json")

    with pytest.raises(SettingError, match=r"^SCIM_SCHEMA_FOLDER: .* No such file .*/y\.json"):
        read_definitions(path)


@pytest.mark.slow
@pytest.mark.parametrize("command", [["app.py"], ["manage.py", "db", "upgrade"]])
def test_wrong_document_stops_every_command_with_one_line(folder, command):
    [(files, problem), *_] = WRONG
    path = folder(files)

    done = run(*command, SCHEMA_FOLDER=path, DATABASE_URL=f"sqlite:///{path}/scim.db")

    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("SCIM_SCHEMA_FOLDER: ")
    assert problem in line
    assert not os.path.exists(f"{path}/scim.db")
