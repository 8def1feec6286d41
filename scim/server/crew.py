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
    """The threads that do jobs. One is active, as long as there are jobs; the others wait.

    A thread of Granian's may be the active one, which is quicker than to wake another; a second
    one only brings jobs, so that one always takes requests in. While one is here, Granian keeps
    what it has received, and with a body that nobody has read, the connection: then it goes back
    after its own job.

    A job that takes longer than ``patience`` goes on, but its thread is no longer the active one:
    another is. So a long job slows the others and does not stop them. ``THREADS`` work at most;
    further jobs wait.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._lock = Lock()
        self._active = 0  # the active thread
        self._has_guest = False  # a thread of Granian's, at work
        self._since = 0.0  # the instant at which it began its job; 0 if there is none
        self._jobs: deque[Job] = deque()
        self._waiting: list[tuple[int, Lock]] = []
        self._busy = Event()  # lets the thread sleep that looks for late ones
        for _ in range(THREADS):
            place = Lock()
            place.acquire()
            own = Thread(target=self._work, args=(place,), name="crew", daemon=True)
            own.start()
            self._waiting.append((own.ident or 0, place))
        Thread(target=self._replace_late, name="lateness", daemon=True).start()

    def do(self, job: Job, may_stay: bool) -> None:
        """Do a job, and others behind it if the caller's thread ``may_stay``; or bring it."""
        me = get_ident()
        if self._since and self._active == me:  # a job begets another
            job()
            return
        with self._lock:
            is_free = self._is_free()
            if is_free and not self._busy.is_set():
                self._busy.set()
            if not is_free or self._has_guest:
                self._jobs.append(job)
                if is_free:
                    self._call()
                return
            self._has_guest = True
            self._active, self._since = me, time.monotonic()
        job()
        while may_stay and (following := self._next()):
            following()
        with self._lock:
            self._has_guest = False
            if self._active == me:
                self._since = 0.0
                self._call()

    def _call(self) -> None:
        """Make one that waits the active thread, if there is a job and one waits."""
        if self._jobs and self._waiting:
            self._active, place = self._waiting.pop()
            self._since = time.monotonic()
            place.release()

    def _work(self, place: Lock) -> None:
        """Do jobs whenever the own ``place`` is free."""
        while True:
            place.acquire()
            while job := self._next(place):
                job()

    def _next(self, place: "Lock | None" = None) -> Job | None:
        """Return the next job if the caller's thread may go on; otherwise the thread waits."""
        me = get_ident()
        with self._lock:
            if self._jobs and (self._active == me or self._is_free()):
                self._active, self._since = me, time.monotonic()
                return self._jobs.popleft()
            if self._active == me:
                self._since = 0.0
            if place:
                self._waiting.append((me, place))
            return None

    def _is_free(self) -> bool:
        """Tell whether no thread is active, or the active one is late."""
        return not self._since or time.monotonic() > self._since + self.patience

    def _replace_late(self) -> None:
        """Call another thread whenever the active one takes long."""
        while True:
            self._busy.wait()
            time.sleep(self.patience / 2)
            with self._lock:
                if not (self._since or self._jobs):
                    self._busy.clear()
                elif self._is_free():
                    self._call()
