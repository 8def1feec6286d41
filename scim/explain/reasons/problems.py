"""Problems: failures of one kind, with their cause, and what to change where."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..bodies import DISCOVERY, Reading
from ..exchange import CONSOLE, Exchange
from ..requests.bulks import alone
from ..sentences.failures import IN_USE, MEANT, failed_check, is_demo_token, is_stray, meant
from ..sentences.results import answered
from ..words import plain
from .guarded import guard_of
from .mistakes import base_url, beginning, holder, mistake
from .remedies import KINDS

EXAMPLES = 5
NOWHERE = (  # equal at any endpoint
    "rate",
    "guesses",
    "no token",
    "no access token",
    "unknown token",
    "demo token",
    "scheme",
    "form",
    "twice",
    "wrong path",
)
FILTERS = ("filter", "equals sign", "unknown in filter")
LONGEST = 300  # characters of a detail that are looked at
EQUALS = re.compile(r'[^"]*=')
ATTRIBUTE = re.compile(
    r"^(?:Operations\[\d+\]: |position \d+: )?+"
    r"(?:(?:the attribute |path )?'([^']{1,80})'|"
    r"([\w$.:-]{1,120}?)(?:\[\d+\])?(?:: | (?:is|has|must|needs|cannot) ))"
)
BY_TYPE = {
    "invalidPath": "path",
    "noTarget": "target",
    "mutability": "mutability",
    "invalidSyntax": "syntax",
    "tooMany": "too many",
    "invalidCursor": "cursor",
    "expiredCursor": "cursor",
    "invalidCount": "cursor",
}
BY_STATUS = {
    403: "forbidden",
    404: "gone",
    405: "method",
    408: "slow",
    409: "conflict",
    412: "version",
    413: "large",
    415: "media",
    429: "rate",
    500: "failed",
    501: "unsupported",
    503: "busy",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Equal failures: the same kind, attribute, endpoint, provider and tenant.

    ``first`` and ``last`` are by their instants, and ``examples`` are the newest, the last first.
    ``cause`` says what is wrong, ``remedy`` what to change, in the provider and then here.
    ``wanted`` is a value to copy, ``holder`` the filter that finds who has what is taken, and
    ``tried`` the filter that was refused.
    """

    title: str
    kind: str
    count: int
    first: Exchange
    last: Exchange
    cause: str
    remedy: Sequence[str]
    wanted: str
    holder: str
    tried: str
    examples: Sequence[Exchange]
    status: int
    scim_type: str
    endpoint: str
    resource_type: str
    provider: str
    tenant: str


@dataclass(frozen=True, slots=True)
class _Failure:
    """A request, or an operation of a bulk request, that failed."""

    reading: Reading
    kind: str
    status: int
    scim_type: str
    attribute: str
    endpoint: str
    noun: str

    @property
    def key(self) -> tuple[str | int, ...]:
        exchange = self.reading.exchange
        shown = (self.kind, self.status, self.scim_type, self.attribute, self.endpoint)
        return (*shown, exchange.provider, exchange.tenant)


def problems(exchanges: Sequence[Exchange]) -> list[Problem]:
    """Return the failures among exchanges in any order, grouped; the newest problem first.

    What fails in a healthy conversation is none: a read that finds nobody, for example. Neither is
    what the console or a check tries, nor a request outside the base path that means no endpoint.
    """
    found: dict[tuple[str | int, ...], list[_Failure]] = {}
    for exchange in sorted(exchanges, key=lambda each: (each.at, each.number)):
        for failure in _failures(Reading(exchange)):
            found.setdefault(failure.key, []).append(failure)
    grouped = [_problem(each) for each in found.values()]
    return sorted(grouped, key=lambda each: (each.last.at, each.last.number), reverse=True)


def _failures(reading: Reading) -> Iterator[_Failure]:
    exchange = reading.exchange
    if exchange.token == CONSOLE or reading.is_checks or exchange.applied:
        return
    if reading.endpoint.lower() == "bulk" and not exchange.is_failed:
        yield from _of_bulk(reading)
    elif exchange.is_failed and not _is_healthy(reading):
        yield _failure(reading)


def _is_healthy(reading: Reading) -> bool:
    exchange = reading.exchange
    if reading.is_grant:
        return False
    if not exchange.base and not MEANT.search(reading.detail[:LONGEST]):
        return exchange.status in (401, 404)  # a browser asks for /favicon.ico
    is_read = reading.method in ("GET", "HEAD") and exchange.status in (404, 412)
    is_known = bool(exchange.base) and reading.endpoint.lower() in DISCOVERY
    return is_read and (is_known or not is_stray(reading))


def _of_bulk(reading: Reading) -> Iterator[_Failure]:
    """Yield the operations of a bulk request that failed, each as a request of its own."""
    for operation, result in answered(reading):
        found = Reading(alone(reading.exchange, operation, result))
        if found.exchange.is_failed:
            yield replace(_failure(found), reading=reading, noun=found.noun)


def _failure(reading: Reading) -> _Failure:
    scim_type = plain(reading.scim_type, 40)
    attribute = _attribute(reading.detail[:LONGEST])
    kind = _kind(reading, scim_type, attribute)
    endpoint = "" if kind in NOWHERE else reading.endpoint
    named = mistake(reading) if kind == "wrong path" else ""
    named = attribute if "{attribute}" in KINDS[kind].title else named
    return _Failure(
        reading, kind, reading.exchange.status, scim_type, named, plain(endpoint, 40), reading.noun
    )


