"""Letters: the messages of a tenant as an operator sees them, tries them again or drops them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .contents import FETCHED
from .keys import is_id, now
from .outbox import COLUMNS, Message
from .tables import outbox, receivers

AT_ONCE = 1000  # messages that are changed in one transaction


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which messages of a tenant: of one receiver, and those that are dead, or are not."""

    tenant_id: int
    receiver_id: str | None = None
    dead: bool | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on the rows."""
        found: list[sa.ColumnElement[bool]] = [outbox.c.tenant_id == self.tenant_id]
        if self.receiver_id is not None:
            found.append(outbox.c.receiver_id == self.receiver_id)
        if self.dead is not None:
            found.append(outbox.c.dead if self.dead else ~outbox.c.dead)
        return found


def letters(
    connection: sa.Connection, chosen: Chosen, number: int, after: str = ""
) -> list[Message]:
    """Return so many messages behind an id, the oldest first."""
    behind = [outbox.c.id > after] if after else []
    found = sa.select(*COLUMNS).where(*chosen.conditions(), *behind)
    rows = connection.execute(found.order_by(outbox.c.id).limit(number))
    return [Message(*row) for row in rows]


def count_letters(connection: sa.Connection, chosen: Chosen) -> int:
    """Return how many messages there are."""
    counted = sa.select(sa.func.count()).select_from(outbox).where(*chosen.conditions())
    return connection.scalar(counted) or 0


def find_letter(connection: sa.Connection, tenant_id: int, message_id: str) -> Message | None:
    """Return the message with an id; None if there is none."""
    if not is_id(message_id):
        return None
    mine = outbox.c.tenant_id == tenant_id, outbox.c.id == message_id
    row = connection.execute(sa.select(*COLUMNS).where(*mine)).one_or_none()
    return Message(*row) if row else None


def retry_letters(connection: sa.Connection, found: Sequence[Message]) -> int:
    """Let messages of a tenant be sent now, as for the first time; return how many there were."""
    afresh: dict[str, Any] = {"dead": False, "attempts": 0, "error": None}
    due = sa.case((outbox.c.due == FETCHED, outbox.c.due), else_=now())
    these = sa.update(outbox).where(*_these(found))
    number = connection.execute(these.values(afresh | {"due": due})).rowcount
    _wake(connection, found)
    return number


def drop_letters(connection: sa.Connection, found: Sequence[Message]) -> int:
    """Delete messages of a tenant, which nobody is told then; return how many there were."""
    gone = connection.execute(sa.delete(outbox).where(*_these(found))).rowcount
    _wake(connection, found)
    return gone


def forget_contents(connection: sa.Connection, tenant_id: int, ids: Sequence[str]) -> None:
    """Let messages about resources that are purged say only that they changed."""
    these = outbox.c.tenant_id == tenant_id, outbox.c.resource_id.in_(ids)
    _empty(connection, *these)


def purge_letters(
    connection: sa.Connection, tenant_id: int, before: str, spares_untold: bool = False
) -> None:
    """Purge what messages say of changes before an instant; dead letters go altogether.

    It ``spares_untold`` ones, as ``purge_changes`` does.
    """
    old = outbox.c.tenant_id == tenant_id, outbox.c.at < before
    connection.execute(sa.delete(outbox).where(*old, outbox.c.dead))
    if not spares_untold:
        _empty(connection, *old)


def _empty(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> None:
    """Let the texts of messages be made again, of what is known then."""
    due = sa.case((outbox.c.due == FETCHED, now()), else_=outbox.c.due)
    made = sa.update(outbox).where(*which, outbox.c.content.is_not(None))
    connection.execute(made.values(content=None, error=None, due=due))


def _wake(connection: sa.Connection, found: Sequence[Message]) -> None:
    """Let later messages about the same resources, and their receivers, wait no longer."""
    of_receivers = {each.receiver_id for each in found}
    waiting = ~outbox.c.dead, outbox.c.due < FETCHED, outbox.c.due > now()
    same = (
        outbox.c.tenant_id == found[0].tenant_id,
        outbox.c.resource_id.in_({each.resource_id for each in found}),
        outbox.c.receiver_id.in_(of_receivers),
    )
    connection.execute(sa.update(outbox).where(*same, *waiting).values(due=now()))
    these = sa.update(receivers).where(receivers.c.id.in_(of_receivers))
    connection.execute(these.values(rests=""))


def _these(found: Sequence[Message]) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions on messages that nobody has sent again or given up since."""
    tenant, ids = found[0].tenant_id, [each.id for each in found]
    states = {each.dead for each in found}
    return outbox.c.tenant_id == tenant, outbox.c.id.in_(ids), outbox.c.dead.in_(states)
