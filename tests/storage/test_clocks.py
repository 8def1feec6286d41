"""A clock that jumps, or differs from another machine's, hides nobody and changes no order."""

import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scim.protocol.schema import USER
from scim.provider import recovery
from scim.storage import Query, Selection, anchors
from scim.storage.anchors import Anchors
from tests.support.tries import tries

from ..support.server import ROOT

EVERYBODY = Query((Selection(USER, with_related=False),))
SECOND = 1_000_000_000


class Clock:
    """The machine's clock, put forward or back by ``seconds``."""

    def __init__(self):
        self.seconds = 0
        self.real, self.real_ns = time.time, time.time_ns

    @contextmanager
    def wrong(self):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(time, "time_ns", lambda: self.real_ns() + int(self.seconds * SECOND))
            patched.setattr(time, "time", lambda: self.real() + self.seconds)
            yield self


@pytest.fixture
def clock():
    with Clock().wrong() as clock:
        yield clock


def by_index(store, size):
    """Return the ids that a walk by startIndex finds, having checked each total."""
    found, total = [], 1
    while len(found) < total:
        page = store.query(replace(EVERYBODY, offset=len(found), limit=size))
        total = page.total
        assert page.resources or not total, (
            f"{total} users, and only {len(found)} of them are on a page"
        )
        found += [each.stored.id for each in page.resources]
    return found


def by_cursor(store, size):
    """Return the ids that a walk by cursor finds, having checked the last total."""
    query, found = replace(EVERYBODY, walks=True, limit=size), []
    while True:
        page = store.query(query)
        found += [each.stored.id for each in page.resources]
        if not page.goes_on:
            assert page.total == len(found)
            return found
        query = replace(query, position=page.last)


@pytest.mark.parametrize("seconds", [-7200, -3600, -0.5, 3600])
def test_user_created_after_the_clock_was_set_is_last_in_every_list(new_directory, clock, seconds):
    directory = new_directory()
    made = [directory.user(f"before{n}")["id"] for n in range(3)]
    assert by_index(directory.store, 2) == made

    clock.seconds = seconds
    made += [directory.user(f"after{n}")["id"] for n in range(3)]

    assert by_index(directory.store, 2) == made
    assert by_cursor(directory.store, 2) == made


def test_clock_that_goes_back_before_every_create_loses_nobody(new_directory, clock):
    directory, made = new_directory(), []
    for number in range(20):
        clock.seconds -= 10
        made.append(directory.user(f"user{number}")["id"])
        assert by_index(directory.store, 7) == made


STEPS = st.one_of(
    st.tuples(st.just("create"), st.integers(1, 6)),
    st.tuples(st.just("clock"), st.floats(-4000, 4000)),
    st.tuples(st.just("clock"), st.floats(-0.2, 0.2)),
    st.tuples(st.sampled_from(["delete", "restore"]), st.integers(0, 40)),
    st.tuples(st.just("walk"), st.integers(1, 9)),
)


@settings(max_examples=tries(15))
@given(steps=st.lists(STEPS, min_size=10, max_size=40), close=st.sampled_from([1, 3]))
def test_every_walk_sees_everybody_in_the_order_of_creation(new_directory, steps, close):
    directory = new_directory()
    directory.store.database.anchors = Anchors()
    made, present, gone = [], set(), []
    with Clock().wrong() as clock, pytest.MonkeyPatch.context() as patched:
        for name in ("SETTLES", "TOGETHER"):
            patched.setattr(anchors, name, 0)
        patched.setattr(anchors, "CLOSEST", close)
        for number, (kind, value) in enumerate([*steps, ("walk", 3)]):
            if kind == "clock":
                clock.seconds += value
            elif kind == "create":
                made += [directory.user(f"{number} {n}")["id"] for n in range(value)]
                present.update(made[-value:])
            elif kind == "delete" and present:
                gone.append(sorted(present)[value % len(present)])
                directory.delete({"userName": "", "id": gone[-1]})
                present.discard(gone[-1])
            elif kind == "restore" and gone:
                back = gone.pop(value % len(gone))
                recovery.restore(directory.store, back)
                present.add(back)
            elif kind == "walk":
                expected = [each for each in made if each in present]
                assert by_index(directory.store, value) == expected
                assert by_cursor(directory.store, value) == expected


@pytest.fixture
def machine():
    """Start a machine with another clock: ``machine(directory, seconds)`` creates a user there."""
    with ExitStack() as processes:

        def start(directory, seconds):
            url = directory.store.database.engine.url.render_as_string(hide_password=False)
            command = [sys.executable, "-m", "tests.support.shifted", url]
            process = processes.enter_context(
                subprocess.Popen(
                    [*command, str(directory.store.tenant_id), str(seconds)],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            processes.callback(process.kill)

            def create(name):
                process.stdin.write(f"{name}\n")
                process.stdin.flush()
                return process.stdout.readline().strip()

            return create

        yield start


@pytest.mark.parametrize("seconds", [-60, -3600, 60])
def test_machines_with_different_clocks_create_in_one_order(new_directory, machine, seconds):
    directory = new_directory()
    elsewhere = machine(directory, seconds)
    made = []

    def check():
        found = by_index(directory.store, 4)
        assert found == by_cursor(directory.store, 4)
        assert sorted(found) == sorted(made)
        # Two that are created within a millisecond or two may change places.
        assert max(abs(found.index(each) - place) for place, each in enumerate(made)) <= 1

    for number in range(10):
        made.append(directory.user(f"here{number}")["id"])
        check()
        made.append(elsewhere(f"elsewhere{number}"))
        check()
        if number % 3 == 0:
            directory.delete({"userName": "", "id": made.pop(number)})
            check()
