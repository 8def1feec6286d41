"""Groups in groups have no foreign keys: these took most of the time of writing a chain."""

from alembic import op

revision = "0009"
down_revision = "0008"

COLUMNS = ("parent_id", "child_id")
KEY = "FOREIGN KEY (tenant_id, {}) REFERENCES groups (tenant_id, id) ON DELETE CASCADE"
KEYS = [KEY.format(column) for column in COLUMNS]
DROP = ", ".join(f"DROP CONSTRAINT IF EXISTS nesting_tenant_id_{name}_fkey" for name in COLUMNS)
ADD = ", ".join(f"ADD {key}" for key in KEYS)
CREATE = """
    CREATE TABLE nesting_after (
        tenant_id INTEGER NOT NULL, parent_id VARCHAR(36) NOT NULL, child_id VARCHAR(36) NOT NULL,
        direct BOOLEAN NOT NULL, {})
"""
PRIMARY_KEY = "PRIMARY KEY (tenant_id, parent_id, child_id)"
SELECT_VIEW = "SELECT sql FROM sqlite_master WHERE name = 'memberships'"
SELECT_STATISTICS = "SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl = 'nesting'"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        rebuild(PRIMARY_KEY)
    else:
        op.execute(f"ALTER TABLE nesting {DROP}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        rebuild(PRIMARY_KEY, *KEYS)
    else:
        op.execute(f"ALTER TABLE nesting {ADD}")


def rebuild(*constraints: str) -> None:
    """Make the table again on SQLite, which cannot drop or add a constraint."""
    connection = op.get_bind()
    view = connection.exec_driver_sql(SELECT_VIEW).scalar_one()
    statistics = connection.exec_driver_sql(SELECT_STATISTICS).all()
    op.execute("DROP VIEW memberships")
    op.execute(CREATE.format(", ".join(constraints)))
    op.execute("INSERT INTO nesting_after SELECT * FROM nesting")
    op.execute("DROP TABLE nesting")
    op.execute("ALTER TABLE nesting_after RENAME TO nesting")
    op.create_index("ix_nesting_child", "nesting", ["tenant_id", "child_id", "parent_id"])
    op.execute(view)
    for row in statistics:  # without them, the groups of a user are looked for in all pairs
        connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", tuple(row))
