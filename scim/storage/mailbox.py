"""The mailbox of a receiver that fetches its messages: those it has not acknowledged (RFC 8936)."""

from collections.abc import Collection, Mapping
from itertools import accumulate

import sqlalchemy as sa

from .contents import FETCHED
from .keys import is_id, now
from .outbox import COLUMNS, OF_RECEIVER, Message, in_order
from .receivers import Receiver
from .tables import among, outbox, receivers

READY = *OF_RECEIVER, ~outbox.c.dead, outbox.c.due == FETCHED


class Mailbox:
    """The messages of one receiver; no other's can be read or acknowledged."""

    def __init__(self, connection: sa.Connection, receiver: Receiver) -> None:
        self.connection = connection
        self.names = {"tenant": receiver.tenant_id, "receiver": receiver.id}

    def read(self, number: int, size: int) -> tuple[list[Message], bool]:
        """Return the first messages, and whether there are more.

        Those about the same resource are in their order. Together they have at most ``size``
        characters, or there is only one: no more is read into memory.
        """
        counted = sa.func.coalesce(sa.func.length(outbox.c.content), 0)
        sizes = sa.select(outbox.c.id, counted).where(*READY).order_by(outbox.c.id)
        found = self.connection.execute(sizes.limit(number + 1), self.names).all()
        first = found[:number]
        ends = accumulate(length for _, length in first)
        ids = [
            str(key)
            for (key, length), end in zip(first, ends, strict=True)
            if end <= size or end == length  # that of the first one
        ]
        chosen = sa.select(*COLUMNS).where(*READY, among(outbox.c.id)).order_by(outbox.c.id)
        rows = self.connection.execute(chosen, self.names | {"ids": ids}) if ids else ()
        return in_order([Message(*row) for row in rows]), len(found) > len(ids)

    def acknowledge(self, ids: Collection[str]) -> int:
        """Delete messages that the receiver has; return how many there were."""
        gone = sa.delete(outbox).where(*READY, among(outbox.c.id))
        known = self.names | {"ids": list(filter(is_id, ids))}
        if number := self.connection.execute(gone, known).rowcount:
            mine = sa.update(receivers).where(receivers.c.id == self.names["receiver"])
            self.connection.execute(mine.values(last_success=now()))
        return number

    def refuse(self, errors: Mapping[str, str]) -> None:
        """Make dead letters of messages that the receiver refuses, each with its error."""
        mine = sa.select(outbox.c.id).where(*READY, among(outbox.c.id))
        asked = self.names | {"ids": list(filter(is_id, errors))}
        found = list(map(str, self.connection.scalars(mine, asked)))
        if found:  # unknown ones cost nothing, however many there are
            this = sa.update(outbox).where(*READY, outbox.c.id == sa.bindparam("this"))
            dead = this.values(dead=True, error=sa.bindparam("why"), attempts=outbox.c.attempts + 1)
            rows = [self.names | {"this": key, "why": errors[key]} for key in found]
            self.connection.execute(dead, rows)


def expire(connection: sa.Connection, before: str) -> int:
    """Delete messages that nobody has fetched since an instant; return how many there were."""
    old = ~outbox.c.dead, outbox.c.due == FETCHED, outbox.c.at < before
    return connection.execute(sa.delete(outbox).where(*old)).rowcount


def have_mail(connection: sa.Connection, ids: Collection[str]) -> frozenset[str]:
    """Return those of some receivers that have messages to fetch."""
    first = sa.exists().where(
        outbox.c.tenant_id == receivers.c.tenant_id,
        outbox.c.receiver_id == receivers.c.id,
        ~outbox.c.dead,
        outbox.c.due == FETCHED,
    )
    chosen = sa.select(receivers.c.id).where(among(receivers.c.id), first)
    return frozenset(map(str, connection.scalars(chosen, {"ids": list(ids)})))
