"""Failures of the database: which answer each gets, and whether the work is done again."""

import logging
import re
import sqlite3
import time
from enum import Enum
from threading import Lock
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError

from scim.printing import printable
from scim.protocol.errors import (
    InvalidValueError,
    ScimError,
    TooExpensiveError,
    UnavailableError,
    UniquenessError,
)

from .placing import ALONE, Place

UNIQUE = {
    "user_name": "userName",
    "display_name": "displayName",
    "unique_values": "a value that must be unique",
}
LOST_RACES = {"40001", "40P01"}  # serialization failure, deadlock
PAUSE = 60  # seconds between two lines in the log about the same state
LONGEST_WORDS = 300  # characters of the driver's message in the log

logger = logging.getLogger("scim")


class State(Enum):
    """States in which the database cannot answer; the value is the ``detail`` of the answer."""

    UNREACHABLE = "the database cannot be reached; please try again"
    BUSY = "the database is too busy at the moment; please try again"
    FULL = "the database has no space left; its operator must free some"
    READ_ONLY = "the database is read-only at the moment; its operator must allow writes"
    FAULTY = "the database cannot use its files; its operator must look at the server's log"
    OUTDATED = (
        "the tables of the database are not those of this server; "
        "its operator must run: python manage.py db upgrade"
    )
    FORBIDDEN = "the database refuses this to the server; its operator must grant it the rights"
    MISSING = (
        "the file of the database is not there; its operator must bring it back, "
        "or create a new one (python manage.py db upgrade) and restart the server"
    )
    REPLACED = (
        "another file is in the place of the database; "
        "its operator must bring the first one back, or restart the server to use the other one"
    )
    TOO_SLOW = "the database took too long and was stopped; please ask for less, or try again later"
    UNSURE = (
        "the database failed while it stored the change; "
        "read the resource before you try again, because the change may be there"
    )


# By the beginning of the SQLSTATE; the longest that fits counts.
POSTGRESQL = {
    "08": State.UNREACHABLE,
    "0A": State.OUTDATED,  # a prepared plan no longer fits its table
    "25006": State.READ_ONLY,
    "25P03": State.BUSY,
    "25P04": State.BUSY,
    "26": State.OUTDATED,  # a prepared statement is gone
    "28": State.UNREACHABLE,
    "3D": State.UNREACHABLE,
    "3F": State.OUTDATED,
    "40": State.BUSY,
    "42P05": State.BUSY,  # a PREPARE was cancelled after it was done
    "42501": State.FORBIDDEN,
    "42703": State.OUTDATED,
    "42P01": State.OUTDATED,
    "53": State.BUSY,
    "53100": State.FULL,
    "53400": State.TOO_SLOW,  # more temporary files than the role may have
    "54": State.TOO_SLOW,
    "55": State.BUSY,
    "57": State.UNREACHABLE,
    "57014": State.TOO_SLOW,
    "58": State.FAULTY,
    "F0": State.FAULTY,
    "XX": State.FAULTY,
}
# About prepared statements, of which a new connection has none.
STALE = {"0A000", "26000", "42P05"}
SQLITE = {
    sqlite3.SQLITE_AUTH: State.FORBIDDEN,
    sqlite3.SQLITE_BUSY: State.BUSY,
    sqlite3.SQLITE_CANTOPEN: State.UNREACHABLE,
    sqlite3.SQLITE_CORRUPT: State.FAULTY,
    sqlite3.SQLITE_FULL: State.FULL,
    sqlite3.SQLITE_INTERRUPT: State.TOO_SLOW,
    sqlite3.SQLITE_IOERR: State.FAULTY,
    sqlite3.SQLITE_LOCKED: State.BUSY,
    sqlite3.SQLITE_NOLFS: State.FULL,
    sqlite3.SQLITE_NOMEM: State.BUSY,
    sqlite3.SQLITE_NOTADB: State.FAULTY,
    sqlite3.SQLITE_PERM: State.FORBIDDEN,
    sqlite3.SQLITE_PROTOCOL: State.BUSY,
    sqlite3.SQLITE_READONLY: State.READ_ONLY,
    sqlite3.SQLITE_SCHEMA: State.OUTDATED,
}
# States in which the database itself said that it has not stored a transaction.
CERTAIN = {State.BUSY, State.FULL, State.READ_ONLY, State.FORBIDDEN, State.TOO_SLOW}
# States that end by themselves, or by an operator of the database.
PASSING = {State.UNREACHABLE, State.BUSY, State.FULL, State.READ_ONLY, State.TOO_SLOW}


