"""One classification of changes, by which signals, webhooks and events tell of them.

A change can mean two things: a PATCH that renames a user and makes it inactive does, and one that
renames a group and gives it members.
"""

import json
import re
from enum import StrEnum

from scim.protocol.definitions.assembly import Definitions
from scim.protocol.schema import USER, ResourceType
from scim.storage import Change, Operation
from scim.storage.changes import BEGINNINGS


class Happening(StrEnum):
    """The kinds of news about a resource; one that came back from the trash is created."""

    CREATED = "created"
    CHANGED = "changed"
    ACTIVATED = "activated"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    MEMBERS_CHANGED = "members_changed"


def happenings(change: Change) -> list[Happening]:
    """Return what a change means, in the order in which to tell it."""
    if change.operation is Operation.DELETE:
        return [Happening.DELETED]
    if change.operation in BEGINNINGS:
        return [Happening.CREATED]
    switched = _switched(change) if change.resource_type == USER.name else None
    found = [Happening.CHANGED] if _has_changed(change, bool(switched)) else []
    found += [switched] if switched else []
    found += [Happening.MEMBERS_CHANGED] if change.members else []
    return found or [Happening.CHANGED]


def event_type(resource_type: str, happening: Happening) -> str:
    """Return the name of an event: ``user.created``, ``group.members_changed``."""
    word = re.sub(r"[^a-zA-Z0-9_]", "_", resource_type)
    return f"{word[:1].lower()}{word[1:]}.{happening}"


def event_types(definitions: Definitions) -> list[str]:
    """Return the names of all events there can be."""
    return [
        event_type(each.name, happening)
        for each in definitions.resource_types
        for happening in Happening
        if _can_be(each, happening)
    ]


def _can_be(resource_type: ResourceType, happening: Happening) -> bool:
    match happening:
        case Happening.ACTIVATED | Happening.DEACTIVATED:
            return resource_type.is_account
        case Happening.MEMBERS_CHANGED:
            return resource_type.has_members
    return True


def _switched(change: Change) -> Happening | None:
    """Return whether a user became active or inactive; one without ``active`` is active."""
    was, became = is_active(change.before), is_active(change.after)
    if was == became:
        return None
    return Happening.ACTIVATED if became else Happening.DEACTIVATED


def is_active(body: str | None) -> bool:
    """Tell whether a stored user is active; one without ``active`` is (RFC 7643 §4.1.1)."""
    if body is None or '"active"' not in body:
        return True
    return json.loads(body, strict=False).get("active") is not False


def _has_changed(change: Change, was_switched: bool) -> bool:
    """Tell whether anything changed but ``active`` and members."""
    if change.unseen or not was_switched:
        return change.unseen or change.before != change.after
    return _without_active(change.before) != _without_active(change.after)


def _without_active(body: str | None) -> object:
    document = json.loads(body or "{}", strict=False)
    return {name: value for name, value in document.items() if name != "active"}
