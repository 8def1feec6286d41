"""Texts that many watch at once are made once for all of them."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, sleep

PAUSE = 0.4  # seconds between two beginnings to make a text
KEPT = 32  # texts


@dataclass(slots=True)
class _Entry:
    lock: Lock = field(default_factory=Lock)
    began: float = float("-inf")
    text: str = ""


class Shared:
    """Texts by a key. A text that was begun before somebody asked for it is old, and made again."""

    def __init__(self) -> None:
        self._entries: OrderedDict[object, _Entry] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object, make: Callable[[], str]) -> str:
        """Return a text of ``make``; another caller's will do if it was begun since this call."""
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
