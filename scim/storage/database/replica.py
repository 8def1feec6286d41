"""A replica: a PostgreSQL standby that answers queries when it has all that the tenant wrote.

After a tenant's write has been committed, the primary's place in its log is remembered for the
tenant. A query goes to the replica only if that has replayed the log at least that far; otherwise,
and whenever the replica fails, the primary answers. So nobody misses a write of their own,
whichever process or machine answers.
"""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import psycopg2
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from .engine import prepare

if TYPE_CHECKING:
    from .database import Database

T = TypeVar("T")
PATIENCE = 2  # seconds for a connection
PAUSE = 10  # seconds before a replica that failed is tried again

# Behind the commit also where commits do not wait for the disk. Losing the row costs nothing that
# POSITION does not know better, so it does not wait for the disk itself.
REMEMBER = sa.text(
    "INSERT INTO positions AS known (tenant_id, lsn)"
    " SELECT :tenant, pg_current_wal_insert_lsn() - '0/0'"
    " FROM set_config('synchronous_commit', 'off', true)"
    " ON CONFLICT (tenant_id) DO UPDATE SET lsn = greatest(known.lsn, excluded.lsn)"
)
# A crash may lose the last rows. It ends with a checkpoint, which lies behind all that survived.
POSITION = sa.text(
    "SELECT greatest(redo_lsn - '0/0', (SELECT lsn FROM positions WHERE tenant_id = :tenant))"
    " FROM pg_control_checkpoint()"
)
HAS_REPLAYED = sa.text(
    "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() - '0/0' >= :position"
)

logger = logging.getLogger("scim")


class Replica:
    """Reads from a standby of ``primary``; a server that is none is never read from."""

    def __init__(self, url: str, primary: "Database") -> None:
        self.primary = primary
        self.engine = sa.create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            hide_parameters=True,
            connect_args={"connect_timeout": PATIENCE, "tcp_user_timeout": PATIENCE * 1000},
        )
        prepare(self.engine)
        self.away_until = 0.0

    def remember(self, tenant_id: int) -> None:
        """Keep the place in the log behind what a tenant has just committed.

        :raises UnavailableError: it could not be kept, and a query might miss what was written
        """
        self.primary.read(lambda connection: connection.execute(REMEMBER, {"tenant": tenant_id}))

    def read(self, tenant_id: int, work: Callable[[sa.Connection], T]) -> T:
        """Return what ``work`` reads of a tenant, here or, if that may miss a write, there.

        :raises UnavailableError: the primary cannot be reached, or is too busy
        """
        if time.monotonic() >= self.away_until:
            known = {"tenant": tenant_id}
            position = self.primary.read(lambda connection: connection.scalar(POSITION, known))
            try:
                with self.engine.connect() as connection:
                    if connection.scalar(HAS_REPLAYED, {"position": position}):
                        return work(connection)
            except (DBAPIError, psycopg2.Error) as error:
                self._pause(error)
        return self.primary.read(work)

    def _pause(self, error: Exception) -> None:
        """Let the replica be for a while: each attempt may cost a request some seconds."""
        self.away_until = time.monotonic() + PAUSE
        self.engine.dispose()  # a connection may have broken unnoticed
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        logger.warning("The primary answers queries for %s s, the replica fails: %s", PAUSE, reason)
