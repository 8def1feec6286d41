"""The subject of a request of the console: the tenant, its directory, a type of resource."""

import json

from flask import abort, request

from scim import provider
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import PLACEHOLDER
from scim.storage import Store
from scim.storage.tokens import Tenant, name_problem

from .state import state


def this_tenant() -> Tenant:
    """Return the tenant that the URL names, or else the first one."""
    name = request.args.get("tenant", "")
    found = state().tenant(name) if name else state().tenants()[0]
    return found or abort(404, "There is no tenant of that name.")


def new_name(owner: str) -> str:
    """Return the name that a form gives to a new token or client, the ``owner``."""
    name = request.form.get("name", "").strip()
    if problem := name_problem(name, owner):
        abort(400, f"{problem[0].upper()}{problem[1:]}.")
    return name


def this_store() -> Store:
    """Return the directory of the tenant that the URL names."""
    return state().store(this_tenant())


def this_type(name: str = "") -> ResourceType:
    """Return the resource type with a name, in any case, or else the one that the URL names."""
    wanted = (name or request.args.get("type", "User")).lower()
    known = state().service.definitions.resource_types
    found = next((each for each in known if each.name.lower() == wanted), None)
    return found or abort(404, "There is no resource type of that name.")


def type_at(endpoint: str) -> ResourceType | None:
    """Return the resource type of an endpoint, in any case: ``Users``."""
    known = state().service.definitions.resource_types
    return next((each for each in known if each.endpoint.lower() == f"/{endpoint.lower()}"), None)


def tolerated(is_strict: bool, is_dry: bool = False) -> Tolerated:
    """Return what the endpoints accept from a strict tenant, or from another."""
    service = state().service
    return service.tolerated(is_strict, service.settings.base_url, is_dry)


def details(allowed: Tolerated) -> provider.Request:
    """Return what an operation needs of a request, as the endpoints do."""
    service = state().service
    most = service.settings.max_patch_operations
    return provider.Request(allowed, limits=service.limits, max_operations=most)


def with_urls(text: str) -> str:
    """Return the JSON text of a resource with the URL of the service in it."""
    return text.replace(PLACEHOLDER, json.dumps(state().service.settings.base_url)[1:-1])
