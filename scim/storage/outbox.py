"""The outbox: messages that receivers have not accepted yet, one row per change and receiver.

A row is written with its change, in the same transaction, and deleted when its receiver has
accepted it. A deliverer claims a receiver and takes its rows in the order in which they are due. A
row waits for the earlier ones about the same resource, so a receiver is told in order. Rows that a
receiver fetches by itself are never due.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from scim.protocol.schema import GROUP

from .changes import Change
from .contents import FETCHED, REST, About, Content, message_row
from .database.prepared import Prepared
from .history import ID, History, change_of
from .keys import CLOCK, from_now, new_id, now
from .purging import discard_changes
from .receivers import Receiver
from .seal import Seal
from .tables import TENANT, among, member_changes, outbox, receivers
from .timeline import MINE, ONE
from .transaction import Transaction

MOST_BURIED = 1000  # messages that become dead letters in one transaction


@dataclass(frozen=True, slots=True)
class Message:
    """What a receiver is to be told, after so many failed ``attempts``.

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

    @property
    def is_fetched(self) -> bool:
        """Whether its receiver fetches it when it likes."""
        return self.due == FETCHED


NAMES = Message.__slots__
COLUMNS = [outbox.c[name] for name in NAMES]
MEMBERS = sa.select(member_changes.c.member_id, member_changes.c.added).where(
    *MINE, member_changes.c.version == sa.bindparam("asked")
)
ALIVE = sa.text("NOT outbox.dead")  # as the index has it
OF_RECEIVER = outbox.c.tenant_id == TENANT, outbox.c.receiver_id == sa.bindparam("receiver")
OLDEST = (
    sa.select(*COLUMNS)
    .where(*OF_RECEIVER, ALIVE, outbox.c.due <= sa.bindparam("now"))
    .order_by(outbox.c.due, outbox.c.id)
    .limit(sa.bindparam("number"))
)
# Of some messages, the first one about the same resource that is not due before them.
EARLIER = outbox.alias("earlier")
IN_THE_WAY = (
    sa.select(EARLIER.c.id)
    .where(
        EARLIER.c.tenant_id == outbox.c.tenant_id,
        EARLIER.c.resource_id == outbox.c.resource_id,
        EARLIER.c.receiver_id == outbox.c.receiver_id,
        EARLIER.c.version <= outbox.c.version,
        sa.tuple_(EARLIER.c.version, EARLIER.c.id) < sa.tuple_(outbox.c.version, outbox.c.id),
        ~EARLIER.c.dead,
        EARLIER.c.due < FETCHED,
        sa.tuple_(EARLIER.c.due, EARLIER.c.id)
        > sa.tuple_(sa.bindparam("due", type_=sa.String), sa.bindparam("last", type_=ID.type)),
    )
    .order_by(EARLIER.c.version, EARLIER.c.id)
    .limit(1)
    .scalar_subquery()
)
FIRST_IN_THE_WAY = sa.select(IN_THE_WAY).where(outbox.c.tenant_id == TENANT, among(outbox.c.id))
THESE = sa.select(*COLUMNS).where(outbox.c.tenant_id == TENANT, among(outbox.c.id))
IS_THERE = Prepared(
    sa.select(sa.literal(1)).where(
        outbox.c.tenant_id == TENANT, outbox.c.id == sa.bindparam("this", type_=ID.type)
    )
)
PUT = Prepared(sa.insert(outbox), NAMES)


