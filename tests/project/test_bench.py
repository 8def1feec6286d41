"""The benchmark writes the rows that the server writes, reads any answer, and stops cleanly."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
import sqlalchemy as sa

from app import create_app
from bench.client import Call, Connection, WrongAnswerError
from bench.directory import COMPANY, TEAMS, USERS, key, user
from bench.loading import fill
from models import Group, Link, Total, User
from scim.protocol.schema import GROUP_SCHEMA

from ..support.server import ROOT

SIZE = 20
START_SECONDS = 60
DERIVED = ("external_id", "display", "body", "search", "hidden")


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('bench')}/filled.db"
    fill(url, SIZE)
    return url


@pytest.fixture(scope="module")
def client(url):
    app = create_app({"TESTING": True, "DATABASE_URL": url})
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
    yield client
    app.extensions["scim"].database.close()


@pytest.fixture(scope="module")
def query(url):
    """Return the rows that a statement finds."""
    engine = sa.create_engine(url)

    def rows(statement):
        with engine.connect() as connection:
            return connection.execute(statement).all()

    yield rows
    engine.dispose()


def columns(table, key, *more):
    return sa.select(*(getattr(table, name) for name in (*DERIVED, *more))).where(table.id == key)


def test_filled_user_is_the_row_that_the_server_writes(client, query):
    chosen, path = columns(User, key(USERS, 7), "user_name"), f"/scim/v2/Users/{key(USERS, 7)}"
    filled = query(chosen)

    client.put(path, json=user(8, SIZE) | {"userName": "other", "externalId": "other"})
    changed = query(chosen)
    client.put(path, json=user(7, SIZE))

    assert query(chosen) == filled != changed


def test_filled_group_is_the_row_that_the_server_writes(client, query):
    chosen, path = columns(Group, key(TEAMS, 1), "display_name"), f"/scim/v2/Groups/{key(TEAMS, 1)}"
    filled = query(chosen)

    client.put(path, json={"schemas": [GROUP_SCHEMA], "displayName": "Other"})
    changed = query(chosen)
    client.put(path, json={"schemas": [GROUP_SCHEMA], "displayName": "Team 1"})

    assert query(chosen) == filled != changed


def test_filled_user_is_in_a_team_of_ten_a_division_and_the_company(client):
    shown = client.get(f"/scim/v2/Users/{key(USERS, 3)}").json

    assert {"Team 0", "Division 3", "Company"} <= {each["display"] for each in shown["groups"]}
    assert shown["meta"]["created"] == "2024-07-01T00:00:03.000000Z"


def test_filled_directory_is_counted(client, query):
    found = client.get(f'/scim/v2/Users?count=0&filter=groups.value eq "{COMPANY}"').json
    linked = query(sa.select(sa.func.count()).select_from(Link).where(Link.group_id == COMPANY))
    every = query(sa.select(sa.func.count()).select_from(Link))
    counted = sa.select(Total.resource_type, sa.func.sum(Total.resources))
    totals = dict(query(counted.group_by(Total.resource_type)))

    assert found["totalResults"] == linked[0][0] == SIZE
    assert totals.pop("GroupMembership") == every[0][0]
    assert totals == {"User": SIZE, "Group": SIZE // 10 + 8 + 1}


def test_filled_sqlite_keeps_the_statistics_of_its_migration(query):
    rows = query(sa.text("SELECT stat FROM sqlite_stat1 WHERE idx = 'uq_users_user_name'"))

    assert rows == [("1000000 1000000 1",)]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Length: 11", "ab and more"),
        ("Transfer-Encoding: chunked", "3;x=y\r\nab \r\n8\r\nand more\r\n0\r\nTrailer: z\r\n\r\n"),
    ],
)
def test_client_reads_whole_and_chunked_answers(headers, body):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answers = Thread(target=answer_twice, args=(listener, headers, body))
        answers.start()
        connection = Connection(listener.getsockname()[1])

        connection.send(Call("GET", "/x", b"", 200, "and"))
        assert connection.receive()[1] == b"ab and more"

        connection.send(Call("GET", "/x", b"", 200, "something else"))
        with pytest.raises(WrongAnswerError):
            connection.receive()

        connection.close()
        answers.join()


def answer_twice(listener, headers, body):
    accepted, _ = listener.accept()
    with accepted:
        for _ in range(2):
            accepted.recv(10_000)
            accepted.sendall(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n{body}".encode())


@pytest.mark.slow
@pytest.mark.parametrize("line", ["", "ready"], ids=["during initdb", "after the start"])
def test_terminated_bench_stops_its_servers(line):
    command = [sys.executable, "-m", "bench", "--databases", "postgresql", "1000"]
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user when root runs the tests
        bench = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"TMPDIR": name})
        deadline = time.monotonic() + START_SECONDS
        while not any(line in path.read_text() for path in folder.glob("*/data/postmaster.pid")):
            assert time.monotonic() < deadline
            time.sleep(0.05)

        bench.terminate()

        assert bench.wait(START_SECONDS) == 128 + signal.SIGTERM
        assert [*folder.iterdir()] == []  # the bench removes it after PostgreSQL has stopped
