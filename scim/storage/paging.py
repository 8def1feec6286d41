"""One page of a query, and how many resources match it.

A page is found by its place among all that match (``offset``) or by the resource that it begins
behind (``position``, for cursors): that costs the same however far the walk has come, and misses
nothing when others come and go.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Integer,
    Numeric,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from scim.protocol.errors import InvalidPathError
from scim.protocol.nodes import And, Not, Or
from scim.protocol.resolve import Chain, Compare, Condition, Keys, Some, locate
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated

from . import json_each, jsonpath
from .filters import columns_of, where
from .relations import RELATED, first_related, referred
from .resources import Stored, rows, total
from .tables import among, belongs, table_of

LARGEST_OFFSET = 2**62
LONGEST_POSITION = 300  # characters of a value in a cursor; those that agree so far go by id
LOOKED_UP = {
    "User": {("username",), ("externalid",)},
    "Group": {("displayname",), ("externalid",)},
}


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


def read_page(connection: Connection, tenant_id: int, query: Query) -> Page:
    """Read one page. The default order is that of the ids, which is that of creation."""
    if query.walks or len(query.selections) != 1:
        return _walk(connection, tenant_id, query)
    [selection] = query.selections
    if query.offset == 0 and query.limit and (page := _look_up(connection, tenant_id, selection)):
        return page
    matching = _matching(selection, connection.dialect.name)
    read: Sequence[Any] = ()
    reads = query.limit > 0 and query.offset < LARGEST_OFFSET
    if reads:
        page_of = _page(query, selection, matching, connection.dialect.name)
        read = connection.execute(page_of, {"tenant": tenant_id}).all()
    found = [Found(selection.resource_type, Stored(*row[:-1])) for row in read]
    if reads and len(found) < query.limit and (found or query.offset == 0):
        return Page(query.offset + len(found), found)
    number = read[0][-1] if read else None
    return Page(_count(connection, tenant_id, query) if number is None else int(number), found)


def _matching(selection: Selection, dialect: str) -> list[ColumnElement[bool]]:
    matching = [belongs(selection.resource_type)]
    if selection.condition is not None:
        matching.append(where(selection.condition, selection.resource_type, dialect))
    return matching


def _count(connection: Connection, tenant_id: int, query: Query) -> int:
    """Count what matches; without a condition that is known."""
    counts: list[Any] = []
    for selection in query.selections:
        if selection.condition is None:
            counts.append(total(selection.resource_type).scalar_subquery())
        else:
            matching = _matching(selection, connection.dialect.name)
            counted = select(func.count()).select_from(table_of(selection.resource_type))
            counts.append(counted.where(*matching).scalar_subquery())
    number = select(sum(counts[1:], counts[0])) if counts else select(literal(0))
    return int(connection.scalar(number, {"tenant": tenant_id}) or 0)


def _look_up(connection: Connection, tenant_id: int, selection: Selection) -> Page | None:
    """Read what providers ask for before each write: who has this userName, or externalId?

    The statement is built once. Return None if the query is another one, or finds more than one.
    """
    resource_type = selection.resource_type
    match selection.condition:
        case Compare(keys, _, "eq", value) if value and keys in LOOKED_UP.get(
            resource_type.name, ()
        ):
            statement = _by_value(resource_type, keys, selection.with_related)
            read = connection.execute(statement, {"tenant": tenant_id, "value": value}).all()
            found = [Found(resource_type, Stored(*row)) for row in read]
            return Page(len(found), found) if len(found) < 2 else None
    return None


@cache
def _by_value(resource_type: ResourceType, keys: Keys, with_related: bool) -> Select[Any]:
    found = belongs(resource_type), columns_of(resource_type)[keys] == bindparam("value")
    return rows(resource_type, with_related).where(*found).limit(2)


def _page(
    query: Query, selection: Selection, matching: list[ColumnElement[bool]], dialect: str
) -> Select[Any]:
    """Return the SELECT of a page, with the number of all that match where it costs nothing more.

    What comes before the page is passed over in an index alone.
    """
    table = table_of(selection.resource_type)
    value = _sort_value(selection, dialect) if query.sorts else table.c.id
    order = _order(query, value, table.c.id)
    chosen = rows(selection.resource_type, selection.with_related).order_by(*order)
    condition = selection.condition
    if condition is not None and not _has_columns(condition, selection.resource_type):
        found = _found(table, matching, value)
        ids = select(found.c.id).order_by(*_order(query, found.c.value, found.c.id))
        number: Any = select(func.count()).select_from(found).scalar_subquery()
    else:
        ids = select(table.c.id).where(*matching).order_by(*order)
        known = total(selection.resource_type).scalar_subquery()
        number = known if condition is None else null()
        if not query.offset:
            return chosen.add_columns(number).where(*matching).limit(query.limit)
    ids = ids.limit(query.limit).offset(query.offset)
    return chosen.add_columns(number).where(matching[0], table.c.id.in_(ids))


def _order(query: Query, value: Any, by_id: Any) -> list[Any]:
    if query.sorts:
        return [value.desc().nulls_first() if query.descending else value.asc().nulls_last(), by_id]
    return [by_id]


def _found(table: Any, matching: list[ColumnElement[bool]], value: Any) -> Any:
    """Return all that match, found first and put in order afterwards.

    PostgreSQL guesses badly how often a value occurs in ``search``: left to itself, it may read the
    whole directory in order, waiting for enough that match.
    """
    found = select(table.c.id, value.label("value")).where(*matching).cte("found")
    return found.prefix_with("MATERIALIZED", dialect="postgresql")


def _has_columns(condition: Condition, resource_type: ResourceType) -> bool:
    """Tell whether the condition asks for nothing but columns."""
    match condition:
        case And(terms) | Or(terms):
            return all(_has_columns(term, resource_type) for term in terms)
        case Not(term):
            return _has_columns(term, resource_type)
        case Some():
            return False
        case _:
            return condition.keys in columns_of(resource_type)


def _walk(connection: Connection, tenant_id: int, query: Query) -> Page:
    """Read a page of several types, or one that begins at a position: ids first, then the rows."""
    number = _count(connection, tenant_id, query) if query.with_total else 0
    if not query.limit or query.offset >= LARGEST_OFFSET or not query.selections:
        return Page(number, ())
    found = _ids(query, connection.dialect.name)
    placed = connection.execute(found, {"tenant": tenant_id}).all()
    goes_on, placed = len(placed) > query.limit, placed[: query.limit]
    if query.position and query.position.backward:
        placed = placed[::-1]
    stored = dict(_rows(connection, tenant_id, query, placed))
    resources = [
        Found(query.selections[row.place].resource_type, stored[row.id])
        for row in placed
        if row.id in stored  # it may just have been deleted
    ]
    ends = [Position(_portable(row.value), row.id) for row in placed]
    return Page(number, resources, goes_on, *(ends[:1] + ends[-1:]))


def _ids(query: Query, dialect: str) -> Select[Any]:
    """Return the SELECT of ids in order, each with its selection and what it is sorted by."""
    sorts = [selection.sort[-1].type for selection in query.selections if selection.sort]
    numeric = bool(sorts) and all(kind in ("integer", "decimal") for kind in sorts)
    found = [
        _part(query, place, _comparable(selection, numeric, dialect), dialect)
        for place, selection in enumerate(query.selections)
    ]
    if len(found) == 1:
        return found[0].offset(query.offset or None)
    every = union_all(*(select(part.subquery()) for part in found)).subquery()
    chosen = select(every.c.place, every.c.id, every.c.value)
    chosen = chosen.order_by(*_walking(query, every.c.value, every.c.id))
    return chosen.limit(query.limit + query.walks).offset(query.offset or None)


def _part(query: Query, place: int, value: Any, dialect: str) -> Select[Any]:
    """Return the SELECT of as much of one selection as may be needed."""
    selection = query.selections[place]
    by_id = table_of(selection.resource_type).c.id
    most = query.limit + query.walks
    if len(query.selections) > 1:
        most += query.offset
    chosen = select(
        literal(place, Integer).label("place"), by_id.label("id"), value.label("value")
    ).where(*_matching(selection, dialect))
    if query.position is not None:
        chosen = chosen.where(_beyond(query, selection, value, by_id))
    return chosen.order_by(*_walking(query, value, by_id)).limit(most)


def _rises(query: Query) -> bool:
    backward = query.position is not None and query.position.backward
    return query.descending == backward


def _walking(query: Query, value: Any, by_id: Any) -> list[Any]:
    """Return the order of a walk, which is turned around when it goes back."""
    forward = query.position is None or not query.position.backward
    order = [by_id.asc() if forward else by_id.desc()]
    if query.sorts:
        value = value.asc().nulls_last() if _rises(query) else value.desc().nulls_first()
        order.insert(0, value)
    return order


def _comparable(selection: Selection, numeric: bool, dialect: str) -> Any:
    """Return what to sort by, of one type for all selections and short enough for a cursor."""
    number = Numeric() if dialect == "postgresql" else Float()  # SQLite has no decimals
    if not selection.sort:
        return cast(null(), number if numeric else Text())
    value = _sort_value(selection, dialect)
    if numeric:
        return type_coerce(value, number)
    if _column(selection) is None:
        value = func.substr(cast(value, Text), 1, LONGEST_POSITION)
    return cast(value, Text).collate("C") if dialect == "postgresql" else value


def _column(selection: Selection) -> Any:
    """Return the column to sort by; None if the value is not in one."""
    keys = tuple(attribute.key for attribute in selection.sort)
    return columns_of(selection.resource_type).get(keys)


def _beyond(query: Query, selection: Selection, value: Any, by_id: Any) -> ColumnElement[bool]:
    """Return whether a row comes behind the query's position; no value comes after all values.

    Where there is always a value, an index leads to the first of these rows.
    """
    position = query.position
    assert position is not None
    behind: ColumnElement[bool] = by_id < position.id if position.backward else by_id > position.id
    if not query.sorts:
        return behind
    rising = _rises(query)
    if position.value is None:
        equal = and_(value.is_(None), behind)
        return equal if rising else or_(value.is_not(None), equal)
    is_decimal = isinstance(value.type, Numeric) and isinstance(position.value, str)
    known = Decimal(position.value) if is_decimal else position.value
    if not getattr(_column(selection), "nullable", True):
        return and_(value >= known if rising else value <= known, or_(value != known, behind))
    equal = and_(value == known, behind)
    return or_(value > known, value.is_(None), equal) if rising else or_(value < known, equal)


def _portable(value: Any) -> str | int | float | None:
    """Return a value to sort by as JSON can keep it."""
    return str(value) if isinstance(value, Decimal) else value


def _rows(
    connection: Connection, tenant_id: int, query: Query, placed: Sequence[Any]
) -> Iterator[tuple[str, Stored]]:
    for place, selection in enumerate(query.selections):
        ids = [row.id for row in placed if row.place == place]
        if ids:
            table = table_of(selection.resource_type)
            chosen = rows(selection.resource_type, selection.with_related)
            chosen = chosen.where(belongs(selection.resource_type), among(table.c.id))
            for row in connection.execute(chosen, {"tenant": tenant_id, "ids": ids}).all():
                yield row[0], Stored(*row)


def _sort_value(selection: Selection, dialect: str) -> Any:
    if (column := _column(selection)) is not None:
        return column
    chain, keys = selection.sort, tuple(attribute.key for attribute in selection.sort)
    resource_type = selection.resource_type
    table = table_of(resource_type)
    reference = resource_type.references.get(".".join(keys[:-1]))
    if reference and keys[-1] in ("$ref", (reference.display or "").lower()):
        found = [each.of(table, each.columns[keys[-1:]]) for each in referred(reference)]
        return (found[0] if len(found) == 1 else union_all(*found)).scalar_subquery()
    if keys[0] == RELATED.get(resource_type.name):
        return first_related(resource_type, keys[1])
    json = jsonpath if dialect == "postgresql" else json_each
    for index, attribute in enumerate(chain):
        if attribute.multi_valued:
            return json.sort_value(keys[index + 1 :], keys[: index + 1], chain[-1], table.c.search)
    return json.sort_value(keys, None, chain[-1], table.c.search)
