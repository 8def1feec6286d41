"""Cuts the text of a filter or a PATCH path into tokens (RFC 7644 §3.4.2.2)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..errors import InvalidFilterError

TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<mark>[()\[\]])
      | (?P<word>[^\s()\[\]"']+)""",
    re.VERBOSE | re.DOTALL,
)

Kind = Literal["string", "mark", "word", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text with the position of its first character, counted from 1."""

    kind: Kind
    text: str
    position: int


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of ``text`` and an ``end`` token; raise on an open quotation mark."""
    start = 0
    while start < len(text):
        match = TOKEN.match(text, start)
        if match is None:
            raise InvalidFilterError(f"position {start + 1}: a quotation mark is not closed")
        match match.lastgroup:
            case "string" | "mark" | "word" as kind:
                yield Token(kind, match.group(), start + 1)
        start = match.end()
    yield Token("end", "", len(text) + 1)
