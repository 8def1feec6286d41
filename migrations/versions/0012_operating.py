"""Operating: paused tenants, scopes of tokens, OAuth clients, the brake, protection, the audit.

Every new column has a default or may be empty, so the version before goes on with these tables.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0012"
down_revision = "0011"

PlainText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Id = sa.String(36).with_variant(UUID(as_uuid=False), "postgresql")
Instant = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")

COLUMNS: dict[str, list[sa.Column[Any]]] = {
    "tenants": [
        sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("brake", PlainText),
        sa.Column("brake_window", sa.Integer),
        sa.Column("released_until", Instant),
    ],
    "tokens": [
        sa.Column("scopes", PlainText, nullable=False, server_default="read write"),
        sa.Column("types", PlainText),
        sa.Column("expires", Instant),
        sa.Column("last_used", Instant),
        sa.Column("replaced", sa.Boolean, nullable=False, server_default=sa.false()),
    ],
    "changes": [sa.Column("request_id", PlainText)],
}
CLIENTS = ("clients", "access_tokens", "assertions")
OTHERS = ("protections", "brakings", "entries", "unchained", "imports")
MANY, SOME = 1_000_000, 10  # rows of a tenant, and of one value
WITHOUT_STATISTICS = """
    SELECT tables.name, indexes.name, indexes."unique"
    FROM sqlite_schema AS tables, pragma_index_list(tables.name) AS indexes
    WHERE tables.type = 'table'
    AND indexes.name NOT IN (SELECT idx FROM sqlite_stat1 WHERE idx IS NOT NULL)
"""


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, column)
    share_names()
    create_clients()
    create_brake()
    create_audit()
    create_imports()
    if op.get_bind().dialect.name == "sqlite":
        create_statistics(op.get_bind())


def share_names() -> None:
    """Let a new token have the name of the one that it replaces."""
    op.drop_index("uq_tokens_name", "tokens")
    in_use = sa.text("NOT replaced")
    op.create_index(
        "uq_tokens_name",
        "tokens",
        ["tenant_id", "name"],
        unique=True,
        sqlite_where=in_use,
        postgresql_where=in_use,
    )


def create_clients() -> None:
    op.create_table(
        "clients",
        sa.Column("id", PlainText, primary_key=True),
        sa.Column("tenant_id", sa.Integer, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("name", PlainText, nullable=False),
        sa.Column("secret", sa.LargeBinary(32)),
        sa.Column("jwks", PlainText),
        sa.Column("scopes", PlainText, nullable=False),
        sa.Column("types", PlainText),
        sa.Column("created", Instant, nullable=False),
        sa.UniqueConstraint("tenant_id", "name", name="uq_clients_name"),
    )
    op.create_table(
        "access_tokens",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("client_id", PlainText, nullable=False),
        sa.Column("scopes", PlainText, nullable=False),
        sa.Column("expires", Instant, nullable=False),
    )
    op.create_index("ix_access_tokens_client_id", "access_tokens", ["client_id"])
    op.create_index("ix_access_tokens_expires", "access_tokens", ["expires"])
    op.create_table(
        "assertions",
        sa.Column("client_id", PlainText, primary_key=True),
        sa.Column("id", PlainText, primary_key=True),
        sa.Column("expires", Instant, nullable=False),
    )
    op.create_index("ix_assertions_expires", "assertions", ["expires"])


def create_brake() -> None:
    op.create_table("protections", tenant(), sa.Column("rule", PlainText, primary_key=True))
    op.create_table(
        "brakings",
        tenant(),
        sa.Column("resource_id", Id, primary_key=True),
        sa.Column("resource_type", PlainText, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    order = ["tenant_id", "resource_type", "at", "number"]
    op.create_index("ix_brakings_at", "brakings", order)


def create_audit() -> None:
    op.create_table(
        "entries",
        tenant(),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("resource_id", Id, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("purged", Instant),
        sa.Column("stub", sa.LargeBinary(32)),
        sqlite_with_rowid=False,
    )
    change = ["tenant_id", "resource_id", "version"]
    op.create_index("uq_entries_change", "entries", change, unique=True)
    op.create_table(
        "unchained",
        tenant(),
        sa.Column("at", Instant, primary_key=True),
        sa.Column("resource_id", Id, primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sqlite_with_rowid=False,
    )


def create_imports() -> None:
    op.create_table(
        "imports",
        tenant(),
        sa.Column("lines", sa.BigInteger, nullable=False),
        sa.Column("chain", PlainText, nullable=False),
        sa.Column("finished", sa.Boolean, nullable=False),
    )


def create_statistics(connection: sa.Connection) -> None:
    """Give SQLite statistics of the new indexes, as 0010 does."""
    for table, index, is_unique in connection.exec_driver_sql(WITHOUT_STATISTICS).all():
        information = connection.exec_driver_sql(f'PRAGMA index_info("{index}")')
        columns = [row.name for row in information]
        if columns[0] == "tenant_id":
            few = [MANY if name in ("tenant_id", "resource_type") else SOME for name in columns]
            few[-1] = 1 if is_unique else SOME
            row = table, index, " ".join(map(str, [MANY, *few]))
            connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", row)


def tenant() -> sa.Column[int]:
    return sa.Column("tenant_id", sa.Integer, primary_key=True, autoincrement=False)


def downgrade() -> None:
    for table in (*CLIENTS, *OTHERS):
        op.drop_table(table)
    # The version before knows no limits: to it, each of these would open everything, for ever.
    limited = "replaced OR expires IS NOT NULL OR types IS NOT NULL OR scopes NOT LIKE '%write%'"
    op.execute(sa.text(f"DELETE FROM tokens WHERE {limited}"))
    op.drop_index("uq_tokens_name", "tokens")
    op.create_index("uq_tokens_name", "tokens", ["tenant_id", "name"], unique=True)
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column.name)
