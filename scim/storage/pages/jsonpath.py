"""Filters on ``search`` for PostgreSQL: each term is one jsonpath, for the GIN index."""

import json
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, JSONPATH

from scim.protocol.attributes import Attribute
from scim.protocol.filters.nodes import And, Not, Or
from scim.protocol.filters.resolve import Compare, Condition, Has, Keys, Some

SIGNS = {"eq": "==", "gt": ">", "ge": ">=", "lt": "<", "le": "<=", "sw": "starts with"}


def term(condition: Condition, search: Any) -> sa.ColumnElement[bool]:
    """Return a comparison, a presence or a value path as ``search @? path``."""
    return meets(search, _asked(condition))


def meets(search: Any, path: Any) -> sa.ColumnElement[bool]:
    """Return ``search @? path``; the GIN index answers it where a value must be equal."""
    found: sa.ColumnElement[bool] = sa.type_coerce(search, JSONB).path_exists(path)
    return found


def term_beside(condition: Condition, search: Any) -> sa.ColumnElement[bool]:
    """Return the same condition in a form for which the planner uses another index.

    PostgreSQL expects 1 % of the rows to meet any ``@?``, also ``type eq "work"``.
    """
    nothing = sa.literal({}, JSONB())
    found: sa.ColumnElement[bool] = sa.func.jsonb_path_exists(
        search, _asked(condition), nothing, sa.true()
    )
    return found


def _asked(condition: Condition) -> Any:
    return sa.literal(path_of(condition), JSONPATH())


def path_of(condition: Condition) -> str:
    """Return the jsonpath of a comparison, a presence or a value path."""
    match condition:
        case Some(keys, _, inner):
            return f"{_path(keys)}[*] ? {_predicate(inner)}"
        case Compare(keys) | Has(keys):
            return f"{_path(keys)} ? {_test(condition, '@')}"
    raise TypeError(f"not a term: {condition}")


def _path(keys: Keys, root: str = "$") -> str:
    return ".".join([root, *(json.dumps(key) for key in keys)])


def _predicate(condition: Condition) -> str:
    """Return the condition on one element, ``@``."""
    match condition:
        case And(terms):
            return f"({' && '.join(map(_predicate, terms)) or '1 == 1'})"
        case Or(terms):
            return f"({' || '.join(map(_predicate, terms)) or '1 == 0'})"
        case Not(negated):
            return f"(!{_predicate(negated)})"
        case Compare(keys) | Has(keys):
            return _test(condition, _path(keys, "@"))
        case Some(keys, _, inner):
            return f"(exists({_path(keys, '@')}[*] ? {_predicate(inner)}))"


def _test(condition: Compare | Has, path: str) -> str:
    if isinstance(condition, Has):
        textual = condition.attribute.type not in ("boolean", "integer", "decimal")
        return f'({path} != "")' if textual else f"(exists({path}))"
    value = json.dumps(condition.value, ensure_ascii=False)
    match condition.operator:
        case "co":
            return f'({path} like_regex {value} flag "q")'
        case "ew":
            pattern = json.dumps(re.escape(str(condition.value)) + "$", ensure_ascii=False)
            return f"({path} like_regex {pattern})"
    return f"({path} {SIGNS[condition.operator]} {value})"


def compare_text(column: Any, operator: str, value: Any) -> Any:
    """Return the comparison of a column with a value."""
    match operator:
        case "co":
            return column.contains(value, autoescape=True)
        case "sw":
            return column.startswith(value, autoescape=True)
        case "ew":
            return column.endswith(value, autoescape=True)
        case "eq":
            return column == value
    return column.collate("C").bool_op(SIGNS[operator])(value)


def sort_value(keys: Keys, multi: Keys | None, last: Attribute, search: Any) -> Any:
    """Return the sort value: that of an attribute, or of the primary or else the first element."""
    source = search
    if multi is not None:
        primary = _first(search, f"{_path(multi)}[*] ? (@.primary == true)")
        source = sa.func.coalesce(primary, _first(search, f"{_path(multi)}[0]"))
    text = source.op("#>>", return_type=sa.Text())(sa.cast(list(keys), ARRAY(sa.Text)))
    return sa.cast(text, sa.Numeric) if last.type in ("integer", "decimal") else text.collate("C")


def _first(search: Any, path: str) -> Any:
    return sa.func.jsonb_path_query_first(search, sa.literal(path, JSONPATH()))
