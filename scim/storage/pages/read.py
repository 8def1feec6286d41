"""Pages by index: a page is found by its place among all that match."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONPATH

from scim.protocol.filters.nodes import And, Not, Or
from scim.protocol.filters.resolve import Compare, Condition, Keys, Some
from scim.protocol.schema import ResourceType

from ..anchors import Anchors
from ..database.prepared import Prepared
from ..rows import Stored, select_rows
from ..tables import belongs, kind_of, table_of
from ..totals import select_total
from .filters import columns_of, equality
from .groups import resources_in, select_page_rows
from .jsonpath import meets
from .listing import LIMIT, SKIPPED, list_onward, list_page, lists
from .query import (
    LARGEST_OFFSET,
    Found,
    Page,
    Query,
    Selection,
    count_rows,
    matching_rows,
    sort_value,
)
from .walking import walk


def read_page(connection: sa.Connection, tenant_id: int, query: Query, anchors: Anchors) -> Page:
    """Read one page; the default order is that of ids, which is that of creation."""
    if lists(query):
        if query.walks:
            return list_onward(connection, tenant_id, query)
        return list_page(connection, tenant_id, query, anchors)
    if query.walks or len(query.selections) != 1:
        return walk(connection, tenant_id, query)
    [selection] = query.selections
    reads = query.limit > 0 and query.offset < LARGEST_OFFSET
    if reads and (page := _found_at_once(connection, tenant_id, query)):
        return page
    matching = matching_rows(selection, connection.dialect.name)
    read: Sequence[Any] = ()
    if reads:
        page_of = _select_page(query, selection, matching, connection.dialect.name)
        read = connection.execute(page_of, {"tenant": tenant_id}).all()
    stored = resources_in(connection, tenant_id, selection, read)
    found = [Found(selection.resource_type, each) for each in stored]
    if reads and len(found) < query.limit and (found or query.offset == 0):
        return Page(query.offset + len(found), found)
    number = read[0][-1] if read else None
    return Page(count_rows(connection, tenant_id, query) if number is None else int(number), found)


def _found_at_once(connection: sa.Connection, tenant_id: int, query: Query) -> Page | None:
    """Read a page by a statement that was built before; return None if none fits the query."""
    [selection] = query.selections
    if query.offset == 0 and (page := _look_up(connection, tenant_id, selection)):
        return page
    if connection.dialect.name == "postgresql":
        return _equal(connection, tenant_id, query)
    return None


def _look_up(connection: sa.Connection, tenant_id: int, selection: Selection) -> Page | None:
    """Read the resource with this userName or externalId, which providers ask for before a write.

    Return None if the query asks for something else, or finds more than one.
    """
    resource_type = selection.resource_type
    match selection.condition:
        case Compare(keys, _, "eq", value) if value and keys in kind_of(resource_type).looked_up:
            statement = _select_by_value(resource_type, keys, selection.with_related)
            read = statement.rows(connection, {"tenant": tenant_id, "value": value})
            found = [Found(resource_type, Stored(*row)) for row in read]
            return Page(len(found), found) if len(found) < 2 else None
    return None


@cache
def _select_by_value(resource_type: ResourceType, keys: Keys, with_related: bool) -> Prepared:
    found = belongs(resource_type), columns_of(resource_type)[keys] == sa.bindparam("value")
    return Prepared(
        select_rows(resource_type, with_related).where(*found).limit(sa.literal_column("2"))
    )


def _equal(connection: sa.Connection, tenant_id: int, query: Query) -> Page | None:
    """Read the resources that have some value, by PostgreSQL's index of ``search``.

    Return None if the query asks for something else. Return it also for an empty later page, the
    total of which needs a count.
    """
    [selection] = query.selections
    path = equality(selection.condition, selection.resource_type)
    if path is None or query.sorts:
        return None
    names = {"tenant": tenant_id, "path": path, "limit": query.limit, "skipped": query.offset}
    statement = _select_by_path(selection.resource_type, selection.with_related)
    read = statement.rows(connection, names)
    found = [Found(selection.resource_type, Stored(*row[:-1])) for row in read]
    if read or not query.offset:
        return Page(read[0][-1] if read else 0, found)
    return None


@cache
def _select_by_path(resource_type: ResourceType, with_related: bool) -> Prepared:
    table = table_of(resource_type)
    # The condition is repeated on purpose: twice 1 % selectivity makes PostgreSQL's planner choose
    # the GIN index instead of walking all ids.
    rare = [meets(table.c.search, sa.bindparam("path", type_=JSONPATH()))] * 2
    found = _found(table, [belongs(resource_type), *rare], table.c.id)
    ids = sa.select(found.c.id).order_by(found.c.id).limit(LIMIT).offset(SKIPPED)
    number = sa.select(sa.func.count()).select_from(found).scalar_subquery()
    chosen = select_rows(resource_type, with_related).add_columns(number).order_by(table.c.id)
    return Prepared(chosen.where(belongs(resource_type), table.c.id.in_(ids)))


def _select_page(
    query: Query, selection: Selection, matching: list[sa.ColumnElement[bool]], dialect: str
) -> sa.Select[Any]:
    """Return the SELECT of a page, with the total where that costs nothing more.

    Rows before the page are skipped in an index alone.
    """
    table = table_of(selection.resource_type)
    value = sort_value(selection, dialect) if query.sorts else table.c.id
    order = _order(query, value, table.c.id)
    chosen = select_page_rows(selection).order_by(*order)
    condition = selection.condition
    if condition is not None and not _has_columns(condition, selection.resource_type):
        found = _found(table, matching, value)
        ids = sa.select(found.c.id).order_by(*_order(query, found.c.value, found.c.id))
        number: Any = sa.select(sa.func.count()).select_from(found).scalar_subquery()
    else:
        ids = sa.select(table.c.id).where(*matching).order_by(*order)
        known = select_total(selection.resource_type)
        number = known if condition is None else sa.null()
        if not query.offset:
            return chosen.add_columns(number).where(*matching).limit(query.limit)
    ids = ids.limit(query.limit).offset(query.offset)
    return chosen.add_columns(number).where(matching[0], table.c.id.in_(ids))


def _order(query: Query, value: Any, by_id: Any) -> list[Any]:
    if query.sorts:
        return [value.desc().nulls_first() if query.descending else value.asc().nulls_last(), by_id]
    return [by_id]


def _found(table: Any, matching: list[sa.ColumnElement[bool]], value: Any) -> Any:
    """Return the ids of all that match, found first and put in order afterwards.

    PostgreSQL guesses badly how often a value occurs in ``search``, or a part of a text anywhere.
    Without this hint it may read the whole directory in order until enough rows match.
    """
    found = sa.select(table.c.id, value.label("value")).where(*matching).cte("found")
    return found.prefix_with("MATERIALIZED", dialect="postgresql")


def _has_columns(condition: Condition, resource_type: ResourceType) -> bool:
    """Tell whether the condition asks columns alone, and not for parts of texts."""
    match condition:
        case And(terms) | Or(terms):
            return all(_has_columns(term, resource_type) for term in terms)
        case Not(term):
            return _has_columns(term, resource_type)
        case Some():
            return False
        case Compare(_, _, "co" | "sw" | "ew"):
            return False
        case _:
            return condition.keys in columns_of(resource_type)
