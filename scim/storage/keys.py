"""Ids, which are made here and grow, and the instants of changes.

An id begins with an instant, but its order does not depend on the machine's clock. ``CLOCK`` never
goes back, and it is put forward when a table has later ids, from another machine for example.
"""

import os
import re
import time
from datetime import UTC, datetime, timedelta
from threading import Lock

from scim.protocol.values import date_time

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)

FIRST_ID = "00000000-0000-0000-0000-000000000000"  # before all others
STEP = 245  # nanoseconds between instants that an id can tell apart


class Clock:
    """The clock that ids are made by, in nanoseconds of Unix time; threads share it."""

    def __init__(self) -> None:
        self.ahead = 0  # of the machine's clock
        self.last = 0
        self._lock = Lock()

    def now(self) -> int:
        """Return the instant, which is later than the last one."""
        with self._lock:
            instant = time.time_ns() + self.ahead
            if instant < self.last + STEP:
                self.ahead += self.last + STEP - instant
                instant = self.last + STEP
            self.last = instant
            return instant

    def pass_by(self, resource_id: str) -> None:
        """Go on behind the instant of an id."""
        with self._lock:
            self.last = max(self.last, made_at(resource_id) + STEP)


CLOCK = Clock()


class ClockBehind(Exception):
    """The clock here is behind the id ``last``; the transaction must begin again with later ids."""

    def __init__(self, last: str) -> None:
        super().__init__(last)
        self.last = last


def new_id() -> str:
    """Return a UUID ordered by time to a quarter of a microsecond (RFC 9562 §5.7 and §6.2)."""
    milliseconds, nanoseconds = divmod(CLOCK.now(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    random = int.from_bytes(os.urandom(8)) >> 2
    return _text(milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | random)


def now() -> str:
    """Return the instant, as a SCIM dateTime in UTC."""
    return date_time(datetime.now(UTC))


def from_now(days: float = 0, hours: float = 0, seconds: float = 0) -> str:
    """Return an instant to come, or one that has passed if the number is negative; as ``now``."""
    apart = timedelta(days=days, hours=hours, seconds=seconds)
    return date_time(datetime.now(UTC) + apart)


def made_at(resource_id: str) -> int:
    """Return the instant at which an id was made, in nanoseconds of Unix time."""
    milliseconds = int(resource_id[:8] + resource_id[9:13], 16)
    return milliseconds * 1_000_000 + int(resource_id[15:18], 16) * 1_000_000 // 4096


def next_id(resource_id: str) -> str:
    """Return the smallest id that is greater; of a membership, it ends in that of the member."""
    group, dot, last = resource_id.rpartition(".")
    return group + dot + _text(int(last.replace("-", ""), 16) + 1)


def is_id(text: str) -> bool:
    """Tell whether ``text`` could be an id; no resource has any other."""
    return ID.fullmatch(text) is not None


def _text(number: int) -> str:
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
