"""Remembered places in the order of ids, so that a deep page is not counted from the start.

1. We cache "offset N is resource X". A delete or a restore shifts later offsets, so each raises a
   counter, and offsets cached under an older count are dropped.
2. A new resource comes after all others, whatever the clock says (see ``Clock``), so a create
   shifts nothing. But another transaction may still commit a smaller id. So an id is cached only
   when it is settled: SETTLES older than the last id in the table, or TOGETHER older than an id
   that this process saw SETTLES ago. The process measures that time itself, as clocks may be set.
3. A create counts as a shift if the table has an id that is more than TOGETHER later, or if its
   transaction takes longer than LATE: a page beyond it may have been cached.
"""

import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

from .keys import made_at

SETTLES = 60  # seconds until no smaller id is committed any more
LATE = 30  # seconds after which a create counts as a shift; the rest is time for its commit
TOGETHER = 0.05  # seconds between ids that may be committed in either order
SECOND = 1_000_000_000  # in nanoseconds
CLOSEST = 64  # resources between two places; a database skips so many quickly
MOST = 10_000  # places for one type of a tenant
MOST_TYPES = 100  # for all tenants together

TenantAndType = tuple[int, str]  # a tenant's id and the name of a type


def comes_before(resource_id: str, last: str) -> bool:
    """Tell whether a new id may come before a remembered place, as ``last`` is later."""
    return made_at(last) - made_at(resource_id) > TOGETHER * SECOND


def is_late(began: float) -> bool:
    """Tell whether a transaction that began at an instant of ``time.monotonic`` takes too long."""
    return time.monotonic() - began > LATE


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place: the page at ``offset`` begins with the first resource from ``id`` on."""

    offset: int
    id: str
    shifts: int


@dataclass(slots=True)
class _Settling:
    """The instant up to which the ids of one type are settled, as it was at the last look.

    ``settled`` is that instant and ``seen`` that of the last id then, both in nanoseconds of Unix
    time. ``at`` is when this process looked, in seconds of ``time.monotonic``.
    """

    settled: float = 0
    seen: float = 0
    at: float = 0

    def see(self, last: str) -> float:
        """Note that ``last`` is the last id, and return the instant up to which ids are settled."""
        now, latest = time.monotonic(), made_at(last)
        if now - self.at >= SETTLES:
            self.settled, self.seen, self.at = self.seen, latest, now
        long_ago = max(self.settled, latest - (SETTLES - TOGETHER) * SECOND)
        return min(long_ago, latest) - TOGETHER * SECOND


@dataclass(slots=True)
class _Places:
    """The places of one type in order, none closer to the next than ``step``."""

    shifts: int
    settling: _Settling = field(default_factory=_Settling)
    step: int = field(default_factory=lambda: CLOSEST)
    offsets: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def add(self, offset: int, resource_id: str) -> None:
        at = bisect_left(self.offsets, offset)
        if any(abs(near - offset) < self.step for near in self.offsets[max(at - 1, 0) : at + 1]):
            return
        self.offsets.insert(at, offset)
        self.ids.insert(at, resource_id)
        while len(self.offsets) > MOST:
            self.thin()

    def thin(self) -> None:
        """Drop places until the rest are twice as far from each other."""
        self.step *= 2
        kept: list[int] = []
        for at, offset in enumerate(self.offsets):
            if not kept or offset - self.offsets[kept[-1]] >= self.step:
                kept.append(at)
        self.offsets = [self.offsets[at] for at in kept]
        self.ids = [self.ids[at] for at in kept]


class Anchors:
    """The places that one process remembers; those unused for longest are dropped first."""

    def __init__(self) -> None:
        self._known: OrderedDict[TenantAndType, _Places] = OrderedDict()
        self._lock = Lock()

    def before(self, kind: TenantAndType, offset: int) -> Anchor | None:
        """Return the last remembered place at or before an offset."""
        with self._lock:
            places = self._known.get(kind)
            at = bisect_right(places.offsets, offset) if places else 0
            if places is None or at == 0:
                return None
            return Anchor(places.offsets[at - 1], places.ids[at - 1], places.shifts)

    def remember(
        self, kind: TenantAndType, shifts: int, last: str, found: Iterable[tuple[int, str]]
    ) -> None:
        """Remember at which offsets ids were seen, and drop those seen under fewer shifts.

        ``last`` was the last id of that type then.
        """
        with self._lock:
            places = self._known.get(kind)
            if places is None:
                places = self._known[kind] = _Places(shifts)
            elif places.shifts < shifts:
                places = self._known[kind] = _Places(shifts, places.settling)
            self._known.move_to_end(kind)
            if len(self._known) > MOST_TYPES:
                self._known.popitem(last=False)
            settled = places.settling.see(last)
            if places.shifts == shifts:
                for offset, resource_id in found:
                    if offset and made_at(resource_id) <= settled:
                        places.add(offset, resource_id)
