"""SQLite has statistics of every index: it preferred a new one without, and read all groups."""

from alembic import op

revision = "0010"
down_revision = "0009"

MANY, SOME = 1_000_000, 10  # rows of a tenant, and of one value
WITHOUT = """
    SELECT tables.name, indexes.name, indexes."unique"
    FROM sqlite_schema AS tables, pragma_index_list(tables.name) AS indexes
    WHERE tables.type = 'table'
    AND indexes.name NOT IN (SELECT idx FROM sqlite_stat1 WHERE idx IS NOT NULL)
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    connection = op.get_bind()
    for table, index, is_unique in connection.exec_driver_sql(WITHOUT).all():
        information = connection.exec_driver_sql(f'PRAGMA index_info("{index}")')
        columns = [row.name for row in information]
        if columns[0] == "tenant_id":
            few = [MANY if name in ("tenant_id", "resource_type") else SOME for name in columns]
            few[-1] = 1 if is_unique else SOME
            row = table, index, " ".join(map(str, [MANY, *few]))
            connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", row)


def downgrade() -> None:
    """Leave the statistics, which are right for the older tables, too."""