def state_of(error: Exception) -> State | None:
    """Return the state that an exception of SQLAlchemy or a driver tells of; None if of none."""
    said = getattr(error, "orig", error)
    if isinstance(said, sqlite3.Error):
        return _state_of_sqlite(said, getattr(error, "connection_invalidated", False))
    code = getattr(said, "pgcode", None) or ""
    for length in (5, 2):
        if code and (state := POSTGRESQL.get(code[:length])):
            return state
    # A connection that breaks has no code. psycopg2 then raises its base class, too.
    is_broken = type(said).__name__ in ("OperationalError", "InterfaceError", "DatabaseError")
    lost = getattr(error, "connection_invalidated", False)
    return State.UNREACHABLE if lost or (is_broken and not code) else None


def _state_of_sqlite(error: sqlite3.Error, lost: bool) -> State | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return State.UNREACHABLE if lost else None
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return State.MISSING
    if str(error).startswith(("no such table", "no such column")):
        return State.OUTDATED
    return SQLITE.get(code & 0xFF)


def is_repeatable(error: Exception, is_commit: bool) -> bool:
    """Tell whether the work may be done again, as nothing of it was stored.

    It lost a deadlock or a race to another transaction, or its connection broke before the commit.
    A commit that breaks may have been stored.
    """
    if getattr(getattr(error, "orig", None), "pgcode", None) in LOST_RACES:
        return True
    return getattr(error, "connection_invalidated", False) and not is_commit


def is_passing(error: Exception) -> bool:
    """Tell whether the same work may succeed later: the database could not do it at the moment."""
    if not isinstance(error, DBAPIError):
        return False
    return is_repeatable(error, is_commit=False) or state_of(error) in PASSING


class Failures:
    """Turns exceptions into errors for the client, and says in the log why, once a minute each."""

    def __init__(self, place: Place = ALONE) -> None:
        self.place = place
        self.lock = Lock()
        self.said: dict[State, float] = {}  # when the log last had a line about a state

    def answer(self, error: Exception, is_commit: bool = False) -> ScimError | None:
        """Return the error for the client after an exception; None if the exception is a bug."""
        if isinstance(error, IntegrityError):
            return refused(error)
        state = state_of(error)
        if state is None:
            return None
        if is_commit and state not in CERTAIN:
            state = State.UNSURE
        return self.unavailable(state, words(error))

    def unavailable(self, state: State, why: str) -> UnavailableError:
        """Return the error for a state; ``why`` is for the log."""
        now = time.monotonic()
        with self.lock:
            is_due = now - self.said.get(state, -PAUSE) >= PAUSE
            if is_due:
                self.said[state] = now
        if is_due:
            logger.warning("503: %s. The reason: %s", self.place.words(state.value), why)
        kind = TooExpensiveError if state is State.TOO_SLOW else UnavailableError
        return kind(self.place.words(state.value))


def words(error: Exception) -> str:
    """Return the driver's message in one line, without statements, parameters and values.

    PostgreSQL puts values of rows into DETAIL and CONTEXT, and parts of the statement into LINE.
    """
    said: Any = getattr(error, "orig", error)
    primary = getattr(getattr(said, "diag", None), "message_primary", None)
    line = primary or " ".join(re.split(r"\n(?:LINE|DETAIL|CONTEXT)", str(said))[0].split())
    code = getattr(said, "pgcode", None) or getattr(said, "sqlite_errorname", None)
    shown = printable(line[:LONGEST_WORDS])
    return f"{shown} ({code})" if code else shown


def refused(error: IntegrityError) -> ScimError:
    """Return the error for a row that a constraint refused; clients break no others."""
    said = str(error.orig).partition("DETAIL")[0]
    if "foreign key" in said.lower():
        return InvalidValueError("a resource that is referred to does not exist any more")
    found = re.search("|".join(UNIQUE), said)
    return UniquenessError(f"{UNIQUE[found.group()] if found else 'id'} is already in use")
