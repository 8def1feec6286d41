"""A timeline: what was created, updated, deactivated and deleted, and what failed, over time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal, get_args

from markupsafe import Markup

from scim.explain.exchange import Exchange
from scim.explain.sentences.purposes import Purpose, purpose
from scim.explain.words import counted, number
from scim.protocol.headers import DRY_RUN

from .drawing import BOLD, Font, Pen, Picture, tag

Kind = Literal["created", "updated", "deactivated", "deleted", "failed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
COLOURS: Mapping[Kind, str] = {
    "created": "good",
    "updated": "accent",
    "deactivated": "warn",
    "deleted": "soft",
    "failed": "bad",
}
DONE: Mapping[Purpose, Kind] = {
    "create": "created",
    "update": "updated",
    "reactivate": "updated",
    "deactivate": "deactivated",
    "delete": "deleted",
}
BULK: Mapping[str, Kind] = {"create": "created", "delete": "deleted"}
STEPS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 7 * 86400)
MINUTE, DAY = 60, 86400
LEAST = 20  # bars for which there is room at least
NAME, TOTAL, TICK = Font(13), Font(15, BOLD), Font(12)
ROW, AXIS, TOP = 34, 30, 8  # pixels


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, at an instant in seconds."""

    at: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Bars:
    """The number of each kind, in steps of so many seconds since ``start``."""

    start: int
    step: int
    counts: Mapping[Kind, Sequence[int]]
    zone: tzinfo
    offset: int  # the seconds between UTC and the zone

    @property
    def length(self) -> int:
        return len(self.counts[KINDS[0]])

    def label(self, place: int) -> str:
        """Return when a step begins, as exactly as the step is long."""
        at = self._at(place)
        if self.step >= DAY:
            return f"{at:%Y-%m-%d}"
        return f"{at:%H:%M}" if self.step >= MINUTE else f"{at:%H:%M:%S}"

    def is_round(self, place: int, seconds: int) -> bool:
        """Tell whether a step begins at a multiple of so many seconds of the day."""
        return not (self.start + self.offset + place * self.step) % seconds

    def rows(self) -> list[tuple[str, list[int]]]:
        """Return when something happened, and how often each kind did."""
        rows = [
            (f"{self._at(place):%Y-%m-%d %H:%M:%S}", [self.counts[kind][place] for kind in KINDS])
            for place in range(self.length)
        ]
        return [row for row in rows if any(row[1])]

    def _at(self, place: int) -> datetime:
        return datetime.fromtimestamp(self.start + place * self.step, self.zone)


def marks(exchange: Exchange) -> list[Mark]:
    """Return what an exchange counts as; a read and a dry run count as nothing."""
    try:
        at = datetime.fromisoformat(exchange.at).timestamp()
    except (ValueError, OverflowError):
        return []
    is_look = exchange.status == 404 and exchange.method in ("GET", "HEAD")
    if exchange.applied == DRY_RUN or is_look:
        return []
    if exchange.is_failed:
        return [Mark(at, "failed")]
    if exchange.method in ("GET", "HEAD"):
        return []
    asked = purpose(exchange)
    if asked == "bulk":
        return [Mark(at, BULK.get(each.operation, "updated")) for each in exchange.made]
    return [Mark(at, DONE[asked])] if asked in DONE else []


