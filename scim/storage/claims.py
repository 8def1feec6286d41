"""Claims: for a while, a receiver belongs to one deliverer, which tells it everything in order.

A claim ends at the instant ``until``, unless it is renewed: so one that is killed leaves nothing
taken for long. The instant is the proof: a deliverer with another one has lost it. A claim that
would last too long was made before the clock was put back, and counts for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .database.prepared import Prepared
from .keys import from_now, now
from .receivers import SELECT, Receiver, receiver_of
from .tables import among, receivers

TAKEN_SECONDS = 15  # after which others may claim a receiver, unless its deliverer renews the claim
LONGEST_SECONDS = TAKEN_SECONDS + 60  # of a claim by a machine whose clock is ahead
STATE = [receivers.c[name] for name in ("failures", "failing", "slow")]
# The subquery has a LIMIT so that PostgreSQL looks into the index for each receiver. Otherwise it
# would read all messages.
READY = Prepared(
    sa.text(
        "SELECT receivers.id, receivers.failures > 0 OR receivers.slow, tenants.name"
        " FROM receivers JOIN tenants ON tenants.id = receivers.tenant_id"
        " WHERE (receivers.taken <= :now OR receivers.taken > :longest)"
        " AND receivers.rests <= :now AND NOT tenants.paused"
        " AND (SELECT 1 FROM outbox WHERE outbox.tenant_id = receivers.tenant_id"
        " AND outbox.receiver_id = receivers.id AND NOT outbox.dead AND outbox.due <= :now"
        " LIMIT 1) = 1 ORDER BY receivers.taken, receivers.id"
    )
)


@dataclass(frozen=True, slots=True)
class Ready:
    """A receiver that may be told something now: its id, whether it is slow, and its tenant."""

    id: str
    slow: bool
    tenant: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A receiver with the name of its tenant, and how it did so far; see ``scim.models``."""

    receiver: Receiver
    tenant: str
    until: str
    failures: int
    failing: str | None
    slow: bool

    @property
    def is_trusted(self) -> bool:
        """Whether the receiver took its last message, and quickly."""
        return not (self.failures or self.slow)


@dataclass(frozen=True, slots=True)
class Report:
    """How a claimed receiver did: instants, its last error, and the seconds for which it rests.

    It ``succeeded`` without having ``accepted`` anything if there was nothing to tell it, or if it
    fetches its messages.
    """

    succeeded: str | None = None
    accepted: str | None = None
    failed: str | None = None
    error: str | None = None
    rest: float | None = None
    slow: bool = False


def ready(connection: sa.Connection) -> list[Ready]:
    """Return the receivers that may be told something now; those that waited longest come first."""
    rows = READY.rows(connection, {"now": now(), "longest": from_now(seconds=LONGEST_SECONDS)})
    return [Ready(str(key), bool(slow), name) for key, slow, name in rows]


def claim(connection: sa.Connection, wanted: Sequence[Ready]) -> list[Claim]:
    """Claim receivers, without those that somebody else has claimed meanwhile."""
    until, tenants = from_now(seconds=TAKEN_SECONDS), {each.id: each.tenant for each in wanted}
    is_free = (receivers.c.taken <= now()) | (receivers.c.taken > from_now(seconds=LONGEST_SECONDS))
    free = sa.select(receivers.c.id).where(among(receivers.c.id), is_free)
    chosen = free.order_by(receivers.c.id).with_for_update(skip_locked=True)
    taken = sa.update(receivers).where(receivers.c.id.in_(chosen)).values(taken=until)
    returned = taken.returning(*SELECT.selected_columns, *STATE)
    return [
        Claim(receiver_of(row), tenants[row.id], until, row.failures, row.failing, bool(row.slow))
        for row in connection.execute(returned, {"ids": list(tenants)})
    ]


def renew(connection: sa.Connection, held: Claim) -> str | None:
    """Return the instant until which a claim lasts now; None if the receiver is lost."""
    until = from_now(seconds=TAKEN_SECONDS)
    kept = connection.execute(_of(held).values(taken=until)).rowcount
    return until if kept else None


def release(connection: sa.Connection, held: Claim, report: Report | None) -> None:
    """End a claim, and note what the receiver did; None if it was told nothing."""
    values: dict[str, Any] = {"taken": now()}
    if report:
        values |= _noted(held, report)
    connection.execute(_of(held).values(values))


def _noted(held: Claim, report: Report) -> dict[str, Any]:
    values: dict[str, Any] = {"slow": report.slow}
    if report.succeeded:
        values |= {"failures": 0, "failing": None, "rests": ""}
    if report.accepted:
        values |= {"last_success": report.accepted}
    if report.failed:
        values |= {"last_failure": report.failed, "last_error": report.error}
    if report.rest is not None:
        began = report.failed if report.succeeded else held.failing or report.failed
        failures = 1 if report.succeeded else held.failures + 1
        values |= {"failures": failures, "failing": began, "rests": from_now(seconds=report.rest)}
    return values


def _of(held: Claim) -> sa.Update:
    mine = receivers.c.id == held.receiver.id, receivers.c.taken == held.until
    return sa.update(receivers).where(*mine)
