"""Two servers chain what eight clients write; one chains at a time, and kills leave it whole."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from scim.operate.caretaker import NICENESS

from ..support.scim import add, listed, patch_op, path_of, user
from ..support.server import open_session, run
from ..support.waiting import children, wait_until

KEY = "the-key-of-two-servers-and-a-test"
WRITERS, USERS = 8, 12
TEAM = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "team"}


def write(server, team, writer):
    """Make users, change each, and let all writers change one group."""
    with open_session(server.url, server.token) as session:
        for number in range(USERS):
            made = session.post("/Users", json=user(f"user{writer}-{number}")).json()
            patches = (
                (path_of(made), add("title", "x")),
                (path_of(team), add("members", listed(made))),
            )
            for path, operation in patches:
                assert session.patch(path, json=patch_op(operation)).status_code == 200


def caretaker(server):
    """Return the id of the child that lets others go first; None while it starts."""
    for pid in children(server.process.pid):
        if os.getpriority(os.PRIO_PROCESS, pid) == NICENESS:
            return pid
    return None


def count(engine, table):
    with engine.connect() as connection:
        return connection.scalar(sa.text(f"SELECT count(*) FROM {table}"))


def test_kills_and_eight_writers_leave_one_whole_chain(serve, engine):
    servers = [serve(SCIM_AUDIT_KEY=KEY, SCIM_WORKERS="2") for _ in range(2)]
    team = servers[0].session.post("/Groups", json=TEAM).json()

    with ThreadPoolExecutor(WRITERS) as pool:
        done = [pool.submit(write, servers[writer % 2], team, writer) for writer in range(WRITERS)]
        for enough in (60, 150):
            wait_until(lambda enough=enough: count(engine, "entries") >= enough)
            for server in servers:
                wait_until(lambda server=server: caretaker(server))
                os.kill(caretaker(server), signal.SIGKILL)
        [each.result() for each in done]
    wait_until(lambda: not count(engine, "unchained"))

    number = WRITERS * USERS * 3 + 1
    url = {"DATABASE_URL": servers[0].database_url, "AUDIT_KEY": KEY}
    verified = run("manage.py", "audit", "verify", **url)
    assert verified.stdout.startswith(f"verified {number} changes of default; head {number}:")
    assert count(engine, "changes") == number
    for server in servers:
        assert KEY not in server.log
        assert "The caretaker ended by signal 9; it starts again" in server.log
