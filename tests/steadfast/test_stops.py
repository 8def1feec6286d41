"""A signal ends the server, whenever it comes and whoever gets it, and leaves no process behind."""

import os
import random
import signal
import time
from contextlib import suppress
from uuid import uuid4

import pytest

from ..support.databases import ON_ONE_DATABASE
from ..support.scim import user
from ..support.waiting import has_ended, wait_until
from .sizes import IS_FULL, SIZE
from .target import Target
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
        for said in ("another one replaces it", "Traceback"):
            assert said not in target.server.log


def stop(process, signals, moment):
    time.sleep(moment)
    for send, number in signals:
        with suppress(ProcessLookupError):  # the first signal was enough
            send(process.pid, number)
        time.sleep(0.2)
    wait_until(lambda: has_ended(process), SECOND if len(signals) > 1 else FIRST)
