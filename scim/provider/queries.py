"""Queries of one resource type or several, by index or by cursor (RFC 7644 §3.4.2, RFC 9865)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

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


def _queries(find: Query, text: str | None, request: Request) -> Iterator[tuple[str, Query]]:
    """Yield ``find`` with a filter as each of its readings, and the tolerance that this needs."""
    if text is None:
        yield "", find
        return
    for reading in readings(text, request.tolerated, request.limits):
        try:
            narrowed = _narrowed(find, reading.node, request.tolerated)
        except InvalidFilterError:
            if not reading.tolerance:
                raise
        else:
            yield reading.tolerance, narrowed


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
    store: Store, queries: Iterator[tuple[str, Query]], tolerated: Tolerated
) -> tuple[str, Page]:
    """Return the tolerance and the page of the first query that finds anything, or of the first."""
    _, query = next(queries)
    page = store.query(query)
    if page.total:
        return "", page
    for tolerance, query in queries:
        found = store.query(query)
        if found.total and tolerated.allows(tolerance):
            return tolerance, found
    return "", page


def _cursor_page(
    store: Store,
    queries: Iterator[tuple[str, Query]],
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
        walks = ((tolerance, _at(query, cursor)) for tolerance, query in queries)
        tolerance, page = _first_found(store, walks, tolerated)
        cursor = replace(cursor, total=page.total, tolerance=tolerance)
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


def _chosen(queries: Iterator[tuple[str, Query]], tolerance: str, tolerated: Tolerated) -> Query:
    """Return the query that the first page has chosen.

    :raises InvalidCursorError: the tenant has become strict since
    """
    for needed, query in queries:
        if needed == tolerance and (not needed or tolerated.allows(needed)):
            return query
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
