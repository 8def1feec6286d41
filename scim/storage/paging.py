"""One page of a query, and how many resources match it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from scim.protocol.errors import InvalidPathError
from scim.protocol.resolve import Condition, locate
from scim.protocol.schema import MANAGER, Attribute, ResourceType
from scim.protocol.tolerance import Tolerated

from . import json_each, jsonpath
from .filters import COLUMNS, MANAGED, manager, where
from .membership import first_related
from .resources import TABLES, TOTAL, Stored, rows

LARGEST_OFFSET = 2**62


@dataclass(frozen=True, slots=True)
class Page:
    """The resources on a page, and the number of all that match."""

    total: int
    resources: Sequence[Stored]


@dataclass(frozen=True, slots=True)
class Query:
    """What to find, in which order, and which part of it; ``offset`` counts from 0."""

    resource_type: ResourceType
    condition: Condition | None = None
    sort: tuple[Attribute, ...] = ()
    descending: bool = False
    offset: int = 0
    limit: int = 100
    with_related: bool = True


def sort_chain(
    sort_by: str, resource_type: ResourceType, tolerated: Tolerated
) -> tuple[Attribute, ...]:
    """Return the attribute that ``sortBy`` names, a complex one by its ``value``.

    :raises InvalidPathError: there is none, or it cannot be sorted by
    """
    chain = locate(sort_by, resource_type, tolerated)
    if chain and chain[-1].type == "complex":
        value = chain[-1].find("value")
        chain = (*chain, value) if value else ()
    if not chain or chain[-1].returned == "never":
        raise InvalidPathError(f"sortBy: {sort_by!r} is not an attribute to sort by")
    return chain


def read_page(connection: Connection, tenant_id: int, query: Query) -> Page:
    """Read one page. The default order is that of the ids, which is that of creation."""
    table = TABLES[query.resource_type.name]
    matching = [table.c.tenant_id == tenant_id]
    if query.condition is not None:
        matching.append(where(query.condition, table, connection.dialect.name))
    found: list[Stored] = []
    if query.limit and query.offset < LARGEST_OFFSET:
        statement = _page(query, table, matching, connection.dialect.name)
        found = [Stored(*row) for row in connection.execute(statement).all()]
    if found and len(found) < query.limit:
        return Page(query.offset + len(found), found)
    if query.condition is None:
        names = {"tenant_id": tenant_id, "resource_type": query.resource_type.name}
        return Page(int(connection.scalar(TOTAL, names) or 0), found)
    counted = select(func.count()).select_from(table).where(*matching)
    return Page(connection.scalar(counted) or 0, found)


def _page(
    query: Query, table: Any, matching: list[ColumnElement[bool]], dialect: str
) -> Select[Any]:
    """Return the SELECT of a page; what comes before it is passed over in an index alone."""
    order = [table.c.id]
    if query.sort:
        value = _sort_value(query, table, dialect)
        directed = value.desc().nulls_first() if query.descending else value.asc().nulls_last()
        order.insert(0, directed)
    elif query.descending:
        order = [table.c.id.desc()]
    chosen = rows(table, query.with_related).order_by(*order)
    if not query.offset:
        return chosen.where(*matching).limit(query.limit)
    ids = select(table.c.id).where(*matching).order_by(*order)
    ids = ids.limit(query.limit).offset(query.offset)
    return chosen.where(and_(matching[0], table.c.id.in_(ids)))


def _sort_value(query: Query, table: Any, dialect: str) -> Any:
    chain, keys = query.sort, tuple(attribute.key for attribute in query.sort)
    columns = COLUMNS[str(table.description)]
    if keys in columns:
        return columns[keys]
    if keys[:-1] == MANAGER and keys[-1:] in MANAGED:
        same = (manager.c.tenant_id == table.c.tenant_id) & (manager.c.id == table.c.manager_id)
        return select(MANAGED[keys[-1:]]).where(same).correlate(table).scalar_subquery()
    if keys[0] in ("members", "groups"):
        return first_related(table, keys[1])
    json = jsonpath if dialect == "postgresql" else json_each
    for index, attribute in enumerate(chain):
        if attribute.multi_valued:
            return json.sort_value(keys[index + 1 :], keys[: index + 1], chain[-1], table.c.search)
    return json.sort_value(keys, None, chain[-1], table.c.search)
