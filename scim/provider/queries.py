"""Queries of one resource type or several, by index or by cursor (RFC 7644 §3.4.2, RFC 9865)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from scim.protocol.errors import (
    InvalidCountError,
    InvalidCursorError,
    InvalidFilterError,
    InvalidPathError,
)
from scim.protocol.filters.nodes import Filter
from scim.protocol.filters.readings import readings
from scim.protocol.filters.resolve import Chain, resolve
from scim.protocol.projection import Projection, projection
from scim.protocol.schema import ResourceType
from scim.protocol.search import SearchRequest
from scim.protocol.tolerance import Tolerated
from scim.serializers.answers import list_response
from scim.serializers.stored import represent
from scim.storage import Found, Page, Position, Query, Selection, Store, next_id, sort_chain

from .cursors import Cursor, Cursors
from .operations import Request, shows_related


@dataclass(frozen=True, slots=True)
class PageSize:
    """The number of resources on a page without ``count``, and the largest ``count``."""

    default: int = 100
    most: int = 1000


class Meant(NamedTuple):
    """A query as a filter may have meant it, and the tolerance that this needs, empty for none."""

    query: Query
    tolerance: str = ""
    node: Filter | None = None


def query(
    store: Store,
    resource_types: Sequence[ResourceType],
    search: SearchRequest,
    request: Request,
    page_size: PageSize = PageSize(),
    cursors: Cursors | None = None,
) -> str:
    """Return the ListResponse to a query of one type or of several (RFC 7644 §3.4.2, RFC 9865).

    :raises InvalidFilterError: the filter cannot be parsed, or does not fit the attributes
    :raises InvalidPathError: ``sortBy`` names no attribute to sort by
    :raises InvalidCursorError: the cursor does not belong to the query
    """
    shown = {
        resource_type: projection(
            search.attributes, search.excluded_attributes, resource_type, request.tolerated
        )
        for resource_type in resource_types
    }
    find = Query(
        _selections(resource_types, search, request, shown),
        descending=search.descending,
        offset=search.start_index - 1,
        limit=min(page_size.default if search.count is None else search.count, page_size.most),
    )

    def texts(found: Sequence[Found]) -> list[str]:
        return [
            represent(each.resource_type, each.stored, shown[each.resource_type]).text
            for each in found
        ]

    queries = _queries(find, search.filter, request)
    queries = chain([next(queries)], queries)  # a wrong filter is told before a wrong cursor
    if search.cursor is not None and cursors is not None:
        return _cursor_page(store, queries, search, find.limit, cursors, request.tolerated, texts)
    _, page = _first_found(store, queries, request.tolerated)
    return list_response(texts(page.resources), page.total, search.start_index)


def read_filter(
    store: Store, resource_type: ResourceType, text: str, request: Request, limit: int
) -> tuple[Filter, Selection, Page]:
    """Return a filter as the server reads it, what it selects, and the first resources of these.

    :raises InvalidFilterError: the filter cannot be parsed, or does not fit the attributes
    """
    find = Query((Selection(resource_type, with_related=False),), limit=limit)
    meant, page = _first_found(store, _queries(find, text, request), request.tolerated)
    assert meant.node is not None
    return meant.node, meant.query.selections[0], page


def _selections(
    resource_types: Sequence[ResourceType],
    search: SearchRequest,
    request: Request,
    shown: dict[ResourceType, Projection],
) -> tuple[Selection, ...]:
    several = len(resource_types) > 1
    chains = {each: _chain(search.sort_by, each, request, several) for each in resource_types}
    if search.sort_by and not any(chains.values()):
        raise InvalidPathError(f"sortBy: {search.sort_by!r} is not an attribute to sort by")
    return tuple(
        Selection(
            resource_type,
            sort=chains[resource_type],
            with_related=shows_related(resource_type, shown[resource_type]),
        )
        for resource_type in resource_types
    )


def _chain(sort_by: str, resource_type: ResourceType, request: Request, several: bool) -> Chain:
    """Return the attribute to sort a type by; of several types, one may not have it."""
    if not sort_by:
        return ()
    try:
        return sort_chain(sort_by, resource_type, request.tolerated)
    except InvalidPathError:
        if not several:
            raise
        return ()


def _queries(find: Query, text: str | None, request: Request) -> Iterator[Meant]:
    """Yield ``find`` with a filter as each of its readings."""
    if text is None:
        yield Meant(find)
        return
    for reading in readings(text, request.tolerated, request.limits):
        try:
            narrowed = _narrowed(find, reading.node, request.tolerated)
        except InvalidFilterError:
            if not reading.tolerance:
                raise
        else:
            yield Meant(narrowed, reading.tolerance, reading.node)


def narrowed(
    selections: tuple[Selection, ...], text: str | None, request: Request
) -> tuple[Selection, ...]:
    """Return selections with a filter, as its first reading has it.

    :raises InvalidFilterError: the filter cannot be parsed, or does not fit the attributes
    """
    return next(_queries(Query(selections), text, request)).query.selections


def _narrowed(find: Query, node: Filter, tolerated: Tolerated) -> Query:
    several = len(find.selections) > 1
    return replace(
        find,
        selections=tuple(
            replace(each, condition=resolve(node, each.resource_type, tolerated, several))
            for each in find.selections
        ),
    )


def _first_found(
    store: Store, queries: Iterator[Meant], tolerated: Tolerated
) -> tuple[Meant, Page]:
    """Return the first query that finds anything, or the first of all, with its page."""
    first = next(queries)
    page = store.query(first.query)
    if page.total:
        return first, page
    for other in queries:
        found = store.query(other.query)
        if found.total and tolerated.allows(other.tolerance):
            return other, found
    return first, page


def _cursor_page(
    store: Store,
    queries: Iterator[Meant],
    search: SearchRequest,
    size: int,
    cursors: Cursors,
    tolerated: Tolerated,
    texts: Callable[[Sequence[Found]], list[str]],
) -> str:
    """Return the page at a cursor, with the cursors to the pages beside it (RFC 9865).

    The first page decides how the filter is read.
    """
    if search.count is not None and search.count > size:
        raise InvalidCountError(f"count is {search.count}; this server takes {size}")
    cursor = cursors.open(search.cursor) if search.cursor else Cursor(None, size, 0)
    if search.count is not None and search.count != cursor.count:
        raise InvalidCountError(f"count is {search.count}; it must stay {cursor.count}")
    if search.cursor:
        query = _chosen(queries, cursor.tolerance, tolerated)
        counts = search.filter is None
        page = store.query(_at(query, cursor, counts))
        cursor = replace(cursor, total=page.total) if counts else cursor
    else:
        walks = (each._replace(query=_at(each.query, cursor)) for each in queries)
        meant, page = _first_found(store, walks, tolerated)
        cursor = replace(cursor, total=page.total, tolerance=meant.tolerance)
    before, after = _neighbours(page, cursor)
    return list_response(
        texts(page.resources),
        cursor.total,
        previous_cursor=cursors.seal(before) if before else None,
        next_cursor=cursors.seal(after) if after else None,
    )


def _at(query: Query, cursor: Cursor, counts: bool = True) -> Query:
    place, size = cursor.position, cursor.count
    return replace(query, walks=True, position=place, limit=size, with_total=counts)


def _chosen(queries: Iterator[Meant], tolerance: str, tolerated: Tolerated) -> Query:
    """Return the query that the first page has chosen.

    :raises InvalidCursorError: the tenant has become strict since
    """
    for each in queries:
        if each.tolerance == tolerance and (not tolerance or tolerated.allows(tolerance)):
            return each.query
    raise InvalidCursorError("the filter is read in another way now; begin with an empty cursor")


def _neighbours(page: Page, cursor: Cursor) -> tuple[Cursor | None, Cursor | None]:
    """Return the cursors to the previous and the next page; None if there is no such page."""
    position = cursor.position
    backward = position is not None and position.backward
    has_before = page.goes_on if backward else position is not None
    has_after = backward or page.goes_on
    first = page.first
    if first is None and position and not backward and cursor.count:  # all of it was deleted
        first = Position(position.value, next_id(position.id))
    before = replace(first, backward=True) if first else None
    return (
        replace(cursor, position=before) if has_before and before else None,
        # ``last`` is None if all before the position was deleted: the next page is the first
        replace(cursor, position=page.last) if has_after else None,
    )
