"""The database as the rest of the storage uses it: reads in autocommit, writes in transactions."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from scim.protocol.errors import UnavailableError

from ..anchors import Anchors
from ..totals import Recounts
from .budgets import WRITE_SHARE, limit, start
from .engine import Connections, WritingConnections, configure, reading_engine
from .failures import Failures, State, is_repeatable, words
from .file import SqliteFile
from .observing import Observer, observe
from .placing import ALONE, Place
from .rehearsal import Rehearsal
from .replica import Replica
from .versions import OUTDATED, incomplete, unfit

T = TypeVar("T")
ATTEMPTS = 5
NEARLY = 0.9  # of its time limit; a commit that takes so long may have been cut off
LONGEST_PAUSE = 0.02  # seconds before the second attempt; twice as much before each further one
SNAPSHOT = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"}
WHERE = ("host", "port", "dbname", "user", "service")  # parameters that are no secrets


class Database:
    """One database, which many tenants may share; ``replica_url`` is that of a copy of it.

    It stops a query after ``seconds``, a write after six times as many; 0 for never. The tables
    are at a ``place``.
    """

    def __init__(
        self,
        engine: sa.Engine,
        replica_url: str = "",
        seconds: float = 0,
        place: Place = ALONE,
    ) -> None:
        configure(engine, place.schema)
        self.engine = engine
        self.place = place
        self.reader = reading_engine(engine, place.schema)
        self.seconds = seconds
        self.file = self._guard() if engine.dialect.name == "sqlite" else None
        self.reading, self.writing = Connections(self.reader), WritingConnections(engine)
        self.failures = Failures(place)
        self.rehearsing = Lock()  # dry runs wait for each other, so that writes wait for one only
        self.anchors = Anchors()
        self.recounts = Recounts()
        self.replica = None
        if replica_url:
            self.replica = Replica(replica_url, self.read, self.failures, place.schema)
        for each in self.engines:
            limit(each, seconds, WRITE_SHARE if each is engine else 1)

    def _guard(self) -> SqliteFile:
        file = SqliteFile(self.engine.url.database or "")
        for each in (self.engine, self.reader):
            file.guard(each)
        return file

    @property
    def engines(self) -> list[sa.Engine]:
        return [self.engine, self.reader, *([self.replica.engine] if self.replica else [])]

    @property
    def url(self) -> str:
        """The URL as people may see it: without password and other parameters with secrets."""
        url = self.engine.url.set(drivername=self.engine.dialect.name)
        secret = [name for name in url.query if name not in WHERE]
        return url.difference_update_query(secret).render_as_string(hide_password=True)

    def problem(self, migrations: str) -> str | None:
        """Return why the database cannot serve, in a line for the person who starts the server.

        ``migrations`` is the folder of the migrations that must have been applied.
        """
        problem = self._problem(migrations)
        return problem and self.place.words(problem)

    def _problem(self, migrations: str) -> str | None:
        if problem := incomplete(migrations) or (self.file and self.file.problem()):
            return problem
        try:
            with self.reader.connect() as connection:
                return unfit(connection, migrations, self.place)
        except DBAPIError as error:
            return f"SCIM_DATABASE_URL: the database cannot be used: {words(error)}"

    @property
    def outdated(self) -> str:
        """The problem that migrations solve."""
        return self.place.words(OUTDATED)

    def observe(self, observer: Observer | None) -> None:
        """Show an observer each statement from now on, or nobody with None."""
        for engine in self.engines:
            observe(engine, observer)

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Return what ``work`` reads; each statement sees what is committed by then.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        self._check_file()
        return self._repeat(self.reading.one, work)

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Return what ``work`` returns and commit all it did, or nothing if it raised.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        self._check_file()
        done = self._repeat(self.writing.transaction, work)
        self._check_file()  # or else the change is in a file that is gone
        return done

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Yield a connection that sees one moment, however long it reads; nobody waits for it."""
        self._check_file()
        with self.reading.one() as connection:
            connection.exec_driver_sql(SNAPSHOT[connection.dialect.name])
            try:
                yield connection
            finally:
                if not connection.invalidated:
                    connection.exec_driver_sql("ROLLBACK")

    def attempt(self, work: Callable[[sa.Connection], object]) -> bool:
        """Do ``work`` once and commit it; tell whether that succeeded, and the log nothing."""
        if self.file and not self.file.is_same():
            return False
        try:
            with self.writing.transaction() as connection:
                if self.file and self.seconds:
                    start(connection)
                work(connection)
        except (DBAPIError, UnavailableError):
            return False
        return True

    def rehearse(self, work: Callable[[Rehearsal], T]) -> T:
        """Return what ``work`` returns, and undo all it did.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """

        def attempt(connection: sa.Connection) -> T:
            undone = connection.begin_nested()
            done = work(Rehearsal(connection))
            undone.rollback()
            return done

        with self.rehearsing:
            return self.write(attempt)

    def close(self) -> None:
        """Close all connections that are not in use."""
        self.reading.close()
        self.writing.close()

    def _check_file(self) -> None:
        if not self.file or self.file.is_same():
            return
        path = self.file.path
        if self.file.is_missing():
            raise self.failures.unavailable(State.MISSING, f"{path} does not exist")
        why = f"{path} is not the file that was there when the server started"
        raise self.failures.unavailable(State.REPLACED, why)

    def _repeat(
        self,
        connect: Callable[[], AbstractContextManager[sa.Connection]],
        work: Callable[[sa.Connection], T],
    ) -> T:
        """Do ``work``, and do it again if it lost a race for locks or its connection broke.

        If ``work`` succeeds and the commit breaks, it is not repeated: it may have been stored.
        """
        for attempt in range(ATTEMPTS):
            done = False
            try:
                with connect() as connection:
                    if self.file and self.seconds:
                        start(connection)
                    result = work(connection)
                    done, ended = True, time.monotonic()
                self._check_commit(time.monotonic() - ended)
                return result
            except DBAPIError as error:
                failure = error
                if not is_repeatable(error, done):
                    break
            time.sleep(random.random() * LONGEST_PAUSE * 2**attempt)  # not all at once again
        if answer := self.failures.answer(failure, is_commit=done):
            raise answer from failure
        raise failure

    def _check_commit(self, seconds: float) -> None:
        """Raise if a commit took nearly as long as it may: the outcome is unknown.

        PostgreSQL then stops waiting for its synchronous standby, and reports success.

        :raises UnavailableError: it took that long
        """
        if self.seconds and seconds > self.seconds * WRITE_SHARE * NEARLY:
            raise self.failures.unavailable(State.UNSURE, f"the commit took {seconds:.1f} s")
