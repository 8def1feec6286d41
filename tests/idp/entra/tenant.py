"""A stand-in Entra ID for tests, whose requests pass by somebody who writes them down."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

import httpx2
import pytest

from scim.idp.entra.api.job import JOB_ID, SERVICE_PRINCIPAL_ID
from scim.idp.entra.directory import Directory
from scim.idp.entra.files import load
from scim.idp.entra.job import Job
from scim.idp.entra.service import Service, new_service
from tests.support.server import Server

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
class Recorder:
    """Hands requests on to a server and keeps them, and its answers' statuses."""

    server: Server
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    hangs_up: bool = False
    spoilt: dict[str, Any] = field(default_factory=dict)  # what each resource has wrong

    def spoil(self, content: bytes) -> bytes:
        if not self.spoilt or b"ListResponse" in content:
            return content
        return json.dumps(json.loads(content) | self.spoilt).encode()


def passing_on(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    """Return what handles the requests to a recorder."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one piece, which nobody waits 40 ms to acknowledge

        def pass_on(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {"Authorization": self.headers["Authorization"]}
            if text:
                headers["Content-Type"] = self.headers["Content-Type"]
            answer = recorder.server.session.request(
                self.command, self.path, content=text, headers=headers
            )
            recorder.requests.append(
                {
                    "line": f"{self.command} {unquote(self.path)}",
                    "body": json.loads(text) if text else None,
                    "headers": dict(self.headers),
                    "status": answer.status_code,
                }
            )
            content = recorder.spoil(answer.content)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            if answer.status_code != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = self.close_connection or recorder.hangs_up

        do_GET = do_POST = do_PATCH = do_DELETE = pass_on

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    return Handler


@dataclass
class Tenant:
    """A directory with its job, and what the job sends."""

    service: Service
    recorder: Recorder

    @property
    def job(self) -> Job:
        return self.service.job

    @property
    def directory(self) -> Directory:
        return self.service.directory

    def target_id(self, object_id: str) -> str:
        return self.job.provisioner.links[object_id].target_id

    def cycle(self) -> list[str]:
        """Run a cycle and return the requests that it sent, a line each."""
        self.recorder.requests.clear()
        self.job.run_cycle()
        return self.lines()

    def lines(self) -> list[str]:
        return [self.named(request["line"]) for request in self.recorder.requests]

    def bodies(self, method: str) -> list[Any]:
        return [
            json.loads(self.named(json.dumps(request["body"])))
            for request in self.recorder.requests
            if request["line"].startswith(method)
        ]

    def operations(self) -> list[Any]:
        """Return the operations of each PATCH."""
        return [body["Operations"] for body in self.bodies("PATCH")]

    def named(self, text: str) -> str:
        """Show the app's ids as names."""
        named = {}
        for user in self.recorder.server.session.get("/Users").json()["Resources"]:
            named[user["id"]] = user["userName"].split("@")[0]
        for group in self.recorder.server.session.get("/Groups").json()["Resources"]:
            named[group["id"]] = group["displayName"]
        for object_id, name in named.items():
            text = re.sub(re.escape(object_id), f"<{name}>", text)
        return text

    def reference(self, object_id: str, name: str) -> dict[str, str]:
        """Return what the server makes of a reference to a user."""
        target_id = self.target_id(object_id)
        url = self.recorder.server.url
        return {"value": target_id, "$ref": f"{url}/Users/{target_id}", "displayName": name}

    def in_app(self, user_name: str) -> dict[str, Any]:
        """Return what the app has for a user or a group, without what it makes itself."""
        session = self.recorder.server.session
        endpoint, name = ("Users", "userName") if "@" in user_name else ("Groups", "displayName")
        answer = session.get(f"/{endpoint}", params={"filter": f'{name} eq "{user_name}"'})
        [found] = answer.json()["Resources"]
        return {key: value for key, value in found.items() if key not in ("schemas", "meta")}


@contextmanager
def entra(server: Server, dialect: str = "default", **options: Any) -> Iterator[Tenant]:
    """A tenant that provisions into a server."""
    recorder = Recorder(server)
    directory = load(options.pop("document", PEOPLE))
    with ThreadingHTTPServer(("127.0.0.1", 0), passing_on(recorder)) as proxy:
        recorder.url = f"http://127.0.0.1:{proxy.server_port}"
        url = recorder.url + options.pop("query", "")
        options = {"token": server.token, "matching": "userName"} | options
        service = new_service(
            directory, url, dialect=dialect, interval=40, say=lambda _: None, **options
        )
        thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Tenant(service, recorder)
        finally:
            service.job.provisioner.target.close()
            proxy.shutdown()
            thread.join()


def without_flag(lines: list[str], dialect: str) -> list[str]:
    """Check that each request has the flag if it should have, and return them without it."""
    for line in lines:
        assert (f"?{FLAG}" in line) == (dialect == FLAG), line
    return [line.replace(f"?{FLAG}&", "?").replace(f"?{FLAG}", "") for line in lines]


@dataclass
class Graph:
    """A client of the API, and the tenant behind it."""

    tenant: Tenant
    client: httpx2.Client

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.client.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        if status == 204:
            assert answer.content == b""
            return None
        assert answer.headers["Content-Type"] == "application/json"
        return answer.json()


def reference(object_id: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{object_id}"}


def on_demand(object_id: str, kind: str = "User", *members: str) -> dict[str, Any]:
    links = {"members": [{"objectId": each, "objectTypeName": "User"} for each in members]}
    subject = {"objectId": object_id, "objectTypeName": kind, "links": links}
    return {"parameters": [{"ruleId": "any", "subjects": [subject]}]}
