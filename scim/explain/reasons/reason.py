"""The reason for an answer: what the RFC says, and what this server decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from scim.protocol.headers import DRY_RUN

from ..bodies import Reading, get
from ..exchange import Exchange
from ..sentences.acts import FALSE
from ..sentences.attributes import changes, member_changes
from ..sentences.failures import is_demo_token, is_stray
from ..sentences.purposes import WRITES, purpose_of
from ..sentences.tolerances import WORDS
from . import decisions as d
from .decisions import Decision, Link
from .guarded import guard_of

Rule = tuple[str, str]  # a section, and what it says
CREATE: Rule = (
    "RFC 7644 §3.3",
    "A create is answered 201 with the new resource, its id and its URL.",
)
READ: Rule = ("RFC 7644 §3.4.1", "A resource is read at its own URL.")
QUERY: Rule = ("RFC 7644 §3.4.2", "A query is answered 200 with a list, which may be empty.")
FILTER: Rule = ("RFC 7644 §3.4.2.2", "A filter chooses the resources in the list.")
PAGES: Rule = ("RFC 7644 §3.4.2.4", "startIndex and count choose a page of the list.")
SORTING: Rule = ("RFC 7644 §3.4.2.3", "sortBy names the attribute by which a list is sorted.")
CURSORS: Rule = ("RFC 9865 §2", "A cursor from one page asks for the next.")
SEARCH: Rule = ("RFC 7644 §3.4.3", "A POST to .search is a query with its parameters in the body.")
PUT: Rule = ("RFC 7644 §3.5.1", "A PUT replaces all that a client may write.")
PATCH: Rule = ("RFC 7644 §3.5.2", "A PATCH applies its operations in order, all or none.")
OPERATION: dict[str, Rule] = {
    "add": ("RFC 7644 §3.5.2.1", "An add sets a value, or adds it to a list."),
    "remove": ("RFC 7644 §3.5.2.2", "A remove takes away what its path selects."),
    "replace": ("RFC 7644 §3.5.2.3", "A replace sets what its path selects."),
}
DELETE: Rule = (
    "RFC 7644 §3.6",
    "A delete is answered 204; from then on the resource is 404.",
)
BULK: Rule = ("RFC 7644 §3.7", "Each operation of a bulk request has a status of its own.")
ME: Rule = ("RFC 7644 §3.11", "/Me is the user whom the token names.")
ENTITY_TAGS: Rule = ("RFC 7644 §3.14", "A request may ask for, or exclude, a version.")
DISCOVERY: Rule = ("RFC 7644 §4", "These endpoints say what a server supports.")
TRIED: Rule = ("RFC 7240 §2", "Prefer asks for something; dry-run is this server's own.")
GRANT: Rule = (
    "RFC 6749 §4.4",
    "A client that proves who it is gets an access token, which opens the tenant for an hour.",
)
REFUSED_GRANT: Rule = (
    "RFC 6749 §5.2",
    "A client that does not prove who it is gets 401 invalid_client, any other error 400.",
)
ERRORS = "RFC 7644 §3.12"
NOT_PERMITTED: Rule = (ERRORS, "403: the operation is not permitted.")
GUARDS = {
    "braked": d.BRAKE,
    "protected": d.PROTECTED,
    "not permitted": d.SCOPE,
    "paused": d.PAUSED,
}
BY_STATUS: dict[int, tuple[Rule, Sequence[Decision]]] = {
    401: (
        ("RFC 7644 §2", "A request without a valid credential is 401."),
        (d.BEARER, d.NO_TOKEN),
    ),
    403: (("RFC 7644 §4", "A filter on a discovery endpoint is 403."), (d.DISCOVERY_FILTER,)),
    404: ((ERRORS, "404: the resource or the endpoint does not exist."), ()),
    405: (("RFC 9110 §15.5.6", "405: the endpoint does not take this method."), ()),
    408: (("RFC 9110 §15.5.9", "408: the request did not arrive in time."), ()),
    409: ((ERRORS, "409: the request conflicts with what is stored."), ()),
    412: (("RFC 7644 §3.14", "412: the resource has another version than the request asks."), ()),
    413: (("RFC 9110 §15.5.14", "413: the request is larger than the server takes."), ()),
    415: (("RFC 7644 §3.1", "415: the body is not of a type that SCIM has."), (d.MEDIA,)),
    429: (
        ("RFC 6585 §4", "429: the client sent too many requests in a given time."),
        (d.TOO_OFTEN,),
    ),
    500: ((ERRORS, "500: the server failed."), ()),
    501: ((ERRORS, "501: the server does not support this."), ()),
    503: (("RFC 9110 §15.6.4", "503: the server cannot do it now; try again later."), ()),
}
UNIQUE = "409 uniqueness: a value that must be unique is in use."
BY_TYPE: dict[str, Rule] = {
    "invalidFilter": ("RFC 7644 §3.4.2.2", "invalidFilter: the filter cannot be understood."),
    "tooMany": (ERRORS, "tooMany: the query asks for more than the server will work through."),
    "uniqueness": (ERRORS, UNIQUE),
    "mutability": ("RFC 7644 §3.5.2", "mutability: a read-only or fixed attribute cannot change."),
    "invalidSyntax": (ERRORS, "invalidSyntax: the body is not such a message as it must be."),
    "invalidPath": ("RFC 7644 §3.5.2", "invalidPath: the path of an operation is none."),
    "noTarget": ("RFC 7644 §3.5.2", "noTarget: the path selects nothing to work on."),
    "invalidValue": (ERRORS, "invalidValue: a value is missing, or not of its attribute's type."),
    "invalidCursor": ("RFC 9865 §2.1", "invalidCursor: the cursor is none of this query."),
    "expiredCursor": ("RFC 9865 §2.1", "expiredCursor: the cursor is too old; begin again."),
    "invalidCount": ("RFC 9865 §2.1", "invalidCount: count must stay as in the first query."),
}
# What a detail has in it, and the decision that it follows from; the first that fits.
FOLLOWS: Sequence[tuple[str, Decision]] = (
    ("member of itself", d.CIRCLE),
    ("members: ", d.UNKNOWN_MEMBER),
    ("a member cannot be changed", d.MEMBER_FIXED),
    ("circle", d.CIRCLE),
    ("groups is read-only", d.GROUPS_SENT),
    ("sortBy", d.SORT),
    ("invisible character", d.INVISIBLE),
    ("remove needs a path", d.NO_PATH),
    ("no value matches", d.NO_MATCH),
    ("active needs a value", d.ACTIVE_REMOVED),
    ("needs a value; replace it", d.REQUIRED_REMOVED),
    ("is no quotation mark", d.QUOTATION_MARKS),
    ("schemas ", d.MISSING_SCHEMAS),
    ("must be an integer", d.NUMBERS),
    ("times; send it once", d.NUMBERS),
    ("is unknown", d.UNKNOWN_ATTRIBUTE),
    ("too long", d.TOO_LONG),
    ("not JSON", d.NO_JSON),
)


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason for a status: a section of an RFC, what it says, what was decided here.

    ``decided`` has a line for each decision and each tolerance used; ``links`` has their rows.
    """

    section: str
    says: str
    decided: Sequence[str]
    links: Sequence[Link]


