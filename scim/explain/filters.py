"""Filters in plain words, and as trees (RFC 7644 §3.4.2.2)."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from scim.protocol.filters import lexer
from scim.protocol.filters.nodes import (
    And,
    AttributePath,
    Comparison,
    Filter,
    Not,
    Or,
    Path,
    Present,
    Value,
    ValuePath,
)
from scim.protocol.filters.resolve import Chain, locate
from scim.protocol.schema import ResourceType

POSITION = re.compile(r"\bposition (\d{1,9}): ", re.ASCII)
MOST_DETAIL = 200  # characters in which the place stands
WORDS = {
    "eq": "is",
    "ne": "is not",
    "co": "contains",
    "sw": "begins with",
    "ew": "ends with",
    "gt": "is greater than",
    "ge": "is at least",
    "lt": "is less than",
    "le": "is at most",
}
OF_INSTANTS = {
    "gt": "is after",
    "ge": "is at or after",
    "lt": "is before",
    "le": "is at or before",
}
OPPOSITES = (
    ("has a value", "has no value"),
    ("has no value", "has a value"),
    ("is not ", "is "),
    ("is ", "is not "),
    ("contains", "does not contain"),
    ("begins", "does not begin"),
    ("ends", "does not end"),
)
Kind = Literal["path", "operator", "presence", "value", "word", "bracket"]


def sentence(node: Filter, resource_type: ResourceType) -> str:
    """Return in a sentence which resources of a type a filter finds."""
    clause = _clause(node, resource_type)
    if isinstance(node, Or):
        clause = ", or ".join(_part(term, resource_type) for term in node.terms)
    return f"Finds each {resource_type.name} for which {clause}."


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a filter: a path, an operator, a value, a word between, or a bracket.

    ``position`` is that of its first character, counted from 1.
    """

    text: str
    kind: Kind
    position: int


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of a filter's tree."""

    label: str
    children: Sequence["Branch"]


def position(detail: str) -> int | None:
    """Return the place in a filter, from 1, that the detail of an error names, or None."""
    found = POSITION.search(detail[:MOST_DETAIL])
    return int(found[1]) if found else None


def tokens(text: str) -> list[Token]:
    """Return the tokens of a filter, each with its part in it, as far as it can be read.

    :raises InvalidFilterError: a quotation mark is open, or none that a filter has
    """
    found: list[Token] = []
    for token in lexer.tokens(text):
        if token.kind != "end":
            before = found[-1].kind if found else "word"
            found.append(Token(token.text, _kind(token, before), token.position))
    return found


def _kind(token: lexer.Token, before: Kind) -> Kind:
    """Return the part of a token, which follows from itself and the kind before it."""
    word = token.text.lower()
    if token.kind == "string" or before == "operator":
        return "value"
    if token.kind == "mark":
        return "bracket"
    if before in ("path", "bracket") and word in WORDS:
        return "operator"
    if before in ("path", "bracket") and word == "pr":
        return "presence"
    return "word" if word in ("and", "or", "not") else "path"


def nodes(node: Filter) -> Branch:
    """Return a filter as a tree."""
    match node:
        case And(terms) | Or(terms):
            word = "and" if isinstance(node, And) else "or"
            return Branch(word, [nodes(term) for term in terms])
        case Not(term):
            return Branch("not", [nodes(term)])
        case ValuePath(path, value_filter, sub_attribute):
            label = f"{path}[…]" + (f".{sub_attribute}" if sub_attribute else "")
            return Branch(label, [nodes(value_filter)])
        case Comparison(ValuePath(path, value_filter, sub_attribute), operator, value):
            tail = f".{sub_attribute}" if sub_attribute else ""
            return Branch(f"{path}[…]{tail} {operator} {_shown(value)}", [nodes(value_filter)])
        case _:
            return Branch(str(node), ())


def tree(node: Filter) -> Iterator[str]:
    """Yield the lines of a filter as a tree."""
    return _lines(nodes(node))


def _lines(branch: Branch) -> Iterator[str]:
    yield branch.label
    yield from _branches([list(_lines(child)) for child in branch.children])


def _branches(branches: list[list[str]]) -> Iterator[str]:
    for number, (first, *rest) in enumerate(branches, start=1):
        is_last = number == len(branches)
        yield ("└─ " if is_last else "├─ ") + first
        yield from (("   " if is_last else "│  ") + line for line in rest)


