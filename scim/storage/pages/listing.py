"""Pages of all resources of a type in the order of their ids: one statement each, built once.

A page by index starts at the nearest remembered place, the first one at the beginning of the table.
A page by cursor starts at its position.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.schema import ResourceType

from ..anchors import Anchor, Anchors
from ..database.prepared import Prepared
from ..keys import next_id
from ..rows import Stored
from ..tables import among, belongs, table_of, users
from ..totals import select_last, select_shifts, select_total
from .groups import resources_in, select_page_rows
from .query import LARGEST_OFFSET, Found, Page, Position, Query, Selection

START: Any = sa.bindparam("start", type_=users.c.id.type)
LIMIT: Any = sa.bindparam("limit")
SKIPPED: Any = sa.bindparam("skipped")

Beyond = Callable[[Any, Any], Any]  # how the ids on a page compare with where it starts


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Numbers that are read beside a page: the total, the shifts, the last id of the type."""

    total: int
    shifts: int
    last: str


def lists(query: Query) -> bool:
    """Tell whether a query asks for all resources of one type, in the order of their ids."""
    return (
        [selection.condition for selection in query.selections] == [None]
        and not query.sorts
        and query.limit > 0
        and query.offset < (1 if query.walks else LARGEST_OFFSET)
    )


def list_page(connection: sa.Connection, tenant_id: int, query: Query, anchors: Anchors) -> Page:
    """Read a page by its index, and remember where it begins and ends."""
    [selection] = query.selections
    kind = tenant_id, selection.resource_type.name
    anchor = anchors.before(kind, query.offset)
    read, numbers = _read_from(connection, tenant_id, query, anchor)
    if anchor and numbers.shifts != anchor.shifts:
        read, numbers = _read_from(connection, tenant_id, query, None)
    if read:
        ends = query.offset + len(read)
        places = [(query.offset, read[0].id), (ends, next_id(read[-1].id))]
        anchors.remember(kind, numbers.shifts, numbers.last, places)
    return Page(numbers.total, [Found(selection.resource_type, stored) for stored in read])


def _read_from(
    connection: sa.Connection, tenant_id: int, query: Query, anchor: Anchor | None
) -> tuple[Sequence[Stored], _Numbers]:
    """Return the resources on a page and the numbers beside them.

    Resources between the anchor and the page are skipped in an index alone.
    """
    skipped = query.offset - (anchor.offset if anchor else 0)
    [selection] = query.selections
    statement = _select_page(selection, operator.ge if anchor else None, skips=skipped > 0)
    names = {"tenant": tenant_id, "limit": query.limit, "skipped": skipped}
    start = {"start": anchor and anchor.id}
    return _read(connection, statement, names | start, selection)


def list_onward(connection: sa.Connection, tenant_id: int, query: Query) -> Page:
    """Read a page that begins at a position, which is an id."""
    [selection] = query.selections
    position, beyond = query.position, None
    if position:
        beyond = operator.lt if position.backward else operator.gt
    statement = _select_page(selection, beyond)
    names = {"tenant": tenant_id, "limit": query.limit + 1, "start": position and position.id}
    read, numbers = _read(connection, statement, names, selection)
    goes_on, read = len(read) > query.limit, read[: query.limit]
    if beyond is operator.lt:
        read = read[::-1]
    found = [Found(selection.resource_type, stored) for stored in read]
    ends = [Position(None, stored.id) for stored in read]
    return Page(numbers.total, found, goes_on, *(ends[:1] + ends[-1:]))


@cache
def _select_page(selection: Selection, beyond: Beyond | None, skips: bool = False) -> Prepared:
    """Return the SELECT of a page, each row with ``_Numbers``."""
    resource_type = selection.resource_type
    table = table_of(resource_type)
    matching = [belongs(resource_type)]
    if beyond:
        matching.append(beyond(table.c.id, START))
    chosen = select_page_rows(selection).add_columns(*_numbers(resource_type))
    chosen = chosen.order_by(table.c.id.desc() if beyond is operator.lt else table.c.id)
    if not skips:
        return Prepared(chosen.where(*matching).limit(LIMIT))
    ids = sa.select(table.c.id).where(*matching).order_by(table.c.id).limit(LIMIT).offset(SKIPPED)
    return Prepared(chosen.where(belongs(resource_type), among(table.c.id, ids)))


@cache
def _select_numbers(resource_type: ResourceType) -> Prepared:
    return Prepared(sa.select(*_numbers(resource_type)))


def _numbers(resource_type: ResourceType) -> list[sa.ScalarSelect[Any]]:
    return [each(resource_type) for each in (select_total, select_shifts, select_last)]


def _read(
    connection: sa.Connection, statement: Prepared, names: dict[str, Any], selection: Selection
) -> tuple[Sequence[Stored], _Numbers]:
    """Return the resources that a statement finds, and the numbers, also if it finds none."""
    read = statement.rows(connection, names)
    [total, shifts, last] = (
        read or _select_numbers(selection.resource_type).rows(connection, names)
    )[0][-3:]
    found = resources_in(connection, names["tenant"], selection, read)
    return found, _Numbers(int(total), int(shifts), last)
