"""The audit's tables: changes wait in ``unchained`` and go to ``entries``, the chain of a tenant.

A write only lets its changes wait, each with its digest, so that no writer waits for another one.
They are chained later: what is committed, by one process at a time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from scim.protocol.errors import ScimError

from .changes import Change
from .database.prepared import Prepared
from .keys import now
from .seal import START, Entry, Seal
from .tables import TENANT, changes, entries, imports, tenants, unchained
from .tokens import Tenant

AT_ONCE = 1000
# Changes that one transaction chains. On SQLite it has the only lock, which other writers need.
CHAINED_AT_ONCE = {"sqlite": 100, "postgresql": 1000}
MOST_COUNTED = 100_000  # changes that wait
LOCK = 76437646  # with the tenant, the advisory lock of PostgreSQL on its chain
WAITING = unchained.c.tenant_id == TENANT
CHAINED = entries.c.tenant_id == TENANT
KEYS: Any = sa.bindparam("keys", expanding=True)

WAIT_TEXT = (
    "INSERT INTO unchained (tenant_id, at, resource_id, version, digest)"
    " VALUES (:tenant_id, :at, :resource_id, :version, :digest) ON CONFLICT DO NOTHING"
)
WAIT = Prepared(sa.text(WAIT_TEXT))
# On PostgreSQL, one statement for any number of changes: the rows are one parameter.
WAIT_MANY = Prepared(
    sa.text(
        "INSERT INTO unchained (tenant_id, at, resource_id, version, digest)"
        " SELECT tenant_id, at, resource_id, version, decode(digest, 'hex')"
        " FROM json_to_recordset(CAST(:rows AS json)) AS given (tenant_id integer, at text,"
        " resource_id uuid, version bigint, digest text) ON CONFLICT DO NOTHING"
    )
)
ORDER = [unchained.c[name] for name in ("at", "resource_id", "version")]
OLDEST = sa.select(*ORDER).where(WAITING).order_by(*ORDER).limit(sa.bindparam("number"))
TAKE = (
    sa.delete(unchained)
    .where(WAITING, sa.tuple_(*ORDER).in_(OLDEST))
    .returning(*ORDER, unchained.c.digest)
)
NEXT = sa.select(sa.func.min(unchained.c.tenant_id))
NEXT_WAITING = NEXT.where(unchained.c.tenant_id > sa.bindparam("after"))
LAST = sa.select(entries).where(CHAINED).order_by(entries.c.number.desc())
OF_CHANGES = sa.select(entries.c.number, entries.c.hash, entries.c.resource_id, entries.c.version)
OF_CHANGES = OF_CHANGES.where(
    CHAINED, sa.tuple_(entries.c.resource_id, entries.c.version).in_(KEYS)
)
LEAVE = sa.delete(unchained).where(
    WAITING, sa.tuple_(unchained.c.resource_id, unchained.c.version).in_(KEYS)
)
MARK = sa.update(entries).where(CHAINED, entries.c.number == sa.bindparam("this"))
MARK = MARK.values(purged=sa.bindparam("instant"), stub=sa.bindparam("proof"))
COLUMNS = ("tenant_id", "number", "at", "resource_id", "version", "digest", "hash")
Key = tuple[str, int]  # of a change: its resource and version


NO_KEY = "the changes are in an audit; set SCIM_AUDIT_KEY to the key that it was made with"
OTHER_KEY = (
    "SCIM_AUDIT_KEY is not the key that the audit was made with, or the last entry was edited; "
    "`python manage.py audit verify` tells more"
)


class AuditKeyError(ScimError):
    """The audit cannot be continued: its key is not known, or another one."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain, written as ``number:hash`` to be noted elsewhere."""

    number: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.number}:{self.hash.hex()}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """Return the head that ``str`` wrote.

        :raises ValueError: the text is none
        """
        number, _, digits = text.strip().partition(":")
        found = cls(int(number), bytes.fromhex(digits))
        if len(found.hash) != len(START) or found.number < 0:
            raise ValueError("a hash has 64 digits")
        return found


EMPTY = Head(0, START)


