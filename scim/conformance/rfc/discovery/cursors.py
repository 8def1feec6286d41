"""Pages by cursor: what /ServiceProviderConfig says of them (RFC 9865 §4)."""

from collections.abc import Callable
from typing import Any

from ..common import Service, expect, get, rfc, row, skip
from ..paging.index import three

AREA = "cursors"
CONFIG = "RFC 9865 §4"


def pagination(service: Service) -> dict[str, Any]:
    return dict(get(service, "/ServiceProviderConfig")["pagination"])


@rfc(
    AREA,
    "RFC 9865 §2.4",
    "service providers supporting both pagination methods MUST choose a default pagination method",
    needs=("cursor", "index", "filter"),
)
def the_default_is_what_is_announced(service: Service) -> None:
    """A query without paging parameters is paged by the announced default."""
    method = pagination(service).get("defaultPaginationMethod")
    if method is None:
        skip("there is no defaultPaginationMethod, which is optional")
    text, _ = three(service)
    page = get(service, "/Users", filter=text, count=1)
    name = {"cursor": "nextCursor", "index": "startIndex"}[method]
    expect(name in page, f"the answer is not paged by {method}: there is no {name}")


def announces(
    name: str, is_right: Callable[[Any], object], is_optional: bool
) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        if "pagination" not in get(service, "/ServiceProviderConfig"):
            skip("/ServiceProviderConfig has no pagination, which is optional")
        value = pagination(service).get(name)
        if value is None and is_optional:
            skip(f"there is no {name}, which is optional")
        expect(is_right(value), f"pagination.{name} is {value!r}")

    return run


def _is_positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


for _name, _quote, _is_right, _is_optional in (
    (
        "cursor",
        "cursor  A Boolean value specifying support of cursor-based pagination.  REQUIRED.",
        lambda value: isinstance(value, bool),
        False,
    ),
    (
        "index",
        "index  A Boolean value specifying support of index-based pagination. REQUIRED.",
        lambda value: isinstance(value, bool),
        False,
    ),
    (
        "defaultPaginationMethod",
        'Possible values are "cursor" and "index".  OPTIONAL.',
        lambda value: value in ("cursor", "index"),
        True,
    ),
    (
        "defaultPageSize",
        "defaultPageSize  Positive integer value specifying the default number of results",
        _is_positive,
        True,
    ),
    (
        "maxPageSize",
        "maxPageSize  Positive integer specifying the maximum number of results returned in a page",
        _is_positive,
        True,
    ),
    (
        "cursorTimeout",
        "cursorTimeout  Positive integer specifying the minimum number of seconds",
        _is_positive,
        True,
    ),
):
    row(
        f"pagination.{_name} is as RFC 9865 has it",
        AREA,
        CONFIG,
        _quote,
        announces(_name, _is_right, _is_optional),
    )
