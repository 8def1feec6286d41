"""Our server for the stand-ins, in this process: no socket, no cost of passwords."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher
from flask import Flask

from scim.idp import scim_client
from scim.serializers import resources
from tests.support.server import Server

from .entra.tenant import Graph, Nowhere, Tenant, entra

ORIGIN = "http://scim.localhost"  # a name of this machine, as the demo token needs it
TOKEN = "123456789"


@dataclass(frozen=True)
class LocalServer:
    """The place of our server in this process, and a client for the tests."""

    session: httpx2.Client
    url: str = f"{ORIGIN}/scim/v2"
    token: str = TOKEN


@pytest.fixture
def reach(
    empty_database: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Flask], LocalServer]]:
    """Let stand-ins reach an application without a network: ``reach(app)``."""
    open_http = scim_client.open_http
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/scim+json"}
    with ExitStack() as clients:

        def serve(app: Flask) -> LocalServer:
            def open_locally(url: str, headers: Mapping[str, str]) -> httpx2.Client:
                http = open_http(url, headers)
                if not url.startswith(ORIGIN):
                    return http
                http.close()
                return httpx2.Client(transport=transport, headers=http.headers)

            transport = httpx2.WSGITransport(app)
            monkeypatch.setattr(scim_client, "open_http", open_locally)
            monkeypatch.setattr(resources, "hasher", PasswordHasher(1, 8, parallelism=1))
            app.extensions["scim"].doorkeeper.known.clear()
            session = httpx2.Client(
                transport=transport, base_url=f"{ORIGIN}/scim/v2", headers=headers
            )
            return LocalServer(clients.enter_context(session))

        yield serve


@pytest.fixture
def server(app: Flask, reach: Callable[[Flask], LocalServer]) -> LocalServer:
    """Our server in this process."""
    return reach(app)


@pytest.fixture
def process(started_server: Server, empty_database: None) -> Server:
    """Our server as a process of its own, as the command ``demo`` meets it."""
    return started_server


@pytest.fixture
def tenant(server: LocalServer) -> Iterator[Callable[..., Tenant]]:
    """Make tenants of Entra ID that provision into our server."""
    with ExitStack() as tenants:
        yield lambda *dialect, **options: tenants.enter_context(entra(server, *dialect, **options))


@pytest.fixture
def provisioned(tenant: Callable[..., Tenant]) -> Callable[..., Tenant]:
    """Make tenants whose first cycle is over."""

    def make(*dialect: str, **options: Any) -> Tenant:
        made = tenant(*dialect, **options)
        made.cycle()
        return made

    return make


@pytest.fixture
def graph(tenant: Callable[..., Tenant]) -> Callable[..., Graph]:
    """Make clients of the API of a tenant that provisions into our server."""
    return lambda *dialect, **options: Graph(tenant(*dialect, **options))


@pytest.fixture
def graph_alone() -> Iterator[Callable[..., Graph]]:
    """Make clients of the API of a tenant whose app is not there."""
    with ExitStack() as tenants:
        yield lambda **options: Graph(tenants.enter_context(entra(Nowhere(), **options)))
