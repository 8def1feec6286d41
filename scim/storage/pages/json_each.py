"""Filters on ``search`` for SQLite: json_extract for one value, json_each for many."""

import operator
from typing import Any

import sqlalchemy as sa

from scim.protocol.attributes import Attribute
from scim.protocol.filters.nodes import And, Not, Or
from scim.protocol.filters.resolve import Compare, Condition, Has, Keys, Some

SIGNS = {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}


def term(condition: Condition, search: Any) -> sa.ColumnElement[bool]:
    """Return ``condition`` over a JSON text, or over an element that json_each yields."""
    match condition:
        case And(terms):
            return sa.and_(sa.true(), *(term(below, search) for below in terms))
        case Or(terms):
            return sa.or_(sa.false(), *(term(below, search) for below in terms))
        case Not(negated):
            return sa.not_(term(negated, search))
        case Some(keys, _, inner):
            element = sa.func.json_each(search, _path(keys)).table_valued("value")
            return sa.exists(sa.select(1).select_from(element).where(term(inner, element.c.value)))
        case Compare(keys, _, name, value):
            return _sure(compare_text(_value(keys, search), name, value))
        case Has(keys):
            return _sure(_value(keys, search) != "")


def _path(keys: Keys) -> str:
    return ".".join(["$", *(f'"{key}"' for key in keys)])


def _value(keys: Keys, search: Any) -> Any:
    return sa.func.json_extract(search, _path(keys)) if keys else search


def _sure(test: Any) -> sa.ColumnElement[bool]:
    known: sa.ColumnElement[bool] = test.is_(sa.true())
    return known


def compare_text(column: Any, name: str, value: Any) -> Any:
    """Return the comparison of a column or a JSON value with a value."""
    match name:
        case "eq":
            return column == value
        case "sw":
            beyond = sa.cast(value.encode() + b"\xff", sa.Text)  # no text goes on with this byte
            return sa.and_(column >= value, column < beyond)
        case "ew" if value:
            return sa.func.substr(column, -len(value)) == value
        case "co" | "ew":
            return sa.func.instr(column, value) > 0
    return SIGNS[name](column, value)


def sort_value(keys: Keys, multi: Keys | None, last: Attribute, search: Any) -> Any:
    """Return the sort value: that of an attribute, or of the primary or else the first element."""
    if multi is None:
        return sa.func.json_extract(search, _path(keys))
    element = sa.func.json_each(search, _path(multi)).table_valued("key", "value")
    rank: Any = element.c.key
    if keys:
        is_primary = sa.func.json_extract(element.c.value, "$.primary") == sa.true()
        rank = sa.case((is_primary, -1), else_=rank)
    return sa.select(_value(keys, element.c.value)).order_by(rank).limit(1).scalar_subquery()
