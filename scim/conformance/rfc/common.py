"""What the checks of the RFCs share."""

from datetime import datetime
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from ..answers import PATCH_OP, expect_status
from ..checks import Area
from ..client import Exchange
from ..outcomes import Level, expect, skip
from ..service import USER_SCHEMA, Resource, Service

ENTERPRISE_USER_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MUST, SHOULD = Level.MUST, Level.SHOULD
area = partial(Area, "rfc")

_schemas: WeakKeyDictionary[Service, dict[str, Any]] = WeakKeyDictionary()


def expect_error(answer: Exchange, status: int, *scim_types: str) -> None:
    """Fail unless the answer is this error, with one of these details where there are any."""
    expect_status(answer, status)
    if scim_types:
        shown = answer.json.get("scimType")
        expect(shown in scim_types, f"scimType is {shown!r} instead of {' or '.join(scim_types)}")


def expect_explained(answer: Exchange, status: int, *scim_types: str) -> None:
    """Fail unless the answer is this error, and one of these details where it has any at all."""
    expect_status(answer, status)
    shown = answer.json.get("scimType")  # which is OPTIONAL (RFC 7644 §3.12)
    expect(shown in (None, *scim_types), f"scimType is {shown!r}, not {' or '.join(scim_types)}")


def moment(text: str) -> datetime:
    """Return the time that a dateTime stands for."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def expect_refused(answer: Exchange) -> None:
    """Fail unless the client is told that it has made a mistake."""
    expect(
        400 <= answer.status < 500,
        f"{answer.method} was answered {answer.status} instead of refused",
    )


def get(service: Service, path: str, **query: Any) -> Any:
    """Return what stands at a path, which must be there."""
    answer = service.client.get(path, query=query)
    expect_status(answer, 200)
    return answer.json


def read(service: Service, resource: Resource, endpoint: str = "/Users", **query: Any) -> Any:
    """Return a resource as it is now."""
    return get(service, f"{endpoint}/{resource['id']}", **query)


def find(service: Service, text: str, endpoint: str = "/Users", **query: Any) -> set[str]:
    """Return the ids of those whom a filter finds; it has to be one that finds few."""
    return set(find_in_order(service, text, endpoint, **query))


def find_in_order(service: Service, text: str, endpoint: str = "/Users", **query: Any) -> list[str]:
    """Return the ids of those whom a filter finds, as they come."""
    page = get(service, endpoint, filter=text, **query)
    return [resource["id"] for resource in page.get("Resources") or []]


def patch(
    service: Service, resource: Resource, *operations: dict[str, Any], endpoint: str = "/Users"
) -> Exchange:
    """Send operations and return the answer."""
    body = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return service.client.patch(f"{endpoint}/{resource['id']}", body)


def patched(
    service: Service, resource: Resource, *operations: dict[str, Any], endpoint: str = "/Users"
) -> Any:
    """Return the resource after operations that have to succeed."""
    expect_status(patch(service, resource, *operations, endpoint=endpoint), 200, 204)
    return read(service, resource, endpoint)


def expect_values(shown: Resource, wanted: Resource) -> None:
    """Fail unless a resource has these values; a complex one may have more in it."""
    for name, value in wanted.items():
        now: Any = shown.get(name)
        is_right = now | value == now if isinstance(value, dict) else now == value
        expect(is_right, f"{name} is {now!r} instead of {value!r}")


def expect_change(
    service: Service, before: Resource, operation: dict[str, Any], after: Resource
) -> None:
    """Fail unless an operation gives a user these values, and leaves its userName."""
    user = service.new_user(**before)
    shown = patched(service, user, operation)
    expect_values(shown, after)
    expect(shown["userName"] == user["userName"], "userName has changed, too")


def values(resource: Any, attribute: str, name: str = "value") -> list[Any]:
    """Return one sub-attribute of all elements, sorted; an unassigned attribute has none."""
    elements = [element.get(name) for element in resource.get(attribute) or []]
    return sorted(elements, key=str)


def need(service: Service, *paths: str, schema: str = USER_SCHEMA) -> None:
    """Skip the check where /Schemas lacks one of these attributes."""
    for path in paths:
        if definition(service, path, schema) is None:
            skip(f"the server's schema has no {path}")


def new_employee(service: Service, **job: str) -> Resource:
    """Create a user with attributes of the enterprise extension, which /Schemas must have."""
    need(service, *job, schema=ENTERPRISE_USER_SCHEMA)
    schemas = [USER_SCHEMA, ENTERPRISE_USER_SCHEMA]
    return service.new_user(**{"schemas": schemas, ENTERPRISE_USER_SCHEMA: job})


def definition(service: Service, path: str, schema: str = USER_SCHEMA) -> dict[str, Any] | None:
    """Return how /Schemas defines an attribute, {} where the server has no /Schemas."""
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
