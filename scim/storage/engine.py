"""Connections: how each database is opened, and what its failures mean to a client."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from scim.protocol.errors import InvalidValueError, ScimError, UnavailableError, UniquenessError

UNIQUE = {
    "user_name": "userName",
    "display_name": "displayName",
    "external_id": "externalId",
    "unique_values": "a value that must be unique",
}
LOST_RACES = {"40001", "40P01"}  # serialization failure, deadlock
PREPARED = "prepared"  # of a connection: the statements that are prepared, None if none can be


def prepare(engine: Engine) -> None:
    """Set an SQLite engine up for several processes: WAL, one writer at a time, foreign keys."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _open_postgresql)


def reader(engine: Engine) -> Engine:
    """Return an engine for reads: its connections stay in autocommit and need no resetting."""
    autocommit = create_engine(
        engine.url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, hide_parameters=True
    )
    sqlite = autocommit.dialect.name == "sqlite"
    event.listen(autocommit, "connect", _open_sqlite if sqlite else _open_postgresql)
    return autocommit


def _open_postgresql(connection: Any, record: Any) -> None:
    """Find out whether the connection is one of PostgreSQL's own.

    PgBouncer gives each transaction another of its connections: what has been prepared on one is
    unknown on the next. It tells clients process numbers that it has made up.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [own] = cursor.fetchone()
    connection.rollback()
    record.info[PREPARED] = set() if own == connection.info.backend_pid else None


def _open_sqlite(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a lock taken later could not wait for the other writer."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def failures() -> Iterator[None]:
    """Turn what a database reports into what a client is told.

    What only has to be done again is left as it is: see ``passes``.

    :raises UniquenessError: a unique index refused the row
    :raises UnavailableError: the database cannot be reached or is overloaded
    """
    try:
        yield
    except IntegrityError as error:
        raise _refused(error) from None
    except (OperationalError, InterfaceError) as error:
        if passes(error):
            raise
        raise UnavailableError("the database cannot be reached, please try again") from error


def passes(error: DBAPIError) -> bool:
    """Tell whether the work may simply be done again, nothing of it having been stored.

    It fell victim to another transaction, or its connection had been closed while it lay idle.
    """
    lost_race = getattr(error.orig, "pgcode", None) in LOST_RACES
    return lost_race or error.connection_invalidated


def _refused(error: IntegrityError) -> ScimError:
    said = str(error.orig).partition("DETAIL")[0]
    if "foreign key" in said.lower():
        return InvalidValueError("a resource that is referred to does not exist any more")
    found = re.search("|".join(UNIQUE), said)
    return UniquenessError(f"{UNIQUE[found.group()] if found else 'id'} is already in use")
