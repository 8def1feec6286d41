"""The threads of a worker: one works at a time, and one that takes long is replaced.

Python runs one thread at a time. Threads that compute together make each other slower, and on
SQLite they fight for the lock of the file: eight clients got a fifth less from them.
"""

import time
from collections import deque
from collections.abc import Callable
from threading import Event, Lock, Thread, get_ident

THREADS = 16  # that compute, or wait for the database
PATIENCE = 0.05  # seconds after which another thread goes on beside the one that works

Job = Callable[[], None]  # it never raises


class Crew:
    """The threads that do jobs. One is active; the crew's own ones sit on a bench meanwhile.

    A thread of Granian's does its own job if nobody is active, and goes back: until then, Granian
    keeps what it has received, and with a body that nobody has read, the connection. What comes
    meanwhile is for one from the bench, which goes on as long as there are jobs.

    A job that takes longer than ``patience`` goes on, but its thread is no longer the active one:
    one from the bench is. So a long job slows the others and does not stop them. ``THREADS`` work
    at most; further jobs wait.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._lock = Lock()
        self._working = 0  # threads, those of late jobs too
        self._active = 0  # the active thread
        self._since = 0.0  # the instant at which it began its job; 0 if there is none
        self._jobs: deque[Job] = deque()
        self._bench: list[tuple[int, Lock]] = []
        self._busy = Event()  # lets the thread sleep that looks for late ones
        for _ in range(THREADS):
            place = Lock()
            place.acquire()
            own = Thread(target=self._work, args=(place,), name="crew", daemon=True)
            own.start()
            self._bench.append((own.ident or 0, place))
        Thread(target=self._replace_late, name="lateness", daemon=True).start()

    def do(self, job: Job) -> None:
        """Do a job now, or leave it to others."""
        me = get_ident()
        if self._since and self._active == me:  # a job begets another
            job()
            return
        with self._lock:
            is_busy = self._since > 0 and not self._is_late()
            if is_busy or self._working == THREADS:
                self._jobs.append(job)
                return
            self._begin(me)
            if not self._busy.is_set():
                self._busy.set()
        job()
        with self._lock:
            self._working -= 1
            if self._active == me:
                self._hand_over()

    def _begin(self, thread: int) -> None:
        """Make a thread the active one."""
        self._working += 1
        self._active, self._since = thread, time.monotonic()

    def _hand_over(self) -> None:
        """Make one from the bench the active thread, if there is a job."""
        self._since = 0.0
        if self._jobs:
            thread, place = self._bench.pop()
            self._begin(thread)
            place.release()

    def _work(self, place: Lock) -> None:
        """Do the jobs of others whenever the own ``place`` is free."""
        while True:
            place.acquire()
            while job := self._next(place):
                job()

    def _next(self, place: Lock) -> Job | None:
        """Return the next job if the caller's thread is active; otherwise it is on the bench."""
        me = get_ident()
        with self._lock:
            if self._active == me and self._jobs:
                self._since = time.monotonic()
                return self._jobs.popleft()
            if self._active == me:
                self._since = 0.0
            self._working -= 1
            self._bench.append((me, place))
            return None

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
                elif self._is_late() and self._working < THREADS:
                    self._hand_over()
