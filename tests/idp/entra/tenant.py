"""A stand-in for Entra ID, whose requests are shown with names instead of ids."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from scim.idp.entra.api.app import SERVICE_PRINCIPAL_ID
from scim.idp.entra.api.application import create_api
from scim.idp.entra.api.job import JOB_ID
from scim.idp.entra.directory import Directory
from scim.idp.entra.files import load
from scim.idp.entra.job import Job
from scim.idp.entra.service import Service, new_service
from scim.idp.scim_client import Exchange, ScimClient

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"
FLAG = "aadOptscim062020"
DIALECTS = pytest.mark.parametrize("dialect", ["default", FLAG])

ADA = "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"
GRACE = "5c1e7d0b-5a0e-4d1f-8c39-2f1d0a4f7a10"
EDSGER = "c1b2c8d6-95c4-4b90-a5ad-5c1a3d0a8c0e"
ENGINEERS = "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159"
PEOPLE: dict[str, Any] = {
    "users": [
        {
            "id": ADA,
            "userPrincipalName": "ada@contoso.example",
            "displayName": "Ada Lovelace",
            "givenName": "Ada",
            "surname": "Lovelace",
            "mail": "ada.lovelace@contoso.example",
            "mailNickname": "ada",
            "department": "Engines",
            "manager": "grace@contoso.example",
        },
        {
            "id": GRACE,
            "userPrincipalName": "grace@contoso.example",
            "displayName": "Grace Hopper",
            "mailNickname": "grace",
        },
        {
            "id": EDSGER,
            "userPrincipalName": "edsger@contoso.example",
            "displayName": "Edsger Dijkstra",
            "mailNickname": "edsger",
        },
    ],
    "groups": [{"id": ENGINEERS, "displayName": "Engineers", "members": ["ada@contoso.example"]}],
    "assignments": ["Engineers", "grace@contoso.example"],
}

DISABLED = {
    "default": [{"op": "Replace", "path": "active", "value": "False"}],
    FLAG: [{"op": "replace", "path": "active", "value": False}],
}


APP = f"/servicePrincipals/{SERVICE_PRINCIPAL_ID}"
JOB = f"{APP}/synchronization/jobs/{JOB_ID}"
HENRY = {
    "accountEnabled": True,
    "displayName": "Henry Babbage",
    "mailNickname": "henry",
    "userPrincipalName": "henry@contoso.example",
    "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"},
}
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass
class Tenant:
    """A directory with its job, and the requests of the job."""

    service: Service
    server: Any  # a Server or a LocalServer

    @property
    def job(self) -> Job:
        return self.service.job

    @property
    def directory(self) -> Directory:
        return self.service.directory

    @property
    def client(self) -> ScimClient:
        return self.job.provisioner.target.client

    def target_id(self, object_id: str) -> str:
        return self.job.provisioner.links[object_id].target_id

    def cycle(self) -> list[str]:
        """Run a cycle and return its requests, a line each."""
        self.client.exchanges.clear()
        self.job.run_cycle()
        return self.lines()

    def lines(self) -> list[str]:
        lines = [f"{each.method} {unquote(each.path)}" for each in self.client.exchanges]
        return self.named("\n".join(lines)).splitlines()

    def bodies(self, start: str) -> list[Any]:
        """Return the bodies of the requests that begin with a method, or with a path, too."""
        sent = [each.sent for each in self.client.exchanges if _line(each).startswith(start)]
        found: list[Any] = json.loads(self.named(json.dumps(sent)))
        return found

    def operations(self) -> list[Any]:
        """Return the operations of each PATCH."""
        return [body["Operations"] for body in self.bodies("PATCH")]

    def named(self, text: str) -> str:
        """Show the app's ids as names."""
        named = {}
        for user in self.server.session.get("/Users").json()["Resources"]:
            named[user["id"]] = user["userName"].split("@")[0]
        for group in self.server.session.get("/Groups").json()["Resources"]:
            named[group["id"]] = group["displayName"]
        for object_id, name in named.items():
            text = text.replace(object_id, f"<{name}>")
        return text

    def reference(self, object_id: str, name: str) -> dict[str, str]:
        """Return what the server makes of a reference to a user."""
        target_id = self.target_id(object_id)
        url = self.server.url
        return {"value": target_id, "$ref": f"{url}/Users/{target_id}", "displayName": name}

    def in_app(self, user_name: str) -> dict[str, Any]:
        """Return a user or a group of the app, without what the app adds to every resource."""
        session = self.server.session
        endpoint, name = ("Users", "userName") if "@" in user_name else ("Groups", "displayName")
        answer = session.get(f"/{endpoint}", params={"filter": f'{name} eq "{user_name}"'})
        [found] = answer.json()["Resources"]
        return {key: value for key, value in found.items() if key not in ("schemas", "meta")}


def _line(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.path}"


@contextmanager
def entra(server: Any, dialect: str = "default", **options: Any) -> Iterator[Tenant]:
    """A tenant that provisions into a server."""
    directory = load(options.pop("document", PEOPLE))
    url = server.url + options.pop("query", "")
    options = {"token": server.token, "matching": "userName"} | options
    service = new_service(
        directory, url, dialect=dialect, interval=40, say=lambda _: None, **options
    )
    try:
        yield Tenant(service, server)
    finally:
        service.job.provisioner.target.close()


@dataclass(frozen=True)
class Nowhere:
    """The place of a server that is not there."""

    url: str = "http://127.0.0.1:1/scim/v2"
    token: str = "t"


def without_flag(lines: list[str], dialect: str) -> list[str]:
    """Check that each request has the flag if it should have, and return them without it."""
    for line in lines:
        assert (f"?{FLAG}" in line) == (dialect == FLAG), line
    return [line.replace(f"?{FLAG}&", "?").replace(f"?{FLAG}", "") for line in lines]


@dataclass
class Graph:
    """A client of the API, and the tenant behind it."""

    tenant: Tenant
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = create_api(self.tenant.service).test_client()

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.client.open(f"/v1.0{path}", method=method, json=body)
        assert answer.status_code == status, answer.text
        if status == 204:
            assert answer.data == b""
            assert "Content-Type" not in answer.headers
            return None
        assert answer.headers["Content-Type"] == "application/json"
        return answer.json


def reference(object_id: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{object_id}"}


def on_demand(object_id: str, kind: str = "User", *members: str) -> dict[str, Any]:
    links = {"members": [{"objectId": each, "objectTypeName": "User"} for each in members]}
    subject = {"objectId": object_id, "objectTypeName": kind, "links": links}
    return {"parameters": [{"ruleId": "any", "subjects": [subject]}]}
