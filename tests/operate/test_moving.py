"""Tenants move to another database and back: every row, at any interruption, and nothing else."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
from click.testing import Result

from app import create_app
from models import db
from scim.cli import register
from scim.models import Id
from scim.operate.moving.exporting import Export
from scim.operate.moving.lines import LineError, read_lines, write_line
from scim.storage.moving.arrival import Arrival, OvertakenError
from scim.storage.moving.moved import LEFT_BEHIND, moved
from scim.storage.moving.snapshot import Snapshot
from scim.storage.tokens import list_tenants

from ..support.databases import new_sqlite
from ..support.definitions import attribute, reference, room, rooms, write
from ..support.moved import answers
from ..support.postgres import temporary_database
from ..support.scim import Scim, add, enterprise, group, listed, path_of, user
from ..support.server import ROOT, run
from ..support.waiting import wait_until

PEOPLE = 150
KEY = "k" * 64  # of the audit
AN_ID = "01890000-0000-7000-8000-000000000001"


@dataclass
class House:
    """A database with an application on it, and the commands of ``manage.py``."""

    url: str
    folder: Path
    token: str = ""

    def __post_init__(self) -> None:
        settings = {"SCHEMA_FOLDER": str(self.folder), "TESTING": True, "AUDIT_KEY": KEY}
        self.app = create_app({"DATABASE_URL": self.url} | settings)
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
        self.scim = Scim(client)
        self.database = self.app.extensions["scim"].database

    @property
    def environment(self) -> dict[str, str]:
        settings = {"DATABASE_URL": self.url, "SCHEMA_FOLDER": str(self.folder)}
        return os.environ | {f"SCIM_{name}": value for name, value in settings.items()}

    def attempt(self, command: str) -> Result:
        commands = click.Group()
        register(commands)
        return self.app.test_cli_runner().invoke(commands, shlex.split(command))

    def run(self, command: str) -> str:
        done = self.attempt(command)
        assert done.exit_code == 0, done.output
        return done.stdout

    def fail(self, command: str) -> str:
        done = self.attempt(command)
        assert isinstance(done.exception, SystemExit), done.output
        return done.stderr.splitlines()[-1].removeprefix("Error: ")

    def exported(self, options: str = "--history") -> bytes:
        path = self.folder / "exported.jsonl"
        self.run(f"export {options} --output {path}")
        content = path.read_bytes()
        path.unlink()
        return content


def fill(house: House) -> None:
    """Put rows into every table that moves."""
    scim = house.scim
    people = [scim.create(user("babs", password="t1meMa$heen", active=True))]
    for n in range(PEOPLE):
        named = {"displayName": f"N\u2028é{n}", "externalId": f"X{n}", "title": "\N{GRINNING FACE}"}
        people.append(scim.create(user(f"Person{n}@example.com", **named)))
    boss = enterprise(manager={"value": people[1]["id"]})
    for each in people[2:12]:
        scim.patch(path_of(each), add(None, boss))
    groups = [scim.create(group(f"Team {n}", *people[n::5])) for n in range(5)]
    for outer, inner in pairwise(groups):
        scim.patch(path_of(outer), add("members", listed(inner)))
    house.run("audit chain")
    for each in people[20:25]:
        scim.delete(path_of(each))
    for n, each in enumerate(people[30:33]):
        made = scim.post(
            "/Rooms", room(number=f"Ä{n}", size=1e16 * n, keeper={"value": each["id"]})
        )
        assert made.status_code == 201, made.text
    house.run("tenant add acme")
    house.run("tenant set acme --strict --restores")
    house.run("token issue okta --tenant acme")
    house.token = house.run("token issue entra").strip()
    with house.database.engine.begin() as connection:
        for table in moved(with_history=True):
            if not connection.execute(sa.select(table)).first():  # no request here makes one
                connection.execute(sa.insert(table), invented(table))


def invented(table: sa.Table) -> dict[str, Any]:
    """Return a row with some value in each column."""
    values = {int: 1, str: "x", bytes: bytes(range(32)), bool: True}
    row = {column.name: values[column.type.python_type] for column in table.c}
    return row | {column.name: AN_ID for column in table.c if column.type is Id}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("moving")
    number = attribute("number", uniqueness="server")
    write(folder, *rooms(number, attribute("size", "decimal"), reference("keeper", "User")))
    return folder


def upgraded(url: str) -> str:
    run("manage.py", "db", "upgrade", DATABASE_URL=url).check_returncode()
    return url


@pytest.fixture(scope="module")
def new_house(folder: Path) -> Callable[[], House]:
    template = upgraded(new_sqlite(folder))
    return lambda: House(new_sqlite(folder, template), folder)


@pytest.fixture
def elsewhere(postgres: sa.URL, folder: Path) -> Iterator[House]:
    """A house on PostgreSQL."""
    with temporary_database(postgres) as url:
        house = House(upgraded(url), folder)
        yield house
        house.database.close()


@pytest.fixture(scope="module")
def source(new_house: Callable[[], House]) -> House:
    house = new_house()
    fill(house)
    return house


@pytest.fixture
def house(new_house: Callable[[], House]) -> House:
    return new_house()


@pytest.fixture(scope="module")
def export(source: House, folder: Path) -> Path:
    path = folder / "source.jsonl"
    path.write_bytes(source.exported())
    return path


def test_every_table_moves_or_is_named_as_left_behind():
    tables = moved(with_history=True)

    assert {table.name for table in tables} | LEFT_BEHIND.keys() == db.metadata.tables.keys()
    assert all("tenant_id" in table.c for table in tables)


def test_directory_moves_to_postgresql_and_back(source, export, house, elsewhere):
    lines = [json.loads(line) for line in export.read_bytes().splitlines()]
    assert {name for line in lines for name in line} >= {t.name for t in moved(with_history=True)}
    there = house.folder / "there.jsonl"

    elsewhere.run(f"import {export}")
    there.write_bytes(elsewhere.exported())
    house.run(f"import {there}")

    assert there.read_bytes() == export.read_bytes() == house.exported()
    known = list(answers(source.scim))
    assert len(known) > 10
    for each in (elsewhere, house):
        assert list(answers(each.scim)) == known
        check_moment(each, export)
        check_goes_on(each, source)


def check_moment(house: House, export: Path) -> None:
    """Check that an export shows one moment while others write, whom it does not keep waiting."""
    definitions = house.app.extensions["scim"].definitions
    with house.database.snapshot() as connection:
        tenants = house.database.read(list_tenants)
        lines = Export(Snapshot(connection), definitions, tenants, with_history=True).lines()
        seen = [next(lines)]
        house.scim.create(user("afterwards"))
        seen += lines
    assert b"".join(seen) == export.read_bytes()
    assert b"afterwards" in house.exported()


def check_goes_on(house: House, source: House) -> None:
    """Check that unique values, references, trash, totals and tokens are kept up as before."""
    scim, boss = house.scim, "/Users?filter=manager.value pr and manager.displayName pr"
    total = scim.get("/Users").json["totalResults"]
    assert scim.post("/Users", user("PERSON7@example.com")).status_code == 409
    assert scim.post("/Rooms", room(number="ä1")).status_code == 409
    scim.create(user("new"))
    house.run("trash restore person20@example.com")
    assert scim.get("/Users").json["totalResults"] == total + 2
    [restored] = scim.get('/Users?filter=userName eq "person20@example.com"').json["Resources"]
    assert [each["display"] for each in restored["groups"] if each["type"] == "direct"] == [
        "Team 1"
    ]
    [manager] = scim.get('/Users?filter=externalId eq "X0"').json["Resources"]
    assert scim.get(boss).json["totalResults"] == 10
    scim.delete(path_of(manager))
    assert scim.get(boss).json["totalResults"] == 0
    bearer = f"Bearer {source.token}"
    assert scim.get("/Users?count=0", Authorization=bearer).status_code == 200
    assert "verified" in house.run("audit verify")
    assert "strict, restores" in house.run("tenant list")


def test_export_without_history_leaves_it_out(source, house, tmp_path):
    path, exported = tmp_path / "short.jsonl", source.exported("")
    path.write_bytes(exported)

    house.run(f"import {path}")

    assert b'\n{"changes"' not in exported
    assert house.exported("") == exported


def test_one_tenant_moves_under_another_name(source, house, tmp_path):
    path = tmp_path / "acme.jsonl"
    path.write_bytes(source.exported("--tenant acme"))

    assert house.run(f"import --as default {path}") == "Imported default, 1 row.\n"

    assert house.run("tenant list") == "default  strict, restores users who are created again\n"
    assert "  okta  " in house.run("token list")


def test_killed_import_goes_on_where_it_was(export, house):
    lines = export.read_bytes().splitlines(keepends=True)
    first_link = next(n for n, line in enumerate(lines) if line.startswith(b'{"link"'))
    process = subprocess.Popen(
        [sys.executable, "manage.py", "import"],
        cwd=ROOT,
        env=house.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdin.writelines(lines[: first_link + 1])
    process.stdin.flush()
    wait_until(lambda: Arrival(house.database, "default", True).progress is not None)
    wait_until(lambda: house.scim.get("/Groups?count=0").json["totalResults"] == 5)

    process.kill()
    process.communicate()

    assert "the import of default is not finished" in house.fail("export")
    assert "default goes on behind line" in house.run(f"import {export}")
    assert house.exported() == export.read_bytes()
    assert "default is here already." in house.run(f"import {export}")


BROKEN = {
    "cut off": (lambda lines: [*lines[:40], lines[40][:50]], "line 41: the line is cut off"),
    "ends early": (lambda lines: lines[:40], "line 40: the export ends here, but it has"),
    "lacks a line": (lambda lines: lines[:40] + lines[41:], "line 41: it does not follow line 40"),
    "reordered": (lambda lines: [*lines[:40], lines[41], lines[40], *lines[42:]], "line 41: it"),
    "edited": (
        lambda lines: [*lines[:40], lines[40].replace(b"example", b"exemple"), *lines[41:]],
        "line 41: it does not follow line 40: it was edited, or lines are missing",
    ),
    "without a header": (lambda lines: lines[1:], "line 1: this is no export of"),
    "goes on": (lambda lines: [*lines, lines[-1]], "it does not follow line"),
    "something else": (lambda lines: [b"\xff\0\n"], "line 1: this is no export of"),
    "empty": (lambda lines: [], "line 1: this is no export of"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_broken_export_changes_nothing(export, house, way, tmp_path):
    damage, said = BROKEN[way]
    path = tmp_path / "broken.jsonl"
    path.write_bytes(b"".join(damage(export.read_bytes().splitlines(keepends=True))))
    before = house.exported()

    assert said in house.fail(f"import {path}")

    assert house.exported() == before


def test_endless_line_takes_little_memory(monkeypatch):
    monkeypatch.setattr("scim.operate.moving.lines.LONGEST", 1000)
    file = BytesIO(bytes(2000))

    with pytest.raises(LineError, match="line 1: this is no export of"):
        next(read_lines(file))

    assert file.tell() == 1000


def rewritten(export: Path, path: Path, change: Callable[[str, Any], Any]) -> list[bytes]:
    """Write an export with other values, and chains that fit; return its lines."""
    lines, chain = [], ""
    for each in export.read_bytes().splitlines():
        [(name, value), _] = json.loads(each).items()
        line, chain = write_line(name, change(name, value), chain)
        lines.append(line)
    path.write_bytes(b"".join(lines))
    return lines


def within(chosen: str, **changed: Any) -> Callable[[str, Any], Any]:
    """Return a change of each value of one kind."""
    return lambda name, value: value | changed if name == chosen else value


def with_choice(choice: str, chosen: Any) -> Callable[[str, Any], Any]:
    """Return a change of one of the tenant's choices."""

    def change(name: str, value: Any) -> Any:
        return value | {"is": value["is"] | {choice: chosen}} if name == "tenant" else value

    return change


