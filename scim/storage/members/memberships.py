"""Memberships as resources: a row of ``link``, or a direct row of ``nesting``.

They come in the order of their ids, by group and then by member. Both tables have that order in
their primary keys, so the database reads a page from indexes, wherever it is.
"""

import json
import operator
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from scim.protocol.filters.nodes import And, Not, Or
from scim.protocol.filters.resolve import NOTHING, Compare, Condition
from scim.protocol.schema import ENDPOINTS, GROUP, GROUP_MEMBERSHIP
from scim.protocol.values import PLACEHOLDER

from ..anchors import Anchors
from ..database.prepared import Prepared
from ..keys import FIRST_ID, is_id, next_id
from ..pages.query import LARGEST_OFFSET, Found, Page, Position, Query
from ..rows import Stored
from ..totals import select_shifts, select_total
from .pairs import Beyond, select_page, select_pairs

ID = re.compile(r"([0-9a-f-]{36})\.([0-9a-f-]{36})", re.ASCII)
NOWHERE = f"{FIRST_ID}.{FIRST_ID}"
SETTLED = f"ffffffff-ffff-7fff{FIRST_ID[18:]}"  # each change shifts, so no place has to settle
MEMBERSHIP_VERSION = 1  # a membership never changes


class Row(NamedTuple):
    """A membership with its names, and the numbers beside each row of a page of all."""

    group_id: str
    member_id: str
    type: str
    group_display: str
    member_display: str | None
    joined: str | None
    total: int = 0
    shifts: int = 0


def joined_id(group_id: str, member_id: str) -> str:
    """Return the id of a membership."""
    return f"{group_id}.{member_id}"


def parted(membership_id: str) -> tuple[str, str]:
    """Return the ids of the group and the member; empty texts if it can be no membership's id."""
    found = ID.fullmatch(membership_id)
    return (found[1], found[2]) if found and all(map(is_id, found.groups())) else ("", "")


def find_membership(connection: sa.Connection, tenant_id: int, membership_id: str) -> Stored | None:
    """Return the membership with an id, or None."""
    if not parted(membership_id)[0]:
        return None
    names = {"tenant": tenant_id, **_bounds(1), **_start(membership_id)}
    rows = _select_page(connection.dialect.name, operator.eq).rows(connection, names)
    return _stored(Row(*rows[0])) if rows else None


def read_memberships(
    connection: sa.Connection, tenant_id: int, query: Query, anchors: Anchors
) -> Page:
    """Read one page of memberships.

    :raises InvalidFilterError: the filter asks for what no column has
    """
    [selection] = query.selections
    if selection.condition is not None:
        return _filtered(connection, tenant_id, query, selection.condition)
    reads = query.limit > 0 and query.offset < LARGEST_OFFSET
    if not reads:
        return Page(_total(connection, tenant_id), ())
    return (
        _onward(connection, tenant_id, query)
        if query.walks
        else _at_index(connection, tenant_id, query, anchors)
    )


def _total(connection: sa.Connection, tenant_id: int) -> int:
    [[total]] = SELECT_TOTAL.rows(connection, {"tenant": tenant_id})
    return int(total)


def _at_index(connection: sa.Connection, tenant_id: int, query: Query, anchors: Anchors) -> Page:
    """Read a page by its index from the nearest remembered place, and remember its ends."""
    kind = tenant_id, GROUP_MEMBERSHIP.name
    anchor = anchors.before(kind, query.offset)

    def rows_from(offset: int, start: str) -> Sequence[Row]:
        names = {"tenant": tenant_id, **_bounds(query.limit, query.offset - offset)}
        page = _select_page(connection.dialect.name, operator.ge if offset else None)
        return [Row(*row) for row in page.rows(connection, names | _start(start))]

    rows = rows_from(anchor.offset, anchor.id) if anchor else ()
    if anchor and (not rows or rows[0].shifts != anchor.shifts):
        anchor = None
    if not anchor:
        rows = rows_from(0, NOWHERE)
    if not rows:
        return Page(_total(connection, tenant_id), ())
    found = [_stored(row) for row in rows]
    ends = query.offset + len(found)
    places = [(query.offset, found[0].id), (ends, next_id(found[-1].id))]
    anchors.remember(kind, int(rows[0].shifts), SETTLED, places)
    return Page(int(rows[0].total), _shown(found))


