"""The only code that reads and writes rows.

A ``Store`` sees one tenant of a ``Database``. Reads run in autocommit. A write is one transaction,
which locks the rows that it changes; a write that fails leaves nothing behind.
"""

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from .access import Access, Doorkeeper
from .changes import Cause, Change, Operation, Reason
from .database.database import Database
from .database.engine import ENGINE_OPTIONS
from .directory import Directory, Unprepared
from .history import History
from .joining import NewMembers, rejoin
from .keys import is_id, new_id, next_id
from .members.memberships import MEMBERSHIP_VERSION, joined_id, parted
from .pages.query import Found, Page, Position, Query, Selection, sort_chain
from .rows import Stored
from .store import Store
from .tables import kind_of
from .tokens import digest
from .transaction import Transaction
from .trash import Deleted

__all__ = [
    "ENGINE_OPTIONS",
    "MEMBERSHIP_VERSION",
    "Access",
    "Cause",
    "Change",
    "Connection",
    "Database",
    "DatabaseError",
    "Deleted",
    "Directory",
    "Doorkeeper",
    "Engine",
    "Found",
    "History",
    "NewMembers",
    "Operation",
    "Page",
    "Position",
    "Query",
    "Reason",
    "Selection",
    "Store",
    "Stored",
    "Transaction",
    "Unprepared",
    "digest",
    "is_id",
    "joined_id",
    "kind_of",
    "new_id",
    "next_id",
    "parted",
    "rejoin",
    "sort_chain",
]
