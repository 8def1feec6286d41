"""The parameters of queries (RFC 7644 §3.4.2 and §3.4.3, RFC 9865)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from .errors import InvalidValueError
from .tolerance import STRICT, Tolerated

SEARCH_REQUEST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
LIST_RESPONSE_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

LIST = {"is_list": True}  # in the body of a POST; in a URL, and here, commas are between names
INTEGER = re.compile(r"[+-]?\d{1,1000}", re.ASCII)  # int() gives up at 4300 digits


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """The parameters of a query (RFC 7644 §3.4.2 and §3.4.3); ``start_index`` counts from 1.

    ``cursor`` is empty for the first page and None if pages are not asked for by cursor (RFC 9865).
    """

    filter: str | None = None
    sort_by: str = ""
    sort_order: str = "ascending"
    start_index: int = 1
    count: int | None = None
    cursor: str | None = None
    attributes: str = field(default="", metadata=LIST)
    excluded_attributes: str = field(default="", metadata=LIST)

    @property
    def descending(self) -> bool:
        return self.sort_order == "descending"


def _parameter(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


PARAMETERS = {_parameter(known.name): known for known in fields(SearchRequest)}
NUMBERS = {name for name, known in PARAMETERS.items() if known.type in (int, int | None)}


# An empty ``filter`` is an error, and an empty ``cursor`` asks for the first page (RFC 9865 §2).
MAY_BE_EMPTY = {name.lower() for name in PARAMETERS} - {"filter", "cursor"}


def search_request(
    parameters: Mapping[str, Sequence[str]], tolerated: Tolerated = STRICT
) -> SearchRequest:
    """Return the query that URL parameters describe; unknown parameters are ignored.

    :raises InvalidValueError: a parameter is given twice or has no legal value
    """
    given: dict[str, Any] = {}
    for name in PARAMETERS:
        if values := parameters.get(name):
            text = _joined(name, values, tolerated)
            if not is_empty(name, text, tolerated):
                given[name] = _integer(name, text) if name in NUMBERS else text
    return checked_search(given)


def is_empty(name: str, value: Any, tolerated: Tolerated) -> bool:
    """Tell whether a parameter is empty and counts as one that is not given."""
    is_blank = isinstance(value, str) and not value.strip()
    return is_blank and name.lower() in MAY_BE_EMPTY and tolerated.allows("empty_parameters")


def _joined(name: str, values: Sequence[str], tolerated: Tolerated) -> str:
    if len(values) > 1:
        is_list = PARAMETERS[name].metadata == LIST
        if not (is_list and tolerated.allows("repeated_parameters")):
            raise InvalidValueError(f"{name} is given {len(values)} times; send it once")
    return ",".join(values)


def checked_search(given: Mapping[str, Any]) -> SearchRequest:
    """Return the query that ``given`` parameters describe, None for those that are not, in bounds.

    :raises InvalidValueError: ``sortOrder`` is unknown, or pages are asked for in two ways
    """
    said = {PARAMETERS[name].name: each for name, each in given.items() if each is not None}
    order = said.get("sort_order", "ascending").lower()
    if order not in {"ascending", "descending"}:
        raise InvalidValueError(f"sortOrder must be ascending or descending, not {order[:40]!r}")
    if "cursor" in said and "start_index" in said:
        raise InvalidValueError("startIndex and cursor cannot be combined; send one of them")
    said["sort_order"] = order if said.get("sort_by") else "ascending"
    for name, least in (("start_index", 1), ("count", 0)):
        if name in said:
            said[name] = max(least, said[name])
    return SearchRequest(**said)


def _integer(name: str, text: str) -> int:
    if INTEGER.fullmatch(text.strip()) is None:
        raise InvalidValueError(f"{name} must be an integer, not {text[:40]!r}")
    return int(text)
