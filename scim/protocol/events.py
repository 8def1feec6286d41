"""SCIM events: what a security event token tells of a change (RFC 9967, RFC 8417).

A change becomes the ``events`` claim of one token, or of several if many members of a group came or
went. ``full`` events have the data, ``notice`` events the names of attributes only.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import etag
from .attributes import Attribute, chains, notation
from .patch.members import member_changes
from .patch.target import PATCH_OP_SCHEMA
from .schema import MADE_BY_SERVER, ResourceType
from .values import Record

PREFIX = "urn:ietf:params:scim:event:"
FEED_ADD, FEED_REMOVE = f"{PREFIX}feed:add", f"{PREFIX}feed:remove"
DELETE, ACTIVATE, DEACTIVATE = (
    f"{PREFIX}prov:{name}" for name in ("delete", "activate", "deactivate")
)
ASYNC_RESPONSE = f"{PREFIX}misc:asyncresp"
FULL, NOTICE = "full", "notice"
EVENT_URIS = (  # the registry of RFC 9967 §7.4
    FEED_ADD,
    FEED_REMOVE,
    *(
        f"{PREFIX}prov:{name}:{mode}"
        for name in ("create", "patch", "put")
        for mode in (NOTICE, FULL)
    ),
    DELETE,
    ACTIVATE,
    DEACTIVATE,
    ASYNC_RESPONSE,
)
AT_ONCE = 1000  # members in one event
LARGEST = 256 * 1024  # characters of the data of an event; a larger one is told as a notice

Events = dict[str, Record]


@dataclass(frozen=True, slots=True)
class Told:
    """A change as events tell it: ``create``, ``put``, ``patch`` or ``delete`` a resource.

    ``before`` and ``after`` are documents without links, None where there was or is none; both are
    None if only ``members`` changed, by id: true for those who joined. ``unseen``: an attribute
    changed that no answer shows. ``switched`` is true if a user became active, false if inactive.
    ``meta`` is that of the resource after the change.
    """

    resource_type: ResourceType
    verb: str
    version: int
    before: Record | None
    after: Record | None
    members: Mapping[str, bool]
    unseen: bool = False
    switched: bool | None = None
    meta: Mapping[str, Any] | None = None


def subject(resource_type: ResourceType, resource_id: str, external_id: Any) -> Record:
    """Return the ``sub_id`` claim of a resource (RFC 9967 §2.1)."""
    uri = f"{resource_type.endpoint}/{resource_id}"
    known = {"externalId": external_id} if isinstance(external_id, str) else {}
    return {"format": "scim", "uri": uri, **known, "id": resource_id}


def events_of(told: Told, is_full: bool) -> list[Events]:
    """Return the ``events`` claim of each token that tells of a change, in their order."""
    if told.verb == "delete":
        return [{DELETE: {}}]
    found = (_full(told) if is_full else []) or [_notice(told)]
    if told.switched is not None:
        found[0][ACTIVATE if told.switched else DEACTIVATE] = {}
    return found


def _event(told: Told, verb: str, payload: Record) -> Events:
    """Return an event with data, or with names of attributes, and with the version."""
    mode = FULL if "data" in payload else NOTICE
    return {f"{PREFIX}prov:{verb}:{mode}": payload | {"version": etag.etag(told.version)}}


def _notice(told: Told) -> Events:
    return _event(told, told.verb, {"attributes": changed_names(told)})


def _full(told: Told) -> list[Events]:
    """Return events with data; none if there is nothing to show, or too much."""
    changed = list(told.members.items())
    parts = [dict(changed[at : at + AT_ONCE]) for at in range(0, len(changed), AT_ONCE)] or [{}]
    if told.verb == "patch":
        first = [
            *operations(told.resource_type, told.before, told.after),
            *member_changes(parts[0]),
        ]
        found = [_patch(told, first)] if first else []
    else:
        found = [_event(told, told.verb, {"data": _representation(told, parts[0])})]
    found += [_patch(told, member_changes(part)) for part in parts[1:]]
    return found if all(len(json.dumps(each)) <= LARGEST for each in found) else []


def _representation(told: Told, members: Mapping[str, bool]) -> Record:
    shown = visible(told.after or {}, told.resource_type.attributes)
    shown |= {"members": [{"value": each} for each in members]} if members else {}
    return shown | {"meta": dict(told.meta or {})}


def _patch(told: Told, made: Sequence[Record]) -> Events:
    data = {"schemas": [PATCH_OP_SCHEMA], "Operations": list(made)}
    return _event(told, "patch", {"data": data})


def operations(
    resource_type: ResourceType, before: Record | None, after: Record | None
) -> list[Record]:
    """Return the PATCH operations that turn one document into the other (RFC 7644 §3.5.2).

    They write no attribute that the server makes, and none that is never returned.
    """
    old, new = (visible(each or {}, resource_type.attributes) for each in (before, after))
    return [
        {"op": "remove", "path": path}
        if became is None
        else {"op": "add" if was is None else "replace", "path": path, "value": became}
        for path, was, became in _differences("", resource_type.attributes, old, new)
    ]


def _differences(
    above: str, attributes: Iterable[Attribute], old: Record, new: Record
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the path of each attribute that differs, with both values; None for no value."""
    for attribute in attributes:
        was, became = old.get(attribute.name), new.get(attribute.name)
        if was == became or attribute.name in MADE_BY_SERVER:
            continue
        path = f"{above}{attribute.name}"
        is_divided = attribute.is_extension or (was is not None and became is not None)
        if attribute.type == "complex" and not attribute.multi_valued and is_divided:
            between = ":" if attribute.is_extension else "."
            below = attribute.sub_attributes, was or {}, became or {}
            yield from _differences(f"{path}{between}", *below)
        else:
            yield path, was, became


def changed_names(told: Told) -> list[str]:
    """Return the paths of the attributes that a change has written (RFC 7644 §3.5.2)."""
    attributes = told.resource_type.attributes
    old, new = (visible(each or {}, attributes) for each in (told.before, told.after))
    names = ["id"] if told.before is None and told.after is not None else []
    names += [path for path, _, _ in _differences("", attributes, old, new)]
    if told.members:
        names.append("members")
    if told.unseen:
        found = chains(told.resource_type.root)
        names += [notation(chain) for chain in found if chain[-1].returned == "never"]
    return names


def all_names(resource_type: ResourceType) -> list[str]:
    """Return the names of all attributes that a client can write: those of an unknown change."""
    names = [each.name for each in resource_type.attributes if each.mutability != "readOnly"]
    return [each for each in names if each not in MADE_BY_SERVER]


def visible(document: Mapping[str, Any], attributes: Iterable[Attribute]) -> Record:
    """Return what clients have written of a document, without secrets, and its ``schemas``, ``id``.

    A secret is never returned, or can only be written.
    """
    shown: Record = {}
    for attribute in attributes:
        value = document.get(attribute.name)
        if value is None or not _is_shown(attribute):
            continue
        if attribute.type == "complex" and isinstance(value, list):
            value = [visible(each, attribute.sub_attributes) for each in value]
            value = [each for each in value if each]
        elif attribute.type == "complex":
            value = visible(value, attribute.sub_attributes)
        if value not in ({}, []):
            shown[attribute.name] = value
    return shown


def _is_shown(attribute: Attribute) -> bool:
    is_secret = attribute.returned == "never" or attribute.mutability == "writeOnly"
    return not is_secret and (
        attribute.mutability != "readOnly" or attribute.name in ("schemas", "id")
    )
