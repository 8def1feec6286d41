"""SQLite's file of the recordings, beside that of the directory; it is made when it is needed."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scim.protocol.errors import UnavailableError

from ..database.database import Database
from ..database.engine import ENGINE_OPTIONS
from ..database.failures import Failures, State
from ..database.file import BESIDE, FIRST, SqliteFile
from .rows import RECORDED

ABOUT = "the file of the recorded exchanges cannot be used"
LAYOUT = 1  # of the tables; a file with another layout is emptied


def open_file(path: str) -> Database:
    """Return the database in the recordings' file, which is made unless it is there and usable.

    :raises UnavailableError: it cannot be made
    """
    try:
        return _opened(path)
    except UnavailableError as error:
        if State.FAULTY.value not in error.detail:
            raise
    for end in BESIDE:
        Path(f"{path}{end}").unlink(missing_ok=True)
    return _opened(path)


def _opened(path: str) -> Database:
    FIRST.pop(path, None)  # this file may be replaced, that of the directory may not
    SqliteFile(path).create()
    engine = sa.create_engine(sa.URL.create("sqlite", database=path), **ENGINE_OPTIONS)
    database = Database(engine)
    database.failures = Quiet()
    for each in database.engines:
        sa.event.listen(each, "connect", _do_not_wait_for_the_disk)
    database.write(_lay_out)
    return database


class Quiet(Failures):
    """Failures of the recordings, not of the directory; the recorder logs them."""

    def unavailable(self, state: State, why: str) -> UnavailableError:
        return UnavailableError(f"{ABOUT}: {state.value} ({why})")


def _do_not_wait_for_the_disk(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def _lay_out(connection: sa.Connection) -> None:
    if connection.exec_driver_sql("PRAGMA user_version").scalar() != LAYOUT:
        RECORDED.drop_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {LAYOUT}")
    RECORDED.create_all(connection)
