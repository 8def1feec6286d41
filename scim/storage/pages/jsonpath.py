"""Filters on ``search`` for PostgreSQL: each term is one jsonpath, for the GIN index.

A jsonpath finds parts of texts (``co``, ``ew``) with regular expressions only, and PostgreSQL
remembers 32 of these. With more it compiles each anew for each row. So LIKE finds parts instead, in
the elements of a list too.
"""

import json
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, JSONPATH

from scim.protocol.attributes import Attribute
from scim.protocol.filters.nodes import And, Not, Or
from scim.protocol.filters.resolve import Compare, Condition, Has, Keys, Some

SIGNS = {"eq": "==", "gt": ">", "ge": ">=", "lt": "<", "le": "<=", "sw": "starts with"}
BY_LIKE = ("co", "ew")  # operators for which LIKE takes the place of a jsonpath


def term(condition: Condition, search: Any) -> sa.ColumnElement[bool]:
    """Return a comparison, a presence or a value path over ``search``."""
    if not asks(condition, BY_LIKE):
        return meets(search, _asked(condition))
    rest = _without_parts(condition)
    found = _sure(_with_parts(condition, search))
    if rest is not None and asks(rest, ("eq",)):
        return sa.and_(meets(search, _asked(rest)), found)  # for the index
    return found


def asks(condition: Condition, operators: Collection[str]) -> bool:
    """Tell whether a condition compares anything with one of the operators."""
    match condition:
        case And(terms) | Or(terms):
            return any(asks(each, operators) for each in terms)
        case Not(below) | Some(_, _, below):
            return asks(below, operators)
        case Compare(_, _, operator):
            return operator in operators
    return False


def meets(search: Any, path: Any) -> sa.ColumnElement[bool]:
    """Return ``search @? path``; the GIN index answers it where a value must be equal."""
    found: sa.ColumnElement[bool] = sa.type_coerce(search, JSONB).path_exists(path)
    return found


def term_beside(condition: Condition, search: Any) -> sa.ColumnElement[bool]:
    """Return the same condition in a form for which the planner uses another index.

    PostgreSQL expects 1 % of the rows to meet any ``@?``, also ``type eq "work"``.
    """
    if asks(condition, BY_LIKE):
        return _sure(_with_parts(condition, search))
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
    return f"({path} {SIGNS[condition.operator]} {value})"


def _with_parts(condition: Condition, value: Any) -> sa.ColumnElement[bool]:
    """Return a condition over a JSON object or an element of a list; NULL is false, too."""
    if not asks(condition, BY_LIKE):
        return meets(value, sa.literal(f"$ ? {_predicate(condition)}", JSONPATH()))
    match condition:
        case And(terms):
            return sa.and_(*(_with_parts(each, value) for each in terms))
        case Or(terms):
            return sa.or_(*(_with_parts(each, value) for each in terms))
        case Not(negated):
            return sa.not_(_sure(_with_parts(negated, value)))
        case Some(keys, _, inner):
            path = sa.literal(f"{_path(keys)}[*]", JSONPATH())
            values = sa.func.jsonb_path_query(value, path)
            element = values.table_valued(sa.column("value", JSONB())).render_derived()
            met = _with_parts(inner, element.c.value)
            return sa.exists(sa.select(1).select_from(element).where(met))
        case Compare(keys, _, operator, part):
            found: sa.ColumnElement[bool] = compare_text(_text(value, keys), operator, part)
            return found
    raise TypeError(f"not a condition: {condition}")


def _sure(test: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return a test with false in place of NULL; EXISTS is never NULL."""
    return test if isinstance(test, sa.Exists) else sa.func.coalesce(test, sa.false())


def _without_parts(condition: Condition) -> Condition | None:
    """Return a condition without parts of texts, true wherever it is; None if nothing is left."""
    match condition:
        case And(terms):
            rest = [each for each in map(_without_parts, terms) if each is not None]
            return And(tuple(rest)) if rest else None
        case Some(keys, attribute, inner):
            below = _without_parts(inner)
            return None if below is None else Some(keys, attribute, below)
    return None if asks(condition, BY_LIKE) else condition


def _text(value: Any, keys: Keys) -> Any:
    if len(keys) == 1:
        return value.op("->>", return_type=sa.Text())(sa.literal(keys[0], sa.Text()))
    return value.op("#>>", return_type=sa.Text())(sa.cast(list(keys), ARRAY(sa.Text)))


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
    text = _text(source, keys)
    return sa.cast(text, sa.Numeric) if last.type in ("integer", "decimal") else text.collate("C")


def _first(search: Any, path: str) -> Any:
    return sa.func.jsonb_path_query_first(search, sa.literal(path, JSONPATH()))
