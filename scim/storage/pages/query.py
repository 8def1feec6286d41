"""What a query asks for, of one resource type or several, and what answers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scim.protocol.errors import InvalidPathError
from scim.protocol.filters.resolve import Chain, Condition, locate
from scim.protocol.references import server_made
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated

from ..relations import RELATED, first_related, referred
from ..rows import Stored, total
from ..tables import belongs, table_of
from . import json_each, jsonpath
from .filters import columns_of, where

LARGEST_OFFSET = 2**62  # of a page that can have anything on it


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an order: behind the resource with this value and id, or before it, going back."""

    value: str | int | float | None
    id: str
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """What to find of one resource type, and by which of its attributes to sort."""

    resource_type: ResourceType
    condition: Condition | None = None
    sort: Chain = ()
    with_related: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """What to find, in which order, and which part of it; ``offset`` counts from 0.

    With ``walks`` the part begins at ``position``, or at the beginning without one.
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
        """Whether there is an order beside that of the ids, which is that of creation."""
        return any(selection.sort for selection in self.selections)


@dataclass(frozen=True, slots=True)
class Found:
    """A resource on a page."""

    resource_type: ResourceType
    stored: Stored


@dataclass(frozen=True, slots=True)
class Page:
    """The resources on a page, the number of all that match, and whether the walk goes on.

    ``first`` and ``last`` are where the page begins and ends.
    """

    total: int
    resources: Sequence[Found]
    goes_on: bool = False
    first: Position | None = None
    last: Position | None = None


def sort_chain(sort_by: str, resource_type: ResourceType, tolerated: Tolerated) -> Chain:
    """Return the attribute that ``sortBy`` names, a complex one by its ``value``.

    :raises InvalidPathError: there is none, or it cannot be sorted by
    """
    chain = locate(sort_by, resource_type, tolerated)
    if chain and chain[-1].type == "complex":
        value = chain[-1].find("value")
        chain = (*chain, value) if value else ()
    if not chain or any(attribute.returned == "never" for attribute in chain):
        raise InvalidPathError(f"sortBy: {sort_by!r} is not an attribute to sort by")
    return chain


def matching_rows(selection: Selection, dialect: str) -> list[sa.ColumnElement[bool]]:
    """Return what the rows of a selection meet."""
    matching = [belongs(selection.resource_type)]
    if selection.condition is not None:
        matching.append(where(selection.condition, selection.resource_type, dialect))
    return matching


def count_rows(connection: sa.Connection, tenant_id: int, query: Query) -> int:
    """Count what matches; without a condition that is known."""
    counts: list[Any] = []
    for selection in query.selections:
        if selection.condition is None:
            counts.append(total(selection.resource_type).scalar_subquery())
        else:
            matching = matching_rows(selection, connection.dialect.name)
            counted = sa.select(sa.func.count()).select_from(table_of(selection.resource_type))
            counts.append(counted.where(*matching).scalar_subquery())
    number = sa.select(sum(counts[1:], counts[0])) if counts else sa.select(sa.literal(0))
    return int(connection.scalar(number, {"tenant": tenant_id}) or 0)


def column_of(selection: Selection) -> Any:
    """Return the column to sort by; None if the value is not in one."""
    keys = tuple(attribute.key for attribute in selection.sort)
    return columns_of(selection.resource_type).get(keys)


def sort_value(selection: Selection, dialect: str) -> Any:
    """Return what the rows of a selection are sorted by."""
    if (column := column_of(selection)) is not None:
        return column
    chain, keys = selection.sort, tuple(attribute.key for attribute in selection.sort)
    resource_type = selection.resource_type
    table = table_of(resource_type)
    if reference := server_made(keys, resource_type.references):
        found = [each.of(table, each.columns[keys[-1:]]) for each in referred(reference)]
        return (found[0] if len(found) == 1 else sa.union_all(*found)).scalar_subquery()
    if keys[0] == RELATED.get(resource_type.name):
        return first_related(resource_type, keys[1])
    json = jsonpath if dialect == "postgresql" else json_each
    for index, attribute in enumerate(chain):
        if attribute.multi_valued:
            return json.sort_value(keys[index + 1 :], keys[: index + 1], chain[-1], table.c.search)
    return json.sort_value(keys, None, chain[-1], table.c.search)
