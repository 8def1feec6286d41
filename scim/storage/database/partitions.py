"""Hash partitions: each table that has a tenant's rows in it becomes several smaller ones.

PostgreSQL's catalog says how the tables are made: keys, indexes, foreign keys, triggers, views and
grants are made again from it, under their own names.
"""

from collections.abc import Sequence

import sqlalchemy as sa

# Small tables; some look-ups do not know the tenant.
WHOLE = (
    *("tenants", "tokens", "clients", "protections"),
    *("positions", "releases", "imports", "receivers", "outbox", "feed_members"),
    *("deferred_requests", "deferred_results"),
)
TABLES = sa.text(
    "SELECT c.oid, quote_ident(c.relname) AS name, array_to_string(c.reloptions, ', ') AS options"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
    " AND NOT c.relispartition AND c.relname <> ALL (:whole) ORDER BY c.relname"
)
COLUMNS = sa.text(
    "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
    " WHERE attrelid = :table AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
)
# LIKE does not copy these. They are made again in this order, foreign keys last.
KEYS = sa.text(
    "SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s',"
    " conrelid::regclass, conname, pg_get_constraintdef(oid))"
    " FROM pg_constraint WHERE conrelid = :table AND contype IN ('p', 'u')"
)
INDEXES = sa.text(
    "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = :table"
    " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')"
)
TRIGGERS = sa.text(
    "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = :table AND NOT tgisinternal"
)
PLANNING = sa.text(
    "SELECT format('ALTER %I SET (%s)', attname, array_to_string(attoptions, ', '))"
    " FROM pg_attribute WHERE attrelid = :table AND attoptions IS NOT NULL"
)
GRANTS = sa.text(
    "SELECT format('GRANT %s ON %s TO %s', privilege_type, c.oid::regclass,"
    " CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)"
    " FROM pg_class c, aclexplode(c.relacl) WHERE c.oid = :table"
)
REFERENCES = sa.text(
    "SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s',"
    " conrelid::regclass, conname, pg_get_constraintdef(oid)) AS made,"
    " format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS dropped"
    " FROM pg_constraint WHERE contype = 'f' AND conparentid = 0"
    " AND (conrelid = ANY (:tables) OR confrelid = ANY (:tables))"
)
# A view stays with the table whose columns it names, so views are made again for the new one.
VIEWS = sa.text(
    "SELECT DISTINCT v.oid, format('CREATE VIEW %s%s AS %s', v.oid::regclass,"
    " ' WITH (' || array_to_string(v.reloptions, ', ') || ')', pg_get_viewdef(v.oid)) AS made,"
    " format('DROP VIEW %s', v.oid::regclass) AS dropped"
    " FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class"
    " WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = ANY (:tables) AND v.relkind = 'v'"
    " ORDER BY v.oid"
)
# The indexes of parts get the name of the table's index and the number of the part.
NAMES = sa.text(
    "SELECT format('ALTER INDEX %s RENAME TO %I',"
    " i.inhrelid::regclass, whole.relname || substring(part.relname FROM '_p[0-9]+$'))"
    " FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid"
    " JOIN pg_class part ON part.oid = x.indrelid JOIN pg_class whole ON whole.oid = i.inhparent"
    " JOIN pg_index w ON w.indexrelid = whole.oid WHERE w.indrelid = CAST(:name AS regclass)"
)


def partition(connection: sa.Connection, count: int) -> Sequence[str]:
    """Split each table that is still whole into ``count`` parts; return the names of these tables.

    Nobody else can read or write the tables meanwhile.
    """
    tables = connection.execute(TABLES, {"whole": list(WHOLE)}).all()
    names = [table.name for table in tables]
    if not tables:
        return names
    _execute(connection, [f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE"])
    oids = [table.oid for table in tables]
    references = connection.execute(REFERENCES, {"tables": oids}).all()
    views = connection.execute(VIEWS, {"tables": oids}).all()
    granted = [each for view in views for each in connection.scalars(GRANTS, {"table": view.oid})]
    _execute(connection, [each.dropped for each in (*references, *views)])
    for table in tables:
        _rebuild(connection, table.oid, table.name, table.options, count)
    _execute(connection, [*(each.made for each in (*references, *views)), *granted])
    _execute(connection, [f"ANALYZE {', '.join(names)}"])  # autovacuum sees the parts only
    return names


def _rebuild(
    connection: sa.Connection, oid: int, name: str, options: str | None, count: int
) -> None:
    """Make a table again with partitions, and copy its rows into it."""
    this = {"table": oid}
    columns = connection.scalar(COLUMNS, this)
    kinds = (KEYS, INDEXES, TRIGGERS, GRANTS)
    remade = [each for kind in kinds for each in connection.scalars(kind, this)]
    parts = [f"{name}_p{part}" for part in range(count)]
    planning = connection.scalars(PLANNING, this).all()
    unlike = "EXCLUDING INDEXES EXCLUDING STATISTICS"
    storage = f" WITH ({options})" if options else ""
    statements = [
        f"ALTER TABLE {name} RENAME TO unpartitioned",
        f"CREATE TABLE {name} (LIKE unpartitioned INCLUDING ALL {unlike})"
        " PARTITION BY HASH (tenant_id)",
        *(
            f"CREATE TABLE {part} PARTITION OF {name}"
            f" FOR VALUES WITH (MODULUS {count}, REMAINDER {number}){storage}"
            for number, part in enumerate(parts)
        ),
        *(f"ALTER TABLE {each} {change}" for each in (name, *parts) for change in planning),
        f"INSERT INTO {name} ({columns}) SELECT {columns} FROM unpartitioned",
        "DROP TABLE unpartitioned",
        *remade,
    ]
    _execute(connection, statements)
    _execute(connection, connection.scalars(NAMES, {"name": name}).all())


def _execute(connection: sa.Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement.replace("%", "%%"))
