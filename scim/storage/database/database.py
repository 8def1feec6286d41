"""The database as the rest of the storage uses it: reads in autocommit, writes in transactions."""

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import InterfaceError, OperationalError

from scim.protocol.errors import UnavailableError

from ..anchors import Anchors
from .engine import Connections, configure, reading_engine, translated_failures
from .observing import Observer, observe
from .replica import Replica

T = TypeVar("T")
ATTEMPTS = 5
LONGEST_PAUSE = 0.02  # seconds before the second attempt; twice as much before each further one


class Database:
    """One database, which many tenants may share; ``replica_url`` is that of a copy of it."""

    def __init__(self, engine: sa.Engine, replica_url: str = "") -> None:
        configure(engine)
        self.engine = engine
        self.reader = reading_engine(engine)
        self.reading, self.writing = Connections(self.reader), Connections(engine)
        self.anchors = Anchors()
        self.replica = Replica(replica_url, self.read) if replica_url else None

    def problem(self, migrations: str) -> str | None:
        """Return why the database cannot serve, in a line for the person who starts the server.

        ``migrations`` is the folder of the migrations that must have been applied.
        """
        try:
            with self.reader.connect() as connection:
                applied = MigrationContext.configure(connection).get_current_heads()
        except OperationalError as error:
            reason = str(error.orig).partition("\n")[0]
            return f"SCIM_DATABASE_URL: the database cannot be reached: {reason}"
        if set(applied) == set(ScriptDirectory(migrations).get_heads()):
            return None
        return "The database is not up to date; migrate it with: python manage.py db upgrade"

    def observe(self, observer: Observer | None) -> None:
        """Show an observer each statement from now on, or nobody with None."""
        for engine in (self.engine, self.reader, *([self.replica.engine] if self.replica else [])):
            observe(engine, observer)

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Return what ``work`` reads; each statement sees what is committed by then.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        return self._repeat(self.reading.one, work)

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Return what ``work`` returns and commit all it did, or nothing if it raised.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        return self._repeat(self.writing.transaction, work)

    def close(self) -> None:
        """Close all connections that are not in use."""
        self.reading.close()
        self.writing.close()

    def _repeat(
        self,
        connect: Callable[[], AbstractContextManager[sa.Connection]],
        work: Callable[[sa.Connection], T],
    ) -> T:
        """Do ``work``, and do it again if it lost a race for locks or its connection was closed.

        If ``work`` succeeds and the commit fails, it is not repeated: it may have been stored.
        """
        for attempt in range(ATTEMPTS):
            done = False
            try:
                with translated_failures(), connect() as connection:
                    result = work(connection)
                    done = True
                return result
            except (OperationalError, InterfaceError):  # those that ``is_repeatable`` accepts
                if done:
                    break
                time.sleep(random.random() * LONGEST_PAUSE * 2**attempt)  # not all at once again
        raise UnavailableError("the database is too busy at the moment, please try again")
