"""The only code that reads and writes rows.

A ``Store`` sees one tenant. Reads run in autocommit, one round trip each. A write is one
transaction that locks what it changes; whatever fails leaves nothing behind.
"""

from sqlalchemy.exc import DatabaseError

from .keys import new_id
from .paging import Query, sort_chain
from .resources import Stored
from .store import Store, Transaction

__all__ = ["DatabaseError", "Query", "Store", "Stored", "Transaction", "new_id", "sort_chain"]