def put(transaction: Transaction, told: Sequence[tuple[Receiver, Change]], txn: str) -> None:
    """Let receivers be told of changes of a transaction."""
    due = now()
    rows = [
        message_row(receiver, _about(change), str(change.operation), txn, at=change.at, due=due)
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

    def next(self, receiver: Receiver, number: int) -> list[Message]:
        """Return messages that a claimed receiver is to be told now, in their order.

        Those that come too early, before another one about the same resource, are put off.
        """
        names = {"tenant": receiver.tenant_id, "receiver": receiver.id}
        rows = self.connection.execute(OLDEST, names | {"now": now(), "number": number})
        found = [Message(*row) for row in rows]
        obstacles = self._obstacles(found) if found else {}
        for each in obstacles.values():
            self._hold_up(each)
        early = [
            each
            for each in found
            if (other := obstacles.get(each.resource_id)) and _place(other) < _place(each)
        ]
        return in_order([each for each in found if each not in early])

    def _obstacles(self, found: Sequence[Message]) -> dict[str, Message]:
        """Return the first message about each resource that must come before some of these."""
        last = {each.resource_id: each.id for each in sorted(found, key=_place)}
        names = {"tenant": found[0].tenant_id, "due": found[-1].due, "last": found[-1].id}
        first = self.connection.scalars(FIRST_IN_THE_WAY, names | {"ids": [*last.values()]})
        ids = [str(each) for each in first if each]
        rows = self.connection.execute(THESE, names | {"ids": ids}) if ids else ()
        return {str(row.resource_id): Message(*row) for row in rows}

    def _hold_up(self, first: Message) -> None:
        """Put off what is due before a message about the same resource that must come first."""
        behind = sa.tuple_(outbox.c.version, outbox.c.id) > sa.tuple_(
            sa.literal(first.version), sa.literal(first.id, ID.type)
        )
        same = (
            outbox.c.tenant_id == first.tenant_id,
            outbox.c.resource_id == first.resource_id,
            outbox.c.receiver_id == first.receiver_id,
        )
        early = sa.update(outbox).where(*same, behind, ~outbox.c.dead, outbox.c.due < first.due)
        self.connection.execute(early.values(due=first.due))

    def has(self, message: Message) -> bool:
        """Tell whether a message is still there: it goes if it is dropped, or with its receiver."""
        names = {"tenant": message.tenant_id, "this": message.id}
        return bool(IS_THERE.rows(self.connection, names))

    def change(self, message: Message) -> Change | None:
        """Return the change that a message is about; None if the history has it no more."""
        names = {"tenant": message.tenant_id, "this": message.resource_id}
        names["asked"] = message.version
        row = self.connection.execute(ONE, names).one_or_none()
        if row is None:
            return None
        has_members = message.resource_type == GROUP.name
        rows = self.connection.execute(MEMBERS, names) if has_members else ()
        return change_of(row, {str(member): bool(added) for member, added in rows})

    def keep(
        self, message: Message, contents: Sequence[Content], is_fetched: bool
    ) -> list[Message]:
        """Store the texts that a message stands for, and return a message for each.

        The first of them has the message's own id. The list is empty if the message is gone. For
        ``REST`` another message without content is stored behind them.
        """
        CLOCK.pass_by(message.id)
        due = FETCHED if is_fetched else message.due
        made = [
            _made(replace(message, id=message.id if place == 0 else new_id(), due=due), each)
            for place, each in enumerate(each for each in contents if each != REST)
        ]
        rest = [replace(message, id=new_id())] if REST in contents else []
        if not self.delivered([message]):
            return []
        if rows := [{name: getattr(each, name) for name in NAMES} for each in made + rest]:
            self.connection.execute(sa.insert(outbox), rows)
        return made

    def delivered(self, messages: Sequence[Message]) -> int:
        """Delete messages of a tenant that their receiver has accepted; return how many."""
        if not messages:
            return 0
        mine = outbox.c.tenant_id == TENANT, among(outbox.c.id)
        names = {"tenant": messages[0].tenant_id, "ids": [each.id for each in messages]}
        return self.connection.execute(sa.delete(outbox).where(*mine), names).rowcount

    def failed(self, message: Message, error: str, seconds: float | None) -> None:
        """Put a message off for some seconds; None makes it a dead letter."""
        values: dict[str, Any] = {"error": error, "attempts": message.attempts + 1}
        values["content"] = message.content
        values |= {"dead": True} if seconds is None else {"due": from_now(seconds=seconds)}
        self._change(message.tenant_id, [message.id], **values)

    def bury(self, receiver: Receiver, before: str, error: str) -> None:
        """Make dead letters of some messages that a receiver should have been told long ago."""
        names = {"tenant": receiver.tenant_id, "receiver": receiver.id}
        old = sa.select(outbox.c.id).where(
            *OF_RECEIVER, ALIVE, outbox.c.due < FETCHED, outbox.c.at < before
        )
        ids = list(self.connection.scalars(old.limit(MOST_BURIED), names))
        if ids:
            self._change(receiver.tenant_id, ids, dead=True, error=error)

    def _change(self, tenant_id: int, ids: Sequence[str], **values: Any) -> None:
        these = outbox.c.tenant_id == TENANT, among(outbox.c.id)
        changed = sa.update(outbox).where(*these).values(values)
        self.connection.execute(changed, {"tenant": tenant_id, "ids": list(ids)})


def _about(change: Change) -> About:
    return About(change.resource_type, change.resource_id, change.version)


def _made(message: Message, content: Content) -> Message:
    """Return a message with its content, about what that is about."""
    made = replace(message, content=content.text)
    if about := content.about:
        kind, key, version = about.resource_type, about.resource_id, about.version
        made = replace(made, resource_type=kind, resource_id=key, version=version)
    return made


def purge_told(connection: sa.Connection, told: Sequence[Message], seal: Seal | None) -> None:
    """Purge the changes that messages of a tenant were about, unless others still need them.

    For servers that keep no history. A deliverer has committed the delete of its messages
    before. So the last of several deliverers sees that nobody needs the change.
    """
    tenant_id = told[0].tenant_id
    needed = sa.select(outbox.c.resource_id, outbox.c.version).where(
        outbox.c.tenant_id == TENANT, among(outbox.c.resource_id), outbox.c.content.is_(None)
    )
    keys = {(each.resource_id, each.version) for each in told}
    names = {"tenant": tenant_id, "ids": list({each.resource_id for each in told})}
    keys -= {(str(row[0]), row[1]) for row in connection.execute(needed, names)}
    discard_changes(History(connection, tenant_id, seal), sorted(keys))


def orphans(connection: sa.Connection) -> list[tuple[int, str]]:
    """Return the tenants and ids of receivers that are gone and have messages."""
    known = sa.select(outbox.c.tenant_id, outbox.c.receiver_id).distinct()
    gone = known.where(outbox.c.receiver_id.not_in(sa.select(receivers.c.id)))
    return [(row.tenant_id, row.receiver_id) for row in connection.execute(gone)]


def remove_orphans(connection: sa.Connection) -> None:
    """Delete the messages of receivers that are gone."""
    for tenant_id, receiver_id in orphans(connection):
        gone = outbox.c.tenant_id == tenant_id, outbox.c.receiver_id == receiver_id
        connection.execute(sa.delete(outbox).where(*gone))


def _place(message: Message) -> tuple[int, str]:
    """Return the place of a message among those about the same resource."""
    return message.version, message.id


def in_order(found: Sequence[Message]) -> list[Message]:
    """Return messages as they are, but those about the same resource in their order."""
    of_resource: dict[str, list[Message]] = {}
    for each in sorted(found, key=_place, reverse=True):
        of_resource.setdefault(each.resource_id, []).append(each)
    return [of_resource[each.resource_id].pop() for each in found]
