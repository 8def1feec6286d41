"""Deliverers and workers are killed under load, and the receiver is down: nothing is lost."""

import json
import os
import random
import signal
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event

import httpx2
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from ..support.forks import Fork
from ..support.listener import listening
from ..support.scim import patch_op, replace, user
from ..support.server import open_session, run
from ..support.waiting import children, wait_until

CLIENTS = 3
KILLS = 3
FREED = sa.text("UPDATE receivers SET taken = '', rests = ''")
RESTED = sa.text("UPDATE receivers SET rests = ''")
ALL_DUE = sa.text("UPDATE outbox SET due = '2020' WHERE NOT dead AND due < '9'")


@pytest.fixture
def deliverers(database_url):
    """Start deliverers: processes of ``manage.py deliver``."""
    running = []

    def start():
        environment = os.environ | {
            "SCIM_DATABASE_URL": database_url,
            "SCIM_WEBHOOK_ALLOW_PRIVATE": "true",
        }
        with tempfile.TemporaryFile() as out, Path(os.devnull).open("rb") as nothing:
            made = Fork(["manage.py", "deliver"], environment, nothing, out, out, leads=True)
        running.append(made)
        return made

    yield start
    for each in running:
        each.kill()
        each.wait(10)


def work(server, number, stop):
    """Change users of one's own until the end; what a killed worker did not answer is tried on."""
    count = 0
    with open_session(server.url, server.token) as session:
        while not stop.is_set():
            count += 1
            with suppress(httpx2.TransportError):
                made = session.post("/Users", json=user(f"u{number}-{count}"))
                for title in "abc" if made.status_code == 201 else "":
                    path = f"/Users/{made.json()['id']}"
                    session.patch(path, json=patch_op(replace("title", title)))
                if count % 3 == 0 and made.status_code == 201:
                    session.delete(path)
            time.sleep(0.01)


def changed(engine):
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT resource_id, version FROM changes")).all()
    return {(str(key), version) for key, version in rows}


def left(engine):
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM outbox")).scalar_one()


def test_nothing_is_lost_whatever_is_killed(serve, engine, database_url, deliverers):
    server, chance, stop = serve(SCIM_WORKERS="2", SCIM_DELIVER="false"), random.Random(1), Event()
    with listening() as app:
        add = f"webhook add crm {app.url}".split()
        run("manage.py", *add, DATABASE_URL=database_url, WEBHOOK_ALLOW_PRIVATE="true")
        time.sleep(1.1)  # now all workers know the receiver
        at_work = [deliverers(), deliverers()]
        with ThreadPoolExecutor(CLIENTS) as pool:
            for number in range(CLIENTS):
                pool.submit(work, server, number, stop)
            for kill in range(KILLS):
                app.answer = 503 if kill == 1 else 204
                time.sleep(chance.uniform(0.2, 0.5))
                for each in at_work:
                    each.kill()
                    each.wait(5)
                with engine.begin() as connection:  # as if the claim had ended by itself
                    connection.execute(FREED)
                at_work = [deliverers(), deliverers()]
                if kill == 1:
                    workers = children(server.process.pid)
                    os.kill(workers[0], signal.SIGKILL)
            stop.set()
        app.answer = 204

        def is_empty():
            for each in (RESTED, ALL_DUE):  # as if the pauses had ended
                with suppress(OperationalError), engine.begin() as connection:
                    connection.execute(each)
            time.sleep(0.2)
            return not left(engine)

        wait_until(is_empty)
        before, app.answer = len(app.got), lambda connection: time.sleep(20)
        server.session.post("/Users", json=user("last"))
        wait_until(lambda: len(app.got) > before)  # and now it hangs
        began = time.monotonic()
        for each in at_work:
            each.terminate()
        assert [each.wait(10) for each in at_work] == [0, 0]
        assert time.monotonic() - began < 10

    ids, order = defaultdict(set), defaultdict(list)
    for got in app.got:
        told = json.loads(got.body)
        place = told["data"]["id"], told["data"]["version"]
        ids[*place, told["type"]].add(got.headers["webhook-id"])
        order[place[0]].append(place[1])
    assert {key[:2] for key in ids} == changed(engine)
    assert {len(each) for each in ids.values()} == {1}
    assert len(ids) > 20
    for versions in order.values():
        first = list(dict.fromkeys(versions))
        assert first == sorted(first)
