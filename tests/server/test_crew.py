"""One thread works at a time, and a slow one is replaced."""

import resource
import threading
import time
from contextlib import ExitStack
from queue import SimpleQueue

import pytest

from scim.server.crew import THREADS, Crew

from ..support.waiting import wait_until

LONG = 60  # seconds; no test waits so long
UNDISTURBED = 4  # seconds of patience that no short job takes


class Threads:
    """Threads as Granian has them: each takes jobs from one queue and gives them to a crew."""

    def __init__(self, patience, count=8):
        self.crew = Crew(patience)
        self.queue = SimpleQueue()
        self.done = []
        self.finished = threading.Semaphore(0)
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def work(self):
        while job := self.queue.get():
            self.crew.do(job, may_stay=False)

    def end(self):
        for _ in self.threads:
            self.queue.put(None)
        for thread in self.threads:
            thread.join(LONG)
            assert not thread.is_alive()

    def give(self, work):
        def job():
            self.done.append(work())
            self.finished.release()

        self.queue.put(job)

    def wait(self, jobs):
        for _ in range(jobs):
            assert self.finished.acquire(timeout=LONG)


@pytest.fixture
def start():
    """Start threads that end with the test: ``start(0.02)`` have little patience."""
    with ExitStack() as started:

        def start(*arguments):
            made = Threads(*arguments)
            started.callback(made.end)
            return made

        yield start


def test_one_thread_works_at_a_time(start):
    crew, inside, most = start(UNDISTURBED), [], []

    def work():
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.001)
        inside.pop()

    for _ in range(40):
        crew.give(work)
    crew.wait(40)

    assert most == [1] * 40


def test_slow_job_lets_all_others_through(start):
    crew, ends = start(0.02), threading.Event()
    crew.give(lambda: ends.wait(LONG))

    for _ in range(40):
        crew.give(lambda: "quick")
    crew.wait(40)

    assert crew.done == ["quick"] * 40
    ends.set()
    crew.wait(1)
    crew.give(lambda: "after")
    crew.wait(1)


def test_several_slow_jobs_let_all_others_through(start):
    crew, ends = start(0.02), threading.Event()
    for _ in range(5):
        crew.give(lambda: ends.wait(LONG))

    for _ in range(20):
        crew.give(lambda: "quick")
    crew.wait(20)

    assert crew.done == ["quick"] * 20
    ends.set()
    crew.wait(5)


def test_thread_that_must_go_back_does_its_own_job_at_most(start):
    crew, ends, who = start(UNDISTURBED), threading.Event(), []
    crew.give(lambda: who.append(threading.get_ident()) or ends.wait(LONG))
    wait_until(lambda: who)

    crew.crew.do(lambda: crew.done.append(threading.get_ident()), True)  # another one does it

    ends.set()
    crew.wait(1)
    wait_until(lambda: len(crew.done) == 2)
    assert not set(crew.done) & {*who, threading.get_ident()}


def test_one_thread_of_granian_s_works_and_the_others_are_free(start):
    crew, ends, who = start(0.02), threading.Event(), []
    for _ in range(4):
        crew.give(lambda: who.append(threading.get_ident()) or ends.wait(LONG))
    wait_until(lambda: len(who) == 4)

    assert len(set(who) & {each.ident for each in crew.threads}) == 1
    ends.set()
    crew.wait(4)


def test_more_slow_jobs_than_threads_end_one_after_the_other(start):
    crew, first, last, ends = start(0.02), *(threading.Event() for _ in range(3))
    crew.give(lambda: first.wait(LONG))  # by a thread of Granian's
    wait_until(lambda: crew.crew._has_guest)
    for _ in range(THREADS):
        crew.give(lambda: ends.wait(LONG))
    wait_until(lambda: not crew.crew._waiting)
    first.set()
    crew.wait(1)
    wait_until(lambda: not crew.crew._has_guest and crew.crew._is_free())
    crew.give(lambda: last.wait(LONG))
    wait_until(lambda: crew.crew._has_guest)
    crew.give(lambda: "quick")
    wait_until(lambda: crew.crew._jobs)

    last.set()
    crew.wait(1)
    wait_until(lambda: not crew.crew._has_guest)
    ends.set()

    crew.wait(THREADS + 1)
    assert "quick" in crew.done


def test_slow_job_that_waited_lets_others_through(start):
    crew, ends, long = start(0.05), threading.Event(), threading.Event()
    late = crew.crew
    for _ in range(THREADS + 1):
        crew.give(lambda: ends.wait(LONG))
    wait_until(lambda: not late._waiting)
    crew.give(lambda: long.wait(LONG))
    crew.give(lambda: "quick")
    wait_until(lambda: len(late._jobs) == 2)
    with late._lock:
        late._since = 0.0  # as if the active one, which must go back, had ended now
    time.sleep(4 * late.patience)  # the thread that looks for late ones may sleep

    ends.set()  # one takes the long job, and all others wait

    wait_until(lambda: "quick" in crew.done)
    long.set()
    crew.wait(THREADS + 3)


def test_job_that_begets_another(start):
    crew = start(UNDISTURBED, 1)

    crew.give(lambda: crew.crew.do(lambda: crew.done.append("inner"), True) or "outer")

    wait_until(lambda: crew.done == ["inner", "outer"])


def test_idle_crew_sleeps(start):
    crew = start(0.002)
    crew.give(lambda: None)
    crew.wait(1)
    wait_until(lambda: not crew.crew._busy.is_set())

    before = switches()
    time.sleep(0.5)

    assert switches() - before < 250  # looks for late jobs would be 500


def switches():
    """Return how often a thread of this process has gone to sleep."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