def _onward(connection: sa.Connection, tenant_id: int, query: Query) -> Page:
    """Read a page that begins at a position."""
    beyond = _beyond(query)
    names: dict[str, Any] = {"tenant": tenant_id, **_bounds(query.limit + 1)}
    names |= _start(query.position.id if query.position else NOWHERE)
    rows = [
        Row(*row) for row in _select_page(connection.dialect.name, beyond).rows(connection, names)
    ]
    total = int(rows[0].total) if rows else _total(connection, tenant_id)
    return _page(query, total, rows)


def _filtered(
    connection: sa.Connection, tenant_id: int, query: Query, condition: Condition
) -> Page:
    """Read a page of the memberships that meet a condition."""
    dialect = connection.dialect.name
    condition = _by_pair(condition)
    names: dict[str, Any] = {"tenant": tenant_id}
    total = 0
    if query.with_total:
        matching = select_pairs(dialect, condition).subquery()
        counted = sa.select(sa.func.count()).select_from(matching)
        total = connection.scalar(counted, names) or 0
    if query.limit <= 0 or query.offset >= LARGEST_OFFSET:
        return Page(total, ())
    beyond = _beyond(query) if query.walks else None
    names |= _bounds(query.limit + query.walks, query.offset)
    names |= _start(query.position.id if query.position else NOWHERE)
    page = select_page(dialect, condition, beyond)
    rows = [Row(*row) for row in connection.execute(page, names)]
    return _page(query, total, rows)


def _beyond(query: Query) -> Beyond:
    if query.position is None:
        return None
    return operator.lt if query.position.backward else operator.gt


def _page(query: Query, total: int, rows: Sequence[Row]) -> Page:
    """Return the page that rows are, one of which may be beyond its end."""
    goes_on, rows = len(rows) > query.limit, rows[: query.limit]
    if _beyond(query) is operator.lt:
        rows = rows[::-1]
    found = [_stored(row) for row in rows]
    ends = [Position(None, each.id) for each in found]
    return Page(total, _shown(found), goes_on, *(ends[:1] + ends[-1:]))


def _shown(found: Sequence[Stored]) -> list[Found]:
    return [Found(GROUP_MEMBERSHIP, each) for each in found]


def _bounds(limit: int, skipped: int = 0) -> dict[str, int]:
    return {"limit": limit, "skipped": skipped, "within": limit + skipped}


def _start(membership_id: str) -> dict[str, str]:
    group_id, member_id = membership_id.split(".")
    return {"group_start": group_id, "member_start": member_id}


def _stored(row: Row) -> Stored:
    """Return a membership as any other resource."""
    own = joined_id(row.group_id, row.member_id)
    body = {
        "schemas": [GROUP_MEMBERSHIP.schema.id],
        "id": own,
        "group": _side(GROUP.name, row.group_id, row.group_display),
        "member": _side(row.type, row.member_id, row.member_display) | {"type": row.type},
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    at = row.joined or ""
    return Stored(own, text.replace(ESCAPED, PLACEHOLDER), MEMBERSHIP_VERSION, at, at)


ESCAPED = json.dumps(PLACEHOLDER)[1:-1]


def _side(type_name: str, resource_id: str, display: str | None) -> dict[str, str]:
    side = {"value": resource_id, "$ref": f"{PLACEHOLDER}{ENDPOINTS[type_name]}/{resource_id}"}
    return side | ({"display": display} if display is not None else {})


@cache
def _select_page(dialect: str, beyond: Beyond) -> Prepared:
    """Return the SELECT of a page of all memberships, each row with the total and the shifts."""
    chosen = select_page(dialect, None, beyond)
    total, shifts = (each(GROUP_MEMBERSHIP) for each in (select_total, select_shifts))
    return Prepared(chosen.add_columns(total.label("total"), shifts.label("shifts")))


def _by_pair(condition: Condition) -> Condition:
    """Return the condition with the two ids in an id, which indexes lead to."""
    match condition:
        case And(terms):
            return And(tuple(map(_by_pair, terms)))
        case Or(terms):
            return Or(tuple(map(_by_pair, terms)))
        case Not(term):
            return Not(_by_pair(term))
        case Compare(("id",), _, "eq", str(value)):
            both = zip(("group", "member"), parted(value), strict=True)
            ends = [replace(condition, keys=(name, "value"), value=each) for name, each in both]
            return And(tuple(ends)) if parted(value)[0] else NOTHING
    return condition


SELECT_TOTAL = Prepared(sa.select(select_total(GROUP_MEMBERSHIP)))
