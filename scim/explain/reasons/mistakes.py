"""The fault in a request: the path that was asked for, the body, the value taken."""

import json
from urllib.parse import urlsplit

from ..bodies import Reading, get
from ..sentences.failures import meant
from ..words import plain

BEGINNING = 20  # characters of a body; a secret is longer, or masked
NAMING = ("userName", "displayName", "externalId")


def base_url(reading: Reading) -> str:
    """Return the base URL at which a client should have asked; its path if no host is known."""
    right = urlsplit(meant(reading).rpartition("/")[0] or reading.exchange.base)
    if right.netloc:
        return right.geturl()
    headers = reading.exchange.request
    host = plain(headers.header("X-Forwarded-Host") or headers.header("Host"), 100)
    is_https = headers.header("X-Forwarded-Proto").lower() == "https"
    return f"{'https' if is_https else 'http'}://{host}{right.path}" if host else right.path


def mistake(reading: Reading) -> str:
    """Return what is wrong with the path that was asked for: ``the base URL lacks /scim/v2``.

    Requests to several endpoints below one wrong base URL have one mistake.
    """
    asked = f"{reading.exchange.base}{reading.exchange.path}".rstrip("/")
    base, _, endpoint = urlsplit(meant(reading)).path.rpartition("/")
    names = asked.split("/")
    small = [name.lower() for name in names]
    place = small.index(endpoint.lower()) if endpoint and endpoint.lower() in small else None
    before = "/".join(names[:place])
    if place is None or before == base:
        last = 4 if place is None else place + 1  # an id behind it is no part of the mistake
        return f"{plain('/'.join(names[:last]), 80)} does not exist here"
    if not before:
        return f"The base URL lacks {plain(base, 60)}"
    return f"The base URL ends in {plain(before, 60)}, not in {plain(base, 60)}"


def beginning(reading: Reading) -> str:
    """Return how a body that is not JSON begins: ``The body is not JSON; it begins with …``."""
    body = reading.exchange.request.body.strip()
    if not body:
        return "The body is empty."
    if body[0] in "{[":
        told = plain(reading.detail, 160)
        return f"{told[:1].upper()}{told[1:]}."
    return f"The body is not JSON; it begins with {plain(body, BEGINNING)}."


def holder(reading: Reading, attribute: str) -> str:
    """Return the filter that finds who has a value that is taken; empty if the value is unknown."""
    if attribute not in NAMING:
        return ""
    value = get(reading.sent, attribute)
    for operation in reading.operations:
        inside = get(operation.get("value"), attribute)
        is_named = str(operation.get("path", "")).lower() == attribute.lower()
        value = operation.get("value") if is_named else inside or value
    if not isinstance(value, str) or not value or len(value) > 200:
        return ""
    return f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"
