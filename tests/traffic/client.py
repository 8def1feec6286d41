"""A provider's client, which checks each answer and reads again after a write."""

from dataclasses import dataclass
from typing import Any

from .comparison import check
from .exchange import Answer, send

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
HEADERS = {"Accept": "application/scim+json", "Content-Type": "application/scim+json"}

Record = dict[str, Any]


@dataclass(frozen=True)
class Client:
    """Requests to the server at ``url``, with the headers that the provider sends."""

    url: str
    headers: dict[str, str]

    def get(self, path: str) -> Answer:
        return send(self.url, "GET", path, self.headers)

    def post(self, path: str, body: Record) -> Answer:
        return send(self.url, "POST", path, self.headers, body)

    def patch(self, path: str, *operations: Record) -> Answer:
        body = {"schemas": [PATCH_OP], "Operations": operations}
        return send(self.url, "PATCH", path, self.headers, body)

    def delete(self, path: str) -> Answer:
        return send(self.url, "DELETE", path, self.headers)

    def create(self, endpoint: str, body: Record) -> str:
        """Create a resource and return its path."""
        return f"{endpoint}/{check(self.post(endpoint, body), 201)['id']}"

    def find(self, endpoint: str, attribute: str, value: str, query: str = "") -> list[Record]:
        """Return the resources that a filter lists."""
        page = check(self.get(f'{endpoint}?filter={attribute} eq "{value}"{query}'))
        assert page["totalResults"] == len(page["Resources"])
        return list(page["Resources"])

    def shows(self, path: str, attribute: str, expected: Record) -> None:
        """Fail unless the filter that the provider matches by finds all that is expected."""
        endpoint, resource_id = path.rsplit("/", 1)
        expected = {"id": resource_id} | expected
        query = f'{endpoint}?filter={attribute} eq "{expected[attribute]}"'
        check(self.get(query), body={"totalResults": 1, "Resources": [expected]})


def id_of(path: str) -> str:
    return path.rsplit("/", 1)[1]
