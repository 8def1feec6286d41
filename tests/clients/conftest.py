"""Directories as clients find them: empty, or in use."""

import pytest

from ..support import npm_programs
from ..support.scim import group, user
from ..support.server import Server
from ..support.tries import cases


@pytest.fixture(scope="session")
def npm() -> None:
    """The programs from npm are installed."""
    npm_programs.install()


@pytest.fixture(params=cases(["used"], ["empty"]))
def directory(request: pytest.FixtureRequest, server: Server) -> Server:
    """A server without a user, and one with users and groups of other people."""
    if request.param == "used":
        ids = [
            create(server, "/Users", user(f"user{number}@example.com", title="Tour Guide"))
            for number in range(30)
        ]
        for number in range(5):
            members = [{"id": each} for each in ids[number:]]
            create(server, "/Groups", group(f"Tour Guides {number}", *members))
    return server


def create(server: Server, path: str, body: dict[str, object]) -> str:
    """Return the id of a resource that is there now."""
    answer = server.session.post(path, json=body)
    assert answer.status_code == 201, answer.text
    created: str = answer.json()["id"]
    return created


def everything(server: Server) -> list[dict[str, object]]:
    """Return all resources that there are."""
    answer = server.session.get("/", params={"count": "1000", "sortBy": "id"})
    assert answer.status_code == 200, answer.text
    resources: list[dict[str, object]] = answer.json()["Resources"]
    return resources
