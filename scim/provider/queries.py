"""Queries of one resource type or several, by index or by cursor (RFC 7644 §3.4.2, RFC 9865)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from scim.protocol.errors import InvalidCountError, InvalidFilterError, InvalidPathError
from scim.protocol.filters.parser import parse_filter
from scim.protocol.filters.resolve import Chain, Condition, resolve
from scim.protocol.projection import Projection, projection
from scim.protocol.schema import ResourceType
from scim.protocol.search import SearchRequest, list_response
from scim.protocol.tolerance import with_decoded_values
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

    if search.cursor is not None and cursors is not None:
        return _cursor_page(store, find, search, page_size, cursors, texts)
    page = store.query(find)
    if page.total == 0 and (decoded := _decoded(find, search.filter, request)):
        page = store.query(decoded)
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
            _condition(search.filter, resource_type, request, several),
            chains[resource_type],
            shows_related(resource_type, shown[resource_type]),
        )
        for resource_type in resource_types
    )


def _condition(
    text: str | None, resource_type: ResourceType, request: Request, several: bool
) -> Condition | None:
    if text is None:
        return None
    parsed = parse_filter(text, request.tolerated, request.limits)
    return resolve(parsed, resource_type, request.tolerated, unknown_is_absent=several)


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


def _decoded(find: Query, text: str | None, request: Request) -> Query | None:
    """Return the query for a filter with values that were encoded twice; None if they were not.

    Values are decoded after parsing, since a decoded quotation mark must not end the value.
    """
    if text is None or "%" not in text:
        return None
    parsed = parse_filter(text, request.tolerated, request.limits)
    decoded = with_decoded_values(parsed)
    if decoded == parsed or not request.tolerated.allows("double_encoded_filter_values"):
        return None
    several = len(find.selections) > 1

    def select(selection: Selection) -> Selection:
        resource_type = selection.resource_type
        condition = resolve(decoded, resource_type, request.tolerated, unknown_is_absent=several)
        return replace(selection, condition=condition)

    try:
        return replace(find, selections=tuple(map(select, find.selections)))
    except InvalidFilterError:  # a decoded value is not legal text
        return None


def _cursor_page(
    store: Store,
    find: Query,
    search: SearchRequest,
    page_size: PageSize,
    cursors: Cursors,
    texts: Callable[[Sequence[Found]], list[str]],
) -> str:
    """Return the page at a cursor, with the cursors to the pages beside it (RFC 9865)."""
    if search.count is not None and search.count > page_size.most:
        raise InvalidCountError(f"count is {search.count}; this server takes {page_size.most}")
    cursor = cursors.open(search.cursor) if search.cursor else Cursor(None, find.limit, 0)
    if search.count is not None and search.count != cursor.count:
        raise InvalidCountError(f"count is {search.count}; it must stay {cursor.count}")
    counts = not search.cursor or all(each.condition is None for each in find.selections)
    page = store.query(
        replace(find, walks=True, position=cursor.position, limit=cursor.count, with_total=counts)
    )
    cursor = replace(cursor, total=page.total) if counts else cursor
    before, after = _neighbours(page, cursor)
    return list_response(
        texts(page.resources),
        cursor.total,
        previous_cursor=cursors.seal(before) if before else None,
        next_cursor=cursors.seal(after) if after else None,
    )


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
