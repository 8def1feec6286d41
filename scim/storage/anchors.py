"""Places in the order of the ids that are remembered, so that nothing is counted from the start.

That a resource is at some offset stays true until one before it goes or comes back. Each of that
raises a tenant's and a type's ``moves``, so what was remembered at other moves is forgotten. New
resources come behind all others once their ids have settled: whoever made an id a moment ago may
commit it behind others. Whoever takes too long for that moves them, too.
"""

import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

from .keys import made_at

SETTLES = 60  # seconds until no id that is smaller is committed any more
LATE = 30  # seconds after which an id that is being written counts as one that comes back
CLOSEST = 64  # resources between two places; fewer are passed over quickly
MOST = 10_000  # places of one type of a tenant
MOST_TYPES = 100  # of all tenants

Kind = tuple[int, str]  # a tenant's id and the name of a type


def is_late(resource_id: str) -> bool:
    """Tell whether a new id is written so late that it may come before a remembered place."""
    return made_at(resource_id) < (time.time() - LATE) * 1000


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place: the resources from ``id`` on are those from ``offset`` on."""

    offset: int
    id: str
    moves: int


@dataclass(slots=True)
class _Places:
    """The places of one type, in order, none closer to the next than ``step``."""

    moves: int
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
        """Keep places that are twice as far from each other."""
        self.step *= 2
        kept: list[int] = []
        for at, offset in enumerate(self.offsets):
            if not kept or offset - self.offsets[kept[-1]] >= self.step:
                kept.append(at)
        self.offsets = [self.offsets[at] for at in kept]
        self.ids = [self.ids[at] for at in kept]


class Anchors:
    """What one process remembers of all tenants; what was not used for longest goes first."""

    def __init__(self) -> None:
        self._known: OrderedDict[Kind, _Places] = OrderedDict()
        self._lock = Lock()

    def before(self, kind: Kind, offset: int) -> Anchor | None:
        """Return the last place that is remembered at or before an offset."""
        with self._lock:
            places = self._known.get(kind)
            at = bisect_right(places.offsets, offset) if places else 0
            if places is None or at == 0:
                return None
            return Anchor(places.offsets[at - 1], places.ids[at - 1], places.moves)

    def remember(self, kind: Kind, moves: int, found: Iterable[tuple[int, str]]) -> None:
        """Remember at which offsets ids were seen, and forget what was seen at fewer moves."""
        settled = (time.time() - SETTLES) * 1000
        with self._lock:
            places = self._known.get(kind)
            if places is None or places.moves < moves:
                places = self._known[kind] = _Places(moves)
            self._known.move_to_end(kind)
            if len(self._known) > MOST_TYPES:
                self._known.popitem(last=False)
            if places.moves == moves:
                for offset, resource_id in found:
                    if made_at(resource_id) < settled:
                        places.add(offset, resource_id)
