"""The newest exchanges, read once for all who watch."""

from collections import deque
from collections.abc import Sequence
from threading import Condition, Thread
from time import monotonic, sleep

from scim.explain.exchange import Exchange
from scim.storage.recordings import Recordings

TICK = 0.25  # seconds between two looks at the recordings, while somebody watches
AT_ONCE = 200  # exchanges that are read in one look; at a higher rate, older ones are skipped
KEPT = 1000


class Feed:
    """A thread looks for new exchanges while somebody waits for them."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self._recent: deque[Exchange] = deque(maxlen=KEPT)
        self._wanted = Condition()
        self._until = 0.0  # the instant until which somebody waits
        self._last = -1
        self.resets = 0  # how often the numbers began anew
        self._thread: Thread | None = None

    def newer(self, number: int, seconds: float) -> Sequence[Exchange]:
        """Return the exchanges after a number, the oldest first; wait up to ``seconds`` for one.

        Exchanges that were skipped, or are no longer kept, are left out.
        """
        ends = monotonic() + seconds
        with self._wanted:
            self._until = max(self._until, ends)
            if self._thread is None:
                self._recent.clear()
                self._last = -1
                self._thread = Thread(target=self._look, name="feed", daemon=True)
                self._thread.start()
            while True:
                found = [each for each in self._recent if each.number > number]
                left = ends - monotonic()
                if found or left <= 0:
                    return found
                self._wanted.wait(left)

    def reset(self) -> None:
        """Forget what was read, since it is no longer recorded."""
        with self._wanted:
            self._recent.clear()
            self.resets += 1

    def note(self, last: int) -> None:
        """Note the newest number that is recorded.

        A lower one than before tells that the file was lost, or that PostgreSQL crashed.
        """
        with self._wanted:
            if last < self._last:
                self.reset()
                self._last = 0

    def _look(self) -> None:
        while True:
            try:
                found = self._read()
            except Exception:  # the database is away for a while
                found = []
            with self._wanted:
                self._recent.extend(found)
                if found:
                    self._wanted.notify_all()
                elif monotonic() > self._until:
                    self._thread = None
                    return
            sleep(TICK)

    def _read(self) -> Sequence[Exchange]:
        last = self._recordings.last()
        self.note(last)
        if last == self._last:
            return []
        found = self._recordings.after(max(self._last, last - AT_ONCE), AT_ONCE)
        self._last = found[-1].number if found else last
        return found
