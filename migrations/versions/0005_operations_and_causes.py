"""History names an operation and a cause instead of one sentence for both."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

PlainText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AT_ONCE = 1000

# The only member that joined or left with a version is the one that was restored or deleted.
BY_MEMBER = """
    UPDATE changes SET operation = 'patch', cause = :reason || coalesce((
        SELECT ' ' || min(CAST(member_id AS text)) FROM member_changes
        WHERE member_changes.tenant_id = changes.tenant_id
            AND member_changes.group_id = changes.resource_id
            AND member_changes.version = changes.version), '')
    WHERE operation = :sentence
"""
REVERTED = """
    UPDATE changes SET operation = 'revert', cause = 'version ' || substr(operation, 19)
    WHERE operation LIKE 'revert to version %'
"""
# Each part goes on behind the last one by the primary key: one walk through the table.
RELEASED = """
    SELECT tenant_id, resource_id, version, before, after FROM changes
    WHERE operation = 'delete of what it refers to'
        AND (tenant_id, resource_id, version) > (:tenant_id, :resource_id, :version)
    ORDER BY tenant_id, resource_id, version LIMIT :most
"""
FIRST = {"tenant_id": 0, "resource_id": "00000000-0000-0000-0000-000000000000", "version": 0}
NAME_TARGET = """
    UPDATE changes SET operation = 'patch', cause = :cause
    WHERE tenant_id = :tenant_id AND resource_id = :resource_id AND version = :version
"""
BACK = """
    UPDATE changes SET operation = CASE
        WHEN operation = 'revert' THEN 'revert to ' || cause
        WHEN cause LIKE 'restored%' THEN 'restore of a member'
        WHEN before IS NULL THEN 'delete of a member'
        ELSE 'delete of what it refers to' END
    WHERE cause IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("changes", sa.Column("cause", PlainText))
    for reason, sentence in (
        ("deleted", "delete of a member"),
        ("restored", "restore of a member"),
    ):
        op.execute(sa.text(BY_MEMBER).bindparams(reason=reason, sentence=sentence))
    op.execute(REVERTED)
    name_targets()


def name_targets() -> None:
    """Find the deleted resource that a released reference named: its id has left the body."""
    connection, last = op.get_bind(), FIRST
    while found := connection.execute(sa.text(RELEASED), last | {"most": AT_ONCE}).all():
        named = [
            {"tenant_id": row.tenant_id, "resource_id": str(row.resource_id)}
            | {"version": row.version, "cause": cause(row.before or "", row.after or "")}
            for row in found
        ]
        connection.execute(sa.text(NAME_TARGET), named)
        last = {name: named[-1][name] for name in FIRST}


def cause(before: str, after: str) -> str:
    gone = set(ID.findall(before.lower())) - set(ID.findall(after.lower()))
    return f"deleted {gone.pop()}" if len(gone) == 1 else "deleted"


def downgrade() -> None:
    op.execute(BACK)
    op.drop_column("changes", "cause")
