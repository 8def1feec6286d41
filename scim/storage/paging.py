"""One page of a query, and how many resources match it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, null, select

from scim.protocol.errors import InvalidPathError
from scim.protocol.nodes import And, Not, Or
from scim.protocol.resolve import Compare, Condition, Keys, Some, locate
from scim.protocol.schema import MANAGER, Attribute, ResourceType
from scim.protocol.tolerance import Tolerated

from . import json_each, jsonpath
from .filters import COLUMNS, MANAGED, manager, where
from .membership import first_related
from .resources import TABLES, TOTAL, Stored, rows

LARGEST_OFFSET = 2**62
LOOKED_UP = {
    "User": {("username",), ("externalid",)},
    "Group": {("displayname",), ("externalid",)},
}


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
    table, dialect = TABLES[query.resource_type.name], connection.dialect.name
    if query.offset == 0 and query.limit and (page := _look_up(connection, tenant_id, query)):
        return page
    names = {"tenant_id": tenant_id, "resource_type": query.resource_type.name}
    matching = [table.c.tenant_id == tenant_id]
    if query.condition is not None:
        matching.append(where(query.condition, table, dialect))
    read: Sequence[Any] = ()
    reads = query.limit > 0 and query.offset < LARGEST_OFFSET
    if reads:
        read = connection.execute(_page(query, table, matching, dialect), names).all()
    found = [Stored(*row[:-1]) for row in read]
    if reads and len(found) < query.limit and (found or query.offset == 0):
        return Page(query.offset + len(found), found)
    total = read[0][-1] if read else None
    if total is None:
        counted = select(func.count()).select_from(table).where(*matching)
        total = connection.scalar(TOTAL if query.condition is None else counted, names)
    return Page(int(total or 0), found)


def _look_up(connection: Connection, tenant_id: int, query: Query) -> Page | None:
    """Read what providers ask for before each write: who has this userName, or externalId?

    The statement is built once. Return None if the query is another one, or finds more than one.
    """
    match query.condition:
        case Compare(keys, _, "eq", value) if value and keys in LOOKED_UP[query.resource_type.name]:
            statement = _by_value(query.resource_type.name, keys, query.with_related)
            read = connection.execute(statement, {"tenant_id": tenant_id, "value": value}).all()
            return Page(len(read), [Stored(*row) for row in read]) if len(read) < 2 else None
    return None


@cache
def _by_value(name: str, keys: Keys, with_related: bool) -> Select[Any]:
    table = TABLES[name]
    column = COLUMNS[table.name][keys]
    found = table.c.tenant_id == bindparam("tenant_id"), column == bindparam("value")
    return rows(table, with_related).where(*found).limit(2)


def _page(
    query: Query, table: Any, matching: list[ColumnElement[bool]], dialect: str
) -> Select[Any]:
    """Return the SELECT of a page, with the number of all that match where it costs nothing more.

    What comes before the page is passed over in an index alone.
    """
    value = _sort_value(query, table, dialect) if query.sort else table.c.id
    order = _order(query, value, table.c.id)
    chosen = rows(table, query.with_related).order_by(*order)
    if query.condition is not None and not _has_columns(query.condition, table):
        found = _found(table, matching, value)
        ids = select(found.c.id).order_by(*_order(query, found.c.value, found.c.id))
        total: Any = select(func.count()).select_from(found).scalar_subquery()
    else:
        ids = select(table.c.id).where(*matching).order_by(*order)
        total = TOTAL.scalar_subquery() if query.condition is None else null()
        if not query.offset:
            return chosen.add_columns(total).where(*matching).limit(query.limit)
    ids = ids.limit(query.limit).offset(query.offset)
    return chosen.add_columns(total).where(matching[0], table.c.id.in_(ids))


def _order(query: Query, value: Any, by_id: Any) -> list[Any]:
    if query.sort:
        return [value.desc().nulls_first() if query.descending else value.asc().nulls_last(), by_id]
    return [by_id]


def _found(table: Any, matching: list[ColumnElement[bool]], value: Any) -> Any:
    """Return all that match, found first and put in order afterwards.

    PostgreSQL guesses badly how often a value occurs in ``search``: left to itself, it may read the
    whole directory in order, waiting for enough that match.
    """
    found = select(table.c.id, value.label("value")).where(*matching).cte("found")
    return found.prefix_with("MATERIALIZED", dialect="postgresql")


def _has_columns(condition: Condition, table: Any) -> bool:
    """Tell whether the condition asks for nothing but columns."""
    match condition:
        case And(terms) | Or(terms):
            return all(_has_columns(term, table) for term in terms)
        case Not(term):
            return _has_columns(term, table)
        case Some():
            return False
        case _:
            return condition.keys in COLUMNS[str(table.description)]


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
