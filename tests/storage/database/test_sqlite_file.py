"""SQLite's file: only ``db upgrade`` creates it, others may not read it, and it stays the same."""

import os
import shutil
from pathlib import Path
from urllib.parse import urljoin

import pytest
import sqlalchemy as sa

from scim.storage.database.failures import State
from scim.storage.database.file import SqliteFile
from tests.support.databases import SQLITE, new_sqlite
from tests.support.errors import detail_of
from tests.support.ports import free_port
from tests.support.scim import user
from tests.support.server import run
from tests.support.waiting import wait_until


@pytest.fixture
def path(tmp_path, migrated_database):
    """The file of a migrated database of one's own."""
    return Path(sa.make_url(new_sqlite(tmp_path, migrated_database())).database)


def answers(server):
    """Return the statuses and details of a few requests, which both workers get."""
    found = set()
    for number in range(8):
        for response in (
            server.session.get("/Users", headers={"Connection": "close"}),
            server.session.post(
                "/Users", json=user(f"user{number}"), headers={"Connection": "close"}
            ),
        ):
            found.add((response.status_code, detail_of(response)))
    return found


@SQLITE
@pytest.mark.parametrize("replaced", [False, True])
def test_file_that_is_gone_or_another_is_used_by_nobody(serve, path, replaced):
    server = serve(SCIM_DATABASE_URL=f"sqlite:///{path}", SCIM_WORKERS="2")
    kept = server.session.post("/Users", json=user("kept")).json()["id"]
    probes = [urljoin(server.url, each) for each in ("/healthz", "/readyz")]
    aside, copy = path.with_name("aside.db"), path.with_name("copy.db")
    shutil.copyfile(path, copy)

    path.rename(aside)
    if replaced:
        copy.rename(path)

    state = State.REPLACED if replaced else State.MISSING
    assert answers(server) == {(503, state.value)}
    assert path.exists() == replaced
    assert [server.session.get(each).text for each in probes] == ["ok\n", "database\n"]
    reason = "is not the file that was there" if replaced else "does not exist"
    assert f"503: {state.value}. The reason: {path} {reason}" in server.log

    aside.rename(path)  # the file comes back

    assert server.session.get(f"/Users/{kept}").status_code == 200
    assert server.session.post("/Users", json=user("after")).status_code == 201
    wait_until(lambda: server.session.get(probes[1]).text == "ok\n")


def test_server_does_not_start_without_the_file_nor_creates_it(tmp_path):
    path = tmp_path / "none.db"

    done = run("app.py", DATABASE_URL=f"sqlite:///{path}", PORT=str(free_port()))

    assert done.returncode == 1
    assert f"{path} does not exist; bring it back, or create a new one with: " in done.stderr
    assert not path.exists()


def test_server_does_not_start_without_the_folder(tmp_path):
    folder = tmp_path / "none"

    done = run("app.py", DATABASE_URL=f"sqlite:///{folder}/scim.db", PORT=str(free_port()))

    assert done.returncode == 1
    assert f"SCIM_DATABASE_URL: the folder {folder} does not exist" in done.stderr


def test_command_does_not_create_the_file(tmp_path):
    path = tmp_path / "none.db"

    done = run("manage.py", "tenant", "list", DATABASE_URL=f"sqlite:///{path}")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not path.exists()


def test_migrated_file_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "with a space & 100% #.db"
    before = os.umask(0)
    try:
        done = run("manage.py", "db", "upgrade", DATABASE_URL=f"sqlite:///{path}")
    finally:
        os.umask(before)

    assert done.returncode == 0, done.stderr
    connection = sa.create_engine(sa.URL.create("sqlite", database=str(path))).raw_connection()
    connection.execute("INSERT INTO tenants (name, cursor_key) VALUES ('x', '')")
    connection.commit()
    modes = {each.name: oct(each.stat().st_mode & 0o777) for each in tmp_path.glob("with*")}
    connection.close()
    assert modes == {f"{path.name}{end}": "0o600" for end in ("", "-wal", "-shm")}


@SQLITE
def test_start_warns_of_a_file_that_all_can_read(serve, path):
    path.chmod(0o644)
    server = serve(SCIM_DATABASE_URL=f"sqlite:///{path}")
    assert f"forbid it with: chmod 600 {path}\n" in server.log
    server.stop()

    path.chmod(0o600)

    assert "chmod" not in serve(SCIM_DATABASE_URL=f"sqlite:///{path}").log


@pytest.mark.parametrize("readable", [["", "-wal", "-shm"], ["-wal"], []])
def test_warning_names_each_file_that_all_can_read(tmp_path, readable):
    path = tmp_path / "with a space.db"
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").touch(0o644 if end in readable else 0o600)

    warning = SqliteFile(str(path)).warning()

    named = " ".join(f"'{path}{end}'" for end in readable)
    forbids = f"Every user of this machine can read {named}; forbid it with: chmod 600 {named}"
    assert warning == (forbids if readable else None)


@pytest.mark.parametrize("place", ["folder", "file"])
@pytest.mark.parametrize("exists", [False, True])
def test_place_that_cannot_be_written_is_named(tmp_path, monkeypatch, place, exists):
    """Root may write everywhere but on a read-only file system."""
    path = tmp_path / "scim.db"
    if exists:
        path.touch()
    read_only = path if place == "file" else tmp_path
    may_write = os.access
    monkeypatch.setattr(
        "os.access", lambda asked, mode: Path(asked) != read_only and may_write(asked, mode)
    )

    problem = SqliteFile(str(path)).problem()

    if place == "folder" or exists:
        assert f"{read_only} is read-only; choose a place for the database" in problem
    else:
        assert "db upgrade" in problem


def test_folder_in_place_of_the_file_is_named(tmp_path):
    problem = SqliteFile(str(tmp_path)).problem()

    assert problem == f"SCIM_DATABASE_URL: {tmp_path} is a folder; name a file in it"
