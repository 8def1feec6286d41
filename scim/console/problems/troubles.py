"""The problems among the newest exchanges, found once for all who look."""

from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from time import monotonic

from scim.explain.exchange import Exchange
from scim.explain.reasons.problems import Problem, problems
from scim.storage.recordings import Recordings

WINDOW = 2000  # exchanges, the newest, in which problems are looked for
CHUNK = 100  # that are read at once
KEPT_SECONDS = 2


class Troubles:
    """The problems among the newest exchanges; they are looked for once in KEPT_SECONDS."""

    def __init__(self, recordings: Recordings, is_ours: Callable[[Exchange], bool]) -> None:
        self._recordings = recordings
        self._is_ours = is_ours
        self._lock = Lock()
        self._failed: list[Exchange] = []
        self._problems: Sequence[Problem] = ()
        self._last = 0
        self._until = 0.0

    def newest(self) -> Sequence[Problem]:
        """Return the problems, the newest first."""
        with self._lock:
            if monotonic() >= self._until:
                self._look()
                self._until = monotonic() + KEPT_SECONDS
            return self._problems

    def _look(self) -> None:
        last = self._recordings.last()
        if last == self._last:
            return
        if self._failed and self._recordings.get(self._failed[-1].number) is None:
            self._failed, self._last = [], 0  # the recordings were emptied
        kept = [each for each in self._failed if each.number > last - WINDOW]
        self._failed = [*kept, *self._new(max(self._last, last - WINDOW))]
        self._problems = problems(self._failed)
        self._last = last

    def _new(self, after: int) -> Iterator[Exchange]:
        """Yield those that may have failed after a number, the oldest first."""
        while part := self._recordings.after(after, CHUNK):
            after = part[-1].number
            for each in part:
                if _may_have_failed(each) and not self._is_ours(each):
                    yield each


def _may_have_failed(exchange: Exchange) -> bool:
    return exchange.is_failed or exchange.path.lower().startswith("/bulk")
