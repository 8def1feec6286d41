"""A write is one transaction: done again if it lost a race for locks, undone if it failed."""

from contextlib import ExitStack
from threading import Timer

import psycopg2
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from scim.protocol.errors import UnavailableError
from scim.protocol.schema import USER
from scim.storage import Directory, Query, Selection, Store, new_id
from scim.storage.database.database import ATTEMPTS

from ..support.databases import POSTGRESQL, SQLITE
from ..support.scim import Scim, add, group, listed, path_of, replace, user


class Deadlock(psycopg2.OperationalError):
    pgcode = "40P01"


@pytest.fixture
def store(app, empty_database):
    return Store(app.extensions["scim"].database, Directory(1))


def failing(times, error):
    """Return work that fails so many times, and the list of its attempts."""
    attempts = []

    def work(transaction):
        attempts.append(transaction)
        transaction.connection.execute(sa.text("DELETE FROM totals"))
        if len(attempts) <= times:
            raise error
        return "done"

    return work, attempts


DEADLOCK = OperationalError("UPDATE", {}, Deadlock())


@pytest.mark.parametrize("times", [0, 1, ATTEMPTS - 1])
def test_work_that_lost_a_race_is_done_again(store, times):
    work, attempts = failing(times, DEADLOCK)

    assert store.atomically(work) == "done"
    assert len(attempts) == times + 1


@SQLITE
def test_write_waits_for_another_and_not_for_ever(store, monkeypatch):
    monkeypatch.setattr("scim.storage.database.engine.LONGEST_WAIT", 0.1)
    other = sa.create_engine(store.database.engine.url).raw_connection()
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError):
        store.atomically(lambda transaction: None)

    soon = Timer(0.05, other.rollback)
    soon.start()
    monkeypatch.setattr("scim.storage.database.engine.LONGEST_WAIT", 10)

    assert store.atomically(lambda transaction: "done") == "done"
    soon.join()
    other.close()


@POSTGRESQL
@pytest.mark.parametrize("kind", ["reading", "writing"])
def test_connections_that_were_lost_while_they_lay_idle_fail_nobody(store, kind):
    connections = getattr(store.database, kind)
    with ExitStack() as stack:
        kept = [stack.enter_context(connections.one()) for _ in range(ATTEMPTS + 1)]
        lost = [each.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() for each in kept]
        for each in kept:
            each.rollback()
    with sa.create_engine(store.database.engine.url).begin() as connection:
        end = sa.text("SELECT pg_terminate_backend(pid) FROM unnest(:lost) pid")
        connection.execute(end, {"lost": lost})

    if kind == "reading":
        assert store.query(Query((Selection(USER),))).total == 0
    else:
        assert store.atomically(lambda transaction: transaction.lock(USER, new_id())) is None


def test_work_that_always_loses_is_given_up(store):
    work, attempts = failing(1000, DEADLOCK)

    with pytest.raises(UnavailableError) as given_up:
        store.atomically(work)

    assert given_up.value.status == 503
    assert len(attempts) == ATTEMPTS


def test_database_that_cannot_be_reached_is_unavailable(store):
    error = OperationalError("SELECT", {}, psycopg2.OperationalError("connection refused"))
    work, attempts = failing(1, error)

    with pytest.raises(UnavailableError):
        store.atomically(work)

    assert len(attempts) == 1


def test_total_counts_what_is_there(client):
    scim = Scim(client)
    users = [scim.create(user(f"user{index}")) for index in range(5)]
    tours = scim.create(group("Tours", *users))

    scim.post("/Users", user("user1"))
    scim.post("/Users", user(""))
    scim.post("/Groups", group("x", members=[{"value": "nobody"}]))
    for each in users[:2]:
        scim.delete(path_of(each))
        scim.delete(path_of(each))
    scim.patch(path_of(tours), add("members", listed(users[3])), replace("displayName", "x"))

    assert scim.get("/Users?count=0").json["totalResults"] == 3
    assert scim.get("/Groups?count=0").json["totalResults"] == 1
    scim.delete(path_of(tours))
    assert scim.get("/Groups?count=0").json["totalResults"] == 0
