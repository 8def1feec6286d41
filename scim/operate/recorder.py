"""Records exchanges beside the requests of a worker, which never wait for it.

A request leaves its parts in a queue. One thread masks them and stores them in batches. What does
not fit into the queue is dropped and counted.
"""

import atexit
import logging
import time
from collections import deque
from collections.abc import Callable
from threading import Event, Lock, Thread

from scim.explain.exchange import Check, Exchange
from scim.explain.secrets.credentials import trace
from scim.explain.secrets.masking import never_returned
from scim.printing import printable
from scim.protocol.errors import UnavailableError
from scim.service import Service
from scim.storage.recordings import Recordings
from scim.storage.tokens import count_tokens

from . import metrics
from .catalogue import DROPPED
from .heard import Heard, Listener

MOST_WAITING = 5_000  # exchanges in the queue of a worker
MOST_BYTES = 32 * 1024 * 1024  # of their bodies, with ``BESIDE`` for each exchange
BESIDE = 6000  # bytes that an exchange takes beside its bodies, as measured
AT_ONCE = 30  # exchanges in one transaction
GATHERING = 0.05  # seconds in which further exchanges join the first one
SHARE = 0.02  # of the time in which the thread works while much waits; requests get the rest
CREDIT = 0.3  # seconds that it may work at once, after a rest
CLOSING = 2.0  # seconds to store what waits when the worker stops
FAILED = 1.0  # seconds to wait when nothing can be stored
PAUSE = 60  # seconds between two lines in the log
LONGEST = 300  # characters of the reason in it

logger = logging.getLogger("scim")


class Recorder:
    """The queue of a worker, and the thread that empties it; the first exchange starts it."""

    def __init__(self, open_recordings: Callable[[], Recordings], listener: Listener) -> None:
        self.open_recordings = open_recordings
        self.listener = listener
        self.recordings: Recordings | None = None
        self.budget = Budget()
        self._waiting: deque[tuple[int, Callable[[], Heard]]] = deque()
        self._bytes = 0
        self._dropped = 0
        self._warned = -float(PAUSE)
        self._lock = Lock()
        self._wake, self._is_closing = Event(), Event()
        self._thread: Thread | None = None

    @classmethod
    def of(cls, service: Service) -> "Recorder":
        """Return the recorder of a worker with this service."""
        settings = service.settings
        tokens = (settings.secret_token,) if settings.secret_token else ()
        secret = never_returned(service.definitions.resource_types)

        def is_known(token: str) -> bool:
            return service.admit(token) is not None

        def is_token(text: str) -> bool:
            try:
                return is_known(text)
            except UnavailableError:
                return True

        def rejected(header: str | None) -> tuple[Check, ...]:
            try:
                number = bool(settings.own_token) + service.database.read(count_tokens)
                return trace(header, settings.own_token, is_known, number, service.expired)
            except UnavailableError:  # nobody knows which tokens there are
                return ()

        listener = Listener(settings.base_path, secret, tokens, rejected, is_token)
        return cls(service.recordings, listener)

    @property
    def waiting(self) -> int:
        """The number of exchanges in the queue."""
        return len(self._waiting)

    def has_room(self) -> bool:
        """Tell whether a request that begins now may be recorded; one that may not is counted."""
        if len(self._waiting) < MOST_WAITING:
            return True
        with self._lock:
            self._dropped += 1
        return False

    def put(self, size: int, heard: Callable[[], Heard]) -> None:
        """Let an exchange be recorded, if there is room for its ``size`` bytes; return at once.

        ``heard`` is called in the recorder's thread.
        """
        size += BESIDE
        with self._lock:
            if len(self._waiting) >= MOST_WAITING or self._bytes + size > MOST_BYTES:
                self._dropped += 1
            else:
                self._waiting.append((size, heard))
                self._bytes += size
            if self._thread is None:
                self._start()
        if not self._wake.is_set():
            self._wake.set()

    def _start(self) -> None:
        self._thread = Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def close(self) -> None:
        """Store what waits, for some seconds at most, and end the thread."""
        self._is_closing.set()
        self._wake.set()
        if self._thread:
            self._thread.join(CLOSING)

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._wake.wait()
            self._is_closing.wait(GATHERING)
            self._wake.clear()
            is_last = self._is_closing.is_set()  # asked first: what comes until then is stored
            self._empty()
        if self.recordings:
            self.recordings.close()

    def _empty(self) -> None:
        """Store all that waits; when the worker stops, give up if it cannot be stored."""
        while self._waiting or self._dropped:
            started = time.monotonic()
            if not self._store(*self._taken()):
                self._is_closing.wait(FAILED)
                if self._is_closing.is_set():
                    return
            elif len(self._waiting) >= AT_ONCE:  # few are cheap, and somebody may watch them
                self._is_closing.wait(self.budget.rest(time.monotonic() - started))

    def _taken(self) -> tuple[list[Callable[[], Heard]], int]:
        """Return the next exchanges, and how many were dropped."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            self._bytes -= sum(size for size, _ in batch)
            dropped, self._dropped = self._dropped, 0
        return [heard for _, heard in batch], dropped

    def _store(self, batch: list[Callable[[], Heard]], dropped: int) -> bool:
        """Record exchanges and tell whether it worked; never raise."""
        made = [exchange for heard in batch if (exchange := self._made(heard))]
        dropped += len(batch) - len(made)
        try:
            self.recordings = self.recordings or self.open_recordings()
            self.recordings.add(made, dropped)
            metrics.count(DROPPED, by=dropped)
        except Exception as error:
            self._warn("Requests are not recorded: %s", printable(str(error)[:LONGEST]))
            with self._lock:
                self._dropped += dropped + len(made)
            return False
        return True

    def _made(self, heard: Callable[[], Heard]) -> Exchange | None:
        """Return an exchange; None if nothing could be made of it, which is a bug."""
        try:
            return self.listener.exchange(heard())
        except Exception as error:  # its text may have a secret
            self._warn("A request could not be recorded: %s", type(error).__name__)
            return None

    def _warn(self, *said: str) -> None:
        now = time.monotonic()
        if now - self._warned >= PAUSE:
            self._warned = now
            logger.warning(*said)


class Budget:
    """The time in which the thread may work: a share of all time, saved up to a credit."""

    def __init__(self) -> None:
        self.left = CREDIT
        self.looked = time.monotonic()

    def rest(self, used: float) -> float:
        """Return how many seconds to rest after work that took ``used`` seconds."""
        now = time.monotonic()
        self.left = min(CREDIT, self.left + SHARE * (now - self.looked)) - used
        self.looked = now
        return max(0.0, -self.left / SHARE)
