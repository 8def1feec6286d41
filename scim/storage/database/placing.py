"""Where the tables are: in a database of their own, or in one that an application has, too."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scim.models import Base

OF_ALEMBIC = "alembic_version"
TO_HOOKS = "SET LOCAL search_path TO DEFAULT"
COMMAND = "python manage.py db upgrade"
VIEWS = ("people", "memberships")
SCHEMA = "scim_schema"  # of a connection: the schema of our tables, if it is not the default one
BEHIND_PGBOUNCER = (
    "PgBouncer gives each transaction another connection, which forgets where the tables of the "
    "SCIM server are; let database_url lead to PostgreSQL itself"
)
IN_THE_WAY = (
    "the database has tables of another program with the names of ours: {}; on PostgreSQL, name "
    "another schema; on SQLite, name another file, or give those tables other names"
)

logger = logging.getLogger("scim")


@dataclass(frozen=True, slots=True)
class Place:
    """The schema of the tables, which only PostgreSQL has, and the table with their version.

    An application with tables beside ours has our commands as ``flask`` and the name ``commands``.
    """

    schema: str = ""
    version_table: str = OF_ALEMBIC
    commands: str = "scim"

    @property
    def is_shared(self) -> bool:
        """Whether an application may have tables beside ours."""
        return self.version_table != OF_ALEMBIC

    def words(self, text: str) -> str:
        """Return a text with the command that an application has in the place of ours."""
        return text.replace(COMMAND, f"flask {self.commands} upgrade") if self.is_shared else text


ALONE = Place()


def own_tables(place: Place) -> set[str]:
    """Return the names of our tables and views, without those of the console."""
    return {*Base.metadata.tables, *VIEWS, place.version_table}


def enter_schema(cursor: Any, schema: str, is_direct: bool) -> None:
    """Let a connection that was just opened find our tables first, and none of another schema.

    :raises RuntimeError: PgBouncer lies between
    """
    if not is_direct:
        raise RuntimeError(BEHIND_PGBOUNCER)
    cursor.execute(f'SET search_path TO "{schema}"')


@contextmanager
def schema_of_hooks(connection: sa.Connection) -> Iterator[None]:
    """Let hooks find the application's tables by their names, as its other connections do.

    Behind the block, the transaction finds ours again. If the block raises, it is rolled back.
    """
    schema = connection.info.get(SCHEMA)
    if schema:
        connection.exec_driver_sql(TO_HOOKS)
    yield
    if schema:
        connection.exec_driver_sql(f'SET LOCAL search_path TO "{schema}"')


def prepare(connection: sa.Connection, schema: str) -> None:
    """Make the schema before the first migration, and let migrations find what they need there.

    The extension for trigrams is nobody's, so it goes into the usual schema, if it may be created.
    """
    made = "SELECT 1 FROM pg_namespace WHERE nspname = :name"
    if not connection.execute(sa.text(made), {"name": schema}).first():
        connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public")
    except sa.exc.DBAPIError as error:
        logger.warning("There is no extension pg_trgm: %s", str(error.orig).partition("\n")[0])
    found = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm'"
    beside = connection.scalar(sa.text(found))
    path = f'"{schema}"' + (f", {beside}" if beside else "")
    connection.exec_driver_sql(f"SET LOCAL search_path TO {path}")
