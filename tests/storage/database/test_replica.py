"""A replica answers queries, and nobody misses what they have written themselves."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx2
import pytest
import sqlalchemy as sa

from scim.storage import Database
from tests.support.scim import patch_op, replace, user
from tests.support.server import open_session, run
from tests.support.standby import catch_up, execute, queries, standby_of
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def standby(primary):
    with standby_of(primary) as standby:
        yield standby


@pytest.fixture(scope="module")
def servers(primary, standby, start):
    """Two servers, as on two machines."""
    urls = {"SCIM_DATABASE_URL": primary.url, "SCIM_REPLICA_URL": standby.url}
    return [start(**urls, SCIM_WORKERS="1") for _ in range(2)]


@pytest.fixture(scope="module")
def acme(primary, servers):
    """A client of another tenant, who has one user."""
    issued = run("manage.py", "token", "issue", "hr", "--tenant=acme", DATABASE_URL=primary.url)
    with open_session(servers[0].url, issued.stdout.strip()) as session:
        created(session)
        yield session


@pytest.fixture
def paused(primary, standby, servers, acme):
    """The standby has all that had been written, and gets no further."""
    catch_up(standby, primary)
    execute(standby, "SELECT pg_wal_replay_pause()")
    wait_until(lambda: execute(standby, "SELECT pg_get_wal_replay_pause_state()") == "paused")
    yield
    execute(standby, "SELECT pg_wal_replay_resume()")


def created(session: httpx2.Client) -> str:
    name = uuid4().hex
    response = session.post("/Users", json=user(name))
    assert response.status_code == 201, response.text
    return name


def finds(session: httpx2.Client, name: str) -> bool:
    response = session.get("/Users", params={"filter": f'userName eq "{name}"'})
    assert response.status_code == 200, response.text
    return bool(response.json()["totalResults"])


def is_answered_there(session: httpx2.Client, standby) -> bool:
    before = queries(standby)
    assert session.get("/Users").status_code == 200
    return queries(standby) > before


def test_replica_answers_queries_when_it_has_all(primary, standby, servers):
    session = servers[0].session
    name = created(session)
    catch_up(standby, primary)
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}

    for ask in (
        lambda: session.get("/Users"),
        lambda: session.get("/Users", params={"filter": f'userName eq "{name}"'}),
        lambda: session.get("/Users", params={"cursor": "", "count": 1}),
        lambda: session.post("/Users/.search", json=search),
        lambda: session.get("/", params={"filter": f'userName eq "{name}"'}),
    ):
        before = queries(standby)
        assert ask().json()["totalResults"] >= 1
        assert queries(standby) > before


def test_primary_answers_for_a_resource_by_its_id(primary, standby, servers):
    session = servers[0].session
    created(session)
    resource = session.get("/Users", params={"count": 1}).json()["Resources"][0]
    catch_up(standby, primary)
    before = queries(standby)

    assert session.get(resource["meta"]["location"]).status_code == 200
    assert queries(standby) == before


def test_writer_sees_the_write_at_once_from_every_server(paused, servers):
    here, there = (server.session for server in servers)

    name = created(here)

    assert finds(here, name)
    assert finds(there, name)


@pytest.mark.parametrize("change", ["put", "patch", "delete", "bulk"])
def test_every_kind_of_write_is_seen(paused, servers, change):
    session = servers[0].session
    name, other = created(session), uuid4().hex
    found = session.get("/Users", params={"filter": f'userName eq "{name}"'}).json()
    [resource] = found["Resources"]
    place = resource["meta"]["location"]
    bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]}
    bulk["Operations"] = [{"method": "DELETE", "path": f"/Users/{resource['id']}"}]

    response = {
        "put": lambda: session.put(place, json=user(other)),
        "patch": lambda: session.patch(place, json=patch_op(replace("userName", other))),
        "delete": lambda: session.delete(place),
        "bulk": lambda: session.post("/Bulk", json=bulk),
    }[change]()

    assert response.status_code in (200, 204)
    assert not finds(servers[1].session, name)
    assert finds(servers[1].session, other) == (change in ("put", "patch"))


def test_command_of_an_operator_is_seen(primary, standby, paused, servers):
    session = servers[0].session
    name = created(session)
    found = session.get("/Users", params={"filter": f'userName eq "{name}"'}).json()
    [resource] = found["Resources"]
    session.delete(resource["meta"]["location"])

    done = run(
        *("manage.py", "trash", "restore", resource["id"]),
        DATABASE_URL=primary.url,
        REPLICA_URL=standby.url,
    )

    assert done.returncode == 0, done.stderr
    assert finds(session, name)


def test_only_who_has_written_waits_for_the_replica(paused, standby, servers, acme):
    created(servers[0].session)

    assert not is_answered_there(servers[0].session, standby)
    assert is_answered_there(acme, standby)


def test_replica_answers_again_when_it_has_caught_up(primary, paused, standby, servers):
    session = servers[0].session
    name = created(session)
    assert not is_answered_there(session, standby)

    execute(standby, "SELECT pg_wal_replay_resume()")
    catch_up(standby, primary)

    assert is_answered_there(session, standby)
    assert finds(session, name)


def test_positions_that_a_crash_lost_are_not_needed(primary, paused, servers):
    name = created(servers[0].session)

    execute(primary, "DELETE FROM positions")
    execute(primary, "CHECKPOINT")  # as recovery does

    assert finds(servers[0].session, name)


def test_position_never_goes_back(primary):
    engine = sa.create_engine(primary.url)
    database = Database(engine, primary.url)
    execute(primary, "INSERT INTO positions VALUES (4711, 1), (4712, 1000000000000000000)")

    for tenant in (4711, 4712):
        database.replica.remember(tenant)

    first = execute(primary, "SELECT lsn FROM positions WHERE tenant_id = 4711")
    assert 1 < first < 10**18
    assert execute(primary, "SELECT lsn FROM positions WHERE tenant_id = 4712") == 10**18
    dispose(database)


def test_server_that_is_no_standby_is_not_read_from(primary):
    database = Database(sa.create_engine(primary.url), primary.url)

    read_from = database.replica.read(1, lambda connection: connection.engine)

    assert read_from is database.reader
    dispose(database)


def dispose(database: Database) -> None:
    database.close()
    database.replica.engine.dispose()


def test_no_write_is_missed_while_the_replica_falls_behind_and_catches_up(standby, servers):
    done = threading.Event()

    def disturb() -> None:
        while not done.wait(random.random() / 20):
            execute(standby, "SELECT pg_wal_replay_pause()")
            done.wait(random.random() / 10)
            execute(standby, "SELECT pg_wal_replay_resume()")

    def write_here_and_ask_there(number: int) -> list[bool]:
        here, there = (servers[(number + side) % 2] for side in range(2))
        with open_session(here.url, here.token) as one, open_session(there.url, there.token) as two:
            return [finds(two, created(one)) for _ in range(25)]

    with ThreadPoolExecutor() as threads:
        disturbing = threads.submit(disturb)
        found = list(threads.map(write_here_and_ask_there, range(4)))
        done.set()
        disturbing.result()

    assert found == [[True] * 25] * 4


def test_primary_answers_while_the_replica_is_away(standby, servers):
    session = servers[0].session
    standby.stop("immediate")
    try:
        name = created(session)
        assert finds(session, name)
        assert servers[0].log.count("the replica fails") == 1
        for _ in range(5):
            assert session.get("/Users").status_code == 200
        assert servers[0].log.count("the replica fails") == 1
    finally:
        standby.start(log_statement="all")

    wait_until(lambda: is_answered_there(session, standby))
