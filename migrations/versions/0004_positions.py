"""The place in PostgreSQL's log that a replica must reach before it answers a tenant."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "positions",
        sa.Column("tenant_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("lsn", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("positions")