BAD = {"digest": "xyz"}
FOREIGN = {
    "tables": (within("export", revision="0007"), "the export has the tables of 0007"),
    "format": (within("export", format=2), "line 1: another version of this server"),
    "types": (within("export", types=["User", "Car"]), "this server does not know Car"),
    "columns": (within("link", age=7), "it is no row of a table as it is here"),
    "no names": (within("export", tenants=5), "line 1: another version of this server"),
    "no number": (within("export", lines="x"), "line 1: another version of this server"),
    "no counts": (within("tenant", has={"users": "x"}), "it does not begin the tenant 'acme'"),
    "large number": (within("users", version=2**70), "the database does not take it"),
    "no tenant": (within("tenant", **{"is": {}}), "it does not begin the tenant 'acme'"),
    "no truth": (with_choice("paused", "maybe"), "line 2: the tenant's paused has a wrong value"),
    "large window": (with_choice("brake_window", 2**70), "line 2: the tenant's brake_window has"),
    "no window": (with_choice("brake_window", "x"), "line 2: the tenant's brake_window has"),
    "no key": (with_choice("cursor_key", None), "line 2: the tenant's cursor_key has"),
    "zero byte": (with_choice("brake", "5\0"), "line 2: the tenant's brake has a wrong value"),
    "same keys": (within("groups", id="01890000-0000-7000-8000-000000000001"), "UNIQUE"),
    "wrong type": (within("users", version={}), "the database does not take it"),
    "no bytes": (within("tokens", **BAD), "the database does not take it"),
}


