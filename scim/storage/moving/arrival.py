"""A tenant on its way into a database: each part of its rows is stored with how far it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..database.database import Database
from ..emptying import KEPT
from ..tables import imports, tenants
from ..tokens import find_tenant, unused_id
from .moved import columns_of, moved
from .snapshot import Snapshot
from .writing import Values, write_rows

LARGEST = 2**31 - 1  # of an integer of PostgreSQL


class OvertakenError(Exception):
    """Another process brings the same tenant."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a tenant is: the number of lines that are stored, and the chain behind them."""

    lines: int
    chain: str
    is_finished: bool = False


class Arrival:
    """A tenant that comes under ``name``; ``progress`` is None until it has begun."""

    def __init__(self, database: Database, name: str, with_history: bool) -> None:
        self.database = database
        self.name = name
        self.tables = {table.name: table for table in moved(with_history)}
        tenant = database.read(lambda connection: find_tenant(connection, name))
        self.tenant_id = tenant.id if tenant else 0  # which no tenant has
        self.progress = database.read(self.find_progress)

    @property
    def is_finished(self) -> bool:
        """Whether the whole tenant is here."""
        return bool(self.progress and self.progress.is_finished)

    @cached_property
    def columns(self) -> Mapping[str, set[str]]:
        """The names of the columns of each table, and of the tenants' own."""
        known = self.tables | {tenants.name: tenants}
        return {name: {column.name for column in columns_of(known[name])} for name in known}

    def misfit(self, values: Values) -> str:
        """Return the name of a column of the tenant that does not take its value; '' if none."""
        found = (each.name for each in columns_of(tenants) if not _takes(each, values[each.name]))
        return next(found, "")

    def find_progress(self, connection: sa.Connection) -> Progress | None:
        """Return how far the tenant is in the database."""
        chosen = sa.select(imports.c.lines, imports.c.chain, imports.c.finished)
        here = chosen.where(imports.c.tenant_id == self.tenant_id)
        row = connection.execute(here).one_or_none()
        return Progress(*row) if row else None

    def count_rows(self) -> Mapping[str, int]:
        """Return how many rows the tenant has in each table that ``reset`` empties."""
        emptied = [table for table in moved(with_history=True) if table.name not in KEPT]
        return self.database.read(
            lambda connection: Snapshot(connection).count_rows(emptied, [self.tenant_id])
        ).get(self.tenant_id, {})

    def differing(self, counts: Mapping[str, int]) -> list[str]:
        """Return the tables that ``reset`` empties and that have another number of rows."""
        here = self.count_rows()
        names = sorted({*here, *counts} - KEPT)
        return [name for name in names if here.get(name) != counts.get(name)]

    def begin(self, values: Values, chain: str) -> None:
        """Make the tenant, or change its choices; it is paused until it is finished.

        :raises OvertakenError: another process has begun
        """
        values = {**values, "name": self.name, "paused": True}

        def work(connection: sa.Connection) -> int:
            changed = sa.update(tenants).where(tenants.c.id == self.tenant_id)
            added = sa.insert(tenants).values(unused_id(connection))
            written = changed if self.tenant_id else added
            try:
                made = connection.scalar(written.values(values).returning(tenants.c.id))
                begun = {"tenant_id": made, "lines": 1, "chain": chain, "finished": False}
                connection.execute(sa.insert(imports), begun)
            except IntegrityError:
                raise OvertakenError from None
            return int(made)

        self.tenant_id = self.database.write(work)
        self.progress = Progress(1, chain)

    def write(self, table: str, rows: Sequence[Values], chain: str) -> None:
        """Store the rows of as many lines; ``chain`` is that of the last one.

        :raises RefusedError: the database does not take a row
        :raises OvertakenError: another process has gone on with the tenant
        """
        assert self.progress
        after = Progress(self.progress.lines + len(rows), chain)

        def work(connection: sa.Connection) -> None:
            write_rows(connection, self.tenant_id, self.tables[table], rows)
            self._note(connection, after)

        self.database.write(work)
        self.progress = after

    def finish(self, is_paused: bool) -> None:
        """Note that the tenant is whole; it is open from now on unless it ``is_paused``.

        :raises OvertakenError: another process has finished it
        """
        assert self.progress
        after = replace(self.progress, is_finished=True)

        def work(connection: sa.Connection) -> None:
            self._note(connection, after)
            mine = tenants.c.id == self.tenant_id
            connection.execute(sa.update(tenants).where(mine).values(paused=is_paused))

        self.database.write(work)
        self.progress = after
        if self.database.replica:
            self.database.replica.remember(self.tenant_id)

    def _note(self, connection: sa.Connection, after: Progress) -> None:
        assert self.progress
        here = imports.c.tenant_id == self.tenant_id, imports.c.chain == self.progress.chain
        values = {"lines": after.lines, "chain": after.chain, "finished": after.is_finished}
        noted = sa.update(imports).where(*here, ~imports.c.finished).values(values)
        if connection.execute(noted).rowcount != 1:
            raise OvertakenError


def _takes(column: sa.Column[Any], value: Any) -> bool:
    if value is None:
        return bool(column.nullable)
    if type(value) is not column.type.python_type:  # to Python, True is an integer
        return False
    return "\0" not in value if isinstance(value, str) else 0 <= value <= LARGEST


def analyze(connection: sa.Connection) -> None:
    """Let PostgreSQL count what is in the tables; SQLite keeps the statistics of its migration."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in moved(with_history=True))
        connection.exec_driver_sql(f"ANALYZE {names}")
