"""A resolved filter as SQL: the database answers it, and no row is looked at in Python.

1. ``userName``, ``id``, ``meta`` and a few more have columns.
2. ``groups`` and ``members`` are rows of ``link`` and ``nesting``.
3. All else is in the JSON of ``search``: see ``jsonpath`` for PostgreSQL, ``json_each`` for SQLite.

A term is never NULL, so NOT is safe.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.filters.nodes import And, Not, Or
from scim.protocol.filters.resolve import Compare, Condition, Has, Keys, Some
from scim.protocol.references import Reference, References, server_made
from scim.protocol.schema import ResourceType

from ..keys import is_id
from ..references import Referred, referred
from ..relations import RELATIONS, Columns, Relation, url
from ..tables import kind_of
from . import json_each, jsonpath
from .trigrams import INDEXED, likeness

IDS = {"id", "group_id", "user_id", "parent_id", "child_id"}  # columns that are compared as ids


@cache
def columns_of(resource_type: ResourceType) -> Columns:
    """Return the columns that attributes of a type are compared with."""
    kind = kind_of(resource_type)
    table = kind.table
    columns = {
        ("id",): table.c.id,
        ("externalid",): table.c.external_id,
        ("meta", "created"): table.c.created,
        ("meta", "lastmodified"): table.c.last_modified,
        ("meta", "version"): sa.literal('W/"').concat(sa.cast(table.c.version, sa.Text)) + '"',
        ("meta", "location"): url(resource_type.endpoint, table),
        ("meta", "resourcetype"): sa.cast(sa.literal(resource_type.name), sa.Text),
    }
    if kind.column:
        columns[kind.name.lower(),] = table.c[kind.column]
    return columns


def where(
    condition: Condition, resource_type: ResourceType, dialect: str
) -> sa.ColumnElement[bool]:
    """Return the condition as a boolean expression over a row of the type's table."""
    kind, columns = kind_of(resource_type), columns_of(resource_type)
    scope = Compiler(kind.table, columns, dialect, kind.related, resource_type.references)
    return scope.term(condition)


def related_where(
    condition: Condition, related: Relation | Referred, dialect: str
) -> sa.ColumnElement[bool]:
    """Return a condition on a member, a group or the target of a reference, over its row."""
    scope = Compiler(related.other, related.columns, dialect, searched=related.searched)
    return scope.term(condition)


def equality(condition: Condition | None, resource_type: ResourceType) -> str | None:
    """Return the jsonpath of a condition that only asks ``search`` for equal values, or None."""
    match condition:
        case Compare(keys, _, "eq"):
            made = server_made(keys, resource_type.references)
            asks = keys not in columns_of(resource_type) and made is None
        case Some((name,), _, inner):
            asks = name != kind_of(resource_type).related and _is_equality(inner)
        case _:
            return None
    return jsonpath.path_of(condition) if asks else None


def _is_equality(condition: Condition) -> bool:
    match condition:
        case And(terms) | Or(terms):
            return bool(terms) and all(map(_is_equality, terms))
        case Compare(_, _, "eq"):
            return True
    return False


