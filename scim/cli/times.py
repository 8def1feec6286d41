"""Times as people write them: ``1h``, which is ago or to come, or a date."""

import re
from datetime import UTC, datetime, timedelta

import click

from scim.protocol.values import date_time
from scim.storage.keys import now

DURATION = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
LONGEST = 366 * 86400  # seconds
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def instant(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return the instant that the value of an option names, as the database stores it."""
    return None if value is None else _instant(value, -1)


def later(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return the instant to come that the value of an option names, as the database stores it."""
    found = None if value is None else _instant(value, 1)
    if found and found <= now():
        raise click.BadParameter(f"{value!r} has passed already")
    return found


def duration(_: click.Context, __: click.Parameter, value: str) -> timedelta:
    """Return how long the value of an option is."""
    try:
        found = _duration(value) or (timedelta() if value.strip() == "0" else None)
        if found is not None:
            datetime.now(UTC) + found
            return found
    except OverflowError:
        pass
    raise click.BadParameter(f"{value!r} is no time such as 30m, 24h or 7d")


def seconds(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """Return the seconds that the value of an option names: ``30m``; up to a year."""
    if value is None:
        return None
    found = _duration(value)
    number = found.total_seconds() if found else 0
    if not 0 < number <= LONGEST:
        raise click.BadParameter(f"{value!r} is no time such as 30m, 1h or 7d, of at most a year")
    return int(number)


def _instant(value: str, direction: int) -> str:
    try:
        if (apart := _duration(value)) is not None:
            return date_time(datetime.now(UTC) + direction * apart)
        found = datetime.fromisoformat(value.strip())
        return date_time((found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC))
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{value!r} is neither 30m, 1h, 7d nor a date such as 2026-11-29T08:00"
        ) from None


def _duration(value: str) -> timedelta | None:
    """Return the time that ``30m`` is; None if a text is no such time."""
    found = DURATION.fullmatch(value.strip())
    return timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None
