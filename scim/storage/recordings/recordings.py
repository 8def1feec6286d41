"""Recorded exchanges, in the order in which they were stored, and the links to consoles.

On SQLite they are in a file of their own, so that recording never takes the directory's write lock.
On PostgreSQL they are in UNLOGGED tables, which are empty after a crash.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import sqlalchemy as sa

from scim.explain.exchange import Exchange
from scim.protocol.errors import UnavailableError

from ..database.database import Database
from ..figures import place
from ..keys import from_now
from .file import open_file
from .rows import ENCODE, drops, exchange_of, exchanges, links, row_of

T = TypeVar("T")
# This lock lets one writer commit at a time, so a reader never sees a number before a lower one.
IN_ORDER = "SET LOCAL synchronous_commit = off; SELECT pg_advisory_xact_lock(76437645)"
PRUNED_AFTER = 200  # exchanges that this process has added
LAST = 2**63 - 1
# One round trip; SQLAlchemy would need one for each row.
INSERT = """
    INSERT INTO recorded_exchanges (id, at, is_marked, known, request_body, answer_body)
    SELECT * FROM unnest(
        %(id)s, %(at)s, %(is_marked)s, %(known)s, %(request_body)s, %(answer_body)s
    )
"""
NEWEST = sa.select(exchanges).order_by(exchanges.c.number.desc())
BODIES = ("request_body", "answer_body")
HEADS = sa.select(
    *(each for each in exchanges.c if each.name not in BODIES),
    *(sa.literal("").label(name) for name in BODIES),
).order_by(exchanges.c.number.desc())
TAKEN = "SELECT pg_total_relation_size('recorded_exchanges')"


class Recordings:
    """The exchanges that the workers have recorded; the console and the commands read them.

    The newest ``most`` stay, for ``days`` days, and those that are marked.

    Methods raise ``UnavailableError`` if the database cannot be used.
    """

    def __init__(self, database: Database, most: int, days: int) -> None:
        self.database = database
        self.most = most
        self.days = days
        self.added = PRUNED_AFTER
        self.is_sqlite = database.file is not None
        self._lock = Lock()

    @classmethod
    def open(cls, database: Database, most: int, days: int) -> "Recordings":
        """Return the recordings beside a directory; make SQLite's file if there is none."""
        if database.file:
            path = Path(database.file.path)
            path = path.with_name(f"{path.stem}.recordings{path.suffix}")
            database = open_file(str(path))
        return cls(database, most, days)

    def add(self, added: Sequence[Exchange], dropped: int = 0) -> None:
        """Store exchanges, all or none; ``dropped`` others could not be recorded."""
        rows = [row_of(each) for each in added]

        def work(connection: sa.Connection) -> None:
            if not self.is_sqlite:
                connection.exec_driver_sql(IN_ORDER)
            if rows and self.is_sqlite:
                connection.execute(sa.insert(exchanges), rows)
            elif rows:
                values = {name: [row[name] for row in rows] for name in rows[0]}
                connection.exec_driver_sql(INSERT, values)
            if dropped:
                more = sa.update(drops).values(dropped=drops.c.dropped + dropped)
                if not connection.execute(more).rowcount:
                    connection.execute(sa.insert(drops), {"dropped": dropped})
            if self.added >= PRUNED_AFTER:
                self._prune(connection)

        self._write(work)
        self.added = len(rows) if self.added >= PRUNED_AFTER else self.added + len(rows)

    def _prune(self, connection: sa.Connection) -> None:
        number, at = exchanges.c.number, exchanges.c.at
        since = from_now(days=-self.days)
        last = connection.scalar(sa.select(sa.func.max(number))) or 0
        oldest = sa.select(number).where(at >= since).order_by(number).limit(1)
        too_many = number <= last - self.most  # to count them would read all pages
        kept = connection.scalar(oldest)
        too_old = number < (last + 1 if kept is None else kept)  # others may add one right now
        gone = sa.delete(exchanges).where(sa.not_(exchanges.c.is_marked), too_many | too_old)
        connection.execute(gone)

    def after(self, number: int, limit: int = 100) -> list[Exchange]:
        """Return the exchanges after a number, the oldest first."""
        later = sa.select(exchanges).where(exchanges.c.number > min(number, LAST))
        return self._read(later.order_by(exchanges.c.number).limit(limit))

    def before(self, number: int | None = None, limit: int = 100) -> list[Exchange]:
        """Return the exchanges before a number, or the newest of all; the newest first."""
        earlier = exchanges.c.number < min(LAST if number is None else number, LAST)
        return self._read(NEWEST.where(earlier).limit(limit))

    def get(self, number: int) -> Exchange | None:
        """Return the exchange with a number; None if it was never there, or has been deleted."""
        found = self._read(NEWEST.where(exchanges.c.number == min(number, LAST)))
        return found[0] if found else None

    def find(self, request_id: str, limit: int = 3) -> list[Exchange]:
        """Return exchanges with a request id, the newest first; clients may repeat theirs."""
        return self._read(NEWEST.where(exchanges.c.id == request_id).limit(limit))

    def about(self, resource_id: str, limit: int = 100) -> list[Exchange]:
        """Return the exchanges that name a resource in their path or have made a version of it.

        The newest come first.
        """
        named = exchanges.c.known.contains(resource_id, autoescape=True)
        return self._read(NEWEST.where(named).limit(limit))

    def heads(self, limit: int) -> list[Exchange]:
        """Return the newest exchanges without their bodies, the newest first."""
        return self._read(HEADS.limit(limit))

    def count(self) -> int:
        """Return how many exchanges are kept."""
        counted = sa.select(sa.func.count()).select_from(exchanges)
        return self._scalar(counted) or 0

    def count_of(self, tenant: str) -> int:
        """Return how many exchanges are those of a tenant."""
        counted = sa.select(sa.func.count()).select_from(exchanges).where(self._of(tenant))
        return self._scalar(counted) or 0

    def forget(self, tenant: str) -> None:
        """Delete the exchanges of a tenant, those that are marked too."""
        self._execute(sa.delete(exchanges).where(self._of(tenant)))

    def _of(self, tenant: str) -> sa.ColumnElement[bool]:
        place = sa.func.instr if self.is_sqlite else sa.func.strpos
        return place(exchanges.c.known, f'"tenant": {ENCODE(tenant)}') > 0

    def size(self) -> int:
        """Return the bytes that the exchanges take on disk."""

        def work(connection: sa.Connection) -> int:
            if self.is_sqlite:
                return place(connection).size
            return int(connection.exec_driver_sql(TAKEN).scalar() or 0)

        return self._ask(work)

    def last(self) -> int:
        """Return the number of the newest exchange; 0 if there is none."""
        newest = sa.select(sa.func.max(exchanges.c.number))
        return self._scalar(newest) or 0

    def dropped(self) -> int:
        """Return how many exchanges were not recorded, since there were too many at once."""
        total = sa.select(sa.func.sum(drops.c.dropped))
        return int(self._scalar(total) or 0)

    def mark(self, number: int, is_marked: bool) -> None:
        """Mark an exchange, so that it is kept; or no longer."""
        this = sa.update(exchanges).where(exchanges.c.number == min(number, LAST))
        self._execute(this.values(is_marked=is_marked))

    def clear(self) -> None:
        """Delete all exchanges, those that are marked too."""

        def work(connection: sa.Connection) -> None:
            for each in (exchanges, drops):
                connection.execute(sa.delete(each))

        self._write(work)
        if self.is_sqlite:  # which takes what was deleted out of the file
            self._ask(lambda connection: connection.exec_driver_sql("VACUUM"))

    def open_console(self, url: str, digest: bytes) -> None:
        """Note that a console runs at a URL, with the digest of its key; forget earlier keys."""

        def work(connection: sa.Connection) -> None:
            connection.execute(sa.delete(links).where(links.c.url == url))
            connection.execute(sa.insert(links), _link(url, digest, read_only=False))
            self._prune(connection)  # no request may have come for days

        self._write(work)

    def close_console(self, url: str) -> None:
        """Note that no console runs at a URL any more; its links open nothing."""
        self._execute(sa.delete(links).where(links.c.url == url))

    def consoles(self) -> list[str]:
        """Return the URLs at which consoles run."""
        chosen = sa.select(links.c.url).distinct().order_by(links.c.url)
        return self._ask(lambda connection: list(connection.scalars(chosen)))

    def add_link(self, url: str, digest: bytes, read_only: bool) -> None:
        """Let a further key open the console at a URL."""
        self._execute(sa.insert(links).values(_link(url, digest, read_only)))

    def link(self, url: str, digest: bytes) -> bool | None:
        """Tell whether a key only lets its holder read; None if it opens nothing there."""
        chosen = sa.select(links.c.read_only).where(links.c.url == url, links.c.digest == digest)
        found: bool | None = self._scalar(chosen)
        return found

    def close(self) -> None:
        """Close the connections of the recordings' own file; a directory keeps its own."""
        if self.is_sqlite:
            self.database.close()

    def _read(self, chosen: sa.Select[Any]) -> list[Exchange]:
        rows = self._ask(lambda connection: connection.execute(chosen).all())
        return [exchange_of(row) for row in rows]

    def _scalar(self, chosen: sa.Select[Any]) -> Any:
        return self._ask(lambda connection: connection.scalar(chosen))

    def _ask(self, work: Callable[[sa.Connection], T]) -> T:
        return self._try(lambda: self.database.read(work))

    def _execute(self, statement: sa.Executable) -> None:
        self._write(lambda connection: connection.execute(statement))

    def _write(self, work: Callable[[sa.Connection], Any]) -> None:
        self._try(lambda: self.database.write(work))

    def _try(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns; once more if SQLite's file has gone or is unusable."""
        tried = self.database
        try:
            return work()
        except UnavailableError:
            if not self.is_sqlite:
                raise
        with self._lock:
            if self.database is tried:
                self.database = open_file(str(tried.engine.url.database))
                tried.close()
        return work()


def _link(url: str, digest: bytes, read_only: bool) -> dict[str, Any]:
    return {"url": url, "digest": digest, "read_only": read_only}
