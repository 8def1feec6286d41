"""The rates of the last hour, from what was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles

from scim.explain.exchange import Exchange
from scim.protocol.values import date_time

MINUTES = 60
NEWEST = 5000  # recorded exchanges that are looked at


@dataclass(frozen=True, slots=True)
class Minute:
    """A bar of the chart: how many requests were answered well, and how many failed."""

    at: str
    good: int
    bad: int


@dataclass(frozen=True, slots=True)
class Rates:
    """The last hour. ``p50`` and ``p99`` are milliseconds; None where nothing was recorded."""

    minutes: Sequence[Minute]
    requests: int
    failed: int
    p50: float | None
    p99: float | None
    is_cut: bool
    limited: int  # requests that were answered 429

    @property
    def most(self) -> int:
        """The number of the highest bar, at least 1."""
        return max(1, *(each.good + each.bad for each in self.minutes))


def rates(newest: Sequence[Exchange], now: datetime) -> Rates:
    """Return what the exchanges of the last hour were like, minute by minute."""
    starts = [date_time(now - timedelta(minutes=each)) for each in range(MINUTES, -1, -1)]
    good, bad = [0] * MINUTES, [0] * MINUTES
    oldest = datetime.fromisoformat(starts[0])
    hour = [each for each in newest if each.at >= starts[0]]
    for each in hour:
        passed = (datetime.fromisoformat(each.at) - oldest).total_seconds()
        minute = min(MINUTES - 1, max(0, int(passed // 60)))
        (bad if each.is_failed else good)[minute] += 1
    minutes = list(map(Minute, starts, good, bad))
    times = [each.milliseconds for each in hour]
    cuts = quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    middle, high = (cuts[49], cuts[98]) if cuts else (None, None)
    limited = sum(each.status == 429 for each in hour)
    return Rates(minutes, len(hour), sum(bad), middle, high, len(hour) >= NEWEST, limited)
