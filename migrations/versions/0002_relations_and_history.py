"""Groups in groups, defined resource types, references, trash, history, tenants' options."""

import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0002"
down_revision = "0001"

PlainText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Id = sa.String(36).with_variant(UUID(as_uuid=False), "postgresql")
Instant = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")
Search = sa.JSON().with_variant(JSONB(), "postgresql")

MANY, SOME = 1_000_000, 10
MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user.manager"


def upgrade() -> None:
    extend_tenants()
    move_passwords()
    create_tables()
    move_managers()
    expect_many_rows()


def extend_tenants() -> None:
    for name in ("strict", "restores"):
        op.add_column(
            "tenants", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
        )
    op.add_column("tenants", sa.Column("cursor_key", PlainText))
    keys = sa.text("UPDATE tenants SET cursor_key = :key")
    op.execute(keys.bindparams(key=secrets.token_hex(32)))
    with op.batch_alter_table("tenants") as tenants:
        tenants.alter_column("cursor_key", existing_type=PlainText, nullable=False)
    op.add_column("tokens", sa.Column("subject", Id))
    op.create_index("uq_tokens_digest", "tokens", ["digest"], unique=True)
    op.create_index("uq_tokens_name", "tokens", ["tenant_id", "name"], unique=True)
    if op.get_bind().dialect.name == "postgresql":  # the first tenant was inserted with its id
        op.execute("SELECT setval(pg_get_serial_sequence('tenants', 'id'), max(id)) FROM tenants")


def move_passwords() -> None:
    """Make a password one of the attributes that are never returned."""
    for table in ("users", "groups"):
        op.add_column(table, sa.Column("hidden", PlainText))
    hashed = """'{"password":"' || password || '"}'"""
    op.execute(f"UPDATE users SET hidden = {hashed} WHERE password IS NOT NULL")
    op.drop_column("users", "password")


