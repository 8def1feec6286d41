"""Fixtures for the tests of delivery: a kind of receivers, and receivers of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from scim.deliver import signals
from scim.deliver.channels import CHANNELS
from scim.deliver.outbox.deliverer import Delivery
from scim.service import Service
from scim.storage.receivers import Receiver, add_receiver
from scim.storage.tokens import DEFAULT_TENANT, find_tenant

from ..support.alone import alone
from ..support.receiving import KIND, Ear, forget_receivers
from ..support.scim import Scim
from ..support.server import Server, running_server

NAME = "default"


database_url, engine, app = alone("session")


@pytest.fixture(scope="session")
def started_server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this database, which delivers; pytest would take that of the other tests."""
    log_path = tmp_path_factory.mktemp("server") / "log"
    environment = {"SCIM_DATABASE_URL": database_url, "SCIM_WORKERS": "2"}
    with running_server(log_path, **environment) as server:
        yield server


@pytest.fixture
def scim(client: FlaskClient) -> Scim:
    return Scim(client)


@pytest.fixture
def service(app: Flask, client: FlaskClient) -> Service:
    """The service of this process, with an empty database; it has just looked for receivers."""
    found: Service = app.extensions["scim"]
    return found


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    """The channel of the receivers of ``receiver``."""
    made = Ear()
    monkeypatch.setitem(CHANNELS, KIND, made)  # type: ignore[arg-type]
    return made


@pytest.fixture
def receiver(service: Service, ear: Ear) -> Callable[..., Receiver]:
    """Add a receiver: ``receiver("crm", types=["User"])``."""

    def add(name: str, **options: Any) -> Receiver:
        tenant = service.database.read(lambda known: find_tenant(known, NAME))
        assert tenant
        assert tenant.id == DEFAULT_TENANT
        made = service.database.write(
            lambda known: add_receiver(known, tenant, name, KIND, options=options)
        )
        assert made
        forget_receivers(service)
        return made

    return add


@pytest.fixture
def delivery(service: Service) -> Iterator[Delivery]:
    """A deliverer of this process, which works when it is told to."""
    forget_receivers(service)
    made = Delivery()
    yield made
    made.end(service)
    forget_receivers(service)


@pytest.fixture
def told() -> Iterator[Callable[[str], list[signals.Event]]]:
    """The events of each moment that were told since the last look: ``told("before")``."""
    seen: dict[str, list[tuple[str, signals.Event]]] = {"before": [], "after": []}
    with ExitStack() as connected:
        for moment, events in seen.items():
            for signal in getattr(signals, moment).all:
                note = lambda tenant, event, events=events: events.append((tenant, event))  # noqa: E731
                connected.enter_context(signal.connected_to(note))

        def take(moment: str) -> list[signals.Event]:
            events, seen[moment][:] = [*seen[moment]], []
            assert all(tenant == event.tenant for tenant, event in events)
            return [event for _, event in events]

        yield take
