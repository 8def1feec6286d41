"""A JSON object and a time, as both stand-ins keep and show them."""

from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
