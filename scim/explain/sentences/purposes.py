"""The kind of a request, for conversations, pictures and counts."""

from typing import Literal

from ..bodies import DISCOVERY, Reading
from ..exchange import Exchange
from .acts import patch_acts, put_acts
from .failures import is_stray
from .lookups import is_test, looked_up

Purpose = Literal[
    "discover",
    "test",
    "list",
    "look",
    "read",
    "search",
    "create",
    "update",
    "deactivate",
    "reactivate",
    "delete",
    "bulk",
    "refused",
    "stray",
]
WRITES = frozenset(("create", "update", "deactivate", "reactivate", "delete", "bulk"))


def purpose(exchange: Exchange) -> Purpose:
    """Return what kind of request an exchange is; ``stray`` is one to no endpoint."""
    return purpose_of(Reading(exchange))


def purpose_of(reading: Reading) -> Purpose:
    if reading.exchange.status == 401:
        return "refused"
    if is_stray(reading):
        return "stray"
    match reading.method:
        case "POST" if reading.endpoint.lower() == "bulk":
            return "bulk"
        case "POST" if not reading.is_search:
            return "create"
        case "PUT" | "PATCH":
            return _update(reading)
        case "DELETE":
            return "delete"
    return _read(reading)


def _update(reading: Reading) -> Purpose:
    acts = put_acts(reading) if reading.method == "PUT" else patch_acts(reading)
    match acts[0].verb if acts else "":
        case "deactivate":
            return "deactivate"
        case "reactivate":
            return "reactivate"
    return "update"


def _read(reading: Reading) -> Purpose:
    if reading.endpoint.lower() in DISCOVERY:
        return "discover"
    if not reading.resource_type:
        return "search"
    if reading.id or reading.endpoint.lower() == "me":
        return "read"
    if is_test(reading):
        return "test"
    if "filter" not in reading.parameters:
        return "list"
    return "look" if looked_up(reading)[0] else "search"
