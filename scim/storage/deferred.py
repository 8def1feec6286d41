"""Deferred requests: accepted, and carried out later, one after the other for each tenant.

A carrier claims a request for CLAIMED_SECONDS, and renews the claim while it works. One transaction
stores the changes of an operation and its result, and only the holder of the claim can commit it.
So nothing is done twice, although claims are lost and processes are killed.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scim.protocol.values import Record

from .keys import from_now, new_id, now
from .tables import deferred_requests, deferred_results, tenants

CLAIMED_SECONDS = 3.0  # after which others may go on with a request
LONGEST_SECONDS = 60.0  # to wait for a request; if it is due later, the clock was put back
MOST_BYTES = 256 * 1024 * 1024  # of the bodies of a tenant that wait
PURGED_AT_ONCE = 1000


class ClaimLost(Exception):
    """Somebody else carries the request out, or it is gone with its tenant."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """An accepted request; see ``DeferredRequest`` for the members. ``repr`` shows no body."""

    tenant_id: int
    id: str
    method: str
    path: str
    if_match: str | None
    if_none_match: str | None
    base_url: str
    token: str
    issued: bytes | None
    request_id: str
    client: str
    accepted: str
    attempts: int = 0
    claim: str | None = None
    finished: str | None = None

    @property
    def is_bulk(self) -> bool:
        return self.path == BULK


@dataclass(frozen=True, slots=True)
class Completed:
    """The result of one operation, with the id and the instant (UTC) of the event that tells it.

    ``uri`` is the path of its resource below the base URL. In ``result``, as in a bulk response, a
    placeholder stands for the base URL.
    """

    operation: int
    id: str
    at: str
    uri: str
    result: Record


BULK = "/Bulk"
COLUMNS = [deferred_requests.c[name] for name in Deferred.__slots__]
KEY = deferred_requests.c.tenant_id, deferred_requests.c.id
WAITS = deferred_requests.c.finished.is_(None)


class Deferrals:
    """The deferred requests of all tenants."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def put(self, request: Deferred, body: str, most: int) -> bool:
        """Store a request behind those of the tenant that wait; tell whether there is room.

        There is if fewer than ``most`` wait.
        """
        mine = tenants.c.id == request.tenant_id  # those who put wait for each other
        self.connection.execute(sa.select(tenants.c.id).where(mine).with_for_update(key_share=True))
        waiting = sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(deferred_requests.c.size), 0),
            sa.func.coalesce(sa.func.max(deferred_requests.c.number), 0),
        ).where(deferred_requests.c.tenant_id == request.tenant_id, WAITS)
        number, size, last = self.connection.execute(waiting).one()
        if number >= most or (number and size + len(body) > MOST_BYTES):
            return False
        values = {name: getattr(request, name) for name in Deferred.__slots__}
        values |= {"number": last + 1, "body": body, "size": len(body), "due": request.accepted}
        self.connection.execute(sa.insert(deferred_requests), values)
        return True

    def next_ones(self) -> Sequence[tuple[int, str]]:
        """Return the tenant and the id of each tenant's next request, if nobody has claimed it."""
        number = sa.func.min(deferred_requests.c.number).label("number")
        grouped = sa.select(deferred_requests.c.tenant_id, number).where(WAITS)
        first = grouped.group_by(deferred_requests.c.tenant_id).subquery()
        same = (deferred_requests.c.tenant_id == first.c.tenant_id) & (
            deferred_requests.c.number == first.c.number
        )
        chosen = sa.select(*KEY).join(first, same)
        found = self.connection.execute(chosen.where(WAITS, _is_due()))
        return [(tenant_id, str(key)) for tenant_id, key in found]

    def claim(self, tenant_id: int, request_id: str) -> tuple[Deferred, str] | None:
        """Claim a request; return it with its body, or None if somebody else was faster."""
        this = _is(tenant_id, request_id)
        chosen = sa.select(deferred_requests.c.id).where(this, WAITS, _is_due())
        if self.connection.execute(chosen.with_for_update(skip_locked=True)).one_or_none() is None:
            return None
        values = {"claim": new_id(), "attempts": deferred_requests.c.attempts + 1}
        values["due"] = from_now(seconds=CLAIMED_SECONDS)
        taken = sa.update(deferred_requests).where(this).values(values)
        row = self.connection.execute(taken.returning(*COLUMNS, deferred_requests.c.body)).one()
        return Deferred(*row[:-1]), row[-1]

    def put_off(self, request: Deferred, seconds: float = CLAIMED_SECONDS) -> None:
        """Let a request be claimed again only in so many seconds."""
        values = {"due": from_now(seconds=seconds)}
        self.connection.execute(sa.update(deferred_requests).where(_held(request)).values(values))

    def keep(
        self, request: Deferred, made: Mapping[int, tuple[str, Record]], is_over: bool
    ) -> list[Completed]:
        """Store the results of some operations, by place, each with its URI; return them.

        The body of a request that ``is_over`` goes.

        :raises ClaimLost: somebody else has claimed the request
        """
        at = now()
        values: dict[str, Any] = {"due": from_now(seconds=CLAIMED_SECONDS), "attempts": 0}
        if is_over:
            values |= {"finished": at, "body": None}
        held = sa.update(deferred_requests).where(_held(request))
        if self.connection.execute(held.values(values)).rowcount != 1:
            raise ClaimLost(request.id)
        completed = [Completed(each, new_id(), at, *made[each]) for each in made]
        same = {"tenant_id": request.tenant_id, "request_id": request.id}
        rows = [
            {name: getattr(each, name) for name in Completed.__slots__}
            | {"result": json.dumps(each.result)}
            | same
            for each in completed
        ]
        if rows:
            self.connection.execute(sa.insert(deferred_results), rows)
        return completed

    def find(self, tenant_id: int, request_id: str) -> Deferred | None:
        """Return a request; None if the tenant has none with that id."""
        chosen = sa.select(*COLUMNS).where(_is(tenant_id, request_id))
        row = self.connection.execute(chosen).one_or_none()
        return Deferred(*row) if row else None

    def unfinished(self, asked: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
        """Return those requests, each a tenant and an id, that have not ended."""
        key = deferred_requests.c.tenant_id, deferred_requests.c.id
        chosen = sa.select(*key).where(sa.tuple_(*key).in_(asked), WAITS)
        return {(tenant_id, str(each)) for tenant_id, each in self.connection.execute(chosen)}

    def results(self, request: Deferred) -> list[Completed]:
        """Return the results of a request so far, in the order of its operations."""
        names = Completed.__slots__
        chosen = sa.select(*(deferred_results.c[name] for name in names)).where(
            deferred_results.c.tenant_id == request.tenant_id,
            deferred_results.c.request_id == request.id,
        )
        rows = self.connection.execute(chosen.order_by(deferred_results.c.operation))
        return [
            Completed(operation, str(key), at, uri, json.loads(result))
            for operation, key, at, uri, result in rows
        ]

    def count_waiting(self) -> int:
        """Return how many requests of all tenants have not ended."""
        counted = sa.select(sa.func.count()).select_from(deferred_requests).where(WAITS)
        return int(self.connection.scalar(counted) or 0)

    def old_ones(self, hours: int) -> list[tuple[int, str]]:
        """Return the tenants and ids of some requests that ended so many hours ago."""
        old = deferred_requests.c.finished < from_now(hours=-hours)
        found = self.connection.execute(sa.select(*KEY).where(old).limit(PURGED_AT_ONCE))
        return [(tenant_id, str(key)) for tenant_id, key in found]

    def purge(self, keys: Sequence[tuple[int, str]]) -> None:
        """Delete requests that have ended, and their results."""
        of = sa.tuple_(deferred_results.c.tenant_id, deferred_results.c.request_id)
        self.connection.execute(sa.delete(deferred_results).where(of.in_(keys)))
        self.connection.execute(sa.delete(deferred_requests).where(sa.tuple_(*KEY).in_(keys)))


def _is(tenant_id: int, request_id: str) -> sa.ColumnElement[bool]:
    mine = deferred_requests.c.tenant_id == tenant_id
    return sa.and_(mine, deferred_requests.c.id == request_id)


def _is_due() -> sa.ColumnElement[bool]:
    due = deferred_requests.c.due
    return sa.or_(due <= now(), due > from_now(seconds=LONGEST_SECONDS))


def _held(request: Deferred) -> sa.ColumnElement[bool]:
    """Return the condition on a request as long as the claim to it holds."""
    this = _is(request.tenant_id, request.id)
    return sa.and_(this, deferred_requests.c.claim == request.claim, WAITS)
