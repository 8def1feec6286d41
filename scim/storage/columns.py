"""The columns of a resource, made from the document that a client sent."""

import json
from collections.abc import Mapping
from typing import Any

from scim.protocol.errors import InvalidValueError, PayloadTooLargeError
from scim.protocol.projection import unreturned
from scim.protocol.schema import ResourceType
from scim.protocol.values import fold, fold_text

from .rows import Stored
from .tables import kind_of

SLACK = 100  # characters by which a change may enlarge a resource that is too large already
LONGEST_KEY = 2000  # bytes; a row of a B-tree index holds little more


def columns(
    resource_type: ResourceType, document: Mapping[str, Any], body: str, unique_names: bool
) -> dict[str, Any]:
    """Return the columns that follow from a document and its body.

    :raises InvalidValueError: a value is too long for an index
    """
    kind, external_id = kind_of(resource_type), document.get("externalId")
    hidden = unreturned(document, resource_type.attributes)
    values: dict[str, Any] = {
        "external_id": indexable("externalId", external_id) if external_id else None,
        "display": _display(resource_type, document),
        "body": body,
        "search": fold(document, resource_type.searched),
        "hidden": json.dumps(hidden, ensure_ascii=False) if hidden else None,
    }
    if kind.column:
        values[kind.column] = indexable(kind.name, fold_text(document[kind.name]))
    if "name_scope" in kind.table.c:
        values["name_scope"] = "" if unique_names else document["id"]
    if "resource_type" in kind.table.c:
        values["resource_type"] = resource_type.name
    return values


def _display(resource_type: ResourceType, document: Mapping[str, Any]) -> str | None:
    """Return the displayName by which others show a resource; None if not every read returns it."""
    attribute = resource_type.root.find("displayName")
    if attribute is None or attribute.returned not in ("default", "always"):
        return None
    value = document.get(attribute.name)
    return value if isinstance(value, str) else None


def indexable(name: str, value: str) -> str:
    """Return the value of the attribute ``name``, which goes into an index.

    :raises InvalidValueError: it is too long for that
    """
    if len(value.encode()) > LONGEST_KEY:
        raise InvalidValueError(f"{name} is longer than {LONGEST_KEY} bytes")
    return value


def check_size(values: Mapping[str, Any], before: Stored | None, largest: float) -> None:
    """Raise if the columns of a resource have more than ``largest`` characters of JSON.

    One that was larger ``before`` may stay so: a user with old data can still be deactivated.

    :raises PayloadTooLargeError: it has more
    """
    size = len(values["body"]) + len(values["hidden"] or "")
    was = len(before.body) + len(before.hidden or "") if before else 0
    if size > (largest if was <= largest else was + SLACK):
        raise PayloadTooLargeError(
            f"the resource would have {size} characters as JSON, more than {largest}"
            " (SCIM_MAX_RESOURCE_SIZE); shorten its values"
        )


def name_of(resource_type: ResourceType, body: str) -> str | None:
    """Return the folded userName of a user, the folded displayName of anything else, or None."""
    name = json.loads(body, strict=False).get(kind_of(resource_type).name)
    return fold_text(name) if isinstance(name, str) else None