class Compiler:
    """Compiles the terms that ask for one table's rows."""

    def __init__(
        self,
        table: Any,
        columns: Columns,
        dialect: str,
        related: str | None = None,
        references: References | None = None,
        searched: Mapping[Keys, Keys] | None = None,
    ) -> None:
        self.table = table
        self.columns = columns
        self.dialect = dialect
        self.related = related
        self.references = references or {}
        self.searched = searched or {}
        self.json = jsonpath if dialect == "postgresql" else json_each

    def term(self, condition: Condition) -> sa.ColumnElement[bool]:
        match condition:
            case And(terms):
                return sa.and_(sa.true(), *(self.term(term) for term in _negated_once(terms)))
            case Or(terms):
                return sa.or_(sa.false(), *(self.term(term) for term in _joined(terms)))
            case Not(term):
                return sa.not_(self.term(term))
            case Compare(keys) | Has(keys) if reference := server_made(keys, self.references):
                return self.referring(reference, condition)
            case Some((name,), _, inner) if name == self.related:
                return self.linked(name, inner)
            case Compare(("externalid",), _, operator, value) if operator != "eq" or not value:
                pass  # ``search`` answers: the column has NULL in place of the empty text
            case Compare(keys) | Has(keys) if keys in self.searched:
                condition = replace(condition, keys=self.searched[keys])
            case Compare(keys) if keys in self.columns:
                return self.compare(self.columns[keys], condition)
            case Has(keys) if keys in self.columns:
                return self.has(self.columns[keys], condition)
        search = self.table.c.search
        if self.dialect == "postgresql" and "user_name" in self.table.c:
            like = likeness(condition, search)
            if like is not None:
                return sa.and_(like, jsonpath.term_beside(condition, search))
        asked: sa.ColumnElement[bool] = self.json.term(condition, search)
        return asked

    def linked(self, name: str, inner: Condition) -> sa.ColumnElement[bool]:
        """Return whether a group has a member, or a user a group, that meets ``inner``."""
        return self._is_among(
            relation.select(relation.owner).where(related_where(inner, relation, self.dialect))
            for relation in RELATIONS[name]
        )

    def referring(self, reference: Reference, condition: Compare | Has) -> sa.ColumnElement[bool]:
        """Return whether a resource refers to one that meets ``condition``."""
        own = replace(condition, keys=condition.keys[-1:])
        return self._is_among(
            each.sources().where(related_where(own, each, self.dialect))
            for each in referred(reference)
        )

    def _is_among(self, found: Iterable[sa.Select[Any]]) -> sa.ColumnElement[bool]:
        """Return whether one of the SELECTs has the row's id, which indexes then find."""
        met: sa.ColumnElement[bool] = self.table.c.id.in_(sa.union_all(*found))
        return met

    def compare(self, column: Any, condition: Compare) -> sa.ColumnElement[bool]:
        has_ids = column.key in IDS
        if has_ids and condition.operator == "eq" and not is_id(str(condition.value)):
            return sa.false()
        if has_ids and condition.operator != "eq":
            column = sa.cast(column, sa.Text)
        operator, value = condition.operator, condition.value
        test: sa.ColumnElement[bool] = self.json.compare_text(column, operator, value)
        return sa.and_(column.is_not(None), test) if _is_nullable(column) else test

    def has(self, column: Any, condition: Has) -> sa.ColumnElement[bool]:
        if _is_nullable(column):
            return sa.and_(column.is_not(None), column != "")
        is_text = condition.attribute.type == "string" and column.key not in IDS
        return column != "" if is_text else sa.true()


def _negated_once(terms: Iterable[Condition]) -> Iterable[Condition]:
    """Return the terms of an AND, those with NOT joined below a single NOT."""
    negated = [each.term for each in terms if isinstance(each, Not)]
    if len(negated) < 2:
        return terms
    return [*(each for each in terms if not isinstance(each, Not)), Not(Or(tuple(negated)))]


def _joined(terms: Iterable[Condition]) -> Iterable[Condition]:
    """Return the terms of an OR; those that look for parts of texts in one list become one term.

    So the elements of the list are unpacked once, not once for each term.
    """
    lists: dict[Keys, list[Some]] = {}
    others: list[Condition] = []
    for term in terms:
        if isinstance(term, Some) and jsonpath.asks(term, INDEXED):
            lists.setdefault(term.keys, []).append(term)
        else:
            others.append(term)
    for same in lists.values():
        inner = same[0].condition if len(same) == 1 else Or(tuple(each.condition for each in same))
        others.append(replace(same[0], condition=inner))
    return others


def _is_nullable(column: Any) -> bool:
    return getattr(column, "nullable", True)
