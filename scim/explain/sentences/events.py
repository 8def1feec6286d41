"""A security event token as sentences (RFC 9967, RFC 8417).

The URIs of earlier drafts are read, too: they are in another case, and some have other names.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from scim.protocol.events import PREFIX

from ..words import counted, listed, plain

OTHERS = ("urn:ietf:params:event:scim:", PREFIX)  # before the event's own name, in lower case
VERIFICATION = "https://schemas.openid.net/secevent/ssf/event-type/verification"
NAMES_SHOWN = 12
WORDS = {
    "feed:add": "is in this feed from now on",
    "feed:remove": "is in this feed no more; it was not deleted",
    "prov:create": "was created",
    "prov:put": "was replaced",
    "prov:patch": "was changed",
    "prov:delete": "was deleted",
    "prov:activate": "is ready for use",
    "prov:deactivate": "was deactivated",
    "misc:asyncresp": "was the subject of an asynchronous request",
}


def sentences(claims: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a token says, a line for each event; its claims may be of any type."""
    found = claims.get("events")
    events: Mapping[str, Any] = found if isinstance(found, dict) else {}
    who = subject(claims.get("sub_id"))
    for uri, payload in events.items():
        yield _event(who, uri, payload if isinstance(payload, dict) else {})
    if not events:
        yield "It has no events, so it is no security event token."


def subject(found: Any) -> str:
    """Return whom a token is about: ``The user /Users/2819 (externalId ada)``."""
    known: Mapping[str, Any] = found if isinstance(found, dict) else {}
    uri = known.get("uri")
    if not uri:
        return "Something that the token does not name"
    place, _, key = plain(uri).strip("/").partition("/")
    kind = place.lower().removesuffix("s") if key else "endpoint"  # the latter for what is refused
    beside = f" (externalId {plain(known['externalId'])})" if "externalId" in known else ""
    return f"The {kind} {plain(uri)}{beside}"


def short(uri: str) -> str:
    """Return the name of an event without what all have in common: ``prov:patch:full``."""
    lower = uri.lower()
    prefix = next((each for each in OTHERS if lower.startswith(each)), "")
    return lower[len(prefix) :] if prefix else ""


def _event(who: str, uri: str, payload: Mapping[str, Any]) -> str:
    if uri == VERIFICATION:
        return "A token to try the stream, which tells of no change."
    name = short(uri)
    words = WORDS.get(name.removesuffix(":full").removesuffix(":notice"))
    if words is None:
        return f"{who}: an event that RFC 9967 does not have, {plain(uri, 100)}."
    details = [_done(payload)] if name == "misc:asyncresp" else [_changed(payload)]
    details += [f"version {plain(payload['version'])}"] if "version" in payload else []
    told = ", ".join(filter(None, details))
    return f"{who} {words}{': ' * bool(told)}{told}."


def _changed(payload: Mapping[str, Any]) -> str:
    """Return which attributes an event names or shows."""
    data, attributes = payload.get("data"), payload.get("attributes")
    if isinstance(attributes, list):
        return f"{_listed(attributes)} (names only, ask for the values)"
    if not isinstance(data, dict):
        return ""
    operations = data.get("Operations")
    if isinstance(operations, list):
        return listed([_operation(each) for each in operations[:NAMES_SHOWN]])
    return _listed([name for name in data if name not in ("schemas", "meta")])


def _listed(names: list[Any]) -> str:
    shown = [plain(each) for each in names[:NAMES_SHOWN]]
    more = len(names) - len(shown)
    return listed(shown + ([counted(more, "other")] if more else []))


def _operation(operation: Any) -> str:
    if not isinstance(operation, dict):
        return "something"
    value = operation.get("value")
    number = f" {counted(len(value), 'value')} at" if isinstance(value, list) else ""
    return f"{plain(operation.get('op'))}{number} {plain(operation.get('path'))}"


def _done(payload: Mapping[str, Any]) -> str:
    response = payload.get("response")
    detail = response.get("detail") if isinstance(response, dict) else None
    said = f" {plain(detail, 200)}" if detail else ""
    return f"{plain(payload.get('method'))} answered {plain(payload.get('status'))}{said}"
