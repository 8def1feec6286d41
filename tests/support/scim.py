"""The application as a SCIM client sees it, and the smallest resources to send."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP_SCHEMA, USER_SCHEMA

PATCH_OP_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"

Record = dict[str, Any]


def user(user_name: str = "bjensen", **attributes: Any) -> Record:
    return {"schemas": [USER_SCHEMA], "userName": user_name, **attributes}


def group(display_name: str = "Tour Guides", *members: Record, **attributes: Any) -> Record:
    named = {"schemas": [GROUP_SCHEMA], "displayName": display_name, **attributes}
    return named | ({"members": listed(*members)} if members else {})


def listed(*members: Record) -> list[Record]:
    """Return resources as the members of a group."""
    return [{"value": member["id"]} for member in members]


def enterprise(**attributes: Any) -> Record:
    """Return the enterprise extension as an attribute of a user."""
    return {ENTERPRISE_USER_SCHEMA: attributes}


def add(path: str | None, value: Any) -> Record:
    return {"op": "add", "path": path, "value": value}


def remove(path: str | None) -> Record:
    return {"op": "remove", "path": path}


def replace(path: str | None, value: Any) -> Record:
    return {"op": "replace", "path": path, "value": value}


def patch_op(*operations: Any) -> Record:
    return {"schemas": [PATCH_OP_SCHEMA], "Operations": list(operations)}


def path_of(resource: Record) -> str:
    """Return the path of a resource below the base URL."""
    return f"/{resource['meta']['resourceType']}s/{resource['id']}"


@dataclass(frozen=True)
class Scim:
    """Requests below the base path; headers go by their own names."""

    client: FlaskClient

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = {} if body is None else {"json": body}
        return self.client.open(f"/scim/v2{path}", method=method, headers=named, **content)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self.send("PUT", path, body, **headers)

    def patch(self, path: str, *operations: Any, **headers: str) -> TestResponse:
        return self.send("PATCH", path, patch_op(*operations), **headers)

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self.send("DELETE", path, **headers)

    def create(self, body: Record) -> Record:
        """Return a resource that is there now; its first schema tells of which type it is."""
        name = body["schemas"][0].rpartition(":")[2]
        response = self.post(f"/{name}s", body)
        assert response.status_code == 201, response.text
        created: Record = response.json
        return created

    def read(self, resource: Record) -> Record:
        """Return what a resource has become."""
        response = self.get(path_of(resource))
        assert response.status_code == 200, response.text
        found: Record = response.json
        return found
