"""Connections: how each database is opened, and how its connections are kept."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock, local
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from scim.protocol.errors import UnavailableError

from .failures import STALE, State
from .observing import make_observable, observed
from .placing import SCHEMA, enter_schema

LONGEST_WAIT = 10  # seconds for SQLite's write lock
SHORTEST_PAUSE, LONGEST_PAUSE = 0.0001, 0.005  # seconds between two attempts to get it
IN_TRANSACTION = 2  # PQTRANS_INTRANS of libpq; 3 is a transaction that an error has ended
MOST_IDLE = 5  # connections; more are only needed while some requests take long
# ``Connections`` is the pool. Parameters, which are people's data, are in no message of SQLAlchemy.
ENGINE_OPTIONS: dict[str, Any] = {"poolclass": sa.NullPool, "hide_parameters": True}
WITHIN = (
    "a write within a write would wait for itself; a hook that is called before the commit can use "
    "the connection of its event, and one that is called after it can write"
)
COMMITTED = "only the server commits the transaction of a change"
# Of a connection: when each of its prepared statements was, None if it cannot have any.
PREPARED = "prepared"


def own_engine(url: str | sa.URL) -> sa.Engine:
    """Return an engine of our own for a database that an application uses, too."""
    return sa.create_engine(url, **ENGINE_OPTIONS)


def url_of(engine: sa.Engine) -> str:
    """Return the URL of the database that an application uses, with the password, for Settings."""
    name, path = engine.dialect.name, engine.url.database
    url = engine.url.set(drivername=name)
    if name == "sqlite" and path and path != ":memory:":
        url = url.set(database=str(Path(path).absolute()))
    return url.render_as_string(hide_password=False)


def configure(engine: sa.Engine, schema: str = "") -> None:
    """Set up the connections that an engine will open; in PostgreSQL, they may have a ``schema``.

    Those to SQLite are made for several processes: WAL, one writer at a time, foreign keys.
    """
    make_observable(engine)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _open_sqlite)
        sa.event.listen(engine, "connect", _leave_waiting)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        sa.event.listen(engine, "connect", _opening_postgresql(schema))


def reading_engine(engine: sa.Engine, schema: str = "") -> sa.Engine:
    """Return an engine for reads: its connections stay in autocommit and need no resetting."""
    autocommit = sa.create_engine(
        engine.url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **ENGINE_OPTIONS
    )
    make_observable(autocommit)
    sqlite = autocommit.dialect.name == "sqlite"
    opening = _open_sqlite if sqlite else _opening_postgresql(schema)
    sa.event.listen(autocommit, "connect", opening)
    return autocommit


def _opening_postgresql(schema: str) -> Callable[[Any, Any], None]:
    return lambda connection, record: _open_postgresql(connection, record, schema)


def _open_postgresql(connection: Any, record: Any, schema: str) -> None:
    """Let the connection prepare statements, unless PgBouncer lies between.

    1. PgBouncer gives each transaction another of its connections, which does not know what the
       last one prepared. It is recognized by the process numbers that it makes up.
    2. PostgreSQL would plan some statements anew each time, as a plan for known values looks
       cheaper. But planning takes longer (0.4 ms for a user) than such a plan saves.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [own] = cursor.fetchone()
        is_direct = own == connection.info.backend_pid
        if is_direct:
            cursor.execute("SET plan_cache_mode = force_generic_plan")
        if schema:
            enter_schema(cursor, schema, is_direct)
    connection.commit()
    record.info[SCHEMA] = schema
    record.info[PREPARED] = {} if is_direct else None


