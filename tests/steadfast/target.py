"""The server that is attacked, and what the attacks need to know about it."""

import socket
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA

from ..support.bulk import bulk_request, post
from ..support.scim import Record, group, patch_op, user
from ..support.server import Server
from ..support.waiting import children, wait_until
from .sizes import SIZE

AT_ONCE = 500  # operations in a bulk request
LISTENS = "0A"  # a state in /proc/net/tcp


@dataclass
class Target:
    """A server with some users, one of them the victim."""

    server: Server
    victim_id: str = ""
    made: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return an answer that is neither an internal error nor late by more than ten minutes."""
        response = self.server.session.request(method, path, json=body, timeout=600)
        assert response.status_code not in (0, 500), response.text
        return response

    def create(self, body: Record) -> str:
        endpoint = "/Groups" if "displayName" in body and "userName" not in body else "/Users"
        response = self.ask("POST", endpoint, body)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def create_many(self, bodies: list[Record]) -> list[str]:
        """Create resources by bulk requests; return their ids."""
        ids = []
        for start in range(0, len(bodies), AT_ONCE):
            part = bodies[start : start + AT_ONCE]
            operations = [post(str(number), body) for number, body in enumerate(part)]
            results = self.ask("POST", "/Bulk", bulk_request(*operations)).json()["Operations"]
            assert {each["status"] for each in results} == {"201"}, results[0]
            ids += [each["location"].rpartition("/")[2] for each in results]
        return ids

    def patch(self, resource: str, *operations: Record) -> int:
        """Return the status of a PATCH of ``Users/2819c223``."""
        return int(self.ask("PATCH", f"/{resource}", patch_op(*operations)).status_code)

    def connect(self, sent: str = "") -> socket.socket:
        """Return a connection on which ``sent`` has gone out."""
        place = urlsplit(self.server.url)
        connection = socket.create_connection((place.hostname, place.port), timeout=60)
        connection.sendall(sent.encode())
        return connection

    def head(self, method: str, path: str, *headers: str) -> str:
        """Return the beginning of a request with the token; its headers have not ended."""
        base = urlsplit(self.server.url)
        lines = [f"{method} {base.path}{path} HTTP/1.1", f"Host: {base.netloc}"]
        token = f"Authorization: Bearer {self.server.token}"
        return "\r\n".join([*lines, token, *headers, ""])

    def large_group(self) -> str:
        """Return the id of a group with many members, made when first asked for."""
        if "large" not in self.made:
            members = [{"value": each} for each in self.made["users"][: SIZE.members]]
            self.made["large"] = [self.create(group("large") | {"members": members})]
        return self.made["large"][0]

    def workers(self) -> list[int]:
        """Return the process ids of the workers that listen; the server has other processes, too.

        It must have several workers: the only one listens with the socket of the master.
        """
        return [pid for pid in children(self.server.process.pid) if self.inodes() & sockets(pid)]

    def companions(self) -> list[int]:
        """Return the process ids of what runs beside the workers."""
        return [pid for pid in children(self.server.process.pid) if pid not in self.workers()]

    def inodes(self) -> set[str]:
        """Return the inodes of the sockets that listen at the server's port."""
        port = f":{urlsplit(self.server.url).port:04X}"
        listed = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        return {each[9] for each in listed if each[1].endswith(port) and each[3] == LISTENS}

    def wait_for_workers(self, number: int, seconds: float = 20) -> None:
        def listen() -> bool:
            assert self.server.process.poll() is None, "the master has ended"
            return len(self.workers()) >= number

        wait_until(listen, seconds)


def sockets(pid: int) -> set[str]:
    """Return the inodes of the sockets of a process; none if it has ended."""
    found = set()
    with suppress(OSError):
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # it is closed
                found.add(each.readlink().name.removeprefix("socket:[").removesuffix("]"))
    return found


def fill(target: Target) -> None:
    """Create the victim and the users that the attacks are about."""
    target.victim_id = target.create(user("victim"))
    target.made["users"] = target.create_many(
        [user(f"user{number}", emails=[email(number)]) for number in range(SIZE.users)]
    )


def email(number: int) -> Record:
    return {"value": f"user{number}@example.com", "type": "work"}


def report_of(manager_id: str, number: int) -> Record:
    body = user(f"report{number}")
    body["schemas"].append(ENTERPRISE_USER_SCHEMA)
    return body | {ENTERPRISE_USER_SCHEMA: {"manager": {"value": manager_id}}}


def open_files(least: int) -> None:
    """Let this process have so many connections."""
    import resource  # noqa: PLC0415 - only UNIX has it

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(least, most), most))