def reason(exchange: Exchange) -> Reason:
    """Return why an exchange was answered with its status."""
    reading = Reading(exchange)
    failed = exchange.is_failed or is_stray(reading)
    (section, says), followed = _refused(reading) if failed else _done(reading)
    if exchange.applied == DRY_RUN:
        says = f"{says} {TRIED[0]}: {TRIED[1]}"
    used = [d.tolerance(name) for name in exchange.tolerated if name in WORDS]
    decided = list(dict.fromkeys([*followed, *used]))
    return Reason(section, says, [each.says for each in decided], [each.link for each in decided])


def _refused(reading: Reading) -> tuple[Rule, Sequence[Decision]]:
    status, detail = reading.exchange.status, reading.detail
    if reading.is_grant:
        return REFUSED_GRANT if status >= 400 else GRANT, []
    if is_stray(reading) and status == 404:
        nearly = [d.NEARLY] if detail.startswith("this endpoint") or not detail else []
        return ("RFC 7644 §3.2", "The endpoints have fixed names below the base URL."), nearly
    if is_stray(reading) and status < 400:
        return ("RFC 7644 §3.2", "This path is none of SCIM's endpoints."), []
    if status == 409 and (reading.scim_type or "in use" in detail):
        return _unique(reading)
    if status == 400:
        if reading.scim_type == "invalidPath" and "sortBy" in detail:
            return SORTING, _behind(reading)
        rule = BY_TYPE.get(reading.scim_type, (ERRORS, "400: the request cannot be understood."))
        return _of_operation(reading, rule), _behind(reading)
    if is_demo_token(reading):
        return BY_STATUS[401][0], [d.DEMO]
    if status in (403, 503) and (guarded := guard_of(detail)):
        rule = BY_STATUS[503][0] if guarded == "paused" else NOT_PERMITTED
        return rule, [GUARDS[guarded]]
    if status == 501 and reading.endpoint.lower() == "me":
        return ME, [d.ME]
    rule, decided = BY_STATUS.get(
        status, ((ERRORS, f"{status}: the request cannot be answered."), ())
    )
    return rule, [*decided, *_of_status(reading)]


def _of_operation(reading: Reading, rule: Rule) -> Rule:
    """Return a rule with the section of the one kind of operation that a PATCH has."""
    is_patch = reading.method == "PATCH" and reading.scim_type in ("noTarget", "mutability")
    return (_patched(reading)[0], rule[1]) if is_patch else rule


def _behind(reading: Reading) -> list[Decision]:
    """Return the decisions that a 400 follows from."""
    detail, kind = reading.detail, reading.scim_type
    if kind == "invalidFilter" and reading.parameters.get("filter") == "":
        return [d.EMPTY_FILTER]
    if kind == "invalidFilter" and "password" in detail:
        return [d.PASSWORD_FILTER]
    if kind in ("invalidCursor", "expiredCursor", "invalidCount"):
        return [d.CURSOR]
    found = next((decision for text, decision in FOLLOWS if text in detail), None)
    if found is d.UNKNOWN_ATTRIBUTE and kind != "invalidFilter":
        found = d.UNKNOWN_SENT
    many = len(reading.operations) > 1 and reading.method == "PATCH"
    return [each for each in (found, d.ALL_OR_NONE if many else None) if each]


