"""Fixtures for the tests of the endpoints."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from scim.protocol.tolerance import STRICT_TOLERANCE
from scim.storage import tokens

from ..support.definitions import EXAMPLE_FOLDERS, write
from ..support.scim import Record, Scim
from ..support.threads import READERS


@pytest.fixture
def scim(client: FlaskClient) -> Scim:
    """A SCIM client of the application, with an empty database."""
    return Scim(client)


@pytest.fixture
def choose(app: Flask, engine: sa.Engine) -> Iterator[Callable[..., None]]:
    """Let the tenant of SCIM_TOKEN choose until the test ends: ``choose(strict=True)``."""

    def choose(**choices: bool) -> None:
        with engine.begin() as connection:
            default, *_ = tokens.list_tenants(connection)
            assert default.id == tokens.DEFAULT_TENANT
            tokens.set_tenant(connection, default, **choices)
        known = app.extensions["scim"].doorkeeper.known
        known.clear()  # it remembers for some seconds
        if READERS:  # a request in progress may have read the tenant before, and note it now
            time.sleep(0.1)
            known.clear()

    yield choose
    choose(strict=False, restores=False, paused=False)


@pytest.fixture
def strict(choose: Callable[..., None]) -> None:
    """Make the tenant of SCIM_TOKEN strict."""
    choose(strict=True)


@pytest.fixture
def without_tolerances(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Accept only what the RFCs describe, until the test ends: ``without_tolerances()``."""

    def refuse() -> None:
        changed = replace(app.extensions["scim"], tolerance=STRICT_TOLERANCE)
        monkeypatch.setitem(app.extensions, "scim", changed)

    return refuse


@pytest.fixture
def tenant(app: Flask, engine: sa.Engine, empty_database: None) -> Iterator[Callable[..., Scim]]:
    """Make further tenants: ``tenant("acme", strict=True)`` is a client of one of them.

    ``subject`` is the id of the user who is ``/Me`` to it.
    """

    @contextmanager
    def made(name: str, subject: str | None = None, **choices: Any) -> Iterator[Scim]:
        with engine.begin() as connection:
            tokens.add_tenant(connection, name)
            added = tokens.find_tenant(connection, name)
            assert added
            if choices:
                tokens.set_tenant(connection, added, **choices)
            token = tokens.issue_token(connection, added, name, subject)
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        try:
            yield Scim(client)
        finally:
            with engine.begin() as connection:
                tokens.revoke_token(connection, added, name)
                table = tokens.tenants
                connection.execute(sa.delete(table).where(table.c.id == added.id))

    with ExitStack() as tenants:
        yield lambda name, **choices: tenants.enter_context(made(name, **choices))


@pytest.fixture(scope="session")
def app_with_examples(database_url: str) -> Iterator[Flask]:
    """The application with all that the documents of ``TOGETHER`` add."""
    with _application(database_url, SCHEMA_FOLDER=EXAMPLE_FOLDERS) as app:
        yield app


@pytest.fixture
def examples(app_with_examples: Flask, empty_database: None) -> Scim:
    """A SCIM client of that application, with an empty database."""
    return _client(app_with_examples)


@pytest.fixture
def defining(
    database_url: str, empty_database: None, tmp_path: Path
) -> Iterator[Callable[..., Scim]]:
    """Make a SCIM client of an application with other documents: ``defining(*documents)``."""
    with ExitStack() as applications:

        def define(*documents: Record) -> Scim:
            folder = write(tmp_path, *documents)
            made = _application(database_url, SCHEMA_FOLDER=folder)
            return _client(applications.enter_context(made))

        yield define


@pytest.fixture
def new_client(client: FlaskClient, database_url: str) -> Iterator[Callable[..., Scim]]:
    """Make a SCIM client of one more application: ``new_client(MAX_PAGE_SIZE=3)``."""
    with ExitStack() as applications:
        yield lambda **settings: _client(
            applications.enter_context(_application(database_url, **settings))
        )


@pytest.fixture
def restoring(scim: Scim, choose: Callable[..., None]) -> Scim:
    """A client whose tenant wants deleted users back when they are created again."""
    choose(restores=True)
    return scim


@contextmanager
def _application(database_url: str, **settings: Any) -> Iterator[Flask]:
    from app import create_app  # noqa: PLC0415 - tests of the protocol alone need no application

    app = create_app({"DATABASE_URL": database_url, "TESTING": True, **settings})
    yield app
    app.extensions["scim"].database.close()


def _client(app: Flask) -> Scim:
    client = app.test_client()
    token = app.extensions["scim"].settings.token
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return Scim(client)