def _attribute(detail: str) -> str:
    """Return the attribute that the detail of an error is about; empty if it names none."""
    found = IN_USE.match(detail)
    if found:
        return plain(found[1], 120)
    found = ATTRIBUTE.match(detail)
    return plain(next(filter(None, found.groups()), ""), 120) if found else ""


def _kind(reading: Reading, scim_type: str, attribute: str) -> str:
    exchange, detail = reading.exchange, reading.detail[:LONGEST]
    status = exchange.status
    if reading.is_grant and status < 500:
        return "no access token"
    if status == 401 or (status == 429 and detail.startswith("too many tokens")):
        return _of_credential(reading)
    if status == 404 and is_stray(reading):
        return "wrong path"
    if status == 409 and IN_USE.match(detail):
        known = f"{attribute} taken"
        return known if known in KINDS else "taken"
    if status in (403, 503) and (guarded := guard_of(detail)):
        return guarded
    if status != 400:
        return BY_STATUS.get(status, "failed" if status >= 500 else "other")
    if _is_strict(reading, scim_type, detail):
        return "strict"
    if scim_type == "invalidPath" and "sortBy" in detail:
        return "sort"
    if scim_type == "mutability" and "needs a value" in detail:
        return "emptied"
    if scim_type == "invalidValue":
        return _of_value(detail, attribute)
    if scim_type == "invalidSyntax" and "is not JSON" in detail:
        return "no JSON"
    if scim_type == "invalidFilter":
        return _of_filter(reading, detail)
    return BY_TYPE.get(scim_type, "other")


def _of_credential(reading: Reading) -> str:
    if reading.exchange.status == 429:
        return "guesses"
    check = failed_check(reading.exchange)
    if not reading.exchange.request.header("Authorization"):
        return "no token"
    if is_demo_token(reading):
        return "demo token"
    if check and check.name == "form" and check.came.startswith("the word Bearer again"):
        return "twice"
    return check.name if check and check.name in ("scheme", "form") else "unknown token"


def _of_value(detail: str, attribute: str) -> str:
    if "circle" in detail or "member of itself" in detail:
        return "circle"
    if "there is no user or group" in detail or detail.startswith("members: one does not"):
        return "members"
    if "is required" in detail:
        return "no userName" if attribute == "userName" else "required"
    return "value" if attribute else "other"


def _of_filter(reading: Reading, detail: str) -> str:
    if EQUALS.match(reading.parameters.get("filter", "")[:LONGEST]):
        return "equals sign"
    return "unknown in filter" if "is unknown" in detail else "filter"


def _is_strict(reading: Reading, scim_type: str, detail: str) -> bool:
    """Tell whether a tenant that is not strict would have accepted the request."""
    if scim_type == "invalidSyntax":
        is_patched = "needs a path" in detail and "remove" not in detail
        is_unknown = "is unknown; " in detail
        is_legacy = "schemas must list" in detail and "urn:scim:" in reading.exchange.request.body
        return is_patched or is_unknown or is_legacy
    if scim_type == "invalidValue":
        has_text = any(f'"{word}"' in reading.exchange.request.body for word in ("True", "False"))
        return "must be true or false" in detail and has_text
    is_entra = any(str(each.get("op")) == "Replace" for each in reading.operations)
    return scim_type == "noTarget" and is_entra and "no value matches" in detail


def _problem(failures: Sequence[_Failure]) -> Problem:
    newest = failures[-1]
    exchange, remedy = newest.reading.exchange, KINDS[newest.kind]
    examples = list(dict.fromkeys(each.reading for each in reversed(failures)))[:EXAMPLES]
    texts = _texts(newest)
    there = remedy.there.get(exchange.provider, remedy.there.get("", ""))
    return Problem(
        title=remedy.title.format(**texts),
        kind=newest.kind,
        count=len(failures),
        first=failures[0].reading.exchange,
        last=exchange,
        cause=remedy.cause.format(**texts),
        remedy=[each.format(**texts) for each in (there, remedy.here) if each],
        wanted=texts["base_url"] if newest.kind == "wrong path" else "",
        holder=holder(newest.reading, texts["attribute"]) if "taken" in newest.kind else "",
        tried=newest.reading.parameters.get("filter", "") if newest.kind in FILTERS else "",
        examples=[each.exchange for each in examples],
        status=newest.status,
        scim_type=newest.scim_type,
        endpoint=newest.endpoint,
        resource_type=newest.reading.resource_type,
        provider=exchange.provider,
        tenant=exchange.tenant,
    )


def _texts(failure: _Failure) -> dict[str, str]:
    """Return what the texts of a remedy name."""
    reading = failure.reading
    right = meant(reading)
    check = failed_check(reading.exchange)
    came = (
        f" Came: {plain(check.came, 120)}; expected: {plain(check.expected, 120)}." if check else ""
    )
    attribute = failure.attribute or _attribute(reading.detail[:LONGEST]) or "an attribute"
    detail = plain(failure.reading.detail, 240)
    return {
        "attribute": attribute,
        "error": f" The server said: {detail}." if detail else "",
        "tenant": shlex.quote(plain(reading.exchange.tenant) or "default"),  # for a command
        "noun": failure.noun,
        "meant": f" Meant was {right}." if right else "",
        "mistake": mistake(reading),
        "base_url": base_url(reading),
        "body": beginning(reading),
        "extra": plain(check.came.partition(" in ")[0], 80) if check else "",
        "came": came,
    }
