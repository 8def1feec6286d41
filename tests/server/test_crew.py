"""One thread works at a time, and a slow one is replaced."""

import threading
import time
from queue import SimpleQueue

from scim.server.crew import Crew

LONG = 60  # seconds; no test waits so long


class Threads:
    """Threads as Granian has them: each takes jobs from one queue and gives them to a crew."""

    def __init__(self, patience, count=8):
        self.crew = Crew(patience)
        self.queue = SimpleQueue()
        self.done = []
        self.finished = threading.Semaphore(0)
        for _ in range(count):
            threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            self.crew.do(self.queue.get())

    def give(self, work):
        def job():
            self.done.append(work())
            self.finished.release()

        self.queue.put(job)

    def wait(self, jobs):
        for _ in range(jobs):
            assert self.finished.acquire(timeout=LONG)


def test_one_thread_works_at_a_time():
    crew, inside, most = Threads(LONG), [], []

    def work():
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.001)
        inside.pop()

    for _ in range(40):
        crew.give(work)
    crew.wait(40)

    assert most == [1] * 40


def test_slow_job_lets_all_others_through():
    crew, ends = Threads(0.02), threading.Event()
    crew.give(lambda: ends.wait(LONG))

    for _ in range(40):
        crew.give(lambda: "quick")
    crew.wait(40)

    assert crew.done == ["quick"] * 40
    ends.set()
    crew.wait(1)
    crew.give(lambda: "after")
    crew.wait(1)


def test_several_slow_jobs_let_all_others_through():
    crew, ends = Threads(0.02), threading.Event()
    for _ in range(5):
        crew.give(lambda: ends.wait(LONG))

    for _ in range(20):
        crew.give(lambda: "quick")
    crew.wait(20)

    assert crew.done == ["quick"] * 20
    ends.set()
    crew.wait(5)


def test_job_that_begets_another():
    crew = Threads(LONG, 1)

    crew.give(lambda: crew.crew.do(lambda: crew.done.append("inner")) or "outer")
    crew.wait(1)

    assert crew.done == ["inner", "outer"]
