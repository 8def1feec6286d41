"""The outbox: what receivers have not been told yet, one row for each change and receiver.

A row is written with its change, in the same transaction, and deleted when its receiver has
accepted it. A deliverer takes rows by putting ``due`` off: if it dies, the rows are due again.
A row waits for the earlier ones about the same resource, so a receiver is told in order. Rows that
a receiver fetches by itself are never due.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scim.protocol.values import date_time

from .changes import Change
from .contents import FETCHED, Content
from .database.prepared import Prepared
from .history import change_of
from .keys import new_id, now
from .receivers import Receiver
from .tables import member_changes, outbox
from .timeline import MINE, ONE
from .transaction import Transaction

TAKEN_SECONDS = 60  # after which rows are due again, if nobody says what became of them


@dataclass(frozen=True, slots=True)
class Message:
    """What a receiver is to be told; ``attempts`` counts this one, too.

    ``content`` is the text to send if it was made once and for all.
    """

    tenant_id: int
    id: str
    receiver_id: str
    resource_type: str
    resource_id: str
    version: int
    operation: str
    at: str
    txn: str
    content: str | None
    attempts: int
    due: str
    error: str | None
    dead: bool


NAMES = Message.__slots__
COLUMNS = [outbox.c[name] for name in NAMES]
MEMBERS = sa.select(member_changes.c.member_id, member_changes.c.added).where(
    *MINE, member_changes.c.version == sa.bindparam("asked")
)
PUT = Prepared(sa.insert(outbox), NAMES)


def put(transaction: Transaction, told: Sequence[tuple[Receiver, Change]], txn: str) -> None:
    """Let receivers be told of changes of a transaction."""
    at = now()
    rows = [
        {
            "tenant_id": transaction.tenant_id,
            "id": new_id(),
            "receiver_id": receiver.id,
            "resource_type": change.resource_type,
            "resource_id": change.resource_id,
            "version": change.version,
            "operation": str(change.operation),
            "at": change.at,
            "txn": txn,
            "content": None,
            "attempts": 0,
            "due": at,
            "error": None,
            "dead": False,
        }
        for receiver, change in told
    ]
    if len(rows) == 1:
        PUT.rows(transaction.connection, rows[0])
    elif rows:
        transaction.connection.execute(sa.insert(outbox), rows)


class Outbox:
    """The messages of all tenants, for those who deliver them."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def take(self, number: int, without: Sequence[str] = ()) -> list[Message]:
        """Take messages that are due, the oldest first; nobody else gets them for a while.

        ``without`` are the ids of receivers that must wait.
        """
        earlier = outbox.alias("earlier")
        is_first = ~sa.exists().where(
            earlier.c.tenant_id == outbox.c.tenant_id,
            earlier.c.receiver_id == outbox.c.receiver_id,
            earlier.c.resource_id == outbox.c.resource_id,
            ~earlier.c.dead,
            earlier.c.due < FETCHED,
            sa.tuple_(earlier.c.version, earlier.c.id) < sa.tuple_(outbox.c.version, outbox.c.id),
        )
        chosen = (
            sa.select(outbox.c.tenant_id, outbox.c.id)
            .where(~outbox.c.dead, outbox.c.due <= now(), is_first)
            .order_by(outbox.c.due, outbox.c.id)
            .limit(number)
            .with_for_update(skip_locked=True)
        )
        if without:
            chosen = chosen.where(outbox.c.receiver_id.not_in(without))
        keys = [(*row,) for row in self.connection.execute(chosen)]
        if not keys:
            return []
        taken = (
            sa.update(outbox)
            .where(sa.tuple_(outbox.c.tenant_id, outbox.c.id).in_(keys))
            .values(due=later(TAKEN_SECONDS), attempts=outbox.c.attempts + 1)
            .returning(*COLUMNS)
        )
        found = [Message(*row) for row in self.connection.execute(taken)]
        return sorted(found, key=lambda each: each.id)

    def change(self, message: Message) -> Change | None:
        """Return the change that a message is about; None if the history has it no more."""
        names = {"tenant": message.tenant_id, "this": message.resource_id}
        names["asked"] = message.version
        row = self.connection.execute(ONE, names).one_or_none()
        if row is None:
            return None
        rows = self.connection.execute(MEMBERS, names)
        return change_of(row, {str(member): bool(added) for member, added in rows})

    def keep(
        self, message: Message, contents: Sequence[Content], is_fetched: bool
    ) -> list[Message]:
        """Store the texts that a message stands for, and return a message for each.

        The first of them has the message's own id.
        """
        due = FETCHED if is_fetched else message.due
        made = [
            _made(replace(message, id=message.id if place == 0 else new_id(), due=due), each)
            for place, each in enumerate(contents)
        ]
        self.delivered(message)
        if made:
            rows = [{name: getattr(each, name) for name in NAMES} for each in made]
            self.connection.execute(sa.insert(outbox), rows)
        return made

    def delivered(self, message: Message) -> None:
        """Delete a message that its receiver has accepted."""
        self.connection.execute(sa.delete(outbox).where(_is(message)))

    def failed(self, message: Message, error: str, seconds: float | None) -> None:
        """Put a message off for some seconds; None makes it a dead letter."""
        values: dict[str, Any] = {"error": error}
        values |= {"dead": True} if seconds is None else {"due": later(seconds)}
        self.connection.execute(sa.update(outbox).where(_is(message)).values(values))


def _made(message: Message, content: Content) -> Message:
    """Return a message with its content, about what that is about."""
    made = replace(message, content=content.text)
    if about := content.about:
        kind, key, version = about.resource_type, about.resource_id, about.version
        made = replace(made, resource_type=kind, resource_id=key, version=version)
    return made


def later(seconds: float) -> str:
    """Return the instant in so many seconds."""
    return date_time(datetime.now(UTC) + timedelta(seconds=seconds))


def _is(message: Message) -> sa.ColumnElement[bool]:
    return sa.and_(outbox.c.tenant_id == message.tenant_id, outbox.c.id == message.id)
