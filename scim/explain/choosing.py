"""Reads which exchanges a person wants to see: ``status:4xx provider:okta user:jane``."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .exchange import Exchange

Matcher: TypeAlias = Callable[[Exchange, str], bool]


def _is_status(exchange: Exchange, wanted: str) -> bool:
    return str(exchange.status).startswith(wanted.rstrip("x"))


def _mentions(exchange: Exchange, wanted: str) -> bool:
    """Tell whether a text is in the URL or in a body, whatever its case."""
    bodies = (exchange.request.body, exchange.answer.body)
    return any(wanted in part.lower() for part in (exchange.path, exchange.query, *bodies))


# What may stand before a colon; the wanted value is in small letters.
NAMES: Mapping[str, Matcher] = {
    "status": _is_status,
    "provider": lambda exchange, wanted: wanted in exchange.provider.lower().replace(" ", ""),
    "tenant": lambda exchange, wanted: exchange.tenant.lower() == wanted,
    "token": lambda exchange, wanted: exchange.token.lower() == wanted,
    "method": lambda exchange, wanted: exchange.method.lower() == wanted,
    "path": lambda exchange, wanted: wanted in f"{exchange.base}{exchange.path}".lower(),
    "request": lambda exchange, wanted: exchange.id.lower() == wanted,
    "tolerance": lambda exchange, wanted: wanted in exchange.tolerated,
    "is": lambda exchange, wanted: (
        exchange.is_marked if wanted == "marked" else exchange.is_failed and wanted == "failed"
    ),
    "user": _mentions,
    "group": _mentions,
}


STATUS = re.compile(r"[1-5](\d\d|\dx|xx|x|)", re.ASCII)
ALL = f"The whole word is looked for. There are {', '.join(NAMES)}."


@dataclass(frozen=True, slots=True)
class Choice:
    """The terms of a choice, all of which must hold; ``problems`` tells what is odd in the text."""

    text: str
    terms: Sequence[tuple[str, str]]
    problems: Sequence[str] = ()

    def matches(self, exchange: Exchange) -> bool:
        return all(NAMES[name](exchange, wanted) for name, wanted in self.terms)


MOST_TERMS = 20  # each is looked for in every body


def read_choice(text: str) -> Choice:
    """Return what a person typed as a choice; a word without a name is looked for everywhere.

    A value with spaces stands in double quotes: ``user:"Jane Berg"``.
    """
    terms, problems = [], []
    words = list(dict.fromkeys(_words(text)))
    if len(words) > MOST_TERMS:
        problems.append(f"A filter has at most {MOST_TERMS} words. The others are left out.")
    for word in words[:MOST_TERMS]:
        name, colon, value = word.partition(":")
        if colon and name.lower() in NAMES and value:
            terms.append((name.lower(), value.lower()))
            if name.lower() == "status" and not STATUS.fullmatch(value.lower()):
                problems.append(
                    f"“{value}” is no status. Write for example status:409 or status:4xx."
                )
        else:
            if colon and name.isalpha() and name.isascii():
                problems.append(f"“{name}:” is no name that a filter has. {ALL}")
            terms.append(("user", word.lower()))
    return Choice(text.strip(), tuple(terms), tuple(problems))


def _words(text: str) -> list[str]:
    words, word, is_quoted = [], "", False
    for character in text + " ":
        if character == '"':
            is_quoted = not is_quoted
        elif character.isspace() and not is_quoted:
            words += [word] if word else []
            word = ""
        else:
            word += character
    return words + ([word.strip()] if word.strip() else [])
