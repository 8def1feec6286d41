"""The message of a webhook as a sentence."""

from collections.abc import Mapping
from typing import Any

from ..words import counted, listed, plain

ENDS = {
    "created": "was created",
    "activated": "was activated",
    "deactivated": "was deactivated",
    "deleted": "was deleted",
}
TRIED = "A message to try it, which tells of no change."
UNSEEN = "a value that is never shown, such as the password"


def sentence(told: Mapping[str, Any]) -> str:
    """Return what a message says, in one line; its values may be of any type."""
    event, data = plain(told.get("type")), told.get("data")
    _, _, happening = event.rpartition(".")
    if event == "webhook.test":
        return TRIED
    if not isinstance(data, dict) or "resourceType" not in data:
        return f"A message of the type {event}, which is none of this server."
    who = f"The {plain(data['resourceType']).lower()} {_name(data)}"
    return f"{who} {_became(happening, data)}{_because(data.get('cause'))}."


def _name(data: Mapping[str, Any]) -> str:
    """Return by what people know a resource: ``Eva Holm (eva)``."""
    shown, user_name = data.get("displayName"), data.get("userName")
    if shown and user_name and shown != user_name:
        return f"{plain(shown)} ({plain(user_name)})"
    return plain(shown or user_name or data.get("id"))


def _became(happening: str, data: Mapping[str, Any]) -> str:
    if happening == "created" and data.get("operation") == "restore":
        return "came back from the trash"
    if happening in ENDS:
        return ENDS[happening]
    if happening == "members_changed":
        return f"has other members: {_joined(data)}"
    changed = data.get("changed")
    names = [plain(name) for name in changed] if isinstance(changed, list) else []
    names += [UNSEEN] if data.get("unseenChanged") else []
    return f"has changed: {listed(names)}" if names else "has changed"


def _joined(data: Mapping[str, Any]) -> str:
    found = []
    for name, verb in (("membersAdded", "joined"), ("membersRemoved", "left")):
        part = data.get(name)
        total = part.get("total") if isinstance(part, dict) else 0
        if isinstance(total, int) and total:
            found.append(f"{counted(total, 'member')} {verb}")
    return listed(found) or "nobody joined, nobody left"


def _because(cause: Any) -> str:
    if not isinstance(cause, dict):
        return ""
    subject = plain(cause.get("subject"))
    match cause.get("reason"):
        case "deleted":
            return f", because {subject} was deleted"
        case "restored":
            return f", because {subject} came back from the trash"
        case "version":
            return f", because an operator went back to version {subject}"
    return ""
