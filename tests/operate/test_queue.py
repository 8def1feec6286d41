"""Requests never wait for the recorder: what it cannot store is dropped and counted."""

from threading import Event

import pytest

from scim.operate import recorder
from scim.operate.heard import Heard, Listener
from scim.operate.recorder import Budget, Recorder
from scim.protocol.errors import UnavailableError

from ..support.waiting import happens

HEARD = Heard("1", 1.0, "GET", "/scim/v2/Users", 0.0, "", 200, [], b"", "", [], b"{}", 2)
LISTENER = Listener("/scim/v2", frozenset({"password"}), (), lambda header: (), lambda text: False)


class Kept:
    """Recordings in a list; ``fails`` lets nothing be stored."""

    def __init__(self):
        self.exchanges, self.dropped, self.fails = [], 0, False
        self.may_go_on = Event()
        self.may_go_on.set()

    def add(self, exchanges, dropped=0):
        self.may_go_on.wait()
        if self.fails:
            raise UnavailableError("the disk is full")
        self.exchanges += exchanges
        self.dropped += dropped

    def close(self):
        pass


@pytest.fixture
def kept():
    return Kept()


@pytest.fixture
def recording(kept, monkeypatch):
    monkeypatch.setattr(recorder, "FAILED", 0.01)
    started = Recorder(lambda: kept, LISTENER)
    yield started
    kept.may_go_on.set()
    started.close()


def test_burst_is_recorded_whole(recording, kept):
    for n in range(3000):
        recording.put(2, lambda n=n: HEARD._replace(id=str(n)))

    assert happens(lambda: len(kept.exchanges) == 3000)
    assert [each.id for each in kept.exchanges] == [str(n) for n in range(3000)]
    assert kept.dropped == 0


@pytest.mark.parametrize("bound", ["MOST_WAITING", "MOST_BYTES"])
def test_what_does_not_fit_is_dropped_and_counted(recording, kept, monkeypatch, bound):
    monkeypatch.setattr(recorder, bound, 10 if bound == "MOST_WAITING" else 20 * recorder.BESIDE)
    kept.may_go_on.clear()
    for _ in range(200):
        recording.put(recorder.BESIDE, lambda: HEARD)

    kept.may_go_on.set()

    assert happens(lambda: len(kept.exchanges) + kept.dropped == 200, 10)
    assert len(kept.exchanges) in range(10, 10 + recorder.AT_ONCE)


def test_request_that_begins_while_there_is_no_room_is_counted(recording, kept, monkeypatch):
    assert recording.has_room()
    monkeypatch.setattr(recorder, "MOST_WAITING", 0)

    assert not recording.has_room()

    recording.put(2, lambda: HEARD)
    assert happens(lambda: kept.dropped == 2, 10)


def test_failure_is_said_once_and_counted(recording, kept, caplog):
    kept.fails = True
    for _ in range(20):
        recording.put(2, lambda: HEARD)
    assert happens(lambda: caplog.messages, 10)
    kept.fails = False
    recording.put(2, lambda: HEARD)

    assert happens(lambda: kept.exchanges and kept.dropped, 10)
    assert len(kept.exchanges) + kept.dropped == 21
    assert caplog.messages == ["Requests are not recorded: the disk is full"]


def test_exchange_that_cannot_be_made_is_counted_and_its_text_is_not_said(recording, kept, caplog):
    recording.put(0, lambda: HEARD._replace(answer_headers=None))
    recording.put(2, lambda: HEARD)

    assert happens(lambda: kept.exchanges and kept.dropped, 10)
    assert caplog.messages == ["A request could not be recorded: TypeError"]


def test_worker_stops_although_nothing_can_be_stored(recording, kept):
    kept.fails = True
    for _ in range(500):
        recording.put(2, lambda: HEARD)

    recording.close()

    assert not recording._thread.is_alive()


def test_long_work_takes_its_share_of_the_time(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(recorder.time, "monotonic", lambda: now[0])
    budget, worked = Budget(), 0.0
    while now[0] < 200:
        now[0] += 0.1 + budget.rest(0.1)
        worked += 0.1

    assert worked == pytest.approx(recorder.SHARE * 100 + recorder.CREDIT, abs=1)
    now[0] += 100
    assert budget.rest(recorder.CREDIT) == 0


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/scim/v2/Users", ("/scim/v2", "/Users")),
        ("/scim/v2", ("/scim/v2", "")),
        ("/scim/v2/", ("/scim/v2", "/")),
        ("/scim/v2x", ("", "/scim/v2x")),
        ("/", ("", "/")),
        ("", ("", "")),
    ],
)
def test_path_is_that_below_the_base_path(path, place):
    made = LISTENER.exchange(HEARD._replace(path=path))

    assert (made.base, made.path) == place


@pytest.mark.parametrize(
    "changed",
    [
        {"declared": "99999999999999999999"},
        {"declared": "-1"},
        {"declared": "²"},
        {"request": b"\xff\x00", "answer": b"\xff", "answer_size": 1},
        {"request_headers": [("HTTP_X", "a" * 100_000)] * 500},
        {"path": "/" + "x" * 100_000, "query": "y" * 100_000, "method": "Z" * 1000},
        {"detail": "x" * 100_000},
    ],
)
def test_anything_becomes_an_exchange(changed):
    made = LISTENER.exchange(HEARD._replace(**changed))

    assert len(repr(made)) < 1_000_000


def test_default_token_is_no_secret_in_other_places_and_others_are():
    body = b'{"employeeNumber": "123456789", "title": "my-own-token"}'

    def shown(token):
        headers = [("HTTP_AUTHORIZATION", f"Bearer {token}")]
        return LISTENER.exchange(HEARD._replace(request_headers=headers, request=body)).request.body

    assert shown("123456789") == body.decode()
    assert "my-own-token" not in shown("my-own-token")
