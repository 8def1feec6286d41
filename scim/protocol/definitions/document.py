"""JSON documents that an administrator adds; an error names the place in the file."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from ..values import Record


class DefinitionError(ValueError):
    """A document cannot be used; one line names the file, the problem and the remedy."""


@dataclass(frozen=True, slots=True)
class Part:
    """A JSON object in a file. ``path`` leads to it and is empty for the whole document.

    Names are case-sensitive here: a document is written by hand, and a misspelt characteristic
    must not go unnoticed.
    """

    file: str
    members: Mapping[str, Any]
    path: str = ""

    def at(self, path: str) -> "Part":
        """Return the same object under another path."""
        return replace(self, path=path)

    def error(self, problem: str) -> DefinitionError:
        """Return the error to raise; ``problem`` names the remedy, too."""
        place = f"{self.file}: {self.path}" if self.path else self.file
        return DefinitionError(f"{place}: {problem}")

    def only(self, *known: str) -> None:
        """Raise if a member has a name that is not ``known``."""
        for name in self.members:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = (
                    f"did you mean {near[0]}?"
                    if near
                    else f"leave it out, known are {', '.join(known)}"
                )
                raise self.error(f"unknown name {name!r:.60}; {hint}")

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string; without ``default`` it must be there."""
        value = self.members.get(name, default)
        if not isinstance(value, str):
            verb = "must be" if name in self.members else "is missing, it must be"
            raise self.error(f"{name} {verb} a string")
        return value

    def matching(self, name: str, pattern: re.Pattern[str], expected: str) -> str:
        """Return a string that ``pattern`` matches."""
        value = self.text(name)
        if not pattern.fullmatch(value):
            raise self.error(f"{name} must be {expected}, not {value!r:.60}")
        return value

    def one_of(self, name: str, values: Sequence[str]) -> str:
        """Return one of ``values``, the first of which is the default."""
        value = self.text(name, values[0])
        if value not in values:
            raise self.error(f"{name} must be one of {', '.join(values)}, not {value!r:.60}")
        return value

    def boolean(self, name: str) -> bool:
        """Return a boolean, false by default."""
        value = self.members.get(name, False)
        if not isinstance(value, bool):
            raise self.error(f"{name} must be true or false")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a list of strings, empty by default."""
        value = self.members.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(f"{name} must be a list of strings")
        return value

    def parts(self, name: str) -> list["Part"]:
        """Return a list of objects, empty by default."""
        value = self.members.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(f"{name} must be a list of objects")
        path = f"{self.path}.{name}" if self.path else name
        return [Part(self.file, item, f"{path}[{index}]") for index, item in enumerate(value)]


def read(file: str, text: str) -> Part:
    """Return the object that the text of a file is.

    :raises DefinitionError: it is not JSON, or not an object
    """
    try:
        content = json.loads(text, object_pairs_hook=_object)
        json.dumps(content, ensure_ascii=False).encode()  # half a surrogate pair cannot be sent
    except (ValueError, RecursionError) as error:
        raise DefinitionError(f"{file}: cannot be read as JSON: {error}") from None
    if not isinstance(content, dict):
        raise DefinitionError(f"{file}: must be one JSON object, a Schema or a ResourceType")
    return Part(file, content)


def _object(pairs: list[tuple[str, Any]]) -> Record:
    """Return an object without null and []: both mean unassigned (RFC 7643 §2.5)."""
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in members if names.count(name) > 1)
        raise ValueError(f"{twice!r:.60} is given twice in one object")
    return {name: value for name, value in members.items() if value not in (None, [])}
