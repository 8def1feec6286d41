"""The server behind PgBouncer in transaction mode, where no two statements share a connection.

So nothing that a session remembers may be relied upon: settings, locks, prepared statements.
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import sqlalchemy as sa

from scim.protocol.schema import GROUP_SCHEMA
from tests.support.bulk import bulk_request, post, refer
from tests.support.pgbouncer import pgbouncer
from tests.support.postgres import temporary_database
from tests.support.scim import add, group, listed, patch_op, remove, replace, user
from tests.support.server import ROOT, open_session, run
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
CLIENTS = 6
WORKERS = 3
POOL_SIZE = 2  # fewer connections than there are workers


@pytest.fixture(scope="module")
def database(postgres):
    """The URL of a database as PgBouncer serves it, migrated through PgBouncer."""
    with temporary_database(postgres) as made, pgbouncer(postgres, POOL_SIZE) as front:
        name = sa.make_url(made).database
        url = front.set(database=name).render_as_string(hide_password=False)
        done = run("manage.py", "db", "upgrade", DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
        assert "Migrated to" in done.stdout
        yield url


@pytest.fixture(scope="module")
def server(database, start):
    return start(SCIM_DATABASE_URL=database, SCIM_WORKERS=str(WORKERS))


def body(response, status=200):
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def created(session, document):
    path = "/Groups" if GROUP_SCHEMA in document["schemas"] else "/Users"
    return body(session.post(path, json=document), 201)


def read(session, resource):
    return body(session.get(resource["meta"]["location"]))


def patched(session, resource, *operations):
    return body(session.patch(resource["meta"]["location"], json=patch_op(*operations)))


def found(session, path, **asked):
    return body(session.get(path, params=asked))["Resources"]


def live_as_an_idp(server):
    """Do all that clients do, with names of one's own, over a connection of one's own."""
    with open_session(server.url, server.token) as session:
        ada, bob = (created(session, user(uuid4().hex, title="Guide")) for _ in range(2))
        assert session.post("/Users", json=user(ada["userName"])).status_code == 409
        guides = created(session, group(uuid4().hex, ada))
        everybody = created(session, group(uuid4().hex, guides))
        patched(session, guides, add("members", listed(bob)))
        shown = {each["value"]: each["type"] for each in read(session, bob)["groups"]}
        assert shown == {guides["id"]: "direct", everybody["id"]: "indirect"}
        for _ in range(15):  # each read may come by another connection
            assert read(session, ada)["userName"] == ada["userName"]
            assert read(session, guides)["members"] == read(session, guides)["members"]
            named = f'userName eq "{bob["userName"]}"'
            assert [each["id"] for each in found(session, "/Users", filter=named)] == [bob["id"]]
            assert len(found(session, "/Users", count=2)) == 2
        below = f'groups.value eq "{everybody["id"]}"'
        assert {each["id"] for each in found(session, "/Users", filter=below)} == {
            ada["id"],
            bob["id"],
        }
        patched(session, guides, remove(f'members[value eq "{ada["id"]}"]'))
        assert "groups" not in read(session, ada)
        assert patched(session, ada, replace("active", False))["active"] is False
        newcomers = post("1", user(uuid4().hex)), post("2", group(uuid4().hex, members=refer("1")))
        results = body(session.post("/Bulk", json=bulk_request(*newcomers)))["Operations"]
        assert [each["status"] for each in results] == ["201", "201"]
        body(session.delete(bob["meta"]["location"]), 204)
        assert "members" not in read(session, guides)


def test_one_client_after_another_is_served(server):
    for _ in range(2):
        live_as_an_idp(server)


def test_many_clients_are_served_at_once(server):
    with ThreadPoolExecutor(CLIENTS) as threads:
        for done in [threads.submit(live_as_an_idp, server) for _ in range(2 * CLIENTS)]:
            done.result()

    assert "Traceback" not in server.log


def test_cursor_leads_through_all(server):
    with open_session(server.url, server.token) as session:
        names, cursor = [], ""
        while cursor is not None:
            asked = {"cursor": cursor, "count": 7, "sortBy": "userName"}
            page = body(session.get("/Users", params=asked))
            names += [each["userName"] for each in page["Resources"]]
            cursor = page.get("nextCursor")

    assert names == sorted(set(names))
    assert len(names) == page["totalResults"] > CLIENTS


def test_members_that_many_clients_add_to_one_group_are_all_there(server):
    with open_session(server.url, server.token) as session:
        crowd = created(session, group(uuid4().hex))

    def join(_):
        with open_session(server.url, server.token) as session:
            someone = created(session, user(uuid4().hex))
            patched(session, crowd, add("members", listed(someone)))
            return someone["id"]

    with ThreadPoolExecutor(CLIENTS) as threads:
        joined = set(threads.map(join, range(5 * CLIENTS)))
    with open_session(server.url, server.token) as session:
        assert {each["value"] for each in read(session, crowd)["members"]} == joined


def test_connections_are_as_few_as_the_pool_has(postgres, database, server):
    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(lambda _: live_as_an_idp(server), range(CLIENTS)))

    engine = sa.create_engine(postgres)
    connected = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name")
    with engine.connect() as connection:
        number = connection.scalar(connected, {"name": sa.make_url(database).database})
    engine.dispose()
    assert 1 <= number <= POOL_SIZE


def test_commands_of_an_operator_work(database, server):
    with open_session(server.url, server.token) as session:
        gone = created(session, user(uuid4().hex))
        body(session.delete(gone["meta"]["location"]), 204)

        for command in (("trash", "restore", gone["id"]), ("history", gone["id"])):
            done = run("manage.py", *command, DATABASE_URL=database)
            assert done.returncode == 0, done.stderr

        assert read(session, gone)["userName"] == gone["userName"]


def test_tables_are_partitioned_by_way_of_it(database):
    done = run("manage.py", "db", "partition", "4", DATABASE_URL=database)

    assert done.returncode == 0, done.stderr
    assert "into 4 parts each" in done.stdout


def test_requests_go_on_when_tables_have_changed_beneath_them(server):
    live_as_an_idp(server)


def test_server_gives_no_limit_to_others(database, server):
    live_as_an_idp(server)

    engine = sa.create_engine(database, poolclass=sa.NullPool)
    for _ in range(2 * POOL_SIZE):
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "0"
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "0"


@pytest.fixture
def limited(postgres, database):
    """A connection to the database beside PgBouncer, while the role has a limit there."""
    name = sa.make_url(database).database
    setting = f"ALTER ROLE {postgres.username} IN DATABASE {name} {{}} statement_timeout {{}}"
    engine = sa.create_engine(
        postgres.set(database=name), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(setting.format("SET", "= '300ms'"))
        connection.exec_driver_sql(end)
        connection.exec_driver_sql("SET statement_timeout = 0")
        yield connection
        connection.exec_driver_sql(setting.format("RESET", ""))
        connection.exec_driver_sql(end)


def test_limit_of_the_role_stops_queries_and_no_command(limited, database, server, monkeypatch):
    monkeypatch.setenv("SCIM_DATABASE_URL", database)
    limited.exec_driver_sql("BEGIN; LOCK TABLE users, trash IN ACCESS EXCLUSIVE MODE")
    with open_session(server.url, server.token) as session:
        assert session.get("/Users").status_code == 503

    purge = [sys.executable, "manage.py", "trash", "purge", "--days", "0"]
    command = subprocess.Popen(purge, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    wait_until(lambda: limited.exec_driver_sql(waiting).scalar())
    time.sleep(0.6)  # twice the limit
    limited.exec_driver_sql("ROLLBACK")

    said = command.communicate()[0]
    assert command.returncode == 0, said
