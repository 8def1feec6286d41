"""The steps of all cases: look up as Entra ID does, patch, delete."""

from ..answers import LIST_RESPONSE, PATCH_OP, expect_schema, expect_shown, expect_status
from ..checks import Exchange, Resource, Service, expect

JOINING = {"/Users": "userName", "/Groups": "displayName"}
UNKNOWN = "00000000-5e0a-4c57-9f55-0d5d6a8f1c11"


def find(service: Service, endpoint: str, value: str, **query: str) -> list[Resource]:
    """Return the resources with a value of the joining property."""
    text = f'{JOINING[endpoint]} eq "{value}"'
    answer = service.client.get(endpoint, query={"filter": text} | query)
    expect_status(answer, 200)
    expect_schema(answer, LIST_RESPONSE)
    page = answer.json
    found: list[Resource] = page.get("Resources") or []
    expect(
        page.get("totalResults") == len(found),
        f"totalResults is {page.get('totalResults')!r}, but there are {len(found)} resources",
    )
    return found


def find_one(service: Service, endpoint: str, value: str, **query: str) -> Resource:
    found = find(service, endpoint, value, **query)
    expect(len(found) == 1, f"the filter for {value!r} found {len(found)} resources instead of 1")
    return found[0]


def expect_found(service: Service, endpoint: str, sent: Resource, **query: str) -> Resource:
    """Return the resource that was sent; fail unless it is found with everything in it."""
    shown = find_one(service, endpoint, sent[JOINING[endpoint]], **query)
    expect_shown(sent, shown)
    return shown


def patch(service: Service, path: str, *operations: Resource) -> Exchange:
    body = {"schemas": [PATCH_OP], "Operations": list(operations)}
    answer = service.client.patch(path, body)
    expect_status(answer, 200, 204)
    return answer


def expect_deleted(service: Service, path: str) -> None:
    expect_status(service.client.delete(path), 204)
