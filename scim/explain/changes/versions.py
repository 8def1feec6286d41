"""A version of a resource in one line: what changed, who joined and who left."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..sentences.attributes import LABELS, TYPED
from ..words import counted, listed, plain
from .differences import Difference

STATES = {"true": "reactivated", "false": "deactivated"}
MADE = {"create": "created", "delete": "deleted", "restore": "restored from the trash"}
UNSEEN = "a value changed that is never shown, such as a password"
URN = re.compile(r'^urn:(?:[^:\["]+:)+(?=[A-Za-z])', re.IGNORECASE)
OF_TYPE = re.compile(r'(?P<name>\w+)\[type eq "(?P<kind>[^"]*)"\](?:\.(?P<below>\w+))?')
SHORT = 40  # characters of a value that stands in the line


@dataclass(frozen=True, slots=True)
class Some:
    """Members: the names of the first of them, and how many they are."""

    names: Sequence[str] = ()
    number: int = 0

    def __str__(self) -> str:
        if 0 < self.number <= min(len(self.names), 3):
            return listed([plain(each) for each in self.names])
        return counted(self.number, "member")


NOBODY = Some()


def happened(
    operation: str,
    differences: Sequence[Difference],
    joined: Some = NOBODY,
    left: Some = NOBODY,
    cause: str = "",
    has_unseen: bool = False,
) -> str:
    """Return what made a version: ``Deactivated, and title removed``.

    ``operation`` is that of history; ``cause`` are words such as ``because Jane Berg was deleted``.
    """
    if operation == "delete":
        parts = [MADE[operation]]
    elif operation in MADE:
        parts = [MADE[operation] + (f" with {joined}" if joined.number else "")]
    else:
        parts = list(_parts(differences, joined, left))
        parts += [UNSEEN] if has_unseen else []
        if operation == "revert":
            parts = [cause, *parts]
    told = ", ".join(parts) or "nothing changed that is shown"
    because = f", {cause}" if cause and operation != "revert" else ""
    return f"{told[0].upper()}{told[1:]}{because}"


def belonged(groups: Sequence[str], has_joined: bool, cause: str = "") -> str:
    """Return that a resource joined or left groups: ``Joined Sales and Guides``."""
    told = f"{'Joined' if has_joined else 'Left'} {listed([plain(each) for each in groups])}"
    return f"{told}, {cause}" if cause else told


def _parts(differences: Sequence[Difference], joined: Some, left: Some) -> Sequence[str]:
    states = [each for each in differences if each.path == "active" and each.after in STATES]
    rest = [each for each in differences if each not in states]
    parts = [STATES[str(each.after)] for each in states]
    if len(rest) == 1:
        parts.append(_one(rest[0]))
    elif rest:
        labels = list(dict.fromkeys(label(each.path) for each in rest))
        parts.append(f"{listed(labels)} changed")
    parts += [f"{joined} joined"] if joined.number else []
    parts += [f"{left} left"] if left.number else []
    return parts


def _one(found: Difference) -> str:
    name, before, after = label(found.path), _value(found.before), _value(found.after)
    if found.before is None:
        return f"{name} set to {after}" if after else f"{name} added"
    if found.after is None:
        return f"{name} removed"
    return f"{name} changed from {before} to {after}" if before and after else f"{name} changed"


def label(path: str) -> str:
    """Return a path in plain words, without the URN: ``family name``, ``work address``."""
    own = URN.sub("", path)
    if found := OF_TYPE.fullmatch(own):
        kind, name, below = found["kind"], found["name"].lower(), found["below"]
        noun = TYPED.get(name) or LABELS.get(name) or name
        return plain(
            f"{kind} {noun}" + (f" {below}" if below not in (None, "value") else ""), SHORT
        )
    own = own.partition("[")[0]
    return LABELS.get(own.lower()) or plain(own, SHORT)


def _value(text: str | None) -> str:
    """Return a value that is short enough for the line, or else nothing."""
    shown = (text or "").strip('"')
    return f"“{plain(shown)}”" if shown and len(shown) <= SHORT and shown[0] not in "{[" else ""
