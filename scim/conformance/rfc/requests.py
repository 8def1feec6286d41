"""The requests that most checks send, and how they read what the answers show."""

from datetime import datetime
from typing import Any

from ..answers import PATCH_OP, expect_status
from ..client import Exchange
from ..service import Resource, Service


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


def values(resource: Any, attribute: str, name: str = "value") -> list[Any]:
    """Return one sub-attribute of all elements, sorted; an unassigned attribute has none."""
    elements = [element.get(name) for element in resource.get(attribute) or []]
    return sorted(elements, key=str)


def moment(text: str) -> datetime:
    """Return the time that a dateTime stands for."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
