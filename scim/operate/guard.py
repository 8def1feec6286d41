"""What clients may not do, however they ask for it: see ``brake`` and ``protection``."""

from collections.abc import Callable

from scim.explain.exchange import CONSOLE
from scim.protocol.definitions.assembly import Definitions
from scim.storage import Access, Transaction

from . import brake, protection


def guard(access: Access, definitions: Definitions) -> Callable[[Transaction], None] | None:
    """Return what looks at each write of a client before its commit; the console needs none."""
    if access.token == CONSOLE:
        return None

    def look(transaction: Transaction) -> None:
        if access.rules:
            protection.check(transaction, access.rules, definitions.by_name["User"])
        brake.check(transaction, access.tenant)

    return look
