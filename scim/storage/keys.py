"""Ids, which are time-ordered and made here, and the instants of changes."""

import os
import re
import time
from datetime import UTC, datetime

from scim.protocol.values import date_time

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)

FIRST_ID = "00000000-0000-0000-0000-000000000000"  # before all others


def new_id() -> str:
    """Return a UUID ordered by time to a quarter of a microsecond (RFC 9562 §5.7 and §6.2)."""
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    random = int.from_bytes(os.urandom(8)) >> 2
    return _text(milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | random)


def now() -> str:
    """Return the instant of a change, as a SCIM dateTime in UTC."""
    return date_time(datetime.now(UTC))


def made_at(resource_id: str) -> int:
    """Return the Unix time at which an id was made, in milliseconds."""
    return int(resource_id[:8] + resource_id[9:13], 16)


def next_id(resource_id: str) -> str:
    """Return the smallest id that is greater."""
    return _text(int(resource_id.replace("-", ""), 16) + 1)


def is_id(text: str) -> bool:
    """Tell whether ``text`` could be an id; no resource has any other."""
    return ID.fullmatch(text) is not None


def _text(number: int) -> str:
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
