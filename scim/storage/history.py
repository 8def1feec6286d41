"""History: each change with its token, instant and operation, in the transaction that made it."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from .changes import Cause, Change, Operation
from .database.prepared import Prepared
from .tables import TENANT, THIS, changes, member_changes

PURGED_AT_ONCE = 1000
ID = changes.c.resource_id
NAMES = tuple(column.name for column in changes.c if column.name != "tenant_id")
SHOWN = sa.select(*(changes.c[name] for name in NAMES))
RECORD = Prepared(sa.insert(changes), changes.c.keys())
# One statement records any number of members: the ids are one parameter.
RECORD_MEMBERS = {
    "sqlite": Prepared(
        sa.text(
            "INSERT INTO member_changes (tenant_id, group_id, version, member_id, added)"
            " SELECT :tenant, :this, :version, value, :added FROM json_each(:ids)"
        )
    ),
    "postgresql": Prepared(
        sa.text(
            "INSERT INTO member_changes (tenant_id, group_id, version, member_id, added)"
            " SELECT CAST(:tenant AS integer), CAST(:this AS uuid), CAST(:version AS bigint),"
            " unnest(CAST(:ids AS uuid[])), CAST(:added AS boolean)"
        )
    ),
}


class History:
    """The recorded changes of a tenant."""

    def __init__(self, connection: sa.Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant_id = tenant_id

    def record(self, made: Sequence[Change]) -> None:
        """Record the changes that a transaction has made."""
        rows = [self._row(change) for change in made]
        if len(rows) == 1:
            RECORD.rows(self.connection, rows[0])
        elif rows:
            self.connection.execute(sa.insert(changes), rows)
        lone = [change for change in made if len(change.members) == 1]
        if len(lone) > 1:
            self._record_lone_members(lone)
            made = [change for change in made if len(change.members) > 1]
        for change in made:
            self._record_members(change)

    def _row(self, change: Change) -> dict[str, Any]:
        row = {name: getattr(change, name) for name in NAMES}
        cause = str(change.cause) if change.cause else None
        return row | {"cause": cause, "tenant_id": self.tenant_id}

    def _record_lone_members(self, lone: Sequence[Change]) -> None:
        """Record one member of each of many groups, as when a user is deleted."""
        rows = [
            {"group_id": change.resource_id, "version": change.version}
            | {"tenant_id": self.tenant_id, "member_id": member, "added": added}
            for change in lone
            for member, added in change.members.items()
        ]
        self.connection.execute(sa.insert(member_changes), rows)

    def _record_members(self, change: Change) -> None:
        statement = RECORD_MEMBERS[self.connection.dialect.name]
        names = {"tenant": self.tenant_id, "this": change.resource_id, "version": change.version}
        for added in (True, False):
            if ids := [member for member, joined in change.members.items() if joined == added]:
                statement.rows(self.connection, names | {"ids": ids, "added": added})

    def of(self, resource_id: str) -> list[Change]:
        """Return the changes of a resource, the oldest first."""
        names = {"tenant": self.tenant_id, "this": resource_id}
        mine = sa.select(member_changes).where(
            member_changes.c.tenant_id == TENANT, member_changes.c.group_id == THIS
        )
        members: dict[int, dict[str, bool]] = {}
        for row in self.connection.execute(mine, names):
            members.setdefault(row.version, {})[row.member_id] = row.added
        own = changes.c.tenant_id == TENANT, ID == THIS
        found = SHOWN.where(*own).order_by(changes.c.version)
        return [
            _change(row, members.get(row.version, {}))
            for row in self.connection.execute(found, names)
        ]

    def memberships_of(self, member_id: str) -> list[Change]:
        """Return the changes of the groups that a member joined or left."""
        here = (
            (member_changes.c.tenant_id == TENANT)
            & (member_changes.c.member_id == THIS)
            & (changes.c.tenant_id == member_changes.c.tenant_id)
            & (changes.c.resource_id == member_changes.c.group_id)
            & (changes.c.version == member_changes.c.version)
        )
        found = SHOWN.add_columns(member_changes.c.added).where(here).order_by(changes.c.at)
        names = {"tenant": self.tenant_id, "this": member_id}
        return [
            _change(row, {member_id: row.added}) for row in self.connection.execute(found, names)
        ]

    def purge(self, before: str) -> int:
        """Delete a part of the changes made before an instant; return how many, 0 at the end."""
        old = (changes.c.tenant_id == TENANT) & (changes.c.at < before)
        chosen = sa.select(ID, changes.c.version).where(old).limit(PURGED_AT_ONCE)
        found = self.connection.execute(chosen, {"tenant": self.tenant_id}).all()
        if not found:
            return 0
        for table, by_id in ((member_changes, member_changes.c.group_id), (changes, ID)):
            gone = (table.c.tenant_id == TENANT) & (by_id == THIS)
            gone &= table.c.version == sa.bindparam("version_gone")
            names = [
                {"tenant": self.tenant_id, "this": row.resource_id, "version_gone": row.version}
                for row in found
            ]
            self.connection.execute(sa.delete(table).where(gone), names)
        return len(found)


def _change(row: Any, members: Mapping[str, bool]) -> Change:
    known = {name: getattr(row, name) for name in NAMES}
    known["operation"] = Operation(row.operation)
    known["cause"] = Cause.read(row.cause) if row.cause else None
    return Change(**known, members=members)
