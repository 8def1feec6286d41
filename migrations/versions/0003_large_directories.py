"""What large directories need: how often resources have moved, and indexes on parts of texts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0003"
down_revision = "0002"

TRIGRAMS = {
    "users": ("user_name", "(search ->> 'displayname')", "(search ->> 'emails')"),
    "groups": ("display_name",),
}


def upgrade() -> None:
    op.add_column("totals", sa.Column("moves", sa.BigInteger, nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":
        index_trigrams()


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
    op.drop_column("totals", "moves")
