"""The rows of a tenant, from the values of an export."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError

from scim.protocol.schema import GROUP_MEMBERSHIP

from ..database.failures import state_of, words
from ..emptying import KEPT
from ..tables import OWN_KINDS, TABLES, link, nesting, resources
from ..totals import add_resources

Values = Mapping[str, Any]
BINARY = {
    table.name: [column.name for column in table.c if isinstance(column.type, sa.LargeBinary)]
    for table in TABLES
}


class RefusedError(Exception):
    """The database does not take a row; the message says why."""


def write_rows(
    connection: sa.Connection, tenant_id: int, table: sa.Table, rows: Sequence[Values]
) -> None:
    """Insert rows, and count resources; a token that is there already is replaced.

    :raises RefusedError: the database does not take a row
    """
    try:
        values = [_stored(table, row) | {"tenant_id": tenant_id} for row in rows]
        if table.name in KEPT:
            _make_way(connection, tenant_id, table, values)
        connection.execute(sa.insert(table), values)
    except StatementError as error:
        if isinstance(error, IntegrityError) or state_of(error) is None:
            raise RefusedError(words(error)) from None
        raise
    except (TypeError, ValueError, OverflowError) as error:  # bytes that are not hexadecimal
        raise RefusedError(str(error)) from None
    for name, number in _count(table, rows).items():
        add_resources(connection, tenant_id, name, number)


def _stored(table: sa.Table, row: Values) -> dict[str, Any]:
    """Return a row as the driver takes it."""
    known = {name: row[name] for name in BINARY[table.name]}
    return {**row, **{name: text and bytes.fromhex(text) for name, text in known.items()}}


def _make_way(
    connection: sa.Connection, tenant_id: int, table: sa.Table, values: Sequence[Values]
) -> None:
    """Delete the tenant's rows that have the keys of others."""
    keys = [column for column in table.primary_key if column.name != "tenant_id"]
    same = [key == sa.bindparam(f"this_{key.name}", type_=key.type) for key in keys]
    known = [{f"this_{key.name}": row[key.name] for key in keys} for row in values]
    connection.execute(sa.delete(table).where(table.c.tenant_id == tenant_id, *same), known)


def _count(table: sa.Table, rows: Sequence[Values]) -> Mapping[str, int]:
    """Return how many resources of each type are in rows."""
    if table is resources:
        return Counter(row["resource_type"] for row in rows)
    if table is link or table is nesting:
        return {GROUP_MEMBERSHIP.name: sum(row.get("direct", True) for row in rows)}
    return {name: len(rows) for name, kind in OWN_KINDS.items() if kind.table is table}
