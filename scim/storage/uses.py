"""The last use of each token, to the minute. A thread writes it, so no request waits.

A token is written once a minute at most by each process, whatever comes of it: another minute, and
another process, may have more luck.
"""

import time
from datetime import UTC, datetime
from threading import Lock, Thread
from typing import Any

import sqlalchemy as sa

from scim.protocol.values import date_time

from .database.database import Database
from .tables import tokens

GATHERING = 1.0  # seconds in which the uses of other tokens join the first one
MOST_KEPT = 10_000

DIGEST: Any = sa.bindparam("presented", type_=sa.LargeBinary)
MINUTE: Any = sa.bindparam("minute")
EARLIER = tokens.c.last_used.is_(None) | (tokens.c.last_used < MINUTE)
WRITE = sa.update(tokens).where(tokens.c.digest == DIGEST, EARLIER).values(last_used=MINUTE)


class Uses:
    """Notes of a process when tokens were used; a thread writes them, and ends."""

    def __init__(self) -> None:
        self.noted: dict[bytes, int] = {}  # the minute of Unix time, by the digest of the token
        self._waiting: set[bytes] = set()
        self._lock = Lock()

    def note(self, presented: bytes, database: Database) -> None:
        """Note that a token is used now, by its digest; return at once."""
        minute = int(time.time()) // 60
        if self.noted.get(presented) == minute:
            return
        if len(self.noted) >= MOST_KEPT:
            self.noted.clear()
        self.noted[presented] = minute
        with self._lock:
            is_first = not self._waiting
            self._waiting.add(presented)
        if is_first:
            Thread(target=self._write, args=(database,), name="uses", daemon=True).start()

    def _write(self, database: Database) -> None:
        time.sleep(GATHERING)
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        minute = date_time(datetime.now(UTC).replace(second=0, microsecond=0))
        rows = [{"presented": each, "minute": minute} for each in sorted(waiting)]
        database.attempt(lambda connection: connection.execute(WRITE, rows))