def _open_sqlite(connection: Any, _: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout = {LONGEST_WAIT * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _leave_waiting(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA busy_timeout = 0")


def _begin_sqlite(connection: sa.Connection) -> None:
    """Take the write lock at once: a lock taken later could not wait for the other writer.

    SQLite's own busy timeout tries ever more rarely, down to ten times a second, while a write
    takes less than a millisecond.
    """
    cursor, pause = connection.connection.cursor(), SHORTEST_PAUSE
    ends = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            is_busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > ends:
                raise driver_failure(connection, error) from error
            time.sleep(random.uniform(SHORTEST_PAUSE, pause))
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            return


class Turn:
    """The turn to write: threads of a process wait for it before they ask for the file's lock."""

    def __init__(self, connections: "Connections") -> None:
        self.connections = connections
        self._lock = Lock()

    def __enter__(self) -> None:
        if self._lock.acquire(blocking=False):
            return
        began = time.monotonic()
        if not self._lock.acquire(timeout=LONGEST_WAIT):
            raise UnavailableError(State.BUSY.value)
        self.connections.waited += time.monotonic() - began

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class Connections:
    """Connections of an engine that stay open from one use to the next, for all threads.

    The engine's pool takes longer to hand out a connection and to take it back than the database
    takes to read a user. Taking one from the list and putting it back cannot be interrupted by
    another thread.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.idle: list[sa.Connection] = []
        self.used: set[sa.Connection] = set()
        self.waited = 0.0  # seconds in all, for a connection or for a turn

    @contextmanager
    def one(self) -> Iterator[sa.Connection]:
        """Yield a connection that nobody else uses, and keep it if it may be used again.

        If it is lost, the idle ones are closed too: the server has probably restarted.
        """
        try:
            connection = self.idle.pop()
        except IndexError:
            began = time.monotonic()
            connection = self.engine.connect()
            self.waited += time.monotonic() - began
        self.used.add(connection)
        is_sound = False
        try:
            yield connection
            is_sound = True
        except Exception:  # what the transaction did is undone
            is_sound = not connection.invalidated
            raise
        finally:
            self.used.discard(connection)
            if connection.invalidated:
                self.close()
            if is_sound and not connection.closed and len(self.idle) < MOST_IDLE:
                self.idle.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Close the connections that are not in use."""
        idle, self.idle = self.idle, []
        for connection in idle:
            connection.close()
        self.engine.dispose()


class WritingConnections(Connections):
    """Connections to write with."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self._turn = Turn(self) if engine.dialect.name == "sqlite" else nullcontext()
        self._thread = local()

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Yield a connection within a transaction; on SQLite, the threads take turns.

        :raises RuntimeError: this thread is within one already, for which it would wait
        """
        if getattr(self._thread, "writes", False):
            raise RuntimeError(WITHIN)
        with self._turn, self.one() as connection:
            self._thread.writes = True
            try:
                with observed(connection, "BEGIN", connection.begin) as begun:
                    yield connection
                    observed(connection, "COMMIT", begun.commit)
            finally:
                self._thread.writes = False
                if connection.get_transaction():  # its end failed, and nobody can begin another
                    connection.invalidate()


@contextmanager
def held_open(connection: sa.Connection) -> Iterator[None]:
    """Refuse a commit by others in the block: it would store what is not checked to the end."""
    sa.event.listen(connection, "commit", _refuse_commit)
    try:
        yield
    finally:
        sa.event.remove(connection, "commit", _refuse_commit)


def _refuse_commit(connection: sa.Connection) -> None:
    """Roll back, since SQLAlchemy takes a commit that fails for the end of the transaction."""
    driver: Any = connection.connection.dbapi_connection
    driver.rollback()
    raise RuntimeError(COMMITTED)


def can_commit(connection: sa.Connection) -> bool:
    """Tell whether a commit would store anything, as somebody may have caught what broke it.

    PostgreSQL answers a COMMIT after an error with ROLLBACK, which is no error. SQLite ends the
    transaction at some errors, and then its driver sends no COMMIT.
    """
    if not connection.in_transaction():
        return False
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        return bool(driver.in_transaction)
    return bool(driver.info.transaction_status == IN_TRANSACTION)


def driver_failure(connection: sa.Connection, error: Exception) -> BaseException:
    """Return SQLAlchemy's exception for one of the driver; give up a connection that is lost."""
    dialect = connection.dialect
    driver: Any = connection.connection.dbapi_connection
    lost = dialect.is_disconnect(error, driver, None)  # type: ignore[arg-type]
    lost = lost or getattr(error, "pgcode", None) in STALE
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        "", None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
    )
