"""Deleted resources whose references are still being removed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0006"
down_revision = "0005"

PlainText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Id = sa.String(36).with_variant(UUID(as_uuid=False), "postgresql")


def upgrade() -> None:
    op.create_table(
        "releases",
        sa.Column("tenant_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", Id, primary_key=True),
        sa.Column("resource_type", PlainText, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("releases")
