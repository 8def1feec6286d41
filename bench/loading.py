"""Fills a database with the rows that the server would write, much faster than the server.

The server's own code makes one row of each kind. The other rows are copies with other numbers.
"""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any

import click
import sqlalchemy as sa

from scim.models import Tenant
from scim.protocol.schema import GROUP, GROUP_SCHEMA, USER, ResourceType
from scim.protocol.values import date_time
from scim.serializers.resources import dump_resource
from scim.storage.columns import columns
from scim.storage.database.observing import make_observable
from scim.storage.tokens import add_tenant, find_tenant, issue_token
from scim.storage.totals import add_resources, recount_memberships

from .directory import (
    COMPANY,
    CONNECTIONS,
    DIVISIONS,
    HERE,
    TEAM_SIZE,
    TEAMS,
    TENANT,
    USERS,
    department,
    filled_in,
    in_company,
    in_division,
    key,
)

BATCH = 2000
MANY = "999999999"  # the brake counts what the clients deactivate, and never stops them
CURSOR_KEY = "the clients know this key, and seal cursors themselves"
# The floor writes to its own table, which has the same bodies and an index of the key only.
FLOOR = (
    "CREATE TABLE floor AS SELECT id, body FROM users WHERE tenant_id = 1",
    "CREATE UNIQUE INDEX floor_key ON floor (id)",
)
# Placeholders in a template; no other value there contains them.
ID, NUMBER, DEPARTMENT = "ffffffff-ffff-7fff-bfff-ffffffffffff", "8888888801", "8888888802"
INSTANT, SEPARATOR = "the instant of its creation", "\0"
FIRST_INSTANT = datetime(2024, 7, 1, tzinfo=UTC)
SQLITE_IN_A_HURRY = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000")
POSTGRESQL_IN_A_HURRY = (
    "session_replication_role = replica",  # no foreign key is checked
    "synchronous_commit = off",
    "maintenance_work_mem = '512MB'",
)
INDEXES = (
    "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
    " WHERE NOT indisprimary AND indrelid IN ('users'::regclass, '\"groups\"'::regclass,"
    " 'link'::regclass)"
)

Row = Sequence[str]


@dataclass(frozen=True)
class Part:
    """Rows of a table; ``row(n)`` returns the ``n``-th as texts."""

    table: str
    columns: Sequence[str]
    rows: int
    row: Callable[[int], Row]


class Template:
    """The row of a resource as the server writes it, with placeholders for numbers."""

    def __init__(self, resource_type: ResourceType, sent: dict[str, Any], tenant: int) -> None:
        document = {"schemas": sent["schemas"], "id": ID, **sent}
        values = columns(
            resource_type, document, dump_resource(document, resource_type), unique_names=True
        )
        values |= {"tenant_id": str(tenant), "id": ID, "version": "1"}
        values |= {"created": INSTANT, "last_modified": INSTANT}
        values["search"] = json.dumps(values["search"])
        given = {name: value for name, value in values.items() if value is not None}
        self.columns, self.text = list(given), SEPARATOR.join(given.values())

    def row(self, key: str, number: int, department: int = 0) -> Row:
        """Return the row of a resource, created ``number`` seconds after the first one."""
        made = date_time(FIRST_INSTANT + timedelta(seconds=number))
        text = self.text.replace(ID, key).replace(INSTANT, made)
        text = text.replace(NUMBER, str(number)).replace(DEPARTMENT, str(department))
        return text.split(SEPARATOR)


