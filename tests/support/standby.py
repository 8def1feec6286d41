"""A PostgreSQL server that follows another one by streaming replication."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from .postgres import PostgresServer
from .waiting import wait_until


@contextmanager
def standby_of(primary: PostgresServer) -> Iterator[PostgresServer]:
    """Run a standby that notes every statement in its log."""
    with TemporaryDirectory(prefix="scim-standby-") as name:
        standby = PostgresServer(Path(name))
        source = primary.url.replace("+psycopg2", "")
        options = ["-R", "-X", "stream", "--checkpoint=fast", "--no-sync"]
        standby.run("pg_basebackup", "-d", source, "-D", standby.data, *options)
        standby.start(log_statement="all")
        try:
            yield standby
        finally:
            standby.stop("immediate")


def execute(server: PostgresServer, statement: str) -> Any:
    """Return the first value of what a statement answers; None if it answers nothing."""
    engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        done = connection.exec_driver_sql(statement)
        return done.scalar() if done.returns_rows else None


def catch_up(standby: PostgresServer, primary: PostgresServer) -> None:
    """Wait until the standby has replayed all that the primary has written so far."""
    place = execute(primary, "SELECT pg_logical_emit_message(false, 'test', '', true)")
    reached = f"SELECT pg_last_wal_replay_lsn() >= '{place}'"
    wait_until(lambda: bool(execute(standby, reached)))


def queries(standby: PostgresServer) -> int:
    """Return how many statements that read users the standby has been given."""
    log = (standby.directory / "log").read_text()
    return sum("FROM users" in line for line in log.splitlines())
