"""Many threads use one database: nobody shares a connection, and no answer is another's."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from ...support.scim import UNKNOWN_ID, add, patch_op, user

THREADS = 8
ROUNDS = 12


@pytest.fixture
def watched(app, monkeypatch):
    """Watch the connections of the application; return the names of those used by two at once."""
    database = app.extensions["scim"].database
    used, shared, lock = set(), [], threading.Lock()
    for connections in (database.reading, database.writing):
        one = connections.one

        @contextmanager
        def noted(one=one):
            with one() as connection:
                driver = id(connection.connection.dbapi_connection)
                with lock:
                    shared.extend([driver] if driver in used else [])
                    used.add(driver)
                try:
                    yield connection
                finally:
                    with lock:
                        used.discard(driver)

        monkeypatch.setattr(connections, "one", noted)
    return shared


def test_threads_share_no_connection_and_get_their_own_answers(app, client, watched):
    def live(number):
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
        name = f"user{number}"
        made = client.post("/scim/v2/Users", json=user(name)).json
        for round_ in range(ROUNDS):
            nick = f"{name}-{round_}"
            body = patch_op(add("nickName", nick))
            assert client.patch(f"/scim/v2/Users/{made['id']}", json=body).json["nickName"] == nick
            assert client.get(f"/scim/v2/Users/{made['id']}").json["nickName"] == nick
            found = client.get(f'/scim/v2/Users?filter=userName eq "{name}"').json
            assert [each["id"] for each in found["Resources"]] == [made["id"]]
        return made["id"]

    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(live, range(THREADS)))

    assert len(set(made)) == THREADS
    assert client.get("/scim/v2/Users").json["totalResults"] == THREADS
    assert watched == []


def test_watch_sees_a_shared_connection(app, client, watched, monkeypatch):
    """The test above fails when a connection is shared, as here."""
    database = app.extensions["scim"].database

    with database.reading.one() as connection:
        monkeypatch.setattr(database.reading, "idle", [connection])
        with database.reading.one():
            pass

    assert len(watched) == 1


def test_refused_write_keeps_its_connection(app, client):
    engine, opened = app.extensions["scim"].database.engine, []
    assert client.post("/scim/v2/Users", json=user("ada")).status_code == 201
    sa.event.listen(engine, "connect", lambda *_: opened.append(1))

    for _ in range(5):
        assert client.post("/scim/v2/Users", json=user("ada")).status_code == 409
        assert client.delete(f"/scim/v2/Users/{UNKNOWN_ID}").status_code == 404

    assert not opened
