"""Walks: pages of several types, and pages that begin at the position in a cursor.

Such a page costs the same however far the walk has come. Resources that are created or deleted
meanwhile make it miss nothing else.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from ..rows import Stored
from ..tables import among, belongs, table_of
from .groups import resources_in, select_page_rows
from .query import (
    LARGEST_OFFSET,
    Found,
    Page,
    Position,
    Query,
    Selection,
    column_of,
    count_rows,
    matching_rows,
    sort_value,
)

LONGEST_POSITION = 300  # characters of a value in a cursor; equal beginnings are ordered by id


def walk(connection: sa.Connection, tenant_id: int, query: Query) -> Page:
    """Read a page of several types, or one from a position: first the ids, then the rows."""
    number = count_rows(connection, tenant_id, query) if query.with_total else 0
    if not query.limit or query.offset >= LARGEST_OFFSET or not query.selections:
        return Page(number, ())
    found = _select_ids(query, connection.dialect.name)
    placed = connection.execute(found, {"tenant": tenant_id}).all()
    goes_on, placed = len(placed) > query.limit, placed[: query.limit]
    if query.position and query.position.backward:
        placed = placed[::-1]
    stored = dict(_read_rows(connection, tenant_id, query, placed))
    resources = [
        Found(query.selections[row.place].resource_type, stored[row.id])
        for row in placed
        if row.id in stored  # it may just have been deleted
    ]
    ends = [Position(_portable(row.value), row.id) for row in placed]
    return Page(number, resources, goes_on, *(ends[:1] + ends[-1:]))


def _select_ids(query: Query, dialect: str) -> sa.Select[Any]:
    """Return the SELECT of ids in order, each with its selection's number and its sort value."""
    sorts = [selection.sort[-1].type for selection in query.selections if selection.sort]
    numeric = bool(sorts) and all(kind in ("integer", "decimal") for kind in sorts)
    found = [
        _select_part(query, place, _comparable(selection, numeric, dialect), dialect)
        for place, selection in enumerate(query.selections)
    ]
    if len(found) == 1:
        return found[0].offset(query.offset or None)
    every = sa.union_all(*(sa.select(part.subquery()) for part in found)).subquery()
    chosen = sa.select(every.c.place, every.c.id, every.c.value)
    chosen = chosen.order_by(*_order(query, every.c.value, every.c.id))
    return chosen.limit(query.limit + query.walks).offset(query.offset or None)


def _select_part(query: Query, place: int, value: Any, dialect: str) -> sa.Select[Any]:
    """Return the SELECT of as many ids of one selection as the page may need."""
    selection = query.selections[place]
    by_id = table_of(selection.resource_type).c.id
    most = query.limit + query.walks
    if len(query.selections) > 1:
        most += query.offset
    chosen = sa.select(
        sa.literal(place, sa.Integer).label("place"), by_id.label("id"), value.label("value")
    ).where(*matching_rows(selection, dialect))
    if query.position is not None:
        chosen = chosen.where(_beyond(query, selection, value, by_id))
    return chosen.order_by(*_order(query, value, by_id)).limit(most)


def _rises(query: Query) -> bool:
    backward = query.position is not None and query.position.backward
    return query.descending == backward


def _order(query: Query, value: Any, by_id: Any) -> list[Any]:
    """Return the order of a walk, reversed when it goes backward."""
    forward = query.position is None or not query.position.backward
    order = [by_id.asc() if forward else by_id.desc()]
    if query.sorts:
        value = value.asc().nulls_last() if _rises(query) else value.desc().nulls_first()
        order.insert(0, value)
    return order


def _comparable(selection: Selection, numeric: bool, dialect: str) -> Any:
    """Return the sort value, of one SQL type for all selections and short enough for a cursor."""
    number = sa.Numeric() if dialect == "postgresql" else sa.Float()  # SQLite has no decimals
    if not selection.sort:
        return sa.cast(sa.null(), number if numeric else sa.Text())
    value = sort_value(selection, dialect)
    if numeric:
        return sa.type_coerce(value, number)
    if column_of(selection) is None:
        value = sa.func.substr(sa.cast(value, sa.Text), 1, LONGEST_POSITION)
    return sa.cast(value, sa.Text).collate("C") if dialect == "postgresql" else value


def _beyond(query: Query, selection: Selection, value: Any, by_id: Any) -> sa.ColumnElement[bool]:
    """Return whether a row comes after the query's position; NULL comes after all values.

    A column without NULL is compared in a form that lets an index lead to the first such row.
    """
    position = query.position
    assert position is not None
    behind: sa.ColumnElement[bool] = (
        by_id < position.id if position.backward else by_id > position.id
    )
    if not query.sorts:
        return behind
    rising = _rises(query)
    if position.value is None:
        equal = sa.and_(value.is_(None), behind)
        return equal if rising else sa.or_(value.is_not(None), equal)
    is_decimal = isinstance(value.type, sa.Numeric) and isinstance(position.value, str)
    known = Decimal(position.value) if is_decimal else position.value
    if not getattr(column_of(selection), "nullable", True):
        return sa.and_(value >= known if rising else value <= known, sa.or_(value != known, behind))
    equal = sa.and_(value == known, behind)
    return sa.or_(value > known, value.is_(None), equal) if rising else sa.or_(value < known, equal)


def _portable(value: Any) -> str | int | float | None:
    """Return a sort value in a type of JSON."""
    return str(value) if isinstance(value, Decimal) else value


def _read_rows(
    connection: sa.Connection, tenant_id: int, query: Query, placed: Sequence[Any]
) -> Iterator[tuple[str, Stored]]:
    for place, selection in enumerate(query.selections):
        ids = [row.id for row in placed if row.place == place]
        if ids:
            named = select_page_rows(selection).where(
                belongs(selection.resource_type), among(table_of(selection.resource_type).c.id)
            )
            read = connection.execute(named, {"tenant": tenant_id, "ids": ids}).all()
            for stored in resources_in(connection, tenant_id, selection, read):
                yield stored.id, stored