def parts(tenant: int, size: int) -> Iterator[Part]:
    """Yield the rows of a tenant with ``size`` users."""
    users = Template(USER, filled_in(NUMBER, DEPARTMENT), tenant)
    yield Part(
        "users",
        users.columns,
        size,
        lambda n: users.row(key(USERS, n), n, department(n, size)),
    )
    yield _groups(f"Team {NUMBER}", tenant, _teams(size), lambda n: key(TEAMS, n))
    yield _groups(f"Division {NUMBER}", tenant, CONNECTIONS, lambda n: key(DIVISIONS, n))
    yield _groups("Company", tenant, 1, lambda n: COMPANY)
    yield _links(tenant, range(size), lambda n: key(TEAMS, n // TEAM_SIZE))
    yield _links(tenant, in_company(size), lambda n: COMPANY)
    for division in range(CONNECTIONS):
        name = key(DIVISIONS, division)
        yield _links(tenant, in_division(division, size), partial(_same, name))


def _same(group: str, number: int) -> str:
    return group


def _teams(size: int) -> int:
    return -(-size // TEAM_SIZE)


def _groups(name: str, tenant: int, number: int, key: Callable[[int], str]) -> Part:
    template = Template(GROUP, {"schemas": [GROUP_SCHEMA], "displayName": name}, tenant)
    return Part('"groups"', template.columns, number, lambda n: template.row(key(n), n))


def _links(tenant: int, members: Sequence[int], group: Callable[[int], str]) -> Part:
    def row(number: int) -> Row:
        return str(tenant), group(members[number]), key(USERS, members[number])

    return Part("link", ("tenant_id", "group_id", "user_id"), len(members), row)


def fill(url: str, size: int, guests: Sequence[str] = ()) -> list[str]:
    """Create the tables of a new database, and insert ``size`` users and their groups.

    Insert as many for each tenant in ``guests``, and return the tokens of these tenants.
    """
    environment = os.environ | {"SCIM_DATABASE_URL": url}
    upgrade = [sys.executable, "manage.py", "db", "upgrade"]
    subprocess.run(upgrade, check=True, cwd=HERE.parent, env=environment, stdout=subprocess.DEVNULL)
    engine = sa.create_engine(url, hide_parameters=True)
    make_observable(engine)  # the statements of the server expect it
    started = time.monotonic()
    with engine.begin() as connection:
        tokens = dict(_admit(connection, name) for name in guests)
        connection.execute(sa.update(Tenant).values(cursor_key=CURSOR_KEY, brake=MANY))
    tenants = [TENANT, *tokens]
    with _in_a_hurry(engine) as driver:
        load(driver, tenants, size, f"{engine.dialect.name}, {size:,} users")
    with engine.begin() as connection:
        for tenant in tenants:
            add_resources(connection, tenant, USER.name, size)
            add_resources(connection, tenant, GROUP.name, _teams(size) + CONNECTIONS + 1)
            recount_memberships(connection, tenant)
        for statement in FLOOR:
            connection.exec_driver_sql(statement)
    if engine.dialect.name == "postgresql":  # SQLite keeps the statistics of its migration
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()
    click.echo(f"  filled in {time.monotonic() - started:.0f} s", err=True)
    return list(tokens.values())


def _admit(connection: sa.Connection, name: str) -> tuple[int, str]:
    """Add a tenant; return its id and a token."""
    add_tenant(connection, name)
    tenant = find_tenant(connection, name)
    assert tenant
    token = issue_token(connection, tenant, "bench", None)
    assert token
    return tenant.id, token


def load(driver: Any, tenants: Sequence[int], size: int, label: str) -> None:
    """Write the rows of the tenants over the driver's connection, with a progress bar."""
    all_parts = [part for tenant in tenants for part in parts(tenant, size)]
    started = time.monotonic()
    with click.progressbar(
        length=sum(part.rows for part in all_parts),
        label=label,
        file=sys.stderr,
        item_show_func=lambda rate: rate,
    ) as progress:
        for part in all_parts:
            for first in range(0, part.rows, BATCH):
                numbers = range(first, min(first + BATCH, part.rows))
                _write(driver, part, [part.row(number) for number in numbers])
                rate = (progress.pos + len(numbers)) / (time.monotonic() - started)
                progress.update(len(numbers), f"{rate:,.0f} rows/s")
    driver.commit()


def _write(driver: Any, part: Part, rows: Sequence[Row]) -> None:
    names = ", ".join(part.columns)
    if isinstance(driver, sqlite3.Connection):
        marks = ", ".join("?" * len(part.columns))
        driver.executemany(f"INSERT INTO {part.table} ({names}) VALUES ({marks})", rows)
        return
    lines = "".join("\t".join(row).replace("\\", r"\\") + "\n" for row in rows)
    driver.cursor().copy_expert(f"COPY {part.table} ({names}) FROM STDIN", StringIO(lines))


@contextmanager
def _in_a_hurry(engine: sa.Engine) -> Iterator[Any]:
    """Yield a connection of the driver with settings for one big load; close it afterwards.

    On PostgreSQL the indexes are dropped and created again afterwards. On SQLite they stay, since
    their statistics would be lost.
    """
    pooled = engine.raw_connection()
    driver: Any = pooled.driver_connection
    cursor, indexes = driver.cursor(), []
    if engine.dialect.name == "postgresql":
        for setting in POSTGRESQL_IN_A_HURRY:
            cursor.execute(f"SET {setting}")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
    else:
        for setting in SQLITE_IN_A_HURRY:
            cursor.execute(f"PRAGMA {setting}")
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield driver
    for _, definition in indexes:
        cursor.execute(definition)
    driver.commit()
    pooled.detach()  # the pool must not hand out a connection with these settings
    driver.close()
