"""The guard refuses some writes of clients, however sent: see ``brake``, ``protection``."""

from collections.abc import Callable
from time import monotonic

from scim.explain.exchange import CONSOLE
from scim.protocol.definitions.assembly import Definitions
from scim.protocol.errors import PausedError
from scim.storage import Access, Transaction
from scim.storage.access import UNCHECKED, reread

from . import brake, protection

PAUSED = "this tenant takes no changes at the moment, its operator has paused it; try again later"


def guard(access: Access, definitions: Definitions) -> Callable[[Transaction], None] | None:
    """Return what looks at each write of a client before its commit; the console needs none.

    A bulk request may take minutes. So an operator's choices are read again while it goes on.
    """
    if access.token == CONSOLE:
        return None
    current, ends = access, monotonic() + UNCHECKED

    def look(transaction: Transaction) -> None:
        nonlocal current, ends
        if monotonic() >= ends:
            found = reread(transaction.connection, access)
            if found is None or found.is_paused:  # a tenant that is removed is paused, and goes
                raise PausedError(PAUSED)
            current, ends = found, monotonic() + UNCHECKED
        if current.rules:
            protection.check(transaction, current.rules, definitions.by_name["User"])
        brake.check(transaction, current.tenant)

    return look
