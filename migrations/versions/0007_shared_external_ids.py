"""Groups may share an externalId."""

from alembic import op

revision = "0007"
down_revision = "0006"

KEY = ["tenant_id", "external_id"]
# As if names need not be unique: of the groups with one externalId, only the first is as before.
SEPARATE = """
    UPDATE groups SET name_scope = CAST(id AS text)
    WHERE name_scope = '' AND EXISTS (
        SELECT 1 FROM groups AS others
        WHERE others.tenant_id = groups.tenant_id AND others.external_id = groups.external_id
            AND others.name_scope = '' AND others.id < groups.id)
"""


def upgrade() -> None:
    op.create_index("ix_groups_external_id", "groups", KEY)
    op.drop_index("uq_groups_external_id", "groups")


def downgrade() -> None:
    op.execute(SEPARATE)
    op.create_index("uq_groups_external_id", "groups", [*KEY, "name_scope"], unique=True)
    op.drop_index("ix_groups_external_id", "groups")
