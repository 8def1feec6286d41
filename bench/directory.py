"""The directory that is measured, written straight into the tables as the server would have.

Ids follow from numbers. User ``n`` is in team ``n // 10`` with nine others, and in one or two of
the divisions, each of which has a fifth of all users. There is a division for each connection.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import sqlalchemy as sa

from models import Group, Link, Tenant, User
from scim.protocol.schema import GROUP, GROUP_SCHEMA, USER, ResourceType
from scim.serializers import dump_resource
from scim.storage.resources import columns, count, now
from tests.support.postgres import PostgresServer, temporary_database

HERE = Path(__file__).parent
USER_TEMPLATE = (HERE / "user.json").read_text(encoding="utf-8")
TENANT, BATCH, TEAM_SIZE, CONNECTIONS = 1, 500, 10, 8
USERS, TEAMS, DIVISIONS = 0, 1, 2  # kinds of ids
CURSOR_KEY = "known to the clients, which make cursors themselves"
# What the tests turn off for speed. Here a commit has to be on the disk.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# The floor writes to a table of its own: the same bodies, and no index but the key.
FLOOR = (
    "CREATE TABLE floor AS SELECT id, body FROM users",
    "CREATE UNIQUE INDEX floor_key ON floor (id)",
)


def key(kind: int, number: int) -> str:
    """Return the id of a user, a team or a division."""
    return f"01900000-0000-7000-800{kind}-{number:012x}"


def user(number: int, size: int) -> dict[str, Any]:
    """Return the user that a client would send; ten of the ``size`` users share a department."""
    text = USER_TEMPLATE.replace("{number}", str(number))
    found: dict[str, Any] = json.loads(text.replace("{department}", str(number % (size // 10))))
    return found


@contextmanager
def databases(dialect: str) -> Iterator[list[str]]:
    """Yield the URLs of two new databases of that dialect, and remove them."""
    with TemporaryDirectory(prefix="scim-bench-") as name:
        if dialect == "sqlite":
            yield [f"sqlite:///{name}/small.db", f"sqlite:///{name}/large.db"]
            return
        server = PostgresServer(Path(name))
        server.create()
        server.start(**DURABLE)
        try:
            url = sa.make_url(server.url)
            with temporary_database(url) as small, temporary_database(url) as large:
                yield [small, large]
        finally:
            server.stop()


def fill(url: str, size: int) -> None:
    """Fill a database with ``size`` users and their groups."""
    environment = os.environ | {"SCIM_DATABASE_URL": url}
    upgrade = [sys.executable, "manage.py", "db", "upgrade"]
    subprocess.run(upgrade, check=True, cwd=HERE.parent, env=environment, stdout=subprocess.DEVNULL)
    engine = sa.create_engine(url, hide_parameters=True)
    teams = {key(TEAMS, number): f"Team {number}" for number in range(size // TEAM_SIZE)}
    divisions = {key(DIVISIONS, number): f"Division {number}" for number in range(CONNECTIONS)}
    label = f"Filling {engine.dialect.name} with {size:,} users"
    with engine.begin() as connection:
        starts = range(0, size, BATCH)
        with click.progressbar(starts, label=label, file=sys.stderr) as progress:
            for start in progress:
                numbers = range(start, min(start + BATCH, size))
                rows = [_row(USER, key(USERS, n), user(n, size)) for n in numbers]
                connection.execute(sa.insert(User), rows)
        named = (teams | divisions).items()
        sent = [(key, {"schemas": [GROUP_SCHEMA], "displayName": name}) for key, name in named]
        connection.execute(sa.insert(Group), [_row(GROUP, *group) for group in sent])
        connection.execute(sa.insert(Link), [_link(*pair) for pair in _memberships(size)])
        count(connection, TENANT, USER, size)
        count(connection, TENANT, GROUP, len(sent))
        connection.execute(sa.update(Tenant).values(cursor_key=CURSOR_KEY))
        for statement in FLOOR:
            connection.exec_driver_sql(statement)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # VACUUM empties the list of rows that PostgreSQL's GIN index has yet to take in.
        postgresql = engine.dialect.name == "postgresql"
        connection.exec_driver_sql("VACUUM ANALYZE" if postgresql else "ANALYZE")
    engine.dispose()


def _row(resource_type: ResourceType, key: str, sent: dict[str, Any]) -> dict[str, Any]:
    document = {"schemas": sent["schemas"], "id": key, **sent}
    body, created = dump_resource(document, resource_type), now()
    made = {"tenant_id": TENANT, "id": key, "version": 1}
    made |= {"created": created, "last_modified": created}
    return columns(resource_type, document, body, unique_names=True) | made


def _memberships(size: int) -> Iterator[tuple[str, int]]:
    for number in range(size):
        yield key(TEAMS, number // TEAM_SIZE), number
        for division in range(CONNECTIONS):
            if (number + division) % 5 == 0:
                yield key(DIVISIONS, division), number


def _link(group: str, number: int) -> dict[str, Any]:
    return {"tenant_id": TENANT, "group_id": group, "user_id": key(USERS, number)}
