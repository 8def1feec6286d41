"""Requests compute in turn, and a slow one does not stop those that follow."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from scim.server.gate import Gate

LONG = 60  # seconds; no test waits so long


def test_one_request_computes_at_a_time():
    gate, inside, most = Gate(LONG), [], []

    def work():
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.001)
        inside.pop()

    with ThreadPoolExecutor(8) as pool:
        for _ in range(16):
            pool.submit(gate.pass_through, work)

    assert most == [1] * 16


def test_slow_request_lets_all_others_through():
    gate, ends = Gate(), threading.Event()

    with ThreadPoolExecutor(9) as pool:
        slow = pool.submit(gate.pass_through, ends.wait)
        quick = [pool.submit(gate.pass_through, lambda: "quick") for _ in range(16)]

        assert [each.result(LONG) for each in quick] == ["quick"] * 16
        assert not slow.done()
        ends.set()


def test_place_of_a_slow_request_is_taken_once():
    gate, ends = Gate(0.01), threading.Event()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(gate.pass_through, ends.wait)
        gate.pass_through(lambda: None)
        gate.patience = LONG

        assert gate.pass_through(lambda: "at once") == "at once"
        ends.set()


def test_failure_frees_the_place():
    gate = Gate(LONG)

    with suppress(ZeroDivisionError):
        gate.pass_through(lambda: 1 / 0)

    assert gate.pass_through(lambda: "free") == "free"
