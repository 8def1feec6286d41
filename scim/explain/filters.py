"""Filters in plain words, and as trees (RFC 7644 §3.4.2.2)."""

import json
from collections.abc import Iterator

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


def sentence(node: Filter, resource_type: ResourceType) -> str:
    """Return in a sentence which resources of a type a filter finds."""
    return f"Finds each {resource_type.name} for which {_clause(node, resource_type)}."


def tree(node: Filter) -> Iterator[str]:
    """Yield the lines of a filter as a tree."""
    match node:
        case And(terms) | Or(terms):
            yield "and" if isinstance(node, And) else "or"
            yield from _branches([list(tree(term)) for term in terms])
        case Not(term):
            yield "not"
            yield from _branches([list(tree(term))])
        case ValuePath(path, value_filter, sub_attribute):
            yield f"{path}[…]" + (f".{sub_attribute}" if sub_attribute else "")
            yield from _branches([list(tree(value_filter))])
        case Comparison(ValuePath(path, value_filter, sub_attribute), operator, value):
            tail = f".{sub_attribute}" if sub_attribute else ""
            yield f"{path}[…]{tail} {operator} {_shown(value)}"
            yield from _branches([list(tree(value_filter))])
        case _:
            yield str(node)


def _branches(branches: list[list[str]]) -> Iterator[str]:
    for number, (first, *rest) in enumerate(branches, start=1):
        is_last = number == len(branches)
        yield ("└─ " if is_last else "├─ ") + first
        yield from (("   " if is_last else "│  ") + line for line in rest)


def rules(node: Filter, resource_type: ResourceType) -> list[str]:
    """Return how the attributes in a filter are compared, once each (RFC 7643 §2.2)."""
    found = dict.fromkeys(_compared(node))
    told = ((name, _how(locate(name, resource_type))) for name in found)
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
            return f"it is not so that {_part(term, resource_type)}"
        case ValuePath(path, value_filter):
            return f"there is an element of {path} where {_clause(value_filter, None)}"
        case Present(path):
            return f"{_subject(path, resource_type)} has a value"
        case Comparison(path, "eq", None):
            return f"{_subject(path, resource_type)} has no value"
        case Comparison(path, "ne", None):
            return f"{_subject(path, resource_type)} has a value"
        case Comparison(path, operator, value):
            is_instant = _type_of(path, resource_type) == "dateTime"
            words = (WORDS | OF_INSTANTS if is_instant else WORDS)[operator]
            return f"{_subject(path, resource_type)} {words} {_shown(value)}"


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
