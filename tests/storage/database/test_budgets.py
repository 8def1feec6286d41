"""Work that takes too long is stopped: the filter gets 400, everything else 503."""

import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from models import User
from scim.protocol.errors import ScimError, TooManyError, UnavailableError
from scim.protocol.filters.parser import parse_filter
from scim.protocol.filters.resolve import resolve
from scim.protocol.schema import USER
from scim.storage import Database, Query, Selection, new_id, sort_chain
from scim.storage.database.budgets import STEPS, WRITE_SHARE
from scim.storage.database.failures import State
from tests.storage.pages.test_indexes import rows
from tests.support.databases import POSTGRESQL, SQLITE
from tests.support.directory import Directory
from tests.support.scim import UNKNOWN_ID, user
from tests.support.server import ROOT
from tests.support.waiting import wait_until

SECONDS = 0.2
ROWS = 20_000
ENDLESS = {
    "sqlite": "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
    " SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(20)",
}
# Each list is another attribute, so that none of them is joined to another.
LISTS = [f"{name}.value" for name in ("emails", "phoneNumbers", "ims", "photos", "entitlements")]
EXPENSIVE = " and ".join(f'not ({LISTS[n % 5]} co "part {n}")' for n in range(200))


@pytest.fixture(scope="module")
def limited(new_directory):
    """A directory with thousands of users, in a database that stops what takes long."""
    unlimited = new_directory().store.database.engine
    database = Database(sa.create_engine(unlimited.url), "", SECONDS)
    directory = Directory(database)
    users = [
        user(f"user{n:05}", id=new_id(), emails=[{"value": f"mail{n}@work.example"}])
        for n in range(ROWS)
    ]
    with unlimited.begin() as connection:
        values = list(rows(directory.store.tenant_id, USER, users))
        connection.execute(sa.insert(User), values)
    yield directory
    database.close()


@pytest.fixture
def database(limited):
    limited.store.database.failures.said.clear()
    return limited.store.database


def test_expensive_filter_is_refused_and_the_next_request_answered(limited):
    with pytest.raises(TooManyError):
        limited.list(USER, EXPENSIVE)

    assert len(limited.list(USER, 'userName eq "user00007"')) == 1


def test_write_that_takes_long_is_undone_whole(database):
    def work(connection):
        connection.exec_driver_sql("INSERT INTO tenants (name, cursor_key) VALUES ('half', '')")
        connection.exec_driver_sql(ENDLESS[connection.dialect.name])

    with pytest.raises(UnavailableError) as failed:
        database.write(work)

    assert failed.value.detail == State.TOO_SLOW.value
    half = "SELECT 1 FROM tenants WHERE name = 'half'"
    assert not database.read(lambda connection: connection.exec_driver_sql(half).all())
    assert database.write(lambda connection: "done") == "done"


@SQLITE
@pytest.mark.parametrize(("kind", "share"), [("read", 1), ("write", WRITE_SHARE)])
def test_time_of_one_use_does_not_count_for_the_next(database, kind, share):
    whole = 1  # second
    limited = Database(sa.create_engine(database.engine.url), "", whole / share)
    counts = ENDLESS["sqlite"].replace("FROM n)", f"FROM n LIMIT {STEPS})")

    def work(connection):
        time.sleep(whole / 7)
        return connection.exec_driver_sql(counts).scalar()

    try:
        assert [getattr(limited, kind)(work) for _ in range(8)] == [STEPS] * 8
    finally:
        limited.close()


@pytest.mark.parametrize(
    ("text", "sort_by", "is_expensive"),
    [
        (None, None, False),
        ('userName eq "x"', None, False),
        (f'id eq "{UNKNOWN_ID}"', None, False),
        ('title eq "x"', None, True),
        ('userName co "x"', None, True),
        ('userName eq "x" or title pr', None, True),
        (None, "title", True),
    ],
)
def test_query_is_to_blame_only_if_it_seeks(limited, text, sort_by, is_expensive):
    tolerated = limited.request.tolerated
    condition = resolve(parse_filter(text, tolerated), USER, tolerated) if text else None
    sort = sort_chain(sort_by, USER, tolerated) if sort_by else ()

    assert Query((Selection(USER, condition, sort),)).is_expensive == is_expensive


@POSTGRESQL
@pytest.mark.parametrize("text", ['userName eq "x"', 'title co "x"'])
def test_query_that_waits_for_a_lock_is_not_to_blame(limited, database, text):
    with sa.create_engine(database.engine.url).begin() as other:
        other.exec_driver_sql("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(ScimError) as failed:
            limited.list(USER, text)

    assert (failed.value.status, failed.value.detail) == (503, State.BUSY.value)


@POSTGRESQL
def test_commands_take_their_time_whatever_the_role_may(database):
    url = database.engine.url
    owner = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    commands = Database(sa.create_engine(url))
    with owner.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {url.database} SET statement_timeout = '50ms'")
    try:
        for do in (commands.read, commands.write):
            do(lambda connection: connection.exec_driver_sql("SELECT pg_sleep(0.2)"))
    finally:
        with owner.connect() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {url.database} RESET statement_timeout")
        commands.close()


@POSTGRESQL
def test_query_ends_soon_after_its_client(database):
    url = database.engine.url.render_as_string(hide_password=False)
    asks = (
        "import sys, sqlalchemy; from scim.storage import Database;"
        "database = Database(sqlalchemy.create_engine(sys.argv[1]));"
        "database.read(lambda connection: connection.exec_driver_sql('SELECT pg_sleep(77)'))"
    )
    client = subprocess.Popen([sys.executable, "-c", asks, url], cwd=ROOT)
    own = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(77)'"

    def running():
        return database.read(lambda connection: connection.exec_driver_sql(own).scalar())

    wait_until(running)
    client.send_signal(signal.SIGKILL)
    client.wait()

    wait_until(lambda: not running())
