"""An exchange in one sentence of plain words: who did what to whom, and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from scim.protocol.headers import DRY_RUN

from ..bodies import Reading, get
from ..exchange import Exchange
from ..words import past, plain, third
from . import tolerances
from .acts import Act, bulk_acts, patch_acts, post_acts, put_acts
from .failures import failed_check, is_stray, meant, why
from .lookups import read_act
from .results import answered
from .tolerances import QUIET

LONGEST = 300
MOST_OPERATIONS = 3


def sentence(exchange: Exchange, names: Mapping[str, str] | None = None) -> str:
    """Return what an exchange means: ``Okta creates the user Jane Berg.``

    ``names`` has names of resources by their ids, where the bodies have ids only. What clients
    sent is shortened; whoever shows the sentence escapes it.
    """
    return told(Reading(exchange, names), is_past=False)


def told(reading: Reading, is_past: bool) -> str:
    """Return the sentence of an exchange, in the present or in the past tense."""
    return f"{plain(_told(reading, is_past), LONGEST)}."


def _told(reading: Reading, is_past: bool) -> str:
    exchange, who = reading.exchange, reading.who
    is_many = reading.is_checks
    form = past if is_past else str if is_many else third
    if reading.is_grant:
        return f"{who} {_granted(reading, form)}"
    if exchange.status == 401:
        be = ("were" if is_many else "was") if is_past else "are" if is_many else "is"
        subject = f"{who} {be} refused" if exchange.provider or is_many else "Refused"
        return f"{subject}: {why(reading)}"
    if is_stray(reading):
        return f"{who} {_strayed(reading, form)}"
    is_missing = exchange.status == 404 and reading.method in ("GET", "HEAD")
    if exchange.is_failed and not is_missing:
        return f"{who} could not {_joined(acts(reading), str)}: {why(reading)}"
    if exchange.applied == DRY_RUN:
        return f"{who} would {_joined(acts(reading), str)}"
    done = f"{who} {_joined(acts(reading), form)}"
    return done + nothing(is_past) if reading.changed_nothing else done


def nothing(is_past: bool) -> str:
    """Return the words behind a write that left everything as it was."""
    return f"; that change{'d' if is_past else 's'} nothing"


def _joined(found: Sequence[Act], form: Callable[[str], str]) -> str:
    return " and ".join(f"{form(act.verb)} {act.rest}" for act in found)


def acts(reading: Reading) -> list[Act]:
    """Return what a request does, or was to do."""
    match reading.method:
        case "POST" if reading.endpoint.lower() == "bulk":
            return bulk_acts(reading)
        case "POST" if not reading.is_search:
            return post_acts(reading)
        case "PUT":
            return put_acts(reading)
        case "PATCH":
            return patch_acts(reading)
        case "DELETE":
            return [Act("delete", reading.called)]
    return [read_act(reading)]


def _granted(reading: Reading, form: Callable[[str], str]) -> str:
    """Return the words for a request of an OAuth client for an access token."""
    if reading.exchange.is_failed:
        return f"{form('get')} no access token: {plain(reading.detail, LONGEST)}"
    return f"{form('get')} an access token as the client {plain(reading.exchange.token, 80)}"


def _strayed(reading: Reading, form: Callable[[str], str]) -> str:
    """Return the words for a request to no endpoint, or with a method that it does not take."""
    exchange = reading.exchange
    method, path = plain(exchange.method, 20), plain(f"{exchange.base}{exchange.path}", 80)
    if exchange.status == 405:
        return f"{form('send')} {method} to {path}, which does not take it"
    if exchange.status == 404:
        right = urlsplit(meant(reading)).path
        told = f"; {right} does" if right else ""
        return f"{form('ask')} for {path}, which does not exist here{told}"
    if exchange.is_failed:
        return f"{form('ask')} for {path}, outside the base path: {why(reading)}"
    is_page = path in ("", "/")
    return f"{form('open')} the page of this server" if is_page else f"{form('ask')} for {path}"


def said(exchange: Exchange) -> Sequence[str]:
    """Return what the sentence leaves out, a line each: tolerances, the error, what was expected.

    What a rejected credential was compared with comes first, then a bulk request's failures. What
    every request of a client needs, a token without Bearer, is left to ``reason``.
    """
    reading = Reading(exchange)
    lines: list[str] = []
    if check := failed_check(exchange):
        lines.append(f"came: {plain(check.came, 120)} · expected: {plain(check.expected, 120)}")
    elif exchange.is_failed and reading.detail:
        detail = plain(reading.detail, LONGEST)
        lines += [] if detail in sentence(exchange) else [detail]
    lines += _failed_operations(reading)
    lines += [tolerances.words(name) for name in exchange.tolerated if name not in QUIET]
    if exchange.applied == DRY_RUN:
        lines.append("a dry run: nothing of it was stored")
    return lines


def _failed_operations(reading: Reading) -> list[str]:
    """Return a line for each of the first operations of a bulk request that failed."""
    if reading.endpoint.lower() != "bulk":
        return []
    lines: list[str] = []
    for operation, result in answered(reading):
        response = get(result, "response")
        if response and len(lines) < MOST_OPERATIONS:
            told = plain(get(response, "detail") or "it failed", 120)
            place = f"operation {operation.index} ({plain(operation.method, 10)})"
            lines.append(f"{place}: {plain(get(result, 'status'), 10)}, {told}")
    return lines
