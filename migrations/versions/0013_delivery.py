"""Delivery: receivers, the outbox of what they have not been told yet, and deferred requests.

Every table is new, and so is the column that tells what is purged, so the version before goes on
with these tables.
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import UUID

revision = "0013"
down_revision = "0012"

PlainText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Id = sa.String(36).with_variant(UUID(as_uuid=False), "postgresql")
Instant = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")
TABLES = (
    *("deferred_results", "deferred_requests", "signing_keys", "feed_members"),
    *("outbox", "receivers"),
)


def upgrade() -> None:
    op.add_column("tenants", sa.Column("forgotten", Instant))
    create_receivers()
    create_outbox()
    create_feeds()
    create_signing_keys()
    create_deferred()
    if op.get_bind().dialect.name == "sqlite":
        operating = context.script.get_revision("0012").module
        operating.create_statistics(op.get_bind())


def create_receivers() -> None:
    op.create_table(
        "receivers",
        sa.Column("id", Id, primary_key=True),
        sa.Column("tenant_id", sa.Integer, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("name", PlainText, nullable=False),
        sa.Column("kind", PlainText, nullable=False),
        sa.Column("url", PlainText),
        sa.Column("secrets", PlainText),
        sa.Column("options", PlainText, nullable=False, server_default="{}"),
        sa.Column("created", Instant, nullable=False),
        sa.Column("taken", Instant, nullable=False, server_default=""),
        sa.Column("rests", Instant, nullable=False, server_default=""),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failing", Instant),
        sa.Column("slow", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("last_success", Instant),
        sa.Column("last_failure", Instant),
        sa.Column("last_error", PlainText),
        sa.UniqueConstraint("tenant_id", "name", name="uq_receivers_name"),
    )


def create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("tenant_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", Id, primary_key=True),
        sa.Column("receiver_id", Id, nullable=False),
        sa.Column("resource_type", PlainText, nullable=False),
        sa.Column("resource_id", Id, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("operation", PlainText, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("txn", PlainText, nullable=False),
        sa.Column("content", PlainText),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due", Instant, nullable=False),
        sa.Column("error", PlainText),
        sa.Column("dead", sa.Boolean, nullable=False, server_default=sa.false()),
        sqlite_with_rowid=False,
    )
    waiting = sa.text("NOT dead")
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["tenant_id", "receiver_id", "due", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    by_resource = ["tenant_id", "resource_id", "receiver_id", "version"]
    op.create_index("ix_outbox_resource", "outbox", by_resource)


def create_feeds() -> None:
    op.create_table(
        "feed_members",
        sa.Column("tenant_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("receiver_id", Id, primary_key=True),
        sa.Column("resource_id", Id, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
    )


def create_signing_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", PlainText, primary_key=True),
        sa.Column("private", PlainText),
        sa.Column("public", PlainText, nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("starts", Instant, nullable=False),
    )


def create_deferred() -> None:
    op.create_table(
        "deferred_requests",
        sa.Column("tenant_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", Id, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("method", PlainText, nullable=False),
        sa.Column("path", PlainText, nullable=False),
        sa.Column("body", PlainText),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("if_match", PlainText),
        sa.Column("if_none_match", PlainText),
        sa.Column("base_url", PlainText, nullable=False),
        sa.Column("token", PlainText, nullable=False),
        sa.Column("issued", sa.LargeBinary),
        sa.Column("request_id", PlainText, nullable=False),
        sa.Column("client", PlainText, nullable=False),
        sa.Column("accepted", Instant, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("claim", Id),
        sa.Column("due", Instant, nullable=False),
        sa.Column("finished", Instant),
    )
    unfinished = sa.text("finished IS NULL")
    op.create_index(
        "ix_deferred_requests_waiting",
        "deferred_requests",
        ["tenant_id", "number"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_index("ix_deferred_requests_finished", "deferred_requests", ["finished"])
    op.create_table(
        "deferred_results",
        sa.Column("tenant_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("request_id", Id, primary_key=True),
        sa.Column("operation", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("uri", PlainText, nullable=False),
        sa.Column("result", PlainText, nullable=False),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("tenants", "forgotten")
