"""A resolved filter as SQL. The database answers it; no row is looked at in Python.

``userName``, ``id``, ``meta`` and the like have columns; ``groups`` and ``members`` are rows of
``link``; everything else is asked of ``search``, in the way of the dialect. A term is never
NULL, so NOT is safe.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    cast,
    exists,
    false,
    literal,
    not_,
    or_,
    select,
    true,
)

from models import Group, Link, User
from scim.protocol.nodes import And, Not, Or
from scim.protocol.resolve import Compare, Condition, Has, Keys, Some
from scim.protocol.schema import MANAGER
from scim.protocol.values import PLACEHOLDER, fold_text

from . import json_each, jsonpath
from .keys import is_id

users, groups, link = User.__table__, Group.__table__, Link.__table__
manager = users.alias("manager")

Columns = Mapping[Keys, Any]


def _columns(table: FromClause, endpoint: str, own: Mapping[Keys, Any]) -> Columns:
    identifier = cast(table.c.id, Text)
    return {
        ("id",): table.c.id,
        ("externalid",): table.c.external_id,
        ("meta", "created"): table.c.created,
        ("meta", "lastmodified"): table.c.last_modified,
        ("meta", "version"): literal('W/"').concat(cast(table.c.version, Text)) + '"',
        ("meta", "location"): literal(f"{PLACEHOLDER}/{endpoint}/").concat(identifier),
        ("meta", "resourcetype"): cast(literal(endpoint.removesuffix("s")), Text),
        **own,
    }


def _related(table: FromClause, endpoint: str, kind: str, display: Any) -> Columns:
    """Return the columns that a group shows of a member, or a user of a group."""
    return {
        ("value",): table.c.id,
        ("$ref",): literal(f"{PLACEHOLDER}/{endpoint}/").concat(cast(table.c.id, Text)),
        ("display",): display,
        ("type",): literal(fold_text(kind)),
    }


COLUMNS: Mapping[str, Columns] = {
    "users": _columns(users, "Users", {("username",): users.c.user_name}),
    "groups": _columns(groups, "Groups", {("displayname",): groups.c.display_name}),
}


MEMBER = _related(users, "Users", "User", users.c.search["displayname"].as_string())
MANAGED: Columns = {
    ("displayname",): manager.c.search["displayname"].as_string(),
    ("$ref",): literal(f"{PLACEHOLDER}/Users/").concat(cast(manager.c.id, Text)),
}
MEMBERSHIP = _related(groups, "Groups", "direct", groups.c.display_name)


def where(condition: Condition, table: FromClause, dialect: str) -> ColumnElement[bool]:
    """Return the condition as a boolean expression over a row of ``table``."""
    return _Compiler(table, COLUMNS[str(table.description)], dialect).term(condition)


def member_condition(condition: Condition, dialect: str) -> ColumnElement[bool]:
    """Return what a filter in ``members[...]`` asks of a row of ``users``."""
    return _Compiler(users, MEMBER, dialect).term(condition)


class _Compiler:
    """Compiles the terms that ask for one table's rows."""

    def __init__(self, table: FromClause, columns: Columns, dialect: str) -> None:
        self.table = table
        self.columns = columns
        self.dialect = dialect
        self.json = jsonpath if dialect == "postgresql" else json_each

    def term(self, condition: Condition) -> ColumnElement[bool]:
        match condition:
            case And(terms):
                return and_(true(), *(self.term(term) for term in terms))
            case Or(terms):
                return or_(false(), *(self.term(term) for term in terms))
            case Not(term):
                return not_(self.term(term))
            case Compare(keys) | Has(keys) if keys[:-1] == MANAGER and keys[-1:] in MANAGED:
                return self.managed(condition)
            case Some(("members",) | ("groups",), _, inner):
                return self.linked(inner)
            case Compare(("externalid",), _, operator, value) if operator != "eq" or not value:
                pass  # the column has no empty text
            case Compare(keys) if keys in self.columns:
                return self.compare(self.columns[keys], condition)
            case Has(keys) if keys in self.columns:
                return self.has(self.columns[keys], condition)
        asked: ColumnElement[bool] = self.json.term(condition, self.table.c.search)
        return asked

    def linked(self, inner: Condition) -> ColumnElement[bool]:
        """Return whether a group has a member, or a user a group, that meets ``inner``."""
        if self.table is groups:
            other, columns, mine, theirs = users, MEMBER, link.c.group_id, link.c.user_id
        else:
            other, columns, mine, theirs = groups, MEMBERSHIP, link.c.user_id, link.c.group_id
        met = _Compiler(other, columns, self.dialect).term(inner)
        joined = link.join(other, (other.c.tenant_id == link.c.tenant_id) & (other.c.id == theirs))
        linked = select(link.c.tenant_id).select_from(joined).correlate(self.table)
        return linked.where(
            link.c.tenant_id == self.table.c.tenant_id, mine == self.table.c.id, met
        ).exists()

    def managed(self, condition: Compare | Has) -> ColumnElement[bool]:
        """Return whether the user's manager exists and meets ``condition``."""
        own = replace(condition, keys=condition.keys[-1:])
        same = (manager.c.tenant_id == users.c.tenant_id) & (manager.c.id == users.c.manager_id)
        found = _Compiler(manager, MANAGED, self.dialect).term(own)
        return exists().where(same, found).correlate(users)

    def compare(self, column: Any, condition: Compare) -> ColumnElement[bool]:
        if column.key == "id" and condition.operator == "eq" and not is_id(str(condition.value)):
            return false()
        if column.key == "id" and condition.operator != "eq":
            column = cast(column, Text)
        test: ColumnElement[bool] = self.json.compare_text(
            column, condition.operator, condition.value
        )
        return and_(column.is_not(None), test) if _is_nullable(column) else test

    def has(self, column: Any, condition: Has) -> ColumnElement[bool]:
        if _is_nullable(column):
            return and_(column.is_not(None), column != "")
        return (
            column != "" if condition.attribute.type == "string" and column.key != "id" else true()
        )


def _is_nullable(column: Any) -> bool:
    return getattr(column, "nullable", True)
