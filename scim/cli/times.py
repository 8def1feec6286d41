"""Instants as people write them: ``1h`` ago, or a date."""

import re
from datetime import UTC, datetime, timedelta

import click

from scim.protocol.values import date_time

AGO = re.compile(r"(\d{1,6})([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def instant(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return the instant that the value of an option names, as the database stores it."""
    if value is None:
        return None
    try:
        if ago := AGO.fullmatch(value.strip()):
            return date_time(datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])}))
        found = datetime.fromisoformat(value.strip())
        return date_time((found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC))
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{value!r} is neither 30m, 1h, 7d nor a date such as 2026-11-29T08:00"
        ) from None
