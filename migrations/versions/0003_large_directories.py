"""Large directories: a counter of shifted pages, indexed parts of texts, plans for many rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0003"
down_revision = "0002"

TRIGRAMS = {
    "users": ("user_name", "(search ->> 'displayname')", "(search ->> 'emails')"),
    "groups": ("display_name",),
}
OF_TENANTS = (
    *("users", "groups", "resources", "link", "nesting", "referrals", "unique_values"),
    *("trash", "changes", "member_changes"),
)
# PostgreSQL plans for the average tenant, who is small where many are. By way of all groups of the
# tenant it would look for those of one user.
ONE_TENANT = "n_distinct = 1, n_distinct_inherited = 1"


def upgrade() -> None:
    op.add_column("totals", sa.Column("moves", sa.BigInteger, nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":
        index_trigrams()
        for table in OF_TENANTS:
            op.execute(f"ALTER TABLE {table} ALTER tenant_id SET ({ONE_TENANT})")


def index_trigrams() -> None:
    """Index the trigrams of what is searched by a part, if PostgreSQL's contrib module is there."""
    try:
        with op.get_bind().begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for table, indexed in TRIGRAMS.items():
                columns = ", ".join(f"{column} gin_trgm_ops" for column in indexed)
                index = f"CREATE INDEX ix_{table}_trigrams ON {table} USING gin ({columns})"
                op.execute(f"{index} WITH (gin_pending_list_limit = 1024)")
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0]
        print(f"No index answers co, sw and ew, see docs/operating.md on pg_trgm: {reason}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TRIGRAMS:
            op.execute(f"DROP INDEX IF EXISTS ix_{table}_trigrams")
        for table in OF_TENANTS:
            op.execute(
                f"ALTER TABLE {table} ALTER tenant_id RESET (n_distinct, n_distinct_inherited)"
            )
    op.drop_column("totals", "moves")
