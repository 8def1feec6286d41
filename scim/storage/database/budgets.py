"""The database stops a read or a write that takes too many seconds.

PostgreSQL counts each statement by itself, SQLite all statements of one read or one write.
"""

import time
from functools import partial
from math import inf
from typing import Any

import psycopg2
import sqlalchemy as sa

from .engine import PREPARED, driver_failure

DEADLINE = "deadline"  # of a connection to SQLite: its ``Deadline``
STEPS = 100_000  # of SQLite's virtual machine, some milliseconds
CHECK_INTERVAL = 2000  # milliseconds after which PostgreSQL checks whether its client is there
WRITE_SHARE = 6  # a group may have 100,000 members, which take PostgreSQL more than ten seconds
LOCK_SHARE = 0.9  # a wait for a lock ends first, as the query is not to blame for it


class Deadline:
    """When the work on a connection has to end, in the seconds of ``time.monotonic``."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.at = inf

    def has_passed(self) -> bool:
        return time.monotonic() > self.at


def limit(engine: sa.Engine, seconds: float, share: int = 1) -> None:
    """Let the connections that an engine will open stop what takes too long; 0 for never.

    Work may take ``share`` times ``seconds``; a wait for a lock ends before ``seconds``.
    """
    if engine.dialect.name == "sqlite":
        if seconds:
            sa.event.listen(engine, "connect", partial(_watch_sqlite, seconds * share))
        return
    sa.event.listen(engine, "connect", partial(_limit_postgresql, seconds, share))
    if not seconds:
        sa.event.listen(engine, "begin", _lift_limit)


def start(connection: sa.Connection) -> None:
    """Count the seconds of a connection to SQLite from now on."""
    deadline: Deadline = connection.info[DEADLINE]
    deadline.at = time.monotonic() + deadline.seconds


def _watch_sqlite(seconds: float, connection: Any, record: Any) -> None:
    record.info[DEADLINE] = deadline = Deadline(seconds)
    connection.set_progress_handler(deadline.has_passed, STEPS)


def _limit_postgresql(seconds: float, share: int, connection: Any, record: Any) -> None:
    """Limit a connection's statements, unless PgBouncer lies between.

    PgBouncer would give the settings to others. There the role has them: see docs/scaling.md.
    """
    if record.info[PREPARED] is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {seconds * share * 1000:.0f}")
        if seconds:
            cursor.execute(f"SET lock_timeout = {seconds * 1000 * LOCK_SHARE:.0f}")
    connection.commit()
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET client_connection_check_interval = {CHECK_INTERVAL}")
        connection.commit()
    except psycopg2.Error:  # before version 14, and on systems that cannot look
        connection.rollback()


def _lift_limit(connection: sa.Connection) -> None:
    """Let a command's transaction take as long as it needs, even if the role has a limit."""
    lifted = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"
    try:
        connection.connection.cursor().execute(lifted)
    except psycopg2.Error as error:
        raise driver_failure(connection, error) from error
