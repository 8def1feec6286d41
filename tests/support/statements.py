"""See the statements that are executed, those that are left to the driver too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from scim.storage import Database
from scim.storage.database.prepared import Prepared


@contextmanager
def noted(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Note the statements that a block executes, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def see(text: str, parameters: Any, seconds: float, rows: int | None) -> None:
        if parameters:  # BEGIN and COMMIT have none
            seen.append((text, parameters()))

    database.observe(see)
    try:
        yield seen
    finally:
        database.observe(None)


@contextmanager
def prepared() -> Iterator[list[tuple[str, Any]]]:
    """Note the calls of prepared statements in a block, as they are made the second time."""
    seen: list[tuple[str, Any]] = []

    def rows(statement: Prepared, connection: sa.Connection, names: Any) -> Any:
        found = original(statement, connection, names)
        text, values, preparing = statement._form(connection.dialect).call(connection.info, names)
        # The connection knows the statement; one that took long is planned anew the next time.
        assert preparing is None or preparing.startswith("DEALLOCATE")
        seen.append((text, values))
        return found

    original, Prepared.rows = Prepared.rows, rows
    try:
        yield seen
    finally:
        Prepared.rows = original
