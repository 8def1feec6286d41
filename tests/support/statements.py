"""See the statements that are executed, those that are left to the driver too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from scim.storage.database.prepared import Prepared


@contextmanager
def noted(*engines: sa.Engine) -> Iterator[list[tuple[str, Any]]]:
    """Note the statements that a block executes, with their parameters.

    SQLAlchemy's events tell of most, but not of those that are left to the driver.
    """
    seen: list[tuple[str, Any]] = []

    def see(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    def rows(prepared: Prepared, connection: sa.Connection, names: Any) -> Any:
        unprepared: dict[str, Any] = {}
        text, values, _ = prepared._form(connection.dialect).call(unprepared, names)
        seen.append((text, values))
        return original(prepared, connection, names)

    original, Prepared.rows = Prepared.rows, rows
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        Prepared.rows = original
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", see)


@contextmanager
def prepared() -> Iterator[list[tuple[str, Any]]]:
    """Note the calls of prepared statements in a block, as they are made the second time."""
    seen: list[tuple[str, Any]] = []

    def rows(statement: Prepared, connection: sa.Connection, names: Any) -> Any:
        found = original(statement, connection, names)
        text, values, preparing = statement._form(connection.dialect).call(connection.info, names)
        assert preparing is None
        seen.append((text, values))
        return found

    original, Prepared.rows = Prepared.rows, rows
    try:
        yield seen
    finally:
        Prepared.rows = original
