"""The body of a webhook: a change as JSON, for programs that know nothing of SCIM."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scim.explain.changes.differences import changes
from scim.protocol import etag
from scim.protocol.projection import project
from scim.protocol.schema import ResourceType
from scim.protocol.values import Record
from scim.serializers.stored import read_body
from scim.storage import Change

from ..happenings import Happening, event_type

MEMBERS_SHOWN = 100  # of those who joined, and of those who left
LARGEST = 256 * 1024  # characters of a body with the resource before and after
NAMES = ("userName", "displayName", "externalId", "active")
WITHOUT_DETAILS = (Happening.CREATED, Happening.DELETED)
NO_HISTORY = "History does not have this change any more; read the resource to see what it is."
TOO_LARGE = "The resource is too large for a message, so it is not in before and after; read it."


@dataclass(frozen=True, slots=True)
class Told:
    """A change and what its messages need to know beside it.

    ``known`` is the body of the resource that has its name. ``resource_type`` is None if it is
    served no more. The change is not ``is_whole`` if history has lost it.
    """

    tenant: str
    resource_type: ResourceType | None
    change: Change
    txn: str
    known: str | None
    with_bodies: bool
    is_whole: bool = True


def payload(told: Told, happening: Happening) -> str:
    """Return the body of the message about one thing that a change means."""
    change, notes = told.change, [] if told.is_whole else [NO_HISTORY]
    data: Record = {
        "tenant": told.tenant,
        "resourceType": change.resource_type,
        "id": change.resource_id,
        **_names(told.known),
        "version": change.version,
        "etag": etag.etag(change.version),
        "operation": str(change.operation),
        "cause": _cause(change),
        "txn": told.txn,
    }
    if happening not in (*WITHOUT_DETAILS, Happening.MEMBERS_CHANGED):
        data |= {"changed": list(_changed(change)), "unseenChanged": change.unseen}
    if change.members and happening is not Happening.CHANGED:  # another message tells of them
        data |= _members(change.members, notes)
    if told.with_bodies:
        data |= _bodies(told.resource_type, change, notes)
    data |= {"notes": notes} if notes else {}
    named = {"type": event_type(change.resource_type, happening), "timestamp": change.at}
    return json.dumps(named | {"data": data}, separators=(",", ":"))


def _names(body: str | None) -> Record:
    """Return by which names people and other programs know a resource."""
    document = json.loads(body, strict=False) if body else {}
    return {name: document[name] for name in NAMES if isinstance(document.get(name), str | bool)}


def _cause(change: Change) -> Mapping[str, str] | None:
    """Return why the server made a change that no request named."""
    cause = change.cause
    return {"reason": str(cause.reason), "subject": cause.subject} if cause else None


def _changed(change: Change) -> Iterator[str]:
    """Yield the attributes that changed, in attribute notation; values are passed over."""
    paths = (each.path.partition("[")[0] for each in changes(change.before, change.after))
    yield from (path for path in dict.fromkeys(paths) if path != "schemas")


def _members(members: Mapping[str, bool], notes: list[str]) -> Record:
    """Return how many joined and left, and the first ids of both."""
    told: Record = {}
    for name, has_joined in (("membersAdded", True), ("membersRemoved", False)):
        ids = sorted(each for each, joined in members.items() if joined == has_joined)
        told[name] = {"total": len(ids), "ids": ids[:MEMBERS_SHOWN]}
        if len(ids) > MEMBERS_SHOWN:
            notes.append(
                f"{name}.ids has the first {MEMBERS_SHOWN} of {len(ids)}; read the group for all."
            )
    return told


def _bodies(resource_type: ResourceType | None, change: Change, notes: list[str]) -> Record:
    """Return the resource before and after a change; both None, and a note, if they are too large.

    They are None, too, where there was or is none.
    """
    before, after = (_body(resource_type, each) for each in (change.before, change.after))
    if len(json.dumps([before, after])) > LARGEST:
        before = after = None
        notes.append(TOO_LARGE)
    return {"before": before, "after": after}


def _body(resource_type: ResourceType | None, body: str | None) -> Any:
    """Return a resource as an answer shows it, without ``meta``; links begin with the endpoint."""
    if body is None or resource_type is None:
        return None
    document = read_body(body)
    shown = ("schemas", "id")
    kept = {name: document[name] for name in shown if name in document}
    return kept | project(document, resource_type.attributes)
