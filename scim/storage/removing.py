"""Tenants are removed: first what opens them, then what they have, part by part, then they."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from .database.database import Database
from .figures import count_rows
from .tables import (
    TABLES,
    access_tokens,
    assertions,
    changes,
    clients,
    deferred_requests,
    outbox,
    receivers,
    tenants,
    tokens,
    totals,
)
from .tokens import Tenant

AT_ONCE = 2000  # rows in one transaction
KEPT = {"totals", "positions"}  # to the end
# First nobody finds work to do any more, which would leave rows in tables that are empty already;
# an audit begins with changes that have no entries.
FIRST = [receivers, outbox, deferred_requests, changes]
OWNED = [each for each in reversed(TABLES) if "tenant_id" in each.c and each.name not in KEPT]
OWNED.sort(key=lambda table: FIRST.index(table) if table in FIRST else len(FIRST))
COUNTED = {
    "trash": "deleted resources",
    "changes": "changes in history",
    "entries": "audit entries",
    "tokens": "tokens",
    "clients": "OAuth clients",
}


def count_what_goes(connection: sa.Connection, tenant: Tenant) -> Mapping[str, int]:
    """Return what a tenant has beside resources, as people call it; see ``figures.MOST``."""
    named = {table.name: table for table in OWNED}
    return {what: count_rows(connection, named[name], tenant.id) for name, what in COUNTED.items()}


def close_tenant(connection: sa.Connection, tenant: Tenant) -> bool:
    """Delete all that opens a tenant, and pause it; tell whether there was anything."""
    this = tenants.c.id == tenant.id
    connection.execute(sa.update(tenants).where(this).values(paused=True))
    mine = sa.select(clients.c.id).where(clients.c.tenant_id == tenant.id)
    gone = [
        *(
            sa.delete(each).where(each.c.client_id.in_(mine))
            for each in (access_tokens, assertions)
        ),
        *(sa.delete(each).where(each.c.tenant_id == tenant.id) for each in (clients, tokens)),
    ]
    return sum(connection.execute(each).rowcount for each in gone) > 0


def remove_rows(database: Database, tenant: Tenant) -> Iterator[int]:
    """Delete what a tenant has, children before parents; yield how many rows after each part."""
    for table in OWNED:
        statement = _delete_some(table, tenant.id, database.engine.dialect.name)
        while gone := database.write(lambda known: known.execute(statement).rowcount):  # noqa: B023
            yield gone


def _delete_some(table: Any, tenant_id: int, dialect: str) -> sa.Delete:
    """Return what deletes a part; by several columns, SQLite would go through the whole table."""
    columns = list(table.primary_key.columns)
    if dialect == "sqlite" and table.dialect_options["sqlite"]["with_rowid"]:
        columns = [sa.literal_column("rowid")]
    mine = table.c.tenant_id == tenant_id
    some = sa.select(*columns).select_from(table).where(mine).limit(AT_ONCE)
    return sa.delete(table).where(mine, sa.tuple_(*columns).in_(some))


def remove_tenant(connection: sa.Connection, tenant: Tenant) -> None:
    """Delete a tenant that has nothing any more; an empty total stays, to tell of its id."""
    for table in (each for each in TABLES if each.name in KEPT):
        connection.execute(sa.delete(table).where(table.c.tenant_id == tenant.id))
    told = {"tenant_id": tenant.id, "resource_type": "", "slot": 0, "resources": 0, "moves": 0}
    connection.execute(sa.insert(totals), told)
    connection.execute(sa.delete(tenants).where(tenants.c.id == tenant.id))
