"""The chain of a tenant as it is read: each entry with its change, part by part."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from .changes import Change
from .database.database import Database
from .history import EARLIER, change_of
from .seal import START, Entry
from .tables import TENANT, changes, entries, unchained

AT_ONCE = 100  # entries read by one statement; a change may have two MiB
OWN = ("number", "at", "resource_id", "version", "digest", "hash", "purged", "stub")
MEMBERS = {
    "sqlite": "json_group_array(json_array(member_id, added))",
    "postgresql": "CAST(json_agg(json_build_array(member_id, added)) AS text)",
}
PART = (
    f"SELECT {', '.join(f'entries.{name} AS entry_{name}' for name in OWN)}, {EARLIER},"
    " (SELECT {members} FROM member_changes AS members WHERE members.tenant_id = :tenant"
    " AND members.group_id = entries.resource_id AND members.version = entries.version) AS members"
    " FROM entries LEFT JOIN changes ON changes.tenant_id = :tenant"
    " AND changes.resource_id = entries.resource_id AND changes.version = entries.version"
    " WHERE entries.tenant_id = :tenant AND entries.number > :after"
    " ORDER BY entries.number LIMIT :number"
)
TYPES = {f"entry_{name}": entries.c[name].type for name in OWN} | {
    "resource_id": entries.c.resource_id.type
}
FIRST_SINCE = sa.select(sa.func.min(entries.c.number)).where(
    entries.c.tenant_id == TENANT, entries.c.at >= sa.bindparam("since")
)
HASH = sa.select(entries.c.hash).where(
    entries.c.tenant_id == TENANT, entries.c.number == sa.bindparam("this")
)
UNKNOWN = sa.select(changes.c.resource_type, changes.c.resource_id, changes.c.version).where(
    changes.c.tenant_id == TENANT,
    *(
        ~sa.exists().where(
            table.c.tenant_id == TENANT,
            table.c.resource_id == changes.c.resource_id,
            table.c.version == changes.c.version,
            table.c.at == changes.c.at,
        )
        for table in (entries, unchained)
    ),
)


class Chain:
    """The entries of a tenant in a database."""

    def __init__(self, database: Database, tenant_id: int) -> None:
        self.database = database
        self.names = {"tenant": tenant_id}

    def entries(self, since: str = "") -> Iterator[Entry]:
        """Yield the entries from the first one on that is not older than an instant."""
        number = self._scalar(FIRST_SINCE, since=since) if since else 1
        if number is None:
            return
        previous = self._scalar(HASH, this=number - 1) or START
        while part := self._part(number - 1):
            for row in part:
                entry = _entry(row, previous)
                yield entry
                previous, number = entry.hash, entry.number + 1

    def unknown(self) -> tuple[int, Any]:
        """Return how many changes are neither in the chain nor wait, and the first of them.

        It has ``resource_type``, ``resource_id`` and ``version``.
        """
        number = self._scalar(sa.select(sa.func.count()).select_from(UNKNOWN.subquery()))
        first = UNKNOWN.order_by(changes.c.at, changes.c.resource_id, changes.c.version).limit(1)
        return number, self.database.read(
            lambda connection: connection.execute(first, self.names).one_or_none()
        ) if number else None

    def _scalar(self, statement: sa.Select[Any], **names: Any) -> Any:
        return self.database.read(lambda known: known.scalar(statement, self.names | names))

    def _part(self, after: int) -> Sequence[Any]:
        names = self.names | {"after": after, "number": AT_ONCE}

        def work(connection: sa.Connection) -> Sequence[Any]:
            part = sa.text(PART.format(members=MEMBERS[connection.dialect.name]))
            return connection.execute(part.columns(**TYPES), names).all()

        return self.database.read(work)


def _entry(row: Any, previous: bytes) -> Entry:
    change: Change | None = None
    if row.resource_id is not None:
        members = {member: bool(added) for member, added in json.loads(row.members or "[]")}
        change = change_of(row, members)
    own = {name: getattr(row, f"entry_{name}") for name in OWN}
    return Entry(**own, previous=previous, change=change)
