"""The rows of tenants as plain values, in the order of their keys, for JSON."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext

from ..tables import imports, tenants
from ..tokens import Tenant
from .moved import columns_of, is_moved

WITHOUT_POINT = 1e16  # from here on, Python writes numbers with an exponent
AT_ONCE = 200  # rows read by one statement; each may have some MiB


class Snapshot:
    """Tenants as the connection of ``Database.snapshot`` sees them."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def revision(self) -> str:
        """Return the migration that the tables are at."""
        return str(MigrationContext.configure(self.connection).get_current_revision())

    def unfinished(self, tenants: Sequence[int]) -> set[int]:
        """Return those of the tenants that are not whole, as their import has not ended."""
        chosen = sa.select(imports.c.tenant_id).where(~imports.c.finished)
        return set(self.connection.scalars(chosen)).intersection(tenants)

    def tenant(self, tenant: Tenant) -> dict[str, Any]:
        """Return the name, the choices and the keys of a tenant."""
        chosen = sa.select(*columns_of(tenants)).where(tenants.c.id == tenant.id)
        return dict(self.connection.execute(chosen).one()._mapping)

    def count_rows(
        self, tables: Sequence[sa.Table], tenants: Sequence[int]
    ) -> Mapping[int, Mapping[str, int]]:
        """Return how many rows tenants have in each table that has some, by the tenants' ids."""
        found: dict[int, dict[str, int]] = defaultdict(dict)
        for table in tables:
            owner = table.c.tenant_id
            counted = sa.select(owner, sa.func.count()).where(owner.in_(tenants), is_moved(table))
            for tenant_id, number in self.connection.execute(counted.group_by(owner)):
                found[tenant_id][table.name] = number
        return found

    def rows(self, table: sa.Table, tenant: Tenant) -> Iterator[dict[str, Any]]:
        """Yield a tenant's rows; only a part of them is in memory."""
        columns = columns_of(table)
        keys = [column for column in table.primary_key if column.name != "tenant_id"]
        places = [columns.index(key) for key in keys]
        mine = table.c.tenant_id == tenant.id
        shown = [sa.cast(each, sa.Text) if _is_json(each) else each for each in columns]
        chosen = sa.select(*shown).where(mine, is_moved(table)).order_by(*keys).limit(AT_ONCE)
        part = self.connection.execute(chosen).all()
        while part:
            yield from (_plain(columns, row) for row in part)
            last = (sa.literal(part[-1][place], columns[place].type) for place in places)
            following = chosen.where(sa.tuple_(*keys) > sa.tuple_(*last))
            part = self.connection.execute(following).all()


def _is_json(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.JSON)


def _plain(columns: Sequence[sa.Column[Any]], row: Sequence[Any]) -> dict[str, Any]:
    """Return a row by the names of its columns; bytes are hexadecimal."""
    values: dict[str, Any] = {}
    for column, value in zip(columns, row, strict=True):
        if isinstance(value, bytes | memoryview):
            values[column.name] = value.hex()
        elif _is_json(column):
            values[column.name] = json.loads(value, parse_float=_number)
        else:
            values[column.name] = value
    return values


def _number(text: str) -> float:
    """Return a number as PostgreSQL would write it: 1e+16 has no point there, and 0 no sign."""
    value = float(text)
    return int(Decimal(text)) if abs(value) >= WITHOUT_POINT else value or 0.0