def bars(found: Iterable[Mark], most: int, zone: tzinfo) -> Bars | None:
    """Return marks in at most so many steps; None if there are none."""
    kept = list(found)
    if not kept:
        return None
    first, last = min(each.at for each in kept), max(each.at for each in kept)
    step = next((each for each in STEPS if (last - first) / each < most - 1), None)
    if step is None:
        step = STEPS[-1] * (int((last - first) / (most - 1) / STEPS[-1]) + 1)
    shift = datetime.fromtimestamp(first, zone).utcoffset()
    offset = int(shift.total_seconds()) if shift else 0
    start = int((first + offset) // step) * step - offset
    length = int((last - start) // step) + 1
    start -= step * max(0, LEAST - length)
    counts = {kind: [0] * max(length, LEAST) for kind in KINDS}
    for each in kept:
        counts[each.kind][int((each.at - start) // step)] += 1
    return Bars(start, step, counts, zone, offset)


@dataclass(frozen=True, slots=True)
class Plot:
    """A size of the picture: where the bars begin, and how many there may be."""

    width: float
    left: float
    most: int
    ticks: int


PLOTS: Mapping[str, Plot] = {
    "wide": Plot(1120, 176, 90, 8),
    "middle": Plot(720, 170, 50, 5),
    "narrow": Plot(360, 142, 24, 2),
}


def draw_timeline(found: Sequence[Mark], pen: Pen, size: str) -> Picture:
    """Return the picture: a strip for each kind, all on one scale."""
    plot = PLOTS[size]
    counted_bars = bars(found, plot.most, pen.zone)
    totals = {kind: sum(1 for each in found if each.kind == kind) for kind in KINDS}
    title = "Over time: " + ", ".join(f"{number(totals[kind])} {kind}" for kind in KINDS)
    height = TOP + ROW * len(KINDS) + AXIS
    parts: list[Markup] = []
    for place, kind in enumerate(KINDS):
        base = TOP + ROW * (place + 1)
        parts += _row_head(pen, plot, base, kind, totals[kind])
        if counted_bars:
            parts += _row(pen, plot, base, counted_bars, kind)
    if counted_bars:
        parts += _axis(pen, plot, counted_bars, height)
    return Picture(plot.width, height, parts, title)


def _row_head(pen: Pen, plot: Plot, base: float, kind: Kind, total: int) -> list[Markup]:
    ink = "text" if total else "soft"
    return [
        pen.text(14, base - 6, kind.capitalize(), NAME, ink),
        pen.text(plot.left - 12, base - 6, number(total), TOTAL, ink, "end"),
        pen.path(f"M{plot.left:g} {base:g} H{plot.width - 14:g}", "line", 1),
    ]


def _row(pen: Pen, plot: Plot, base: float, found: Bars, kind: Kind) -> list[Markup]:
    most = max(max(counts) for counts in found.counts.values())
    room = (plot.width - 14 - plot.left) / found.length
    width = min(room - min(3, room / 4), 26)
    peak = max(2, *found.counts[kind])  # a bar of one needs no number
    parts = []
    for place, count in enumerate(found.counts[kind]):
        if not count:
            continue
        x = plot.left + room * (place + 0.5)
        high = max(3, (ROW - 16) * count / most)
        told = tag("title", f"{found.label(place)}: {count} {kind}")
        box = (x - width / 2, base - high, width, high)
        parts.append(pen.box(*box, COLOURS[kind], None, told, radius=min(2, width / 4)))
        if count == peak:
            parts.append(pen.text(x, base - high - 3, number(count), Font(11), "soft", "middle"))
            peak = -1  # the first of them tells the scale
    return parts


def _axis(pen: Pen, plot: Plot, found: Bars, height: float) -> list[Markup]:
    room = (plot.width - 14 - plot.left) / found.length
    most = found.step * found.length / plot.ticks
    every = next((each for each in STEPS if each >= most and not each % found.step), found.step * 2)
    parts = [pen.text(14, height - 10, _unit(found.step), TICK, "soft")]
    for place in range(found.length):
        if not found.is_round(place, every):
            continue
        x = plot.left + room * (place + 0.5)
        half = TICK.width(found.label(place)) / 2
        at = min(max(x, plot.left + half), plot.width - 14 - half)
        parts.append(pen.path(f"M{x:g} {height - AXIS:g} v5", "soft", 1))
        parts.append(pen.text(at, height - 10, found.label(place), TICK, "soft", "middle"))
    return parts


def _unit(step: int) -> str:
    """Return how long a bar is."""
    for size, noun in ((DAY, "day"), (3600, "hour"), (MINUTE, "minute")):
        if step >= size:
            return f"a bar: {counted(step // size, noun)}"
    return f"a bar: {counted(step, 'second')}"
