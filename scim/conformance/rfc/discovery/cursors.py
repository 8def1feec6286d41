"""Pages by cursor: what /ServiceProviderConfig says of them (RFC 9865 §4)."""

from collections.abc import Callable
from typing import Any

from ...outcomes import expect, skip
from ...service import Service
from ..areas import area
from ..paging.index import three
from ..requests import get

check = area("cursors", "RFC 9865 §4")


def pagination(service: Service) -> dict[str, Any]:
    return dict(get(service, "/ServiceProviderConfig")["pagination"])


@check(
    "service providers supporting both pagination methods MUST choose a default pagination method",
    "RFC 9865 §2.4",
    needs=("cursor", "index", "filter"),
)
def the_default_is_what_is_announced(service: Service) -> None:
    """A query without paging parameters is paged by the announced default method."""
    method = pagination(service).get("defaultPaginationMethod")
    if method is None:
        skip("there is no defaultPaginationMethod, which is optional")
    text, _ = three(service)
    page = get(service, "/Users", filter=text, count=1)
    name = {"cursor": "nextCursor", "index": "startIndex"}[method]
    expect(name in page, f"the answer is not paged by {method}: there is no {name}")


def is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def is_positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


@check.each(
    "name, quote, is_right, is_optional",
    (
        "cursor",
        "cursor A Boolean value specifying support of cursor-based pagination. REQUIRED.",
        is_boolean,
        False,
    ),
    (
        "index",
        "index A Boolean value specifying support of index-based pagination. REQUIRED.",
        is_boolean,
        False,
    ),
    (
        "defaultPaginationMethod",
        'Possible values are "cursor" and "index". OPTIONAL.',
        lambda value: value in ("cursor", "index"),
        True,
    ),
    (
        "defaultPageSize",
        "defaultPageSize Positive integer value specifying the default number of results",
        is_positive,
        True,
    ),
    (
        "maxPageSize",
        "maxPageSize Positive integer specifying the maximum number of results returned in a page",
        is_positive,
        True,
    ),
    (
        "cursorTimeout",
        "cursorTimeout Positive integer specifying the minimum number of seconds",
        is_positive,
        True,
    ),
)
def paging_is_announced(
    service: Service, name: str, is_right: Callable[[Any], object], is_optional: bool
) -> None:
    """pagination.{name} is as RFC 9865 has it."""
    if "pagination" not in get(service, "/ServiceProviderConfig"):
        skip("/ServiceProviderConfig has no pagination, which is optional")
    value = pagination(service).get(name)
    if value is None and is_optional:
        skip(f"there is no {name}, which is optional")
    expect(is_right(value), f"pagination.{name} is {value!r}")
