"""Tenants of the stand-in Entra ID, and what asks their API."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Thread
from typing import Any

import httpx2
import pytest

from scim.idp.entra.api.application import api_server

from .entra.tenant import Graph, Tenant, entra


@pytest.fixture
def tenant(server) -> Iterator[Callable[..., Tenant]]:
    with ExitStack() as tenants:
        yield lambda *dialect, **options: tenants.enter_context(entra(server, *dialect, **options))


@pytest.fixture
def provisioned(tenant) -> Callable[..., Tenant]:
    """Tenants whose first cycle is over."""

    def make(*dialect: str, **options: Any) -> Tenant:
        made = tenant(*dialect, **options)
        made.cycle()
        return made

    return make


@pytest.fixture
def graph(server) -> Iterator[Callable[..., Graph]]:
    with ExitStack() as stack:

        def make(*dialect: str, **options: Any) -> Graph:
            tenant = stack.enter_context(entra(server, *dialect, **options))
            api = stack.enter_context(api_server(tenant.service, "127.0.0.1", 0))
            thread = Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(api.shutdown)
            url = f"http://127.0.0.1:{api.server_port}/v1.0"
            client = httpx2.Client(base_url=url, trust_env=False)
            return Graph(tenant, stack.enter_context(client))

        yield make
