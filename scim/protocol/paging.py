"""What a query asks for, and the ListResponse around its answer (RFC 7644 §3.4.2)."""

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
    "attributes",
    "excludedAttributes",
)
INTEGER = re.compile(r"[+-]?\d{1,1000}", re.ASCII)  # int() gives up at 4300 digits


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """The parameters of a query (RFC 7644 §3.4.2 and §3.4.3); ``start_index`` counts from 1."""

    filter: str | None = None
    sort_by: str = ""
    descending: bool = False
    start_index: int = 1
    count: int | None = None
    attributes: str = ""
    excluded_attributes: str = ""


def search_request(parameters: Mapping[str, Sequence[str]]) -> SearchRequest:
    """Return the query that URL parameters describe; unknown parameters are ignored.

    :raises InvalidValueError: a known one is given twice or is not what it should be
    """
    given = {name: values for name in PARAMETERS if (values := parameters.get(name))}
    for name, values in given.items():
        if len(values) > 1:
            raise InvalidValueError(f"{name} is given {len(values)} times")
    text = {name: values[0] for name, values in given.items()}
    order = text.get("sortOrder", "ascending").lower()
    if order not in {"ascending", "descending"}:
        raise InvalidValueError("sortOrder is neither ascending nor descending")
    return SearchRequest(
        filter=text.get("filter"),
        sort_by=text.get("sortBy", ""),
        descending=order == "descending" and bool(text.get("sortBy")),
        start_index=max(1, _integer("startIndex", text.get("startIndex", "1"))),
        count=max(0, _integer("count", text["count"])) if "count" in text else None,
        attributes=text.get("attributes", ""),
        excluded_attributes=text.get("excludedAttributes", ""),
    )


def _integer(name: str, text: str) -> int:
    if INTEGER.fullmatch(text.strip()) is None:
        raise InvalidValueError(f"{name} is not an integer: {text[:40]!r}")
    return int(text)


def list_response(resources: Iterable[str], total: int, start_index: int) -> str:
    """Return the JSON text of a ListResponse around resources that are JSON texts already."""
    shown = list(resources)
    head = {
        "schemas": [LIST_RESPONSE_SCHEMA],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": len(shown),
    }
    return f'{json.dumps(head, separators=(",", ":"))[:-1]},"Resources":[{",".join(shown)}]}}'
