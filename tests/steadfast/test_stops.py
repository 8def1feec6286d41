"""A signal ends the server, whenever it comes and whoever gets it, and leaves no process behind."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from ..support.databases import ON_ONE_DATABASE
from ..support.scim import user
from ..support.server import ROOT, running_server
from .sizes import IS_FULL, SIZE
from .target import Target, ends_within
from .victim import watch

LATEST = 3 if IS_FULL else 1  # seconds from the first answer to the signal
# Seconds within which all processes end after one signal, or after two; everyday machines are busy.
FIRST, SECOND = (10, 2) if IS_FULL else (20, 6)
MANNERS = {
    "the master": [(os.kill, signal.SIGTERM)],
    "the group": [(os.killpg, signal.SIGTERM)],
    "the group, as Ctrl+C does": [(os.killpg, signal.SIGINT)],
    "the master twice": [(os.kill, signal.SIGTERM)] * 2,
    "the group twice": [(os.killpg, signal.SIGINT)] * 2,
}


@pytest.mark.slow
@ON_ONE_DATABASE
@pytest.mark.parametrize("manner", MANNERS)
def test_signal_under_load_ends_every_process(serve, manner):
    signals = MANNERS[manner]
    for number in range(SIZE.stops // len(MANNERS)):
        target = Target(serve(SCIM_WORKERS="2"))
        target.victim_id = target.create(user(f"victim{uuid4()}"))
        moment = random.Random(f"{manner} {number}").uniform(0, LATEST)

        seen = watch(
            target.server.url,
            target.server.token,
            target.victim_id,
            lambda: stop(target.server.process, signals, moment),  # noqa: B023 - called at once
        )

        assert set(seen.statuses) <= {0, 200}
        for said in ("Unexpected exit", "Traceback"):
            assert said not in target.server.log


def stop(process, signals, moment):
    time.sleep(moment)
    for send, number in signals:
        with suppress(ProcessLookupError):  # the first signal was enough
            send(process.pid, number)
        time.sleep(0.2)
    assert ends_within(SECOND if len(signals) > 1 else FIRST, process)


@ON_ONE_DATABASE
def test_closed_terminal_ends_the_server(serve):
    process = serve(SCIM_WORKERS="2").process

    os.killpg(process.pid, signal.SIGHUP)

    assert ends_within(FIRST, process)


@ON_ONE_DATABASE
def test_hangup_that_was_ignored_at_the_start_stays_ignored(database_url, tmp_path):
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does, and children inherit it
    try:
        with running_server(Path(tmp_path / "log"), SCIM_DATABASE_URL=database_url) as server:
            os.killpg(server.process.pid, signal.SIGHUP)
            time.sleep(0.5)

            assert server.session.get("/Schemas").status_code == 200
    finally:
        signal.signal(signal.SIGHUP, ignored)


@ON_ONE_DATABASE
def test_port_speaks_http_1_only(serve):
    with Target(serve()).connect(
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
    ) as connection:
        connection.settimeout(10)
        answer = connection.recv(1000)

    assert not answer or answer.startswith(b"HTTP/1.1 4")


def test_migrations_at_once_succeed(new_database):
    environment = os.environ | {"SCIM_DATABASE_URL": new_database()}
    command = [sys.executable, "manage.py", "db", "upgrade"]
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)
        for _ in range(3)
    ]

    said = [process.communicate(timeout=60)[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], said
