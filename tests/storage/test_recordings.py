"""Recorded exchanges are kept in order, as they were, on both databases."""

import json
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from models import db  # noqa: F401 - the tables of the directory
from scim.explain.exchange import Check, Exchange, Made, Message, Statement
from scim.storage import Database
from scim.storage.recordings import Recordings
from scim.storage.recordings.file import LAYOUT

from ..support.databases import POSTGRESQL, SQLITE
from ..support.server import run

NOW = "2026-10-14T10:42:07.000000Z"
EXCHANGE = Exchange(
    id="7f3c",
    at="9999-01-01T00:00:00.000000Z",
    milliseconds=6.25,
    method="POST",
    base="/scim/v2",
    path="/Users",
    query="attributes=userName",
    status=201,
    request=Message((("User-Agent", "Okta"), ("Accept", "*/*")), '{"userName": "Zoë"}', 19),
    answer=Message((("ETag", 'W/"1"'),), "{" * 10, 65_000, is_cut=True),
    client="127.0.0.1",
    provider="Okta",
    tenant="acme",
    token="okta",
    tolerated=("bare_token", "text_operator"),
    applied="dry-run",
    detail="no",
    statements=(Statement("SELECT 1", 0.25, 1), Statement("COMMIT", 1.5)),
    made=(Made("User", "0189", 1, "create"),),
    checks=(Check("scheme", "Bearer", "Basic", is_passed=False),),
)


@pytest.fixture
def open_recordings(migrated_database):
    """Open recordings: ``open_recordings(most=3)``; those of one test are the same."""
    url, opened = migrated_database(), []

    def start(most=1000, days=7):
        opened.append(Database(sa.create_engine(url, poolclass=sa.NullPool)))
        return Recordings.open(opened[-1], most, days)

    yield start
    for each in opened:
        each.close()


@pytest.fixture
def recordings(open_recordings):
    recordings = open_recordings()
    yield recordings
    recordings.close()


def numbers(exchanges):
    return [each.number for each in exchanges]


def some(count, **changed):
    return [replace(EXCHANGE, id=f"id-{n}", **changed) for n in range(count)]


def test_exchange_comes_back_as_it_was(recordings):
    recordings.add([EXCHANGE])

    [found] = recordings.after(0)

    assert found == replace(EXCHANGE, number=found.number)
    assert recordings.get(found.number) == found
    assert recordings.find("7f3c") == [found]


def test_exchanges_are_read_forwards_and_backwards(recordings):
    assert recordings.last() == 0
    assert recordings.before() == []
    recordings.add(some(3))
    recordings.add(some(2))

    every = numbers(recordings.after(0))

    assert every == sorted(set(every))
    assert recordings.last() == every[-1]
    assert numbers(recordings.after(every[1], limit=2)) == every[2:4]
    assert numbers(recordings.before(limit=2)) == every[:-3:-1]
    assert numbers(recordings.before(every[2])) == every[1::-1]
    assert numbers(recordings.find("id-0")) == [every[3], every[0]]
    assert recordings.get(every[-1] + 1) is recordings.get(10**30) is recordings.get(-1) is None


def test_exchanges_about_a_resource(recordings):
    made = (Made("Group", "0190-b", 2, "patch"),)
    named = replace(EXCHANGE, made=(), path="/Users/0190-a")
    recordings.add([named, replace(EXCHANGE, made=made, path="/Bulk"), EXCHANGE])

    every = numbers(recordings.after(0))

    assert numbers(recordings.about("0190-a")) == every[:1]
    assert numbers(recordings.about("0190-b")) == every[1:2]
    assert recordings.about("0190%") == []


def test_what_no_database_stores_is_replaced(recordings):
    odd = Message((("X", "a\0\ud800"),), "a\0b\ud800c😀")

    recordings.add([replace(EXCHANGE, request=odd, detail="\0\ud800")])

    [found] = recordings.after(0)
    assert found.request.body.replace("\ufffd", "") == "abc😀"
    assert found.request.headers == odd.headers


def test_newest_and_marked_ones_are_kept(open_recordings):
    first = open_recordings()
    first.add(some(5))
    [_, marked, *_] = every = numbers(first.after(0))
    first.mark(marked, is_marked=True)

    recordings = open_recordings(most=3)
    recordings.add(some(1))

    kept = recordings.after(0)
    assert numbers(kept) == [marked, *every[-2:], recordings.last()]
    assert [each.is_marked for each in kept] == [True, False, False, False]

    recordings.mark(marked, is_marked=False)
    open_recordings(most=3).add([])
    assert marked not in numbers(recordings.after(0))


def test_old_ones_are_deleted_unless_marked(open_recordings):
    recordings = open_recordings()
    recordings.add([])
    recordings.add(some(2, at=NOW.replace("2026", "2020")))
    [_, marked] = numbers(recordings.after(0))
    recordings.mark(marked, is_marked=True)

    open_recordings().add([])
    assert numbers(recordings.after(0)) == [marked]
    open_recordings().add([EXCHANGE])
    assert numbers(recordings.after(0)) == [marked, recordings.last()]


