"""The resources that the Lab tries things on, and the JSON that people type there."""

import json
from typing import Any

from scim.explain.bodies import name_of
from scim.protocol.errors import InvalidSyntaxError, NotFoundError
from scim.protocol.filters.nodes import AttributePath, Comparison
from scim.protocol.filters.resolve import resolve
from scim.protocol.schema import ResourceType
from scim.storage import Query, Selection, Store, kind_of

SOME = 20  # resources to choose from


def find(store: Store, resource_type: ResourceType, name: str) -> str:
    """Return the id of the resource with a name, or of the first one if the name is empty.

    :raises NotFoundError: there is none; the detail says what to do
    """
    kind = resource_type.name.lower()
    condition = None
    if name:
        path = AttributePath(kind_of(resource_type).name)
        condition = resolve(Comparison(path, "eq", name), resource_type)
    page = store.query(Query((Selection(resource_type, condition, with_related=False),), limit=1))
    for each in page.resources:
        return each.stored.id
    if name:
        raise NotFoundError(f"there is no {kind} with the name or id {name[:80]!r}")
    raise NotFoundError(f"there is no {kind} yet; paste one as JSON, or create one first")


def some(store: Store, resource_type: ResourceType) -> list[tuple[str, str]]:
    """Return the ids and the names of the first resources of a type."""
    page = store.query(Query((Selection(resource_type, with_related=False),), limit=SOME))
    found = [
        (each.stored.id, json.loads(each.stored.body, strict=False)) for each in page.resources
    ]
    return [(resource_id, name_of(body) or resource_id) for resource_id, body in found]


def read_json(text: str) -> Any:
    """Return the JSON that a person typed.

    :raises InvalidSyntaxError: it is none; the detail says in which line it ends to be JSON
    """
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate cannot be stored
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidSyntaxError(f"this is not JSON: {error.msg} at {place}") from None
    except (ValueError, RecursionError):
        raise InvalidSyntaxError("this is not JSON that can be stored") from None
    return found
