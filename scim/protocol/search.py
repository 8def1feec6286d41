"""What a query asks for, and the ListResponse around its answer (RFC 7644 §3.4.2, RFC 9865)."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .errors import InvalidValueError

LIST_RESPONSE_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PARAMETERS = (
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "cursor",
    "attributes",
    "excludedAttributes",
)
INTEGER = re.compile(r"[+-]?\d{1,1000}", re.ASCII)  # int() gives up at 4300 digits


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """The parameters of a query (RFC 7644 §3.4.2 and §3.4.3); ``start_index`` counts from 1.

    ``cursor`` is empty for the first page and None if pages are not asked for by cursor (RFC 9865).
    """

    filter: str | None = None
    sort_by: str = ""
    descending: bool = False
    start_index: int = 1
    count: int | None = None
    attributes: str = ""
    excluded_attributes: str = ""
    cursor: str | None = None


def search_request(parameters: Mapping[str, Sequence[str]]) -> SearchRequest:
    """Return the query that URL parameters describe; unknown parameters are ignored.

    :raises InvalidValueError: a known one is given twice or is not what it should be
    """
    given = {name: values for name in PARAMETERS if (values := parameters.get(name))}
    for name, values in given.items():
        if len(values) > 1:
            raise InvalidValueError(f"{name} is given {len(values)} times")
    text = {name: values[0] for name, values in given.items()}
    numbers = {name: _integer(name, text[name]) for name in ("startIndex", "count") if name in text}
    return checked_search(
        filter=text.get("filter"),
        sort_by=text.get("sortBy"),
        sort_order=text.get("sortOrder"),
        start_index=numbers.get("startIndex"),
        count=numbers.get("count"),
        attributes=text.get("attributes"),
        excluded_attributes=text.get("excludedAttributes"),
        cursor=text.get("cursor"),
    )


def checked_search(
    *,
    filter: str | None,
    sort_by: str | None,
    sort_order: str | None,
    start_index: int | None,
    count: int | None,
    attributes: str | None,
    excluded_attributes: str | None,
    cursor: str | None,
) -> SearchRequest:
    """Return the query that parameters describe, None for those not given, within their bounds.

    :raises InvalidValueError: ``sortOrder`` is none, or pages are asked for in two ways
    """
    order = "ascending" if sort_order is None else sort_order.lower()
    if order not in {"ascending", "descending"}:
        raise InvalidValueError("sortOrder is neither ascending nor descending")
    if cursor is not None and start_index is not None:
        raise InvalidValueError("startIndex and cursor are two ways to ask for a page, send one")
    return SearchRequest(
        filter=filter,
        sort_by=sort_by or "",
        descending=order == "descending" and bool(sort_by),
        start_index=max(1, start_index or 1),
        count=None if count is None else max(0, count),
        attributes=attributes or "",
        excluded_attributes=excluded_attributes or "",
        cursor=cursor,
    )


def _integer(name: str, text: str) -> int:
    if INTEGER.fullmatch(text.strip()) is None:
        raise InvalidValueError(f"{name} is not an integer: {text[:40]!r}")
    return int(text)


def list_response(
    resources: Iterable[str],
    total: int,
    start_index: int | None = None,
    *,
    previous_cursor: str | None = None,
    next_cursor: str | None = None,
) -> str:
    """Return the JSON text of a ListResponse around resources that are JSON texts already.

    A page asked for by cursor has no ``start_index``; the last one has no ``next_cursor``.
    """
    shown = list(resources)
    head = {
        "schemas": [LIST_RESPONSE_SCHEMA],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": len(shown),
        "previousCursor": previous_cursor,
        "nextCursor": next_cursor,
    }
    given = {name: value for name, value in head.items() if value is not None}
    return f'{json.dumps(given, separators=(",", ":"))[:-1]},"Resources":[{",".join(shown)}]}}'
