"""The tables that move with a tenant, in their order."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from scim.explain.exchange import CONSOLE

from ..emptying import KEPT
from ..tables import TABLES, tokens

# Why a table stays behind. A new table moves unless it is named here.
LEFT_BEHIND = {
    "tenants": "it is moved by itself",
    "totals": "the import counts",
    "positions": "they are places in the log of one PostgreSQL",
    "imports": "they are those of this database",
    "access_tokens": "they last minutes; a client asks for another",
    "assertions": "they last minutes",
    "receivers": "they have secrets, and would be told everything twice",
    "deferred_requests": "they are carried out here, and have passwords",
    "deferred_results": "its requests stay here",
    "outbox": "its receivers stay here",
    "feed_members": "their receivers stay here",
    "signing_keys": "they are those of this server",
}
HISTORY = {"changes", "member_changes", "entries", "unchained"}


def moved(with_history: bool) -> Sequence[sa.Table]:
    """Return the tables that move, each after those that it refers to.

    Tokens, and whatever else ``reset`` keeps, come last: they open the tenant.
    """
    chosen = [
        table
        for table in TABLES
        if table.name not in LEFT_BEHIND and (with_history or table.name not in HISTORY)
    ]
    return sorted(chosen, key=lambda table: table.name in KEPT)


def columns_of(table: sa.Table) -> Sequence[sa.Column[Any]]:
    """Return the columns that move: a tenant has another id in each database.

    Its delta tokens open nothing there, so what was forgotten here does not matter.
    """
    own = {"id", "forgotten"} if table.name == "tenants" else {"tenant_id"}
    return [column for column in table.c if column.name not in own]


def is_moved(table: sa.Table) -> sa.ColumnElement[bool]:
    """Return the condition on the rows that move: the console makes its token anew."""
    return tokens.c.name != CONSOLE if table is tokens else sa.true()
