"""A dead worker is replaced, and a signal ends all processes in time."""

import os
import signal
import socket
import time

import pytest

from scim.server.master import HURRY, LASTING, MOST_FAILURES, Beside
from scim.server.worker import STOPPING_SECONDS

from ..support.waiting import has_ended, is_left, wait_until
from .conftest import Toy, heard

STOPPED = STOPPING_SECONDS + 2  # seconds after the first signal
HURRIED = HURRY + 1.5  # seconds after the second one


def wait_for_end(toy: Toy, seconds: float) -> None:
    """Wait until no process of a toy is left."""
    wait_until(lambda: has_ended(toy.process), seconds)


def ask_a_worker(toy: Toy) -> int:
    """Return the process id of a worker, as soon as one serves."""
    with toy.client() as client:
        return int(client.get("/worker").text)


@pytest.mark.parametrize("name", ["{}/socket", "@{}"])
def test_systemd_is_told_when_requests_are_taken(start, tmp_path, name):
    name = name.format(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(name.replace("@", "\0"))
        systemd.settimeout(10)

        toy = start(1, waits=False, NOTIFY_SOCKET=name)

        assert systemd.recv(100) == b"READY=1"
        assert toy.accepts()


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT])
def test_dead_worker_is_replaced(start, by):
    toy, served = start(2), set()
    wait_until(lambda: served.add(ask_a_worker(toy)) or len(served) == 2, 10)
    first = toy.workers()[0]

    os.kill(first, by)
    wait_until(lambda: first not in toy.workers(), 5)

    with toy.client() as client:
        for _ in range(50):
            assert client.get("/worker", headers={"Connection": "close"}).text != str(first)
    wait_until(lambda: len(toy.workers()) == 2, 10)
    assert f"Worker {first} ended" in toy.log


def test_connections_wait_while_the_only_worker_is_replaced(start):
    toy = start(1)

    workers = {ask_a_worker(toy)}
    for _ in range(4):
        os.kill(max(toy.workers()), signal.SIGKILL)
        workers.add(ask_a_worker(toy))

    assert len(workers) == 5


def test_worker_that_cannot_start_is_not_tried_for_ever(start):
    toy = start(1, TOY_FAILS="1")

    assert toy.process.wait(20) == 1
    assert toy.log.count("the toy cannot start") == MOST_FAILURES
    assert "it could not start, and is not tried again" in toy.log


def test_companion_that_ends_too_often_starts_again_later(start):
    toy = start(1, TOY_WEARY="1")

    wait_until(lambda: toy.log.count("The toy ended with status 3") > 3 * MOST_FAILURES, 20)

    assert "it starts again in 0 s" in toy.log
    assert ask_a_worker(toy)


@pytest.mark.parametrize(
    ("starts", "least", "most"),
    [(1, 0, 0), (2, 0, 0), (3, 3, 5), (4, 6, 10), (5, 12, 20), (9, 59, 60)],
)
def test_companion_that_was_killed_waits_longer_each_time(starts, least, most):
    killed = Beside(None, starts=starts, began=time.monotonic())

    assert least <= killed.left(LASTING) <= most


def test_workers_end_with_their_master(start):
    toy = start(2)
    ask_a_worker(toy)

    toy.process.kill()
    toy.process.wait()

    wait_until(lambda: not is_left(toy.process.pid), 5)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_signal_ends_all_and_lets_a_request_finish(start, by, send):
    toy = start(2)
    ask_a_worker(toy)
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
    ask_a_worker(toy)
    with toy.say("GET /sleep?seconds=2 HTTP/1.1"):
        time.sleep(0.3)
        toy.process.terminate()
        time.sleep(0.5)

        with pytest.raises(ConnectionRefusedError):
            toy.connect()


def test_request_that_does_not_end_is_cut_off(start):
    toy = start(1)
    ask_a_worker(toy)
    with toy.say("GET /sleep?seconds=60 HTTP/1.1"):
        time.sleep(0.3)

        os.killpg(toy.process.pid, signal.SIGTERM)

        wait_for_end(toy, STOPPED)
    assert f"Stopping: requests in progress get up to {STOPPING_SECONDS} seconds" in toy.log
    assert "finishes 1 requests" in toy.log
    assert "1 requests were cut off" in toy.log


def test_second_signal_hurries(start):
    toy = start(1)
    ask_a_worker(toy)
    with toy.say("GET /sleep?seconds=60 HTTP/1.1"):
        time.sleep(0.3)
        os.killpg(toy.process.pid, signal.SIGINT)
        time.sleep(0.3)

        os.killpg(toy.process.pid, signal.SIGINT)

        wait_for_end(toy, HURRIED)


def test_signal_at_the_first_instants(start):
    for wait in (0, 0.05, 0.1, 0.2, 0.4):
        toy = start(2, waits=False)
        time.sleep(wait)

        os.killpg(toy.process.pid, signal.SIGTERM)

        wait_for_end(toy, STOPPED)


def test_ignored_signal_stays_ignored(start):
    toy = start(1, "nohup")
    ask_a_worker(toy)

    os.killpg(toy.process.pid, signal.SIGHUP)
    time.sleep(0.5)

    ask_a_worker(toy)
    toy.process.terminate()
    wait_for_end(toy, STOPPED)
