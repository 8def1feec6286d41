"""How often resources have moved, for pages deep in a list."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("totals", sa.Column("moves", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("totals", "moves")
