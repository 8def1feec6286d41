"""Tests of a SCIM endpoint with the fixtures that the package scim-service-provider brings."""

from collections.abc import Iterator
from threading import Thread
from typing import Any, NamedTuple

import pytest
from client import find
from endpoint import USER, create_app
from werkzeug.serving import make_server

TOKEN = "a-token-for-tests"


class Endpoint(NamedTuple):
    """Where the application answers, and what it has stored."""

    url: str
    users: dict[str, dict[str, Any]]

    def active(self) -> set[str]:
        return {user["userName"] for user in self.users.values() if user["active"]}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    app = create_app(TOKEN)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield Endpoint(f"http://127.0.0.1:{server.port}/scim", app.config["users"])
    server.shutdown()
    thread.join()
    server.server_close()


def test_okta_provisions_a_person(endpoint: Endpoint, okta: Any) -> None:
    provider = okta(endpoint.url, TOKEN)

    amy = provider.hire("amy", given_name="Amy", family_name="Ash")
    provider.change("amy", title="Head of Sales")
    [user] = endpoint.users.values()
    assert (user["userName"], user["title"], user["active"]) == (amy, "Head of Sales", True)

    provider.dismiss("amy")
    assert endpoint.active() == set()


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_year_of_a_company(endpoint: Endpoint, kind: str, request: Any) -> None:
    provider = request.getfixturevalue(kind)(endpoint.url, TOKEN)

    company = provider.play(users=20, groups=False)

    assert endpoint.active() == company.active
    assert {
        user["userName"] for user in endpoint.users.values()
    } == company.active | company.inactive


def test_endpoint_passes_what_okta_checks(endpoint: Endpoint, scim_check: Any) -> None:
    results = scim_check(endpoint.url, TOKEN, "okta-spec")

    assert results.failed == []


def test_client_finds_a_person(scim_server: Any) -> None:
    amy = {"schemas": [USER], "userName": "amy@example.com"}
    scim_server.client.post("/Users", json=amy).raise_for_status()

    assert find(scim_server.url, scim_server.token, "amy@example.com")["active"] is True
