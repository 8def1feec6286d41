"""The gate of a worker: requests compute one after the other, but no long one stops the rest.

Python runs one thread at a time. Requests that compute together only make each other slower, and on
SQLite they fight for the lock of the file.
"""

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 0.05  # seconds that a request waits for the one before it


class Gate:
    """Lets one request through at a time, and one more for each that takes longer."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._place = Lock()
        self._change = Lock()

    def pass_through(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, when it is the caller's turn."""
        place = self._enter()
        try:
            return work()
        finally:
            place.release()

    def _enter(self) -> Lock:
        """Return the place that the caller now holds.

        Who has waited for ``patience`` opens a second place beside that of the slow request. The
        requests that follow wait for the second one, and no longer for the slow one.
        """
        while True:
            place = self._place
            if not place.acquire(timeout=self.patience):
                with self._change:
                    if place is self._place:
                        self._place = Lock()
                        self._place.acquire()
                        return self._place
            elif place is self._place:
                return place
            else:
                place.release()
