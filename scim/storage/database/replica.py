"""A replica: a PostgreSQL standby that answers queries when it has all that the tenant wrote.

1. After each commit of a tenant, the primary's position in its log is stored for the tenant.
2. A query asks the primary for that position, and the replica whether it has replayed so far.
3. If it has, the replica answers. If it has not, or fails, the primary answers.

So no client misses its own write, whichever process or machine answers.
"""

import logging
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

import psycopg2
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from .engine import ENGINE_OPTIONS, Connections, configure
from .failures import Failures, State, state_of, words

T = TypeVar("T")
PATIENCE = 2  # seconds for a connection
PAUSE = 10  # seconds before a replica that failed is tried again

# Executed after the commit, so the position is later. The row does not wait for the disk: if a
# crash loses it, POSITION finds the checkpoint that ends recovery, which is later still.
REMEMBER = sa.text(
    "INSERT INTO positions AS known (tenant_id, lsn)"
    " SELECT :tenant, pg_current_wal_insert_lsn() - '0/0'"
    " FROM set_config('synchronous_commit', 'off', true)"
    " ON CONFLICT (tenant_id) DO UPDATE SET lsn = greatest(known.lsn, excluded.lsn)"
)
POSITION = sa.text(
    "SELECT greatest(redo_lsn - '0/0', (SELECT lsn FROM positions WHERE tenant_id = :tenant))"
    " FROM pg_control_checkpoint()"
)
HAS_REPLAYED = sa.text(
    "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() - '0/0' >= :position"
)

logger = logging.getLogger("scim")


class Read(Protocol):
    """A function that lets ``work`` read from a database, as ``Database.read`` does."""

    def __call__(self, work: Callable[[sa.Connection], T]) -> T: ...


class Replica:
    """Reads from a standby; ``read_primary`` reads from its primary.

    It never reads from a server that is no standby.
    """

    def __init__(self, url: str, read_primary: Read, failures: Failures, schema: str = "") -> None:
        self.read_primary = read_primary
        self.failures = failures
        self.engine = sa.create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            connect_args={"connect_timeout": PATIENCE, "tcp_user_timeout": PATIENCE * 1000},
            **ENGINE_OPTIONS,
        )
        configure(self.engine, schema)
        self.connections = Connections(self.engine)
        self.away_until = 0.0

    def remember(self, tenant_id: int) -> None:
        """Store the position in the log behind what a tenant has just committed.

        :raises UnavailableError: it could not be stored, so a query might miss the write
        """
        self.read_primary(lambda connection: connection.execute(REMEMBER, {"tenant": tenant_id}))

    def read(self, tenant_id: int, work: Callable[[sa.Connection], T]) -> T:
        """Return what ``work`` reads from the replica, or else from the primary.

        :raises UnavailableError: the primary cannot be reached, or the query takes too long
        """
        if time.monotonic() >= self.away_until:
            known = {"tenant": tenant_id}
            position = self.read_primary(lambda connection: connection.scalar(POSITION, known))
            try:
                with self.connections.one() as connection:
                    if connection.scalar(HAS_REPLAYED, {"position": position}):
                        return work(connection)
            except (DBAPIError, psycopg2.Error) as error:
                if state_of(error) is State.TOO_SLOW:  # the primary would not be faster
                    raise self.failures.unavailable(State.TOO_SLOW, words(error)) from error
                self._pause(error)
        return self.read_primary(work)

    def _pause(self, error: Exception) -> None:
        """Leave the replica alone for a while, as each attempt may cost a request 2 seconds."""
        self.away_until = time.monotonic() + PAUSE
        self.connections.close()  # one may have broken unnoticed
        said = words(error)
        logger.warning("The primary answers queries for %s s, the replica fails: %s", PAUSE, said)