def create_tables() -> None:
    key: dict[str, Any] = {"primary_key": True}
    create(
        "resources",
        sa.Column("resource_type", PlainText, **key),
        sa.Column("id", Id, **key),
        sa.Column("external_id", PlainText),
        sa.Column("display", PlainText),
        sa.Column("body", PlainText, nullable=False),
        sa.Column("search", Search, nullable=False),
        sa.Column("hidden", PlainText),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("last_modified", Instant, nullable=False),
        ix_resources_external_id=["resource_type", "external_id"],
        ix_resources_last_modified=["resource_type", "last_modified"],
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(
            "ix_resources_search",
            "resources",
            ["search"],
            postgresql_using="gin",
            postgresql_ops={"search": "jsonb_path_ops"},
            postgresql_with={"fastupdate": "off"},
        )
    create(
        "unique_values",
        sa.Column("resource_type", PlainText, **key),
        sa.Column("key", PlainText, **key),
        sa.Column("value", PlainText, **key),
        sa.Column("resource_id", Id, nullable=False),
        ix_unique_values_resource=["resource_id"],
    )
    create(
        "referrals",
        sa.Column("source_id", Id, **key),
        sa.Column("key", PlainText, **key),
        sa.Column("source_type", PlainText, nullable=False),
        sa.Column("target_id", Id, nullable=False),
        ix_referrals_target=["target_id", "key"],
    )
    create(
        "nesting",
        sa.Column("parent_id", Id, **key),
        sa.Column("child_id", Id, **key),
        sa.Column("direct", sa.Boolean, nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column], ["groups.tenant_id", "groups.id"], ondelete="CASCADE"
            )
            for column in ("parent_id", "child_id")
        ),
        ix_nesting_child=["child_id", "parent_id"],
    )
    create(
        "trash",
        sa.Column("id", Id, **key),
        sa.Column("resource_type", PlainText, nullable=False),
        sa.Column("name", PlainText),
        sa.Column("body", PlainText, nullable=False),
        sa.Column("hidden", PlainText),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("deleted", Instant, nullable=False),
        sa.Column("relations", PlainText, nullable=False),
        ix_trash_name=["resource_type", "name"],
        ix_trash_deleted=["deleted"],
    )
    create(
        "changes",
        sa.Column("resource_id", Id, **key),
        sa.Column("version", sa.BigInteger, **key),
        sa.Column("resource_type", PlainText, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("token", PlainText, nullable=False),
        sa.Column("operation", PlainText, nullable=False),
        sa.Column("before", PlainText),
        sa.Column("after", PlainText),
        sa.Column("unseen", sa.Boolean, nullable=False),
        ix_changes_at=["at"],
    )
    create(
        "member_changes",
        sa.Column("group_id", Id, **key),
        sa.Column("version", sa.BigInteger, **key),
        sa.Column("member_id", Id, **key),
        sa.Column("added", sa.Boolean, nullable=False),
        ix_member_changes_member=["member_id"],
    )


def create(table: str, *columns: Any, **indexes: list[str]) -> None:
    """Create a table and its indexes, each of which begins with the tenant."""
    op.create_table(table, sa.Column("tenant_id", sa.Integer, primary_key=True), *columns)
    for name, indexed in indexes.items():
        op.create_index(name, table, ["tenant_id", *indexed])


def move_managers() -> None:
    """Make a user's manager a reference like any other, and mark in the body whose it is."""
    op.execute(
        "INSERT INTO referrals (tenant_id, source_id, key, source_type, target_id)"
        f" SELECT tenant_id, id, '{MANAGER}', 'User', manager_id FROM users"
        " WHERE manager_id IS NOT NULL"
    )
    remark("", MANAGER)
    op.drop_index("ix_users_manager_id", "users")
    op.drop_column("users", "manager_id")


def remark(old: str, new: str) -> None:
    """Put another key into the mark that stands for a reference in a body."""
    control = "chr(31)" if op.get_bind().dialect.name == "postgresql" else "char(31)"
    marks = [f"""'"$ref":"' || {control} || '{key}"'""" for key in (old, new)]
    op.execute(f"UPDATE users SET body = replace(body, {marks[0]}, {marks[1]})")


def expect_many_rows() -> None:
    """Tell SQLite that a tenant has many rows, and few of them any other value.

    Left to itself it believes that a tenant has ten, and would rather read all rows of the tenant
    than those of a user. ANALYZE would tell it the truth, but only that of the day.
    """
    if op.get_bind().dialect.name != "sqlite":
        return
    small = op.get_context().version_table
    op.execute(f"ANALYZE {small}")  # makes the table of statistics
    op.execute(f"DELETE FROM sqlite_stat1 WHERE tbl = '{small}'")
    names = op.get_bind().exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'")
    for table in names.scalars().all():
        for index in op.get_bind().exec_driver_sql(f"PRAGMA index_list({table})").all():
            information = op.get_bind().exec_driver_sql(f"PRAGMA index_info({index.name})")
            columns = [row.name for row in information]
            if columns[0] == "tenant_id":
                few = [MANY if name in ("tenant_id", "resource_type") else SOME for name in columns]
                few[-1] = 1 if index.unique else SOME
                statistics = " ".join(map(str, [MANY, *few]))
                op.execute(
                    f"INSERT INTO sqlite_stat1 VALUES ('{table}', '{index.name}', '{statistics}')"
                )


def downgrade() -> None:
    """Go back; what is in the trash, in groups within groups and of defined types is lost."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DELETE FROM sqlite_stat1")
    managed = sa.text("manager_id IS NOT NULL")
    op.add_column("users", sa.Column("manager_id", Id))
    op.execute(
        "UPDATE users SET manager_id = (SELECT target_id FROM referrals"
        " WHERE referrals.tenant_id = users.tenant_id AND source_id = users.id"
        f" AND key = '{MANAGER}')"
    )
    op.create_index(
        "ix_users_manager_id",
        "users",
        ["tenant_id", "manager_id"],
        postgresql_where=managed,
        sqlite_where=managed,
    )
    remark(MANAGER, "")
    op.add_column("users", sa.Column("password", PlainText))
    postgresql = op.get_bind().dialect.name == "postgresql"
    found = "hidden::json ->> 'password'" if postgresql else "json_extract(hidden, '$.password')"
    op.execute(f"UPDATE users SET password = {found} WHERE hidden IS NOT NULL")
    for table in ("users", "groups"):
        op.drop_column(table, "hidden")
    for table in (
        "member_changes",
        "changes",
        "trash",
        "nesting",
        "referrals",
        "unique_values",
        "resources",
    ):
        op.drop_table(table)
    for index in ("uq_tokens_name", "uq_tokens_digest"):
        op.drop_index(index, "tokens")
    op.drop_column("tokens", "subject")
    for column in ("cursor_key", "restores", "strict"):
        op.drop_column("tenants", column)
