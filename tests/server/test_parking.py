"""A request that waits for something else holds no thread, and has its limits."""

import signal
import time

import pytest

from scim.server.parking import MOST, MOST_EACH, Parking, Place

from ..support.threads import refuse_thread
from ..support.waiting import wait_until
from .conftest import heard


def wait(toy, seconds, owner):
    return toy.say(f"GET /wait?seconds={seconds}&owner={owner} HTTP/1.1\nConnection: close")


def test_parked_requests_hold_no_thread_and_are_asked_again(start):
    toy = start(1)
    brief = wait(toy, 0.3, "brief")
    parked = [wait(toy, 20, owner) for owner in "ab" for _ in range(MOST_EACH)]

    with toy.client() as client:
        assert client.post("/echo", content=b"heard").content == b"heard"
        assert heard(brief).endswith("parked, came: False")
        assert heard(wait(toy, 20, "a")).endswith("no room")
        others = [wait(toy, 20, f"c{number}") for number in range(MOST - len(parked))]
        time.sleep(0.1)
        assert heard(wait(toy, 20, "d")).endswith("no room")
        assert client.get("/come").text == "came"
    assert {heard(each)[-18:] for each in (*parked, *others)} == {"parked, came: True"}


@pytest.mark.parametrize("name", ["parking", "parked"])
def test_lack_of_threads_lets_no_request_wait_for_ever(monkeypatch, name):
    parking, asked = Parking(), []
    place = Place(parking, size=0)
    assert place("owner", lambda: True, 20, "left")
    refuse_thread(monkeypatch, name)

    parking.add(place, asked.append)

    wait_until(lambda: asked and not place.is_taken, 2)
    assert asked == ["left"]


def test_parked_request_is_answered_when_the_server_stops(start):
    toy = start(1)
    parked = wait(toy, 20, "a")
    time.sleep(0.3)

    toy.process.send_signal(signal.SIGTERM)

    assert heard(parked).endswith("parked, came: False")
    assert toy.process.wait(5) == 0
