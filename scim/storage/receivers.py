"""Receivers: who is told of a tenant's changes, and how."""

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from .database.prepared import Prepared
from .keys import new_id, now
from .tables import TENANT, feed_members, outbox, receivers
from .tokens import Tenant

FRESH = 1.0  # seconds for which a process knows who has receivers, and which ones
MOST_KEPT = 10_000  # tenants


@dataclass(frozen=True, slots=True)
class Receiver:
    """One that is told of changes; the members of ``secrets`` and ``options`` depend on ``kind``.

    ``url`` is empty if it is not called. ``repr`` shows no secret.
    """

    id: str
    tenant_id: int
    name: str
    kind: str
    url: str
    secrets: Mapping[str, Any] = field(repr=False)
    options: dict[str, Any]
    created: str


SELECT = sa.select(*(receivers.c[name] for name in Receiver.__slots__))
HAVING = Prepared(sa.select(receivers.c.tenant_id).distinct())
IMPLICIT = Prepared(
    sa.text(
        "INSERT INTO receivers (id, tenant_id, name, kind, created)"
        " VALUES (:id, :tenant_id, :name, :kind, :created) ON CONFLICT DO NOTHING"
    )
)
OF_TENANT = Prepared(SELECT.where(receivers.c.tenant_id == TENANT).order_by(receivers.c.created))


def add_receiver(
    connection: sa.Connection,
    tenant: Tenant,
    name: str,
    kind: str,
    url: str = "",
    secrets: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Receiver | None:
    """Store a receiver and return it; None if the tenant has one of that name.

    Servers tell it of changes that begin ``FRESH`` seconds later, or earlier.
    """
    made = Receiver(new_id(), tenant.id, name, kind, url, secrets or {}, dict(options or {}), now())
    values = {each: getattr(made, each) for each in Receiver.__slots__}
    values |= {"secrets": json.dumps(made.secrets), "options": json.dumps(made.options)}
    try:
        connection.execute(sa.insert(receivers), values)
    except IntegrityError:
        return None
    return made


def store_implicit(connection: sa.Connection, receiver: Receiver) -> None:
    """Store a receiver that a tenant has by a setting, unless it is there."""
    names = {"tenant_id": receiver.tenant_id, "id": receiver.id, "name": receiver.name}
    IMPLICIT.rows(connection, names | {"kind": receiver.kind, "created": now()})


def change_receiver(
    connection: sa.Connection, receiver: Receiver, change: Callable[[Receiver], Receiver]
) -> Receiver | None:
    """Store the secrets and options that ``change`` gives a receiver, and return it.

    It gets the receiver as it is now; others wait. None is returned if it is removed.
    """
    this = receivers.c.id == receiver.id
    row = connection.execute(SELECT.where(this).with_for_update()).one_or_none()
    if row is None:
        return None
    made = change(receiver_of(row))
    stored = {"secrets": json.dumps(made.secrets), "options": json.dumps(made.options)}
    connection.execute(sa.update(receivers).where(this).values(stored))
    return made


def remove_receiver(connection: sa.Connection, receiver: Receiver) -> int:
    """Delete a receiver with all that it has not been told; return how many messages that were."""
    connection.execute(sa.delete(receivers).where(receivers.c.id == receiver.id))
    gone = [
        sa.delete(each).where(
            each.c.tenant_id == receiver.tenant_id, each.c.receiver_id == receiver.id
        )
        for each in (feed_members, outbox)
    ]
    return [connection.execute(each).rowcount for each in gone][-1]


def list_receivers(
    connection: sa.Connection, tenant: Tenant, kinds: Collection[str] = ()
) -> list[Receiver]:
    """Return the receivers of a tenant, the oldest first; only those of some kinds, if any."""
    found = receivers_of(connection, tenant.id)
    return [each for each in found if not kinds or each.kind in kinds]


def receivers_of(connection: sa.Connection, tenant_id: int) -> list[Receiver]:
    """Return the receivers of a tenant, the oldest first."""
    return [receiver_of(row) for row in OF_TENANT.rows(connection, {"tenant": tenant_id})]


def find_receiver(connection: sa.Connection, tenant: Tenant, name: str) -> Receiver | None:
    """Return the receiver of that name; None if there is none."""
    chosen = SELECT.where(receivers.c.tenant_id == tenant.id, receivers.c.name == name)
    row = connection.execute(chosen).one_or_none()
    return receiver_of(row) if row else None


def receiver_of(row: Sequence[Any]) -> Receiver:
    """Return the receiver in a row that begins with its columns."""
    key, tenant_id, name, kind, url, secrets, options, created = row[: len(Receiver.__slots__)]
    known = json.loads(secrets or "{}"), json.loads(options)
    return Receiver(str(key), tenant_id, name, kind, url or "", *known, created)


class KnownReceivers:
    """The receivers of each tenant as a process knows them, ``FRESH`` seconds old at most.

    So a write without receivers costs nothing, but for one in a second, of any tenant.
    """

    def __init__(self) -> None:
        self._having = -FRESH, frozenset[int]()  # tenants that have receivers
        self._known: dict[int, tuple[float, list[Receiver]]] = {}

    def of(self, connection: sa.Connection, tenant_id: int) -> list[Receiver]:
        """Return the receivers of a tenant."""
        at = time.monotonic()
        if at - self._having[0] >= FRESH:
            having = frozenset(int(row[0]) for row in HAVING.rows(connection, {}))
            self._having = at, having
        if tenant_id not in self._having[1]:
            return []
        read_at, found = self._known.get(tenant_id, (-FRESH, []))
        if at - read_at < FRESH:
            return found
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        found = receivers_of(connection, tenant_id)
        self._known[tenant_id] = at, found
        return found
