"""What the tests of the endpoints ask for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from scim.storage import tokens

from ..support.scim import Scim


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
        app.extensions["scim_door"].known.clear()  # it remembers for some seconds

    yield choose
    choose(strict=False, restores=False)


@pytest.fixture
def strict(choose: Callable[..., None]) -> None:
    """Make the tenant of SCIM_TOKEN strict."""
    choose(strict=True)


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
