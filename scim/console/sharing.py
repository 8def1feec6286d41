"""What many watch at once is made once for all of them."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, sleep

PAUSE = 0.4  # seconds between the beginnings of two that are made
KEPT = 32


@dataclass(slots=True)
class _Entry:
    lock: Lock = field(default_factory=Lock)
    began: float = float("-inf")
    text: str = ""


class Shared:
    """Texts by a key. Nobody gets one that was begun before the request for it."""

    def __init__(self) -> None:
        self._entries: OrderedDict[object, _Entry] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object, make: Callable[[], str]) -> str:
        """Return the text that ``make`` returns, or returned for another since the call."""
        came = monotonic()
        entry = self._entry(key)
        with entry.lock:
            if entry.began < came:
                sleep(max(0, PAUSE - (came - entry.began)))
                began = monotonic()
                entry.text = make()
                entry.began = began
            return entry.text

    def _entry(self, key: object) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            if len(self._entries) > KEPT:
                self._entries.popitem(last=False)
            return entry
