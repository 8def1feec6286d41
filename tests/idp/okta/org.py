"""A stand-in for Okta, whose requests are shown with names instead of ids."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from flask.testing import FlaskClient

from scim.idp.okta.api.application import create_api
from scim.idp.okta.org import App, Org
from scim.idp.okta.service import Service

API_TOKEN = "00secret"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LOOK_UP = 'GET /Users?filter=userName eq "ada@example.com"&startIndex=1&count=100'
LOOK_UP_GROUP = 'GET /Groups?filter=displayName eq "Engineers"&startIndex=1&count=100'
ADA = {
    "login": "ada@example.com",
    "email": "ada@example.com",
    "firstName": "Ada",
    "lastName": "Lovelace",
}


def patch(*operations: Any) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


def in_app(server: Any, user_name: str) -> Any:
    """Return the only user of a server with a userName."""
    found = server.session.get("/Users", params={"filter": f'userName eq "{user_name}"'}).json()
    [user] = found["Resources"]
    return user


def person(name: str) -> dict[str, str]:
    address = f"{name}@example.com"
    return {"login": address, "email": address, "firstName": name.title(), "lastName": "Doe"}


@dataclass
class Okta:
    """An organization with its API, and the requests that it sends."""

    service: Service
    client: FlaskClient
    seen: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def app(self) -> str:
        return f"/apps/{self.service.org.app.id}"

    def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Return the answer of the management API, after its tasks are done."""
        answer = self.client.open(f"/api/v1{path}", method=method, json=body)
        assert answer.status_code == status, answer.text
        self.service.queue.join()
        return answer.json if answer.data else None

    def sent(self) -> list[tuple[str, Any]]:
        """Return the requests since the last look: a line and a body each."""
        exchanges = list(self.service.provisioner.client.exchanges)[self.seen :]
        self.seen += len(exchanges)
        return [
            (self.named(f"{each.method} {unquote(each.path)}"), self.named_in(each.sent))
            for each in exchanges
        ]

    def requests(self) -> list[str]:
        return [line for line, _ in self.sent()]

    def named(self, text: str) -> str:
        org = self.service.org
        names = {user.id: user.profile["firstName"] for user in org.users.values()}
        for user_id, link in org.app.links.items():
            text = text.replace(link.scim_id, f"<{names.get(user_id, 'gone')}>")
            text = text.replace(user_id, f"[{names.get(user_id, 'gone')}]")
        for mapping in org.app.mappings.values():
            text = text.replace(mapping.target_id or "\0", "<group>")
        return text

    def named_in(self, body: Any) -> Any:
        return body and json.loads(self.named(json.dumps(body)))

    def person(self, name: str, **profile: Any) -> str:
        """Return the id of a new user."""
        return str(self.call("POST", "/users", {"profile": person(name) | profile})["id"])

    def assign(self, user_id: str) -> Any:
        return self.call("POST", f"{self.app}/users", {"id": user_id})

    def group(self, name: str, *user_ids: str) -> str:
        """Return the id of a new group."""
        group_id = str(self.call("POST", "/groups", {"profile": {"name": name}})["id"])
        for user_id in user_ids:
            self.call("PUT", f"/groups/{group_id}/users/{user_id}", status=204)
        return group_id

    def push(self, group_id: str, **options: Any) -> Any:
        path = f"{self.app}/group-push/mappings"
        return self.call("POST", path, {"sourceGroupId": group_id} | options)


@contextmanager
def okta_for(url: str, token: str, kind: str, first_pause: float = 0.01) -> Iterator[Okta]:
    """An organization that provisions into the server at a URL."""
    lines: list[str] = []
    service = Service(Org(App(kind)), url, token, lines.append, first_pause)
    client = create_api(service, API_TOKEN).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"SSWS {API_TOKEN}"
    service.start()
    service.queue.join()
    try:
        yield Okta(service, client, lines=lines)
    finally:
        service.stop()


@contextmanager
def okta(server: Any, kind: str) -> Iterator[Okta]:
    """An organization that has tested its credentials."""
    with okta_for(server.url, server.token, kind) as org:
        org.sent()
        yield org
