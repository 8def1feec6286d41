"""What the pages of the Lab share: the tenant that was chosen, and requests that keep nothing."""

import json
from typing import Any

from flask import abort, request

from scim import provider
from scim.explain.bodies import name_of
from scim.protocol.errors import InvalidSyntaxError, NotFoundError
from scim.protocol.filters.nodes import AttributePath, Comparison
from scim.protocol.filters.parser import Limits
from scim.protocol.filters.resolve import resolve
from scim.protocol.profile import INTEROP_PROFILE, NO_PROFILE
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import STRICT_TOLERANCE, Tolerated
from scim.protocol.values import PLACEHOLDER
from scim.storage import Query, Selection, Store, kind_of
from scim.storage.tokens import Tenant

from ..state import state

DEFAULT = "default"  # the name of the tenant that a server begins with
SOME = 20  # resources to choose from


def this_tenant() -> Tenant:
    """Return the tenant that the URL names, or else the first one."""
    found = state().tenant(request.args.get("tenant") or DEFAULT)
    return found or abort(404, "There is no tenant of that name.")


def this_type(store: Store, default: str = "User") -> ResourceType:
    """Return the resource type that the URL names, in any case, or the default."""
    known = {each.name.lower(): each for each in store.directory.definitions.by_name.values()}
    name = request.args.get("type", default).lower()
    return known.get(name) or abort(404, "There is no resource type of that name.")


def tolerated(is_strict: bool) -> Tolerated:
    """Return the tolerances of a request that keeps nothing, of a strict tenant or of another."""
    service = state().service
    settings = service.settings
    return Tolerated(
        STRICT_TOLERANCE if is_strict else service.tolerance,
        settings.base_url,
        INTEROP_PROFILE if is_strict else NO_PROFILE,
        settings.max_elements,
        is_dry=True,
    )


def details(allowed: Tolerated) -> provider.Request:
    """Return what an operation needs of a request, as the endpoints do."""
    settings = state().service.settings
    return provider.Request(allowed, limits=limits(), max_operations=settings.max_patch_operations)


def limits() -> Limits:
    """Return the limits of a filter."""
    settings = state().service.settings
    return Limits(settings.max_filter_length, depth=settings.max_filter_depth)


def with_urls(text: str) -> str:
    """Return the JSON text of a resource with the URL of the service in it."""
    return text.replace(PLACEHOLDER, json.dumps(state().service.settings.base_url)[1:-1])


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
