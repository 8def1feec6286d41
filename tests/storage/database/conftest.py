"""Fixtures for tests with a PostgreSQL server of their own and several of our servers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer, throw_away_server
from tests.support.server import Server, run, running_server


@pytest.fixture(scope="module")
def primary() -> Iterator[PostgresServer]:
    """A migrated PostgreSQL server of its own, with a tenant ``acme`` beside the default one."""
    with throw_away_server() as server:
        for command in ("db upgrade", "tenant add acme"):
            done = run("manage.py", *command.split(), DATABASE_URL=server.url)
            assert done.returncode == 0, done.stderr
        yield server


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start servers that end with the module: ``start(SCIM_DATABASE_URL=url)``."""
    with ExitStack() as servers:

        def started(**environment: str) -> Server:
            log_path: Path = tmp_path_factory.mktemp("server") / "log"
            return servers.enter_context(running_server(log_path, **environment))

        yield started
