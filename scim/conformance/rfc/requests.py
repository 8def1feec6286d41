"""Requests that most checks send, and functions that read the resources in their answers."""

from datetime import datetime
from typing import Any

from ..answers import PATCH_OP, expect_status
from ..client import Exchange
from ..service import Resource, Service


def get(service: Service, path: str, **query: Any) -> Any:
    """Return the JSON at a path, which has to exist."""
    answer = service.client.get(path, query=query)
    expect_status(answer, 200)
    return answer.json


def read(service: Service, resource: Resource, endpoint: str = "/Users", **query: Any) -> Any:
    """Return a resource as it is now."""
    return get(service, f"{endpoint}/{resource['id']}", **query)


def find(service: Service, text: str, endpoint: str = "/Users", **query: Any) -> set[str]:
    """Return the ids that a filter finds on its first page, so it has to be one that finds few."""
    return set(find_in_order(service, text, endpoint, **query))


def find_in_order(service: Service, text: str, endpoint: str = "/Users", **query: Any) -> list[str]:
    """Return the ids that a filter finds on its first page, in the order of the answer."""
    page = get(service, endpoint, filter=text, **query)
    return [resource["id"] for resource in page.get("Resources") or []]


def patch(
    service: Service, resource: Resource, *operations: dict[str, Any], endpoint: str = "/Users"
) -> Exchange:
    """Send operations in one PATCH and return the answer."""
    body = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return service.client.patch(f"{endpoint}/{resource['id']}", body)


def patched(
    service: Service, resource: Resource, *operations: dict[str, Any], endpoint: str = "/Users"
) -> Any:
    """Return the resource after a PATCH with operations, which has to succeed."""
    expect_status(patch(service, resource, *operations, endpoint=endpoint), 200, 204)
    return read(service, resource, endpoint)


def values(resource: Any, attribute: str, name: str = "value") -> list[Any]:
    """Return a sub-attribute of all elements, sorted; [] for an unassigned attribute."""
    elements = [element.get(name) for element in resource.get(attribute) or []]
    return sorted(elements, key=str)


def moment(text: str) -> datetime:
    """Return the time of an xsd:dateTime."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
