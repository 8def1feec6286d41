"""Actions that are due after some seconds, unless they are cancelled."""

import heapq
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from threading import Lock, Thread

TICK = 0.25  # seconds; an action may come so much later

logger = logging.getLogger("scim")


@dataclass(order=True, slots=True)
class Deadline:
    """An action, and the instant (monotonic, in seconds) at which it is due."""

    due: float
    number: int
    action: Callable[[], object] | None = field(compare=False)

    def cancel(self) -> None:
        """Forget the action, and what it holds in memory."""
        self.action = None


class Deadlines:
    """Carries out actions that are due, in a thread of its own."""

    def __init__(self) -> None:
        self._waiting: list[Deadline] = []
        self._numbers = count()
        self._lock = Lock()
        Thread(target=self._run, name="deadlines", daemon=True).start()

    def after(self, seconds: float, action: Callable[[], object]) -> Deadline:
        """Carry out ``action`` in so many seconds."""
        deadline = Deadline(time.monotonic() + seconds, next(self._numbers), action)
        with self._lock:
            heapq.heappush(self._waiting, deadline)
        return deadline

    def _run(self) -> None:
        while True:
            time.sleep(TICK)
            for action in self._due(time.monotonic()):
                try:
                    action()
                except Exception:
                    logger.exception("A deadline could not be kept")

    def _due(self, now: float) -> list[Callable[[], object]]:
        with self._lock:
            due = []
            while self._waiting and self._waiting[0].due <= now:
                due.append(heapq.heappop(self._waiting).action)
        return [action for action in due if action]
