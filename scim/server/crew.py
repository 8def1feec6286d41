"""The threads of a worker: one works at a time, and one that takes long is replaced.

Python runs one thread at a time. Threads that compute together make each other slower, and on
SQLite they fight for the lock of the file: eight clients got a fifth less from them.
"""

import time
from collections import deque
from collections.abc import Callable
from threading import Event, Lock, Thread, get_ident

THREADS = 16  # of a crew, that compute, or wait for the database or for their turn
PATIENCE = 0.05  # seconds after which another thread goes on beside the one that works

Job = Callable[[], None]  # it never raises


class Crew:
    """Granian's threads. One is active: it works, or waits for Granian. The others sit on a bench.

    A job that takes longer than ``patience`` goes on, but its thread is no longer the active one:
    one from the bench is, which takes the next jobs. So a long job slows the others and does not
    stop them. When ``THREADS`` are here, a further thread leaves its job to them and goes back to
    Granian: one must be left to take what is not for the crew.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._lock = Lock()
        self._here = 0  # threads, on the bench too
        self._active = 0  # the active thread
        self._since = 0.0  # the instant at which it began its job; 0 if it waits for Granian
        self._jobs: deque[Job] = deque()
        self._bench: list[tuple[int, Lock]] = []
        self._busy = Event()  # lets the thread sleep that looks for late ones
        Thread(target=self._replace_late, name="crew", daemon=True).start()

    def do(self, job: Job) -> None:
        """Do a job now, or leave it to the active thread.

        It returns when the caller's thread may wait for Granian's next job. Until then, the thread
        sits on the bench.
        """
        me = get_ident()
        if self._since and self._active == me:  # a job begets another
            job()
            return
        with self._lock:
            if self._here == THREADS:
                self._jobs.append(job)
                return
            self._here += 1
            is_free = not self._since or self._is_late()
            if is_free:
                self._active, self._since = me, time.monotonic()
                if not self._busy.is_set():
                    self._busy.set()
            else:
                self._jobs.append(job)
        if is_free:
            job()
        while following := self._next(me):
            following()

    def _next(self, me: int) -> Job | None:
        """Return the next job, as soon as the caller's thread is active; None if there is none."""
        while True:
            with self._lock:
                if self._active == me:
                    if self._jobs:
                        self._since = time.monotonic()
                        return self._jobs.popleft()
                    self._since = 0.0
                    self._here -= 1
                    return None
                place = Lock()
                place.acquire()
                self._bench.append((me, place))
            place.acquire()

    def _is_late(self) -> bool:
        return self._since > 0 and time.monotonic() > self._since + self.patience

    def _replace_late(self) -> None:
        """Call one from the bench whenever the active thread takes long."""
        while True:
            self._busy.wait()
            time.sleep(self.patience / 2)
            with self._lock:
                if not self._since:
                    self._busy.clear()
                elif self._bench and self._is_late():
                    self._active, place = self._bench.pop()
                    self._since = time.monotonic()
                    place.release()