def _unique(reading: Reading) -> tuple[Rule, Sequence[Decision]]:
    rule = ("RFC 7644 §3.3", UNIQUE) if reading.method == "POST" else (ERRORS, UNIQUE)
    if "displayName" in reading.detail:
        return rule, [d.GROUP_NAME]
    return rule, [d.CASE] if "userName" in reading.detail else []


def _of_status(reading: Reading) -> list[Decision]:
    status = reading.exchange.status
    headers = reading.exchange.request
    found = {
        (404, reading.method == "PUT"): d.PUT_MISSING,
        (409, reading.endpoint.lower() == "bulk"): d.BULK_REFERENCE,
        (412, bool(headers.header("If-Match"))): d.IF_MATCH,
        (412, bool(headers.header("If-None-Match"))): d.IF_NONE_MATCH,
        (413, reading.endpoint.lower() == "bulk"): d.BULK_LARGE,
        (415, bool(headers.header("Content-Encoding"))): d.CODING,
        (503, "too long" in reading.detail): d.TOO_LONG,
    }
    return [found[status, True]] if (status, True) in found else []


def _done(reading: Reading) -> tuple[Rule, Sequence[Decision]]:
    if reading.exchange.status == 304:
        return ENTITY_TAGS, []
    match purpose_of(reading):
        case "discover":
            return DISCOVERY, [d.DISCOVERY]
        case "bulk":
            return BULK, [d.BULK_EACH, d.BULK_BODIES]
        case "delete":
            decided = {"User": [d.DELETED], "Group": [d.GROUP_DELETED]}
            return DELETE, decided.get(reading.resource_type, [])
        case "create":
            return CREATE, _created(reading)
        case purpose if purpose in WRITES:
            return _changed(reading)
        case "read":
            return _read(reading)
    return _listed(reading)


def _created(reading: Reading) -> list[Decision]:
    if reading.resource_type != "User" or not isinstance(reading.sent, dict):
        return []
    is_silent = get(reading.sent, "active") is None
    has_groups = get(reading.sent, "groups") is not None
    return [d.ACTIVE] * is_silent + [d.GROUPS_SENT] * has_groups


def _read(reading: Reading) -> tuple[Rule, Sequence[Decision]]:
    if reading.endpoint.lower() == "me":
        return ME, []
    is_inactive = get(reading.resource, "active") is False
    decided = {"User": [d.DEACTIVATED] * is_inactive, "Group": [d.READ_GROUP]}
    return READ, decided.get(reading.resource_type, [])


def _listed(reading: Reading) -> tuple[Rule, Sequence[Decision]]:
    total, asked = reading.total, reading.parameters
    if "filter" in asked:
        return SEARCH if reading.is_search else FILTER, [d.NOTHING_FOUND] * (total == 0)
    if reading.is_search:
        return SEARCH, [d.NOTHING_FOUND] * (total == 0)
    if "cursor" in asked:
        return CURSORS, [d.CURSOR]
    start, count = reading.integer("startindex", 1), reading.integer("count")
    decided = [d.NOTHING_FOUND] * (total == 0)
    decided += [d.OUT_OF_RANGE] * bool(total and start > total)
    decided += [d.TOO_MANY] * bool(total and reading.on_page < count and start + count <= total)
    decided += [d.ORDER] * bool(total and reading.on_page < total and "sortby" not in asked)
    return (PAGES if "count" in asked or "startindex" in asked else QUERY), decided


def _changed(reading: Reading) -> tuple[Rule, Sequence[Decision]]:
    unchanged = [d.NOTHING_CHANGED] * reading.changed_nothing
    if reading.method == "PUT":
        is_off = str(get(reading.sent, "active")).lower() in FALSE
        return PUT, [d.ANSWER, d.LEFT_OUT, *([d.DEACTIVATED] * is_off), *unchanged]
    found = changes(reading)
    decided = [d.LARGE_GROUP if reading.resource_type == "Group" else d.ANSWER]
    for op, values in member_changes(found):
        decided += [d.LISTED_MEMBERS] * (op == "remove" and len(values) > 0)
    for change in found:
        is_off = change.name == "active" and str(change.value).lower() in FALSE
        decided += [d.DEACTIVATED] * is_off
        decided += [d.MANAGER] * (change.name == "manager" and not change.is_clearing)
        decided += [d.SEVERAL_PRIMARY] * (change.part.lower() == "primary")
    return _patched(reading), [*decided, *unchanged]


def _patched(reading: Reading) -> Rule:
    """Return the rule of the one kind of operation that a PATCH has, or that of all."""
    ops = {str(each.get("op")).lower() for each in reading.operations}
    return OPERATION.get(ops.pop(), PATCH) if len(ops) == 1 else PATCH
