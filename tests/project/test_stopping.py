"""Ctrl+C reaches the server and its workers at once, and nothing is left running."""

import os
import signal
import time

import pytest

from scim.server.worker import STOPPING_SECONDS

from ..support.databases import ON_ONE_DATABASE
from ..support.waiting import has_ended, wait_until


@ON_ONE_DATABASE
@pytest.mark.parametrize("wait", [0, 0.5])
def test_interrupt_stops_the_server_and_its_workers(serve, wait):
    process = serve(SCIM_WORKERS="2").process
    time.sleep(wait)

    os.killpg(process.pid, signal.SIGINT)

    wait_until(lambda: has_ended(process), STOPPING_SECONDS)
