"""The directory: tenants and tokens, users, groups, the link between them, and totals."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0001"
down_revision = None

PlainText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Id = sa.String(36).with_variant(UUID(as_uuid=False), "postgresql")
Instant = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")
Search = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    tenants = op.create_table(
        "tenants",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", PlainText, nullable=False, unique=True),
    )
    op.bulk_insert(tenants, [{"id": 1, "name": "default"}])
    op.create_table(
        "tokens",
        sa.Column("tenant_id", sa.Integer, sa.ForeignKey("tenants.id"), primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("name", PlainText, nullable=False),
        sa.Column("created", Instant, nullable=False),
    )
    op.create_table(
        "users",
        *resource_columns(),
        sa.Column("user_name", PlainText, nullable=False),
        sa.Column("password", PlainText),
        sa.Column("manager_id", Id),
    )
    op.create_table(
        "groups",
        *resource_columns(),
        sa.Column("display_name", PlainText, nullable=False),
        sa.Column("name_scope", PlainText, nullable=False),
    )
    op.create_table(
        "link",
        sa.Column("tenant_id", sa.Integer, primary_key=True),
        sa.Column("group_id", Id, primary_key=True),
        sa.Column("user_id", Id, primary_key=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"], ["groups.tenant_id", "groups.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
    )
    op.create_table(
        "totals",
        sa.Column("tenant_id", sa.Integer, primary_key=True),
        sa.Column("resource_type", PlainText, primary_key=True),
        sa.Column("slot", sa.Integer, primary_key=True),
        sa.Column("resources", sa.BigInteger, nullable=False),
    )
    create_indexes()


def resource_columns() -> list[sa.Column[Any]]:
    """Return the columns that users and groups share."""
    return [
        sa.Column("tenant_id", sa.Integer, primary_key=True),
        sa.Column("id", Id, primary_key=True),
        sa.Column("external_id", PlainText),
        sa.Column("display", PlainText),
        sa.Column("body", PlainText, nullable=False),
        sa.Column("search", Search, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("last_modified", Instant, nullable=False),
    ]


def create_indexes() -> None:
    scoped = ["tenant_id", "display_name", "name_scope"]
    op.create_index("uq_users_user_name", "users", ["tenant_id", "user_name"], unique=True)
    op.create_index("ix_users_external_id", "users", ["tenant_id", "external_id"])
    managed = sa.text("manager_id IS NOT NULL")
    op.create_index(
        "ix_users_manager_id",
        "users",
        ["tenant_id", "manager_id"],
        postgresql_where=managed,
        sqlite_where=managed,
    )
    op.create_index("uq_groups_display_name", "groups", scoped, unique=True)
    scoped[1] = "external_id"
    op.create_index("uq_groups_external_id", "groups", scoped, unique=True)
    op.create_index("ix_link_user", "link", ["tenant_id", "user_id", "group_id"])
    for table in ("users", "groups"):
        op.create_index(f"ix_{table}_last_modified", table, ["tenant_id", "last_modified"])
        if op.get_bind().dialect.name == "postgresql":
            op.create_index(
                f"ix_{table}_search",
                table,
                ["search"],
                postgresql_using="gin",
                postgresql_ops={"search": "jsonb_path_ops"},
                postgresql_with={"fastupdate": "off"},
            )


def downgrade() -> None:
    for table in ("totals", "link", "groups", "users", "tokens", "tenants"):
        op.drop_table(table)
