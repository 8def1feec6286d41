"""Rates, which limit how often something happens: ``25/second``, ``500/10 seconds``."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

FORM = re.compile(r"(\d{1,9}) ?(?:/|per) ?(?:(\d{1,4}) )?(second|minute|hour)s?", re.ASCII)
REDIS = ("redis", "rediss", "valkey", "valkeys")  # schemes; those with an s at the end use TLS
UNITS = {"second": 1, "minute": 60, "hour": 3600}


class Rate(NamedTuple):
    """So many requests within so many seconds, one after the other or at once."""

    amount: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.amount:,} requests in {self.seconds:,} second{'s' * (self.seconds > 1)}"


def read_rate(text: str) -> Rate:
    """Return the rate that a text means.

    :raises ValueError: it means none
    """
    found = FORM.fullmatch(text.strip().lower())
    if not found or not int(found[1]) or not int(found[2] or 1):
        raise ValueError(f"{text!r} is no rate")
    return Rate(int(found[1]), int(found[2] or 1) * UNITS[found[3]])


def check_limits(rate_limit: str, limits_url: str) -> None:
    """Check SCIM_RATE_LIMIT and SCIM_LIMITS_URL.

    :raises ValueError: one of them cannot be used; the message names it, and shows no password
    """
    try:
        if rate_limit not in ("auto", "off"):
            read_rate(rate_limit)
    except ValueError:
        forms = "auto, off, or as in 25/second or 500/10 seconds"
        raise ValueError(f"SCIM_RATE_LIMIT must be {forms}, not {rate_limit!r}") from None
    try:
        place = urlsplit(limits_url)
        place.port  # noqa: B018 - raises unless it is a number
    except ValueError as error:
        raise ValueError(f"SCIM_LIMITS_URL cannot be used: {error}") from None
    if limits_url and not (place.scheme in REDIS and place.hostname):
        raise ValueError(f"SCIM_LIMITS_URL must begin with {'://, '.join(REDIS)}://")
