"""See the statements that are executed, those that are left to the driver too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from scim.storage.prepared import Prepared


@contextmanager
def noted(*engines: sa.Engine) -> Iterator[list[tuple[str, Any]]]:
    """Note the statements that a block executes, with their parameters.

    Reads that pass SQLAlchemy by do not: its events are what tells.
    """
    seen: list[tuple[str, Any]] = []

    def see(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith("PREPARE "):  # what PostgreSQL is to remember, now and then
            seen.append((statement, parameters))

    def rows(prepared: Prepared, connection: sa.Connection, names: Any) -> Any:
        return connection.execute(prepared.statement, names).all()

    original, Prepared.rows = Prepared.rows, rows
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        Prepared.rows = original
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", see)
