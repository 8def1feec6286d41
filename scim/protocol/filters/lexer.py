"""Cuts the text of a filter or a PATCH path into tokens (RFC 7644 §3.4.2.2)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..errors import InvalidFilterError

# Quotation marks of word processors and of languages; people copy filters with them.
DOUBLE = "“”„‟«»〝〞〟＂❝❞『』"
SINGLE = "‘’‚‛‹›′″`´＇❛❜「」"
# ``++`` and ``*+`` give nothing back, so a string that is not closed costs one pass.
TOKEN = re.compile(
    rf"""(?P<space>\s+)
      | (?P<string>"(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+')
      | (?P<mark>[()\[\]])
      | (?P<curly>[{DOUBLE}{SINGLE}])
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
    """Yield the tokens of ``text`` and an ``end`` token.

    :raises InvalidFilterError: a quotation mark is open, or none that a filter has
    """
    start = 0
    while start < len(text):
        match = TOKEN.match(text, start)
        if match is None:
            problem = "a quotation mark is not closed"
            wrong = next((mark for mark in text[start:] if mark in DOUBLE), "")
            hint = f"; {_hint(wrong)}" if wrong else ""
            raise InvalidFilterError(f"position {start + 1}: {problem}{hint}")
        found = match.group()
        match match.lastgroup:
            case "curly":
                raise InvalidFilterError(f"position {start + 1}: {_hint(found)}")
            case "word" if found[-1] in DOUBLE:
                raise InvalidFilterError(f"position {match.end()}: {_hint(found[-1])}")
            case "string" | "mark" | "word" as kind:
                yield Token(kind, found, start + 1)
        start = match.end()
    yield Token("end", "", len(text) + 1)


def _hint(mark: str) -> str:
    return f'{mark} is no quotation mark of a filter; write "'