@pytest.mark.parametrize("way", FOREIGN)
def test_export_that_does_not_fit_is_refused_at_its_line(export, house, way, tmp_path):
    change, said = FOREIGN[way]
    path = tmp_path / "foreign.jsonl"
    lines = rewritten(export, path, change)

    told = house.fail(f"import {path}")

    assert said in told
    if way == "same keys":  # the second of them
        second = [n for n, line in enumerate(lines, 1) if line.startswith(b'{"groups"')][1]
        assert told.startswith(f"line {second}: ")


def test_tenant_with_resources_is_not_imported_into(export, house):
    house.scim.create(user("own"))
    before = house.exported()

    told = house.fail(f"import {export}")

    assert told.startswith("default is not empty, it has 1 changes, 1 unchained, 1 users; ")
    assert house.exported() == before


def test_other_export_does_not_go_on_with_a_tenant(export, house, tmp_path):
    broken, other = tmp_path / "broken.jsonl", tmp_path / "other.jsonl"
    rewritten(export, other, within("users", version=9))
    rewritten(export, broken, lambda _, row: row | BAD if row.get("name") == "entra" else row)
    done = house.attempt(f"import {broken}")
    assert "Give the same export again" in done.stderr
    assert "until then the tenant is paused" in done.stderr

    assert "lines of another export; give that one again" in house.fail(f"import {other}")

    assert "default goes on behind line" in house.run(
        f"import {export}"
    )  # what was broken is whole
    assert house.exported() == export.read_bytes()
    assert "default came with another export" in house.fail(f"import {other}")
    house.run("reset --yes")
    house.run(f"import {export}")
    assert house.exported() == export.read_bytes()


def test_two_processes_do_not_import_the_same_tenant(house):
    first, second = (Arrival(house.database, "new", with_history=False) for _ in range(2))
    acme = {"name": "new", "cursor_key": ""}

    first.begin(acme, "0")
    with pytest.raises(OvertakenError):
        second.begin(acme, "0")

    third = Arrival(house.database, "new", with_history=False)
    first.write("protections", [{"rule": "1"}], "1")
    with pytest.raises(OvertakenError):
        third.write("protections", [{"rule": "2"}], "2")
    assert house.database.read(first.find_progress) == first.progress


def test_disk_that_is_full_ends_an_export_with_a_line(source):
    command = [sys.executable, "manage.py", "export"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command,
            check=False,
            cwd=ROOT,
            env=source.environment,
            stdout=full,
            stderr=subprocess.PIPE,
        )

    assert done.stderr == b"Error: the export cannot be written: No space left on device\n"


def test_export_is_only_for_its_owner(source):
    path = source.folder / "secret.jsonl"
    source.run(f"export --output {path}")

    assert path.stat().st_mode & 0o777 == 0o600
    assert "File exists" in source.fail(f"export --output {path}")
    assert b"t1meMa$heen" not in path.read_bytes()
    assert source.token.encode() not in path.read_bytes()
