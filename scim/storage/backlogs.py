"""Backlogs: how much each receiver has not been told yet, and how it does."""

from dataclasses import dataclass

import sqlalchemy as sa

from .receivers import SELECT, Receiver, receiver_of
from .tables import outbox, receivers, tenants
from .tokens import Tenant

STATE = ("failures", "failing", "rests", "last_success", "last_failure", "last_error")


@dataclass(frozen=True, slots=True)
class Backlog:
    """A receiver with the name of its tenant and the number of messages that wait, and are dead.

    ``oldest`` is the instant of the oldest change that it waits for, None without any. The others
    are columns of ``scim.models.Receiver``.
    """

    receiver: Receiver
    tenant: str
    waiting: int
    dead: int
    oldest: str | None
    failures: int
    failing: str | None
    rests: str
    last_success: str | None
    last_failure: str | None
    last_error: str | None


def backlogs(connection: sa.Connection, tenant: Tenant | None = None) -> list[Backlog]:
    """Return the backlog of each receiver of a tenant, or of all; the oldest receiver first."""
    mine = [] if tenant is None else [receivers.c.tenant_id == tenant.id]
    state = [receivers.c[name] for name in STATE]
    shown = SELECT.add_columns(*state, tenants.c.name.label("tenant"))
    shown = shown.join(tenants, tenants.c.id == receivers.c.tenant_id).where(*mine)
    found = connection.execute(shown.order_by(receivers.c.created, receivers.c.id)).all()
    numbers = _numbers(connection, tenant)
    made = []
    for row in found:
        waiting, oldest = numbers.get((row.id, False), (0, None))
        dead, _ = numbers.get((row.id, True), (0, None))
        named = {name: getattr(row, name) for name in STATE}
        made.append(Backlog(receiver_of(row), row.tenant, waiting, dead, oldest, **named))
    return made


def _numbers(
    connection: sa.Connection, tenant: Tenant | None
) -> dict[tuple[str, bool], tuple[int, str]]:
    """Return the number and the oldest change of messages, by receiver and by whether dead."""
    mine = [] if tenant is None else [outbox.c.tenant_id == tenant.id]
    key = outbox.c.receiver_id, outbox.c.dead
    counted = sa.select(*key, sa.func.count(), sa.func.min(outbox.c.at)).where(*mine).group_by(*key)
    return {
        (str(receiver_id), bool(dead)): (number, oldest)
        for receiver_id, dead, number, oldest in connection.execute(counted)
    }
