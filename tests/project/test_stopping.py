"""Ctrl+C reaches the server and all its processes at once, and nothing is left running."""

import os
import signal
import time

import pytest

from scim.server.worker import STOPPING_SECONDS

from ..support.databases import ON_ONE_DATABASE
from ..support.ports import free_port
from ..support.waiting import children, has_ended, wait_until

WORKERS = 2


def beside():
    """Return the settings for a console and for a caretaker with metrics and a job."""
    ports = {f"SCIM_{name}_PORT": str(free_port()) for name in ("CONSOLE", "METRICS")}
    return ports | {"SCIM_CONSOLE": "on", "SCIM_AUDIT_KEY": "k" * 64}


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("wait", "end"),
    [(0, os.killpg), (0.5, os.killpg), (0.5, os.kill)],
    ids=["at once", "later", "only the master is told"],
)
def test_signal_stops_the_server_its_workers_and_companions(serve, wait, end):
    process = serve(SCIM_WORKERS=str(WORKERS), **beside()).process
    time.sleep(wait)
    started = children(process.pid)

    end(process.pid, signal.SIGTERM if end is os.kill else signal.SIGINT)

    wait_until(lambda: has_ended(process), STOPPING_SECONDS)
    assert len(started) == WORKERS + 2
