"""Figures of a directory and of the database, for operators: counts, sizes and ages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from scim.protocol.schema import GROUP_MEMBERSHIP

from .tables import changes, totals, trash

FIRST = ("User", "Group")  # the other types follow by name
MOST = 100_000  # a larger table is not counted to its end


@dataclass(frozen=True, slots=True)
class Figures:
    """The sizes of a tenant. ``resources`` has counts by type, without types that have none.

    Counts end at MOST + 1. ``oldest`` is the instant of the oldest delete in the trash.
    """

    resources: Mapping[str, int] = field(default_factory=dict)
    trash: int = 0
    oldest: str = ""
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """The database: the name and the version of its product, and its size in bytes."""

    product: str
    size: int


def figures(connection: sa.Connection, tenant_id: int) -> Figures:
    """Return how much a tenant has."""
    counted = sa.select(totals.c.resource_type, sa.func.sum(totals.c.resources))
    own = totals.c.tenant_id == tenant_id, totals.c.resource_type != GROUP_MEMBERSHIP.name
    mine = counted.where(*own).group_by(totals.c.resource_type)
    rows = sorted(connection.execute(mine), key=lambda row: _order(row[0]))
    numbers = {name: int(number) for name, number in rows if number}
    oldest = sa.select(sa.func.min(trash.c.deleted)).where(trash.c.tenant_id == tenant_id)
    return Figures(
        numbers,
        count_rows(connection, trash, tenant_id),
        connection.scalar(oldest) or "",
        count_rows(connection, changes, tenant_id),
    )


def _order(resource_type: str) -> tuple[int, str]:
    return (FIRST.index(resource_type) if resource_type in FIRST else len(FIRST)), resource_type


def count_rows(connection: sa.Connection, table: Any, tenant_id: int) -> int:
    """Return the number of a tenant's rows; one more than MOST if there are more."""
    some = sa.select(sa.literal(1)).select_from(table).where(table.c.tenant_id == tenant_id)
    counted = sa.select(sa.func.count()).select_from(some.limit(MOST + 1).subquery())
    return connection.scalar(counted) or 0


def place(connection: sa.Connection) -> Place:
    """Return which database this is, and how large it is."""
    if connection.dialect.name == "sqlite":
        pages, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0
            for name in ("page_count", "page_size")
        )
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
        return Place(f"SQLite {version}", pages * size)
    version = connection.exec_driver_sql("SHOW server_version").scalar() or ""
    size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar()
    return Place(f"PostgreSQL {str(version).partition(' ')[0]}", int(size or 0))
