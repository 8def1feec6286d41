"""Queries of one resource type or several, and the pages that answer them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scim.protocol.errors import InvalidPathError
from scim.protocol.filters.resolve import Chain, Compare, Condition, locate
from scim.protocol.references import server_made
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated

from ..references import referred
from ..relations import select_first_related
from ..rows import Stored
from ..tables import belongs, kind_of, table_of
from ..totals import select_total
from . import json_each, jsonpath
from .filters import columns_of, where

LARGEST_OFFSET = 2**62  # of a page that can have anything on it


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an order: after the resource with this value and id, or before it (backward)."""

    value: str | int | float | None
    id: str
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """The condition on resources of one type, and the attribute to sort them by."""

    resource_type: ResourceType
    condition: Condition | None = None
    sort: Chain = ()
    with_related: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """A query for one page; ``offset`` counts from 0.

    With ``walks`` the page begins at ``position``, or at the beginning if that is None.
    """

    selections: tuple[Selection, ...]
    descending: bool = False
    offset: int = 0
    limit: int = 100
    walks: bool = False
    position: Position | None = None
    with_total: bool = True

    @property
    def sorts(self) -> bool:
        """Whether the client chose an order; otherwise ids give that of creation."""
        return any(selection.sort for selection in self.selections)

    @property
    def is_expensive(self) -> bool:
        """Whether the query itself can take long: no row is looked up by its name or id."""
        return self.sorts or any(map(_is_sought, self.selections))


@dataclass(frozen=True, slots=True)
class Found:
    """A resource on a page."""

    resource_type: ResourceType
    stored: Stored


@dataclass(frozen=True, slots=True)
class Page:
    """One page; ``total`` counts all that match, ``goes_on`` tells whether more come after it.

    ``first`` and ``last`` are the positions of the first and the last resource on it.
    """

    total: int
    resources: Sequence[Found]
    goes_on: bool = False
    first: Position | None = None
    last: Position | None = None


def _is_sought(selection: Selection) -> bool:
    match selection.condition:
        case None:
            return False
        case Compare(keys, _, "eq"):
            return keys not in columns_of(selection.resource_type)
    return True


def sort_chain(sort_by: str, resource_type: ResourceType, tolerated: Tolerated) -> Chain:
    """Return the attribute that ``sortBy`` names, a complex one by its ``value``.

    :raises InvalidPathError: there is none, or it cannot be sorted by
    """
    if resource_type.part_of:
        raise InvalidPathError("memberships come in the order of their ids; leave sortBy out")
    chain = locate(sort_by, resource_type, tolerated)
    if chain and chain[-1].type == "complex":
        value = chain[-1].find("value")
        chain = (*chain, value) if value else ()
    if not chain or any(attribute.returned == "never" for attribute in chain):
        raise InvalidPathError(f"sortBy: {sort_by!r} is not an attribute to sort by")
    return chain


def matching_rows(selection: Selection, dialect: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on the rows of a selection."""
    matching = [belongs(selection.resource_type)]
    if selection.condition is not None:
        matching.append(where(selection.condition, selection.resource_type, dialect))
    return matching


def count_rows(connection: sa.Connection, tenant_id: int, query: Query) -> int:
    """Count the resources that match; without a condition the total is stored."""
    counts: list[Any] = []
    for selection in query.selections:
        if selection.condition is None:
            counts.append(select_total(selection.resource_type))
        else:
            matching = matching_rows(selection, connection.dialect.name)
            counted = sa.select(sa.func.count()).select_from(table_of(selection.resource_type))
            counts.append(counted.where(*matching).scalar_subquery())
    number = sa.select(sum(counts[1:], counts[0])) if counts else sa.select(sa.literal(0))
    return int(connection.scalar(number, {"tenant": tenant_id}) or 0)


def column_of(selection: Selection) -> Any:
    """Return the column to sort by, or None if the value is in no column."""
    keys = tuple(attribute.key for attribute in selection.sort)
    return columns_of(selection.resource_type).get(keys)


def sort_value(selection: Selection, dialect: str) -> Any:
    """Return the expression that the rows of a selection are sorted by."""
    if (column := column_of(selection)) is not None:
        return column
    chain, keys = selection.sort, tuple(attribute.key for attribute in selection.sort)
    resource_type = selection.resource_type
    table = table_of(resource_type)
    if reference := server_made(keys, resource_type.references):
        found = [each.of(table, each.columns[keys[-1:]]) for each in referred(reference)]
        return (found[0] if len(found) == 1 else sa.union_all(*found)).scalar_subquery()
    if keys[0] == kind_of(resource_type).related:
        return select_first_related(resource_type, keys[1])
    json = jsonpath if dialect == "postgresql" else json_each
    for index, attribute in enumerate(chain):
        if attribute.multi_valued:
            return json.sort_value(keys[index + 1 :], keys[: index + 1], chain[-1], table.c.search)
    return json.sort_value(keys, None, chain[-1], table.c.search)
