"""A dead worker is replaced, and a signal ends all processes in time."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import httpx2
import pytest

from .conftest import Toy, heard, processes

STOPPED = 10  # seconds after the first signal
HURRIED = 2  # seconds after the second one


def wait_until(happened: Callable[[], object], seconds: float) -> None:
    """Wait for something, and fail if it takes longer."""
    ends = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def wait_for_end(toy: Toy, seconds: float) -> None:
    """Wait until no process of a toy is left."""
    wait_until(lambda: toy.process.poll() is not None and not processes(toy.process.pid), seconds)


def wait_for_workers(toy: Toy) -> None:
    """Wait until a worker serves."""
    with toy.client() as client:
        client.get("/worker")


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT])
def test_dead_worker_is_replaced(start, by):
    toy = start(2)
    wait_until(lambda: len(toy.workers()) == 2, 5)
    wait_for_workers(toy)
    first = toy.workers()[0]

    os.kill(first, by)
    wait_until(lambda: first not in toy.workers(), 5)

    with toy.client() as client:
        for _ in range(50):
            assert client.get("/worker", headers={"Connection": "close"}).text != str(first)
    wait_until(lambda: len(toy.workers()) == 2, 10)
    assert f"Worker {first} ended" in toy.log


def test_one_worker_dies_again_and_again(start):
    toy = start(1)

    def answering():
        with suppress(httpx2.TransportError), toy.client() as client:
            return int(client.get("/worker").text)

    for _ in range(4):
        wait_until(lambda: (worker := answering()) and not os.kill(worker, signal.SIGKILL), 10)

    wait_until(answering, 10)


def test_worker_that_cannot_start_is_not_tried_for_ever(start):
    toy = start(1, TOY_FAILS="1")

    assert toy.process.wait(20) == 1
    assert toy.log.count("the toy cannot start") == 3
    assert "it could not start, and is not tried again" in toy.log


def test_workers_end_with_their_master(start):
    toy = start(2)
    wait_for_workers(toy)

    toy.process.kill()
    toy.process.wait()

    wait_until(lambda: not processes(toy.process.pid), 5)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_signal_ends_all_and_lets_a_request_finish(start, by, send):
    toy = start(2)
    wait_for_workers(toy)
    with toy.say("GET /sleep?seconds=1 HTTP/1.1") as asked:
        time.sleep(0.3)

        send(toy.process.pid, by)

        assert heard(asked).endswith("slept")
    wait_for_end(toy, STOPPED)
    assert toy.process.returncode == 0
    with pytest.raises(ConnectionRefusedError):
        toy.connect()


def test_nothing_new_is_accepted_after_the_first_signal(start):
    toy = start(1)
    wait_for_workers(toy)
    with toy.say("GET /sleep?seconds=2 HTTP/1.1"):
        time.sleep(0.3)
        toy.process.terminate()
        time.sleep(0.5)

        with pytest.raises(ConnectionRefusedError):
            toy.connect()


def test_request_that_does_not_end_is_cut_off(start):
    toy = start(1)
    wait_for_workers(toy)
    with toy.say("GET /sleep?seconds=60 HTTP/1.1"):
        time.sleep(0.3)

        os.killpg(toy.process.pid, signal.SIGTERM)

        wait_for_end(toy, STOPPED)


def test_second_signal_hurries(start):
    toy = start(1)
    wait_for_workers(toy)
    with toy.say("GET /sleep?seconds=60 HTTP/1.1"):
        time.sleep(0.3)
        os.killpg(toy.process.pid, signal.SIGINT)
        time.sleep(0.3)

        os.killpg(toy.process.pid, signal.SIGINT)

        wait_for_end(toy, HURRIED)


def test_signal_at_the_first_instants(start):
    for wait in (0, 0.05, 0.1, 0.2, 0.4):
        toy = start(2)
        time.sleep(wait)

        os.killpg(toy.process.pid, signal.SIGTERM)

        wait_for_end(toy, STOPPED)


def test_ignored_signal_stays_ignored(start):
    toy = start(1, "nohup")
    wait_for_workers(toy)

    os.killpg(toy.process.pid, signal.SIGHUP)
    time.sleep(0.5)

    wait_for_workers(toy)
    toy.process.terminate()
    wait_for_end(toy, STOPPED)