@POSTGRESQL
def test_exchange_that_is_added_during_pruning_stays(open_recordings):
    pruned, other = open_recordings(), open_recordings()
    for each in (pruned, other):
        each.add([])  # the first time prunes, the next ones do not
    other.add(some(1, at=NOW.replace("2026", "2020")))

    def add(_connection, _cursor, statement, *_):
        if statement.startswith("DELETE FROM recorded_exchanges"):
            other.add([EXCHANGE])

    sa.event.listen(pruned.database.engine, "before_cursor_execute", add)
    pruned.open_console("http://localhost:5050", b"k" * 32)

    assert [each.at for each in other.after(0)] == [EXCHANGE.at]


def test_they_are_pruned_now_and_then(recordings):
    recordings.most = 10
    for _ in range(45):
        recordings.add(some(10))

    assert 10 <= len(recordings.after(0, limit=1000)) <= 10 + 210


def test_dropped_ones_are_counted_together(open_recordings):
    first, second = open_recordings(), open_recordings()
    assert first.dropped() == 0

    first.add([], dropped=3)
    second.add(some(1), dropped=4)

    assert first.dropped() == 7


def test_clear_deletes_all_and_numbers_go_on(recordings):
    recordings.add(some(2), dropped=1)
    last = recordings.last()
    recordings.mark(last, is_marked=True)

    recordings.clear()

    assert recordings.after(0) == []
    assert recordings.dropped() == 0
    recordings.add([EXCHANGE])
    assert recordings.last() > last


def test_numbers_become_visible_in_order(open_recordings):
    """Who asks for all after the last one seen misses none."""
    writers, reader = [open_recordings() for _ in range(3)], open_recordings()
    seen = []
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(each.add, some(3)) for each in writers for _ in range(20)]
        while not all(job.done() for job in jobs) or reader.last() > (seen or [0])[-1]:
            seen += numbers(reader.after((seen or [0])[-1]))
        assert [job.result() for job in jobs] == [None] * 60

    assert seen == numbers(reader.after(0, limit=1000))
    assert len(seen) == 180


def test_console_has_links_until_it_is_closed(open_recordings):
    here, there = open_recordings(), open_recordings()
    url, key, guest = "http://localhost:5050", b"k" * 32, b"g" * 32

    here.open_console(url, key)
    there.add_link(url, guest, read_only=True)

    assert there.consoles() == [url]
    assert there.link(url, key) is False
    assert here.link(url, guest) is True
    assert here.link(url, b"x" * 32) is here.link("http://localhost:5051", key) is None
    here.open_console(url, b"n" * 32)
    assert there.link(url, guest) is there.link(url, key) is None
    here.close_console(url)
    assert there.consoles() == []


def test_row_of_another_version_is_read(recordings):
    recordings.add([EXCHANGE])

    def change(connection):
        [known] = connection.exec_driver_sql("SELECT known FROM recorded_exchanges").scalars()
        later = json.loads(known) | {"unheard_of": 1}
        for name in ("checks", "tolerated", "client"):
            del later[name]
        statement = sa.text("UPDATE recorded_exchanges SET known = :known")
        connection.execute(statement, {"known": json.dumps(later)})

    recordings.database.write(change)

    [found] = recordings.after(0)
    assert replace(found, number=0) == replace(EXCHANGE, checks=(), tolerated=(), client="")


@pytest.fixture
def path(open_recordings, recordings):
    return Path(recordings.database.file.path)


@SQLITE
def test_sqlite_has_a_file_of_its_own_that_nobody_else_reads(migrated_database, path):
    assert path.name.endswith(".recordings.db")
    assert path.with_name(path.name.replace(".recordings", "")).exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@SQLITE
@pytest.mark.parametrize("end", ["deleted", "replaced", "destroyed"])
def test_sqlite_file_is_made_again(recordings, path, end):
    recordings.add(some(1))
    for each in path.parent.glob(f"{path.name}*"):
        if end == "destroyed":
            each.write_bytes(b"no database" * 1000)
        else:
            each.unlink()
    if end == "replaced":
        path.touch()
    if end == "destroyed":
        recordings.close()

    recordings.add(some(2))

    assert len(recordings.after(0)) == 2


@SQLITE
def test_sqlite_file_of_another_layout_is_emptied(open_recordings, path):
    open_recordings().add(some(1))
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {LAYOUT + 1}")
        connection.execute("DROP TABLE console_links")

    recordings = open_recordings()

    assert recordings.after(0) == []
    assert recordings.consoles() == []


@SQLITE
def test_what_was_cleared_leaves_the_file(recordings, path):
    body = Message((), "Grace Hopper")
    recordings.add([replace(EXCHANGE, request=body)])

    def has_it():
        files = path.parent.glob(f"{path.name}*")
        return any(b"Hopper" in each.read_bytes() for each in files)

    assert has_it()
    recordings.clear()

    recordings.close()
    assert not has_it()


@POSTGRESQL
def test_migration_makes_the_tables_that_are_used_and_takes_them_back(migrated_database):
    url = migrated_database()
    for command in (["check"], ["downgrade", "0010"], ["upgrade"]):
        done = run("manage.py", "db", *command, DATABASE_URL=url)
        assert done.returncode == 0, done.stdout + done.stderr