def rules(node: Filter, resource_type: ResourceType) -> list[str]:
    """Return how the attributes in a filter are compared, once each (RFC 7643 §2.2)."""
    names = dict.fromkeys(_compared(node))
    told = ((name, _how(locate(name, resource_type))) for name in names)
    return [f"{name}: {how}" for name, how in told if how]


def _compared(node: Filter, above: str = "") -> Iterator[str]:
    """Yield the names of the attributes that a filter compares."""
    match node:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _compared(term, above)
        case Not(term):
            yield from _compared(term, above)
        case ValuePath(path, value_filter) | Comparison(ValuePath(path, value_filter)):
            yield from _compared(value_filter, f"{above}{path}.")
            if isinstance(node, Comparison) and isinstance(node.path, ValuePath):
                yield f"{above}{path}.{node.path.sub_attribute or 'value'}"
        case Comparison(path, _, value) if value is not None:
            yield f"{above}{path}"


def _how(chain: Chain) -> str:
    """Return how the value of an attribute is compared; empty if that needs no words."""
    last = chain[-1] if chain else None
    if last and last.type == "complex":
        last = last.find("value")
    if last is None:
        return ""
    if last.type == "dateTime":
        return "an instant, whatever its time zone"
    if last.type == "string":
        how = "differ (caseExact: true)" if last.case_exact else "are the same (caseExact: false)"
        return f"upper and lower case {how}"
    return ""


def _clause(node: Filter, resource_type: ResourceType | None) -> str:
    """Return a filter as a clause; without a type, it is about an element in brackets."""
    match node:
        case And(terms):
            return " and ".join(_part(term, resource_type) for term in terms)
        case Or(terms):
            return " or ".join(_part(term, resource_type) for term in terms)
        case Not(term):
            return _opposite(term, resource_type)
        case ValuePath(path, value_filter):
            return f"there is an element of {path} where {_clause(value_filter, None)}"
        case Present(path) | Comparison(path):
            return f"{_subject(path, resource_type)} {_predicate(node, resource_type)}"


def _opposite(node: Filter, resource_type: ResourceType | None) -> str:
    """Return a clause that is true where a filter is not."""
    match node:
        case Not(term):
            return _part(term, resource_type)
        case ValuePath(path, value_filter):
            return f"there is no element of {path} where {_clause(value_filter, None)}"
        case Present(AttributePath() as path) | Comparison(AttributePath() as path):
            subject, predicate = _subject(path, resource_type), _predicate(node, resource_type)
            article, _, rest = subject.partition(" ")
            if rest:
                return f"{'none' if article == 'one' else 'no'} {rest} {predicate}"
            said, opposite = next(each for each in OPPOSITES if predicate.startswith(each[0]))
            return f"{subject} {opposite}{predicate.removeprefix(said)}"
        case _:
            return f"it is not so that ({_clause(node, resource_type)})"


def _predicate(node: Present | Comparison, resource_type: ResourceType | None) -> str:
    """Return what a filter says of an attribute."""
    match node:
        case Comparison(_, "eq", None):
            return "has no value"
        case Present() | Comparison(_, "ne", None):
            return "has a value"
        case Comparison(path, operator, value):
            is_instant = _type_of(path, resource_type) == "dateTime"
            words = (WORDS | OF_INSTANTS if is_instant else WORDS)[operator]
            return f"{words} {_shown(value)}"


def _part(node: Filter, resource_type: ResourceType | None) -> str:
    clause = _clause(node, resource_type)
    return f"({clause})" if isinstance(node, And | Or) else clause


def _subject(path: Path, resource_type: ResourceType | None) -> str:
    """Return the words for what is compared: a ``type of emails``, if there may be several."""
    if isinstance(path, ValuePath):
        found = path.sub_attribute or "value"
        return f"in an element of {path.path} where {_clause(path.value_filter, None)}, {found}"
    chain = locate(str(path), resource_type) if resource_type else ()
    if not any(attribute.multi_valued for attribute in chain):
        return str(path)
    whole = str(AttributePath(path.name, urn=path.urn))
    below = path.sub_attribute or ("value" if chain[-1].type == "complex" else "")
    if not below:
        return f"one of {whole}"
    return f"{'an' if below[0] in 'aeiou' else 'a'} {below} of {whole}"


def _type_of(path: Path, resource_type: ResourceType | None) -> str:
    if resource_type is None or isinstance(path, ValuePath):
        return ""
    chain = locate(str(path), resource_type)
    return chain[-1].type if chain else ""


def _shown(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False)
