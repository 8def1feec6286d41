"""Attributes as /Schemas defines them; ``need`` skips a check whose attributes are not defined."""

from typing import Any
from weakref import WeakKeyDictionary

from ..outcomes import skip
from ..service import USER_SCHEMA, Resource, Service

ENTERPRISE_USER_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

_schemas: WeakKeyDictionary[Service, dict[str, Any]] = WeakKeyDictionary()


def need(service: Service, *paths: str, schema: str = USER_SCHEMA) -> None:
    """Skip the check if /Schemas lacks one of these attributes."""
    for path in paths:
        if definition(service, path, schema) is None:
            skip(f"the server's schema has no {path}")


def new_employee(service: Service, **job: str) -> Resource:
    """Create a user with attributes of the enterprise extension, which /Schemas must have."""
    need(service, *job, schema=ENTERPRISE_USER_SCHEMA)
    schemas = [USER_SCHEMA, ENTERPRISE_USER_SCHEMA]
    return service.new_user(**{"schemas": schemas, ENTERPRISE_USER_SCHEMA: job})


def definition(service: Service, path: str, schema: str = USER_SCHEMA) -> dict[str, Any] | None:
    """Return the definition of an attribute, None if it is not defined, {} without /Schemas."""
    known = _schemas.setdefault(service, {})
    if schema not in known:
        answer = service.client.get(f"/Schemas/{schema}")
        known[schema] = answer.json if answer.status == 200 else None
        if known[schema] is None:
            known[schema] = (
                {} if service.client.get("/Schemas").status != 200 else {"attributes": []}
            )
    if "attributes" not in known[schema]:
        return {}
    attributes = known[schema]["attributes"]
    found: dict[str, Any] | None = None
    for name in path.split("."):
        named = [each for each in attributes if each["name"].lower() == name.lower()]
        if not named:
            return None
        found = named[0]
        attributes = found.get("subAttributes") or []
    return found
