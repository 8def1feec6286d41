"""The version of the tables: which migrations were applied, and whether the tables are ours."""

import re
from pathlib import Path

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from .placing import ALONE, IN_THE_WAY, Place, own_tables

OUTDATED = "The database is not up to date; migrate it with: python manage.py db upgrade"
UNVERSIONED = (
    "The tables have no version. If they are those of this server, note it with: "
    "python manage.py db stamp NUMBER; `db heads` shows the number of the newest"
)
FOREIGN = (
    "SCIM_DATABASE_URL: the database belongs to another program, with the tables {}; "
    "name an empty database"
)
SHOWN = 5  # tables
OURS = {"tenants", "tokens", "users", "groups", "link", "totals"}  # of every version
# Tables of extensions, such as PostGIS, belong to nobody.
TABLES = {
    "sqlite": sa.text("SELECT name FROM sqlite_schema WHERE type = 'table'"),
    "postgresql": sa.text(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
        " AND relkind IN ('r', 'p', 'f') AND NOT EXISTS (SELECT FROM pg_depend"
        " WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')"
    ),
}


def incomplete(migrations: str) -> str | None:
    """Return what is wrong with the folder of the migrations, in a line; None if it is whole."""
    folder = Path(migrations)
    if (folder / "env.py").is_file() and any(folder.glob("versions/*.py")):
        return None
    return (
        f"The folder {folder} is missing or not whole; "
        "bring it back, for example with: git checkout migrations"
    )


def unfit(connection: sa.Connection, migrations: str, place: Place = ALONE) -> str | None:
    """Return why this code cannot use the tables, in a line; None if it can."""
    options = {"version_table": place.version_table}
    applied = set(MigrationContext.configure(connection, opts=options).get_current_heads())
    names = connection.scalars(TABLES[connection.dialect.name])
    tables = {name for name in names if not name.startswith("sqlite_")}
    if place.is_shared:
        in_the_way = () if applied else sorted(tables & own_tables(place))
        if in_the_way:
            return IN_THE_WAY.format(", ".join(in_the_way[:SHOWN]))
    elif not tables >= OURS and (applied or tables - {"alembic_version"}):
        shown = sorted(tables)
        more = ", ..." if len(shown) > SHOWN else ""
        return FOREIGN.format(", ".join(shown[:SHOWN]) + more)
    known = ScriptDirectory(migrations)
    if newer := applied - {each.revision for each in known.walk_revisions()}:
        return f"The tables are those of a newer version ({', '.join(newer)}); update the code"
    if tables >= OURS and not applied:
        return UNVERSIONED
    return None if applied == set(known.get_heads()) else OUTDATED


def keeps_tables(connection: sa.Connection, migrations: str, revision: str) -> bool:
    """Tell whether a downgrade to a revision, or by ``-1``, certainly leaves the first tables."""
    known = ScriptDirectory(migrations)
    applied = MigrationContext.configure(connection).get_current_revision() or "base"
    steps = len(list(known.iterate_revisions(applied, "base")))
    if re.fullmatch(r"-\d{1,9}", revision, re.ASCII):
        return int(revision[1:]) < steps
    return revision in {each.revision for each in known.walk_revisions()}
