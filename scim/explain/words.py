"""Words and lists of words for sentences: one line, bounded, without marks that act."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

LONGEST = 60  # characters of a name
JOINERS = "\u200c\u200d"  # they shape Persian and Indic words, and emoji
MASK = re.compile("[•]{2}|…")
UNITS = ((86_400, "days"), (3_600, "h"), (60, "min"))  # in seconds
PAST = {
    "find": "found",
    "get": "got",
    "give": "gave",
    "make": "made",
    "read": "read",
    "send": "sent",
    "set": "set",
    "take": "took",
}


def plain(text: Any, most: int = LONGEST) -> str:
    """Return a text that came from a client in one line, shortened.

    Characters that are not visible are escaped, for example ``\\u202e``, which would turn the
    direction of the whole sentence.
    """
    text = str(text)
    line = " ".join(text[: 4 * most].split())
    line = line if len(line) <= most and len(text) <= 4 * most else f"{line[:most].rstrip()}…"
    return line if line.isprintable() else "".join(map(_visible, line))


def _visible(character: str) -> str:
    is_plain = character.isprintable() or character in JOINERS
    return character if is_plain else repr(character)[1:-1]


def short_id(resource_id: str) -> str:
    """Return the beginning of an id, enough to tell it from others."""
    return plain(resource_id, 12)


def number(count: int) -> str:
    return f"{count:,}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return ``1 member`` or ``1,240 members``."""
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return ``a, b and c``, or ``a, b, c and 4 more``."""
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} and {number(len(names) - most)} more"
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last


def seconds_since(instant: str | None) -> float:
    """Return how many seconds ago an instant was, a SCIM dateTime; 0 for None."""
    if instant is None:
        return 0.0
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(instant)).total_seconds())


def ago(instant: str) -> str:
    """Return how long ago an instant was: ``40 s``, ``3 min``, ``5 h``, ``2 days``."""
    seconds = int(seconds_since(instant))
    size, unit = next((each for each in UNITS if seconds >= 2 * each[0]), (1, "s"))
    return f"{seconds // size} {unit}"


def third(verb: str) -> str:
    """Return ``creates`` for ``create``, also for a verb with words behind it."""
    first, _, rest = verb.partition(" ")
    return f"{first}{'es' if first.endswith(('sh', 'ch', 's')) else 's'} {rest}".rstrip()


def past(verb: str) -> str:
    """Return ``created`` for ``create``."""
    first, _, rest = verb.partition(" ")
    regular = first + ("d" if first.endswith("e") else "ed")
    return f"{PAST.get(first, regular)} {rest}".rstrip()