class Audit:
    """The chain of a tenant, which only its ``seal`` can continue."""

    def __init__(self, connection: sa.Connection, tenant_id: int, seal: Seal | None) -> None:
        self.connection = connection
        self.tenant = {"tenant": tenant_id}
        self.seal = seal

    def wait(self, made: Sequence[Change]) -> None:
        """Let changes wait to be chained, unless they do so already."""
        assert self.seal
        rows: list[dict[str, Any]] = [
            {"at": change.at, "resource_id": change.resource_id, "version": change.version}
            | {"tenant_id": self.tenant["tenant"], "digest": self.seal.digest(change)}
            for change in made
        ]
        if self.connection.dialect.name == "postgresql":
            shown = [row | {"digest": row["digest"].hex()} for row in rows]
            WAIT_MANY.rows(self.connection, {"rows": json.dumps(shown)})
        else:
            for row in rows:
                WAIT.rows(self.connection, row)

    def take_up(self, made: Sequence[Change]) -> None:
        """Let those changes wait that are not in the chain."""
        chained = self._chained([(change.resource_id, change.version) for change in made])
        left = [change for change in made if (change.resource_id, change.version) not in chained]
        if left:
            self.wait(left)

    def chain(self) -> int:
        """Chain the changes that have waited longest; return how many were taken.

        0 if none waits, or if another process is chaining those of the tenant.

        :raises AuditKeyError: the last entry was not made with the key
        """
        name = self.connection.dialect.name
        if name == "postgresql":
            turn = sa.func.pg_try_advisory_xact_lock(LOCK, self.tenant["tenant"])
            if not self.connection.scalar(sa.select(turn)):
                return 0
        number = CHAINED_AT_ONCE[name]
        taken = self.connection.execute(TAKE, self.tenant | {"number": number}).all()
        if not taken:
            return 0
        head = self._checked_head()
        try:
            with self.connection.begin_nested():
                self._insert(head, taken)
        except IntegrityError:  # some are in the chain already
            chained = self._chained([(row.resource_id, row.version) for row in taken])
            left = [row for row in taken if (row.resource_id, row.version) not in chained]
            self._insert(head, left)
        return len(taken)

    def _insert(self, head: Head, taken: Sequence[Any]) -> None:
        """Chain changes behind a head, the oldest first."""
        made, seal, tenant_id = [], self._seal(), self.tenant["tenant"]
        for row in sorted(taken):
            own = row.at, row.resource_id, row.version, seal.chained(row.digest)
            entry = Entry(head.number + 1, *own, head.hash)
            head = Head(entry.number, seal.hash(entry))
            made.append(dict(zip(COLUMNS, (tenant_id, entry.number, *own, head.hash), strict=True)))
        if made:
            self.connection.execute(sa.insert(entries), made)

    def purge(self, keys: Sequence[Key]) -> None:
        """Note that the contents of changes are purged, by a stub in the entry of each.

        A change that is not chained yet leaves nothing.

        :raises AuditKeyError: the key is not known, or another one
        """
        for start in range(0, len(keys), AT_ONCE):
            names = self.tenant | {"keys": keys[start : start + AT_ONCE]}
            self.connection.execute(LEAVE, names)  # first: or else it might be chained meanwhile
            rows = self.connection.execute(OF_CHANGES, names).all()
            if rows:
                self._checked_head()
                at, seal = now(), self._seal()
                marks = [
                    self.tenant
                    | {"this": row.number, "instant": at, "proof": seal.stub(row.hash, at)}
                    for row in rows
                ]
                self.connection.execute(MARK, marks)

    def head(self) -> Head:
        """Return the end of the chain."""
        row = self.connection.execute(LAST.limit(1), self.tenant).one_or_none()
        return Head(row.number, row.hash) if row else EMPTY

    def waiting(self) -> int:
        """Return how many changes wait to be chained."""
        counted = sa.select(sa.func.count()).select_from(unchained).where(WAITING)
        return self.connection.scalar(counted, self.tenant) or 0

    def _chained(self, keys: Sequence[Key]) -> set[Key]:
        """Return those of some changes that are in the chain."""
        rows = self.connection.execute(OF_CHANGES, self.tenant | {"keys": keys})
        return {(row.resource_id, row.version) for row in rows}

    def _checked_head(self) -> Head:
        """Return the end of the chain.

        :raises AuditKeyError: the last entry was not made with the key
        """
        last, before = [*self.connection.execute(LAST.limit(2), self.tenant), None, None][:2]
        if last is None:
            return EMPTY
        own = last.number, last.at, last.resource_id, last.version, last.digest
        entry = Entry(*own, before.hash if before else START)
        if self._seal().hash(entry) != last.hash:
            raise AuditKeyError(OTHER_KEY)
        return Head(last.number, last.hash)

    def _seal(self) -> Seal:
        if self.seal is None:
            raise AuditKeyError(NO_KEY)
        return self.seal


def waiting_tenants(connection: sa.Connection) -> Sequence[Tenant]:
    """Return tenants whose changes wait to be chained."""
    ids = [connection.scalar(NEXT_WAITING, {"after": 0})]
    while ids[-1] is not None and len(ids) <= AT_ONCE:
        ids.append(connection.scalar(NEXT_WAITING, {"after": ids[-1]}))
    return _tenants(connection, tenants.c.id.in_(ids[:-1]))


def number_waiting(connection: sa.Connection) -> int:
    """Return how many changes of all tenants wait to be chained; more than can be are as many."""
    some = sa.select(sa.literal(1)).select_from(unchained).limit(MOST_COUNTED)
    return int(connection.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0)


def tenants_to_begin(connection: sa.Connection) -> Sequence[Tenant]:
    """Return the tenants that have a history and no chain."""
    own, other = changes.c.tenant_id == tenants.c.id, entries.c.tenant_id == tenants.c.id
    return _tenants(connection, sa.exists().where(own), ~sa.exists().where(other))


def _tenants(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> Sequence[Tenant]:
    """Return tenants without those that are being imported: their chains come with them."""
    is_coming = sa.exists().where(imports.c.tenant_id == tenants.c.id, ~imports.c.finished)
    return [
        Tenant(*row) for row in connection.execute(sa.select(tenants).where(~is_coming, *which))
    ]
