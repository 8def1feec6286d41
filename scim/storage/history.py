"""What was done: each change with who, when and what, written in the transaction that made it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    bindparam,
    cast,
    delete,
    insert,
    literal,
    select,
    union_all,
)

from scim.protocol.schema import ResourceType

from .database.prepared import Prepared
from .rows import Stored
from .tables import TENANT, THIS, among, changes, groups, link, member_changes, nesting, users

PURGED_AT_ONCE = 1000
ID = changes.c.resource_id
SHOWN = select(
    changes.c.resource_id,
    changes.c.resource_type,
    changes.c.version,
    changes.c.at,
    changes.c.token,
    changes.c.operation,
    changes.c.before,
    changes.c.after,
    changes.c.unseen,
)
RECORD = Prepared(insert(changes), changes.c.keys())

VERSION = cast(bindparam("version"), member_changes.c.version.type)
ADDED = cast(bindparam("added"), Boolean)
MOVED = Prepared(
    insert(member_changes).from_select(
        ["tenant_id", "group_id", "version", "member_id", "added"],
        union_all(
            *(
                select(table.c.tenant_id, THIS, VERSION, table.c.id, ADDED).where(
                    table.c.tenant_id == TENANT, among(table.c.id)
                )
                for table in (users, groups)
            )
        ),
    )
)
EMPTIED = insert(member_changes).from_select(
    ["tenant_id", "group_id", "version", "member_id", "added"],
    union_all(
        select(link.c.tenant_id, THIS, VERSION, link.c.user_id, literal(False)).where(
            link.c.tenant_id == TENANT, link.c.group_id == THIS
        ),
        select(nesting.c.tenant_id, THIS, VERSION, nesting.c.child_id, literal(False)).where(
            nesting.c.tenant_id == TENANT, nesting.c.parent_id == THIS, nesting.c.direct
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Change:
    """What made a version of a resource; ``unseen`` if something changed that no body shows.

    ``members`` tells who came to a group (true) or went (false), by id.
    """

    resource_id: str
    resource_type: str
    version: int
    at: str
    token: str
    operation: str
    before: str | None
    after: str | None
    unseen: bool
    members: Mapping[str, bool]


class History:
    """The changes of a tenant; ``keeps`` tells whether they are kept at all."""

    def __init__(self, connection: Connection, tenant_id: int, token: str, keeps: bool) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.token = token
        self.keeps = keeps

    def record(
        self,
        resource_type: ResourceType,
        operation: str,
        pairs: Sequence[tuple[Stored | None, Stored | None]],
        at: str,
    ) -> None:
        """Keep changes of resources of one type, each as it was before and is after."""
        if not self.keeps or not pairs:
            return
        rows = [self._row(resource_type, operation, before, after, at) for before, after in pairs]
        if len(rows) == 1:
            RECORD.rows(self.connection, rows[0])
        else:
            self.connection.execute(insert(changes), rows)

    def _row(
        self,
        resource_type: ResourceType,
        operation: str,
        before: Stored | None,
        after: Stored | None,
        at: str,
    ) -> dict[str, Any]:
        changed = after or before
        assert changed is not None
        return {
            "tenant_id": self.tenant_id,
            "resource_id": changed.id,
            "version": changed.version if after else changed.version + 1,
            "resource_type": resource_type.name,
            "at": at,
            "token": self.token,
            "operation": operation,
            "before": before.body if before else None,
            "after": after.body if after else None,
            "unseen": bool(before and after and before.hidden != after.hidden),
        }

    def record_members(self, group_id: str, version: int, changed: Mapping[str, bool]) -> None:
        """Keep who came to a group or went with a version of it."""
        if not self.keeps:
            return
        for added in (True, False):
            if ids := [member for member, came in changed.items() if came == added]:
                names = {"tenant": self.tenant_id, "this": group_id, "version": version}
                MOVED.rows(self.connection, names | {"ids": ids, "added": added})

    def record_departures(self, versions: Mapping[str, int], member: str, at: str) -> None:
        """Keep that somebody left groups, whose new versions are given, by being deleted."""
        if not self.keeps or not versions:
            return
        made = {"tenant_id": self.tenant_id, "resource_type": "Group", "at": at}
        made |= {"token": self.token, "operation": "delete of a member", "unseen": False}
        made |= {"before": None, "after": None}
        left = [
            made | {"resource_id": group, "version": version} for group, version in versions.items()
        ]
        self.connection.execute(insert(changes), left)
        gone = {"tenant_id": self.tenant_id, "member_id": member, "added": False}
        self.connection.execute(
            insert(member_changes),
            [gone | {"group_id": group, "version": version} for group, version in versions.items()],
        )

    def record_end(self, group: Stored) -> None:
        """Keep that all members of a group left it, as it is deleted."""
        if not self.keeps:
            return
        names = {"tenant": self.tenant_id, "this": group.id, "version": group.version + 1}
        self.connection.execute(EMPTIED, names)

    def of(self, resource_id: str) -> list[Change]:
        """Return the changes of a resource, the oldest first."""
        names = {"tenant": self.tenant_id, "this": resource_id}
        moved = select(member_changes).where(
            member_changes.c.tenant_id == TENANT, member_changes.c.group_id == THIS
        )
        moves: dict[int, dict[str, bool]] = {}
        for row in self.connection.execute(moved, names):
            moves.setdefault(row.version, {})[row.member_id] = row.added
        mine = changes.c.tenant_id == TENANT, changes.c.resource_id == THIS
        found = SHOWN.where(*mine).order_by(changes.c.version)
        return [
            _change(row, moves.get(row.version, {}))
            for row in self.connection.execute(found, names)
        ]

    def memberships_of(self, member_id: str) -> list[Change]:
        """Return the changes of groups to which somebody came or that somebody left."""
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
        """Forget a part of the changes made before an instant; return how many, 0 at the end."""
        old = (changes.c.tenant_id == TENANT) & (changes.c.at < before)
        chosen = select(changes.c.resource_id, changes.c.version).where(old).limit(PURGED_AT_ONCE)
        found = self.connection.execute(chosen, {"tenant": self.tenant_id}).all()
        if not found:
            return 0
        for table, by_id in ((member_changes, member_changes.c.group_id), (changes, ID)):
            gone = (table.c.tenant_id == TENANT) & (by_id == THIS)
            gone &= table.c.version == bindparam("version_gone")
            self.connection.execute(
                delete(table).where(gone),
                [
                    {"tenant": self.tenant_id, "this": row.resource_id}
                    | {"version_gone": row.version}
                    for row in found
                ],
            )
        return len(found)


def _change(row: Any, members: Mapping[str, bool]) -> Change:
    shown = {column.name: getattr(row, column.name) for column in SHOWN.selected_columns}
    return Change(**shown, members=members)
