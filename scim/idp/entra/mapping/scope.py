"""The scoping filter of a mapping: it selects among the assigned users or groups."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from operator import eq, ge, gt, ne
from typing import Any

from .expressions import evaluate


def _numbers(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    """Return a comparison of whole numbers, which is false for any other text."""
    return lambda text, value: compare(float(text) if text.isdecimal() else -inf, int(value))


UNARY: Mapping[str, Callable[..., bool]] = {
    "IS TRUE": lambda text: text == "True",
    "IS FALSE": lambda text: text == "False",
    "IS NULL": lambda text: not text,
    "IS NOT NULL": bool,
}
BINARY: Mapping[str, Callable[..., bool]] = {
    "EQUALS": eq,
    "NOT EQUALS": ne,
    "REGEX MATCH": lambda text, pattern: bool(re.search(pattern, text)),
    "NOT REGEX MATCH": lambda text, pattern: not re.search(pattern, text),
    "INCLUDES": lambda text, value: value in text,
    "GREATER_THAN": _numbers(gt),
    "GREATER_THAN_OR_EQUALS": _numbers(ge),
}
OPERATORS = {**UNARY, **BINARY}


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition for one attribute. Unary operators have no value."""

    attribute: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, source: Mapping[str, Any]) -> bool:
        operator = OPERATORS[self.operator]
        return operator(evaluate(f"[{self.attribute}]", source), *self.values)


Scope = tuple[tuple[Clause, ...], ...]


def includes(scope: Scope, source: Mapping[str, Any]) -> bool:
    """Do all clauses of any group hold? A scope without groups includes everything."""
    return not scope or any(all(each.holds(source) for each in group) for group in scope)
