"""Fixtures for every test: a ``client`` or a ``server``, on SQLite and on PostgreSQL.

A test that names one of these fixtures runs once for each database; the others run once.
``SCIM_TEST_PARTITIONS=4`` splits the tables of the PostgreSQL one into so many parts.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

try:
    import sqlalchemy as sa
    from argon2 import PasswordHasher
    from flask import Flask
    from flask.testing import FlaskClient
    from hypothesis import HealthCheck, settings

    from .support.databases import new_sqlite
    from .support.postgres import server_url, temporary_database
    from .support.rewriting import rewrite_share
    from .support.server import Server, run, running_server
    from .support.threads import READERS, ThreadedClient, busy
except ModuleNotFoundError as error:
    sys.exit(f"{error}: type `pip install -r requirements-dev.txt`")

KEPT_TABLES = {"tenants", "alembic_version"}
# A RAM disk, where SQLite waits for no disk when it makes a write durable.
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 2**31  # bytes; a container may have a small one

# A slow machine is no reason to fail.
settings.register_profile(
    "local", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the developer's settings out, keep files in memory, clean up when ended from outside."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would compile anew
    sys.dont_write_bytecode = False
    rewrite_share(config)
    for name in [name for name in os.environ if name.startswith("SCIM_")]:
        if not name.startswith("SCIM_TEST_"):
            del os.environ[name]
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"  # nor are those in .env for the tests
    os.environ["SCIM_CONSOLE"] = "off"  # also of servers and commands; a test can ask for `on`
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.URL]:
    """The PostgreSQL server of this run, started when the first test needs it."""
    with server_url() as url:
        yield url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., str]]:
    """Make a database without tables: ``new_database()`` is its URL.

    ``new_database(url)`` copies the database at ``url``, which nobody may be connected to.
    """
    if request.param == "sqlite":
        directory = tmp_path_factory.mktemp("sqlite")
        yield lambda template=None: new_sqlite(directory, template)
        return
    postgres = request.getfixturevalue("postgres")
    with ExitStack() as databases:
        yield lambda template=None: databases.enter_context(temporary_database(postgres, template))


@pytest.fixture(scope="session")
def migrated_database(new_database: Callable[..., str]) -> Callable[[], str]:
    """Make a database with all tables: a copy of one that is migrated once."""
    template = new_database()
    commands = ["upgrade"]
    if (parts := os.environ.get("SCIM_TEST_PARTITIONS")) and template.startswith("postgresql"):
        commands.append(f"partition {parts}")
    for command in commands:
        run("manage.py", "db", *command.split(), DATABASE_URL=template).check_returncode()
    return lambda: new_database(template)


@pytest.fixture(scope="session")
def database_url(migrated_database: Callable[[], str]) -> str:
    """The migrated database that ``client`` and ``server`` share."""
    return migrated_database()


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[sa.Engine]:
    """A way into the database beside the application."""
    engine = sa.create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def empty_database(engine: sa.Engine) -> None:
    """Delete what earlier tests left, children before parents."""
    from models import db  # noqa: PLC0415 - tests of the protocol alone need no models

    names = [table.name for table in reversed(db.metadata.sorted_tables)]
    statements = [f"DELETE FROM {name}" for name in names if name not in KEPT_TABLES | {"totals"}]
    statements += [
        # Servers that run on remember where resources are; they learn that those have gone.
        "UPDATE totals SET resources = 0, moves = moves + 1",
        "DELETE FROM tenants WHERE id <> 1",
        "UPDATE tenants SET strict = false, restores = false, paused = false, brake = NULL,"
        " brake_window = NULL, released_until = NULL, forgotten = NULL",
    ]
    if engine.dialect.name == "postgresql":  # a forgotten transaction fails here, not hangs
        statements = ["; ".join(["SET LOCAL lock_timeout = '5s'", *statements])]
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture(scope="session")
def app(database_url: str) -> Iterator[Flask]:
    """The application in this process."""
    from app import create_app  # noqa: PLC0415

    app = create_app({"DATABASE_URL": database_url, "TESTING": True})
    yield app
    app.extensions["scim"].database.close()


@pytest.fixture
def client(
    app: Flask, empty_database: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FlaskClient]:
    """A client of the application, authorized, with an empty database; passwords cost nothing."""
    from scim.serializers import resources  # noqa: PLC0415

    monkeypatch.setattr(resources, "hasher", PasswordHasher(1, 8, parallelism=1))
    app.extensions["scim"].doorkeeper.known.clear()  # a tenant may have changed its mind

    def connect() -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
        return client

    if not READERS:
        yield connect()
        return
    app.test_client_class = ThreadedClient
    with busy(connect):
        yield connect()


@pytest.fixture(scope="session")
def started_server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server process that the tests of one database share."""
    log_path = tmp_path_factory.mktemp("server") / "log"
    environment = {"SCIM_DATABASE_URL": database_url, "SCIM_WORKERS": "2"}
    # Other servers have the same database, and are tested for what they do beside the requests.
    environment |= {"SCIM_MAX_ASYNC_REQUESTS": "0", "SCIM_DELIVER": "false"}
    with running_server(log_path, **environment) as server:
        yield server


@pytest.fixture
def server(started_server: Server, empty_database: None) -> Server:
    """A real server process with two workers, with an empty database."""
    return started_server


@pytest.fixture
def serve(
    database_url: str, empty_database: None, tmp_path: Path
) -> Iterator[Callable[..., Server]]:
    """Start further servers: ``serve(SCIM_WORKERS="1")``; they end with the test."""
    with ExitStack() as servers:

        def start(forked: bool = True, **environment: str) -> Server:
            environment = {"SCIM_DATABASE_URL": database_url} | environment
            log_path = tmp_path / f"{uuid4().hex}.log"
            return servers.enter_context(running_server(log_path, forked, **environment))

        yield start


@pytest.fixture
def statements(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """Note the statements that a block executes: ``with statements() as seen: ...``."""
    from .support.statements import noted  # noqa: PLC0415

    if READERS:
        pytest.skip("the statements of other threads would be noted, too")

    @contextmanager
    def noting() -> Iterator[list[str]]:
        database, texts = app.extensions["scim"].database, []
        with noted(database) as seen:
            yield texts
        asking = "SELECT tenants.id, ", "SELECT receivers.id, ", "SELECT DISTINCT receivers."
        # These look up now and then who asks, and who is to be told.
        texts += [statement for statement, _ in seen if not statement.startswith(asking)]

    return noting
