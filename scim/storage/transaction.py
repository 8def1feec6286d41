"""One write to a tenant's directory: all of it is stored, or nothing."""

import json
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from scim.protocol.attributes import notation
from scim.protocol.errors import UniquenessError
from scim.protocol.patch.members import MemberOperation
from scim.protocol.schema import GROUP, USER, ResourceType
from scim.protocol.values import PLACEHOLDER, fold

from .anchors import is_late
from .changes import Cause, Change, Operation, Reason
from .database.prepared import Prepared
from .directory import Directory
from .history import History
from .keys import is_id
from .members.membership import Members
from .members.nesting import Nesting, NestingChange
from .rows import (
    Stored,
    adding,
    by_id,
    changing,
    changing_and_showing,
    columns,
    count,
    locking,
    moving,
    name_of,
    now,
    targets,
    uniques,
)
from .tables import TENANT, THIS, groups, is_this, link, referrals, table_of, unique_values
from .trash import Trash

REFERRING = (
    sa.select(referrals.c.source_type, referrals.c.source_id, referrals.c.key)
    .where(referrals.c.tenant_id == TENANT, referrals.c.target_id == THIS)
    .order_by(referrals.c.source_id)
)
MEMBERSHIPS = sa.select(link.c.group_id).where(link.c.tenant_id == TENANT, link.c.user_id == THIS)
NOBODY: Mapping[str, bool] = MappingProxyType({})
TAKEN = sa.select(unique_values.c.value).where(
    unique_values.c.tenant_id == sa.bindparam("tenant_id"),
    unique_values.c.resource_type == sa.bindparam("resource_type"),
    unique_values.c.key == sa.bindparam("key"),
    unique_values.c.value == sa.bindparam("value"),
)
LEAVE = {
    "User": sa.delete(link).where(link.c.tenant_id == TENANT, link.c.user_id == THIS),
    "Group": sa.delete(link).where(link.c.tenant_id == TENANT, link.c.group_id == THIS),
}


class Transaction:
    """One write in progress; ``changes`` lists what it has done so far."""

    def __init__(
        self, connection: sa.Connection, directory: Directory, change: NestingChange | None = None
    ) -> None:
        self.connection = connection
        self.directory = directory
        self.tenant_id = directory.tenant_id
        self.changes: list[Change] = []
        self.joined: dict[tuple[str, int], dict[str, bool]] = {}
        self.history = History(connection, directory.tenant_id)
        self.trash = Trash(connection, directory.tenant_id)
        self.nesting = Nesting(connection, directory.tenant_id)
        if change:
            self.nesting.hold(change.group, change.children)

    def finish(self) -> None:
        """Keep the changes, as the last step before the commit."""
        if self.directory.keeps_history:
            self.history.record(self.changes)

    def names(self, resource_id: str, **others: Any) -> dict[str, Any]:
        """Return the parameters that name a resource of the tenant."""
        return {"tenant": self.tenant_id, "this": resource_id, **others}

    def get(self, resource_type: ResourceType, resource_id: str, with_related: bool) -> Stored:
        """Return a resource that the transaction has written."""
        statement = by_id(resource_type, with_related)
        stored = _one(self.connection, statement, self.names(resource_id))
        assert stored is not None
        return stored

    def lock(self, resource_type: ResourceType, resource_id: str) -> Stored | None:
        """Return a resource that nobody else can change until the end; None if there is none."""
        if not is_id(resource_id):
            return None
        return _one(self.connection, locking(resource_type), self.names(resource_id))

    def lock_for_delete(self, resource_type: ResourceType, resource_id: str) -> Stored | None:
        """Lock a resource that is to go; first the groups that show it, as whoever changes them."""
        if resource_type.name == "Group" and is_id(resource_id):
            self.nesting.hold(resource_id, [resource_id])
        if resource_type.name == "User" and is_id(resource_id):
            theirs = (groups.c.tenant_id == TENANT) & groups.c.id.in_(MEMBERSHIPS)
            ordered = sa.select(groups.c.id).where(theirs).order_by(groups.c.id)
            held = ordered.with_for_update(key_share=True)
            self.connection.execute(held, self.names(resource_id)).all()
        return self.lock(resource_type, resource_id)

    def referring(self, resource_id: str) -> Sequence[tuple[str, str, str]]:
        """Return what refers to a resource: the type, the id, and the key of the reference."""
        found = self.connection.execute(REFERRING, self.names(resource_id))
        return [(row.source_type, row.source_id, row.key) for row in found]

    def insert(
        self,
        resource_type: ResourceType,
        documents: Sequence[tuple[Mapping[str, Any], str]],
        operation: Operation = Operation.CREATE,
        was: Stored | None = None,
    ) -> list[Stored]:
        """Write new resources, each a document and its body, as version 1.

        ``was`` is what one that comes back from the trash was.

        :raises UniquenessError: something unique in them is in use
        """
        at = now()
        version, created = (was.version + 1, was.created) if was else (1, at)
        made: dict[str, Any] = {"tenant_id": self.tenant_id, "version": version}
        made |= {"created": created, "last_modified": at}
        written = [
            self._columns(resource_type, document, body) | made | {"id": document["id"]}
            for document, body in documents
        ]
        if len(written) == 1:
            adding(resource_type).rows(self.connection, written[0])
        else:
            self.connection.execute(sa.insert(table_of(resource_type)), written)
        self._index(resource_type, [(values["id"], values["search"]) for values in written])
        are_new = was is None and not is_late(written[0]["id"])
        count(self.connection, self.tenant_id, resource_type, len(written), are_new)
        stored = [
            Stored(values["id"], values["body"], version, created, at, hidden=values["hidden"])
            for values in written
        ]
        for each in stored:
            self.note(resource_type, operation, was, each, at)
        return stored

    def update(
        self,
        resource_type: ResourceType,
        before: Stored,
        document: Mapping[str, Any],
        body: str,
        operation: Operation,
        cause: Cause | None = None,
    ) -> Stored:
        """Write what a locked resource has become, as its next version.

        :raises UniquenessError: something unique in it is in use
        """
        at = now()
        values = self._columns(resource_type, document, body)
        values |= {"version": before.version + 1, "last_modified": at}
        self._reindex(resource_type, before, values["search"])
        beside: Sequence[Any] = (before.related, before.references)
        names = values | self.names(before.id)
        if self.connection.dialect.name == "postgresql":  # they changed if the lock was awaited
            [beside] = changing_and_showing(resource_type).rows(self.connection, names)
        else:
            changing(resource_type).rows(self.connection, names)
        related, references = beside
        after = Stored(
            before.id,
            body,
            before.version + 1,
            before.created,
            at,
            related,
            references,
            values["hidden"],
        )
        self.note(resource_type, operation, before, after, at, cause)
        return after

    def note(
        self,
        resource_type: ResourceType,
        operation: Operation,
        before: Stored | None,
        after: Stored | None,
        at: str,
        cause: Cause | None = None,
    ) -> None:
        """Add the new version of a resource to ``changes``; without ``after`` it was deleted."""
        known = after or before
        assert known is not None
        version = known.version if after else known.version + 1
        is_group = resource_type.name == "Group"
        self.changes.append(
            Change(
                resource_type=resource_type.name,
                resource_id=known.id,
                version=version,
                operation=operation,
                cause=cause,
                before=before.body if before else None,
                after=after.body if after else None,
                members=self.members_at(known.id, version) if is_group else NOBODY,
                unseen=bool(before and after and before.hidden != after.hidden),
                at=at,
                token=self.directory.token,
            )
        )

    def members_at(self, group_id: str, version: int) -> dict[str, bool]:
        """Return who joined (true) or left (false) with a version of a group, as known so far."""
        return self.joined.setdefault((group_id, version), {})

    def _index(
        self, resource_type: ResourceType, folded: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> None:
        """Write to whom resources refer, and the values of which there must not be two."""
        mine: dict[str, Any] = {"tenant_id": self.tenant_id}
        found = [
            mine
            | {"source_id": resource_id, "source_type": resource_type.name}
            | {"key": key, "target_id": target}
            for resource_id, search in folded
            for key, target in targets(resource_type, search)
        ]
        if found:
            self.connection.execute(sa.insert(referrals), found)
        mine |= {"resource_type": resource_type.name}
        values = [
            mine | {"resource_id": resource_id, "key": key, "value": value}
            for resource_id, search in folded
            for key, value in dict.fromkeys(uniques(resource_type, search))
        ]
        for each in values:
            if self.connection.scalar(TAKEN, each):
                name = notation(resource_type.uniques[each["key"]])
                raise UniquenessError(f"{name} is already in use")
        if values:
            self.connection.execute(sa.insert(unique_values), values)

    def _reindex(
        self, resource_type: ResourceType, before: Stored, search: Mapping[str, Any]
    ) -> None:
        """Write the same for a resource that has changed, if that is what has changed."""
        if not resource_type.uniques and not (
            PLACEHOLDER in before.body or any(targets(resource_type, search))
        ):
            return
        document = json.loads(before.body, strict=False)
        known = fold(document, resource_type.attributes)
        if all(
            set(each(resource_type, known)) == set(each(resource_type, search))
            for each in (targets, uniques)
        ):
            return
        self.forget(referrals, referrals.c.source_id, before.id)
        self.forget(unique_values, unique_values.c.resource_id, before.id)
        self._index(resource_type, [(before.id, search)])

    def forget(self, table: Any, column: Any, resource_id: str) -> None:
        chosen = sa.delete(table).where(table.c.tenant_id == TENANT, column == THIS)
        self.connection.execute(chosen, self.names(resource_id))

    def members(self, group_id: str) -> Members:
        """Return the members of a locked group."""
        return Members(self.connection, group_id, self.nesting)

    def change_members(
        self,
        group_id: str,
        version: int,
        operations: Sequence[MemberOperation],
        skip_unknown: bool = False,
    ) -> bool:
        """Carry out operations on the members of a locked group; tell whether members changed.

        Everyone who joined or left gets a new version. ``version`` is the one that the group gets.

        :raises InvalidValueError: a member does not exist, or a group would contain itself
        """
        members = self.members(group_id)
        members.apply(operations, skip_unknown or self.directory.skip_unknown)
        self.bump(USER, members.users)
        self.nesting.touch_beneath(members.groups, now())
        changed = members.users | members.groups
        self.members_at(group_id, version).update(changed)
        return bool(changed)

    def bump(self, resource_type: ResourceType, ids: Collection[str]) -> dict[str, int]:
        """Bump the versions of resources that show something that changed; return them by id."""
        if not ids:
            return {}
        names = {"tenant": self.tenant_id, "ids": list(ids), "at": now()}
        return dict(moving(resource_type).rows(self.connection, names))

    def delete(self, resource_type: ResourceType, stored: Stored) -> None:
        """Move a locked resource to the trash; everyone who shows it gets a new version."""
        at, names = now(), self.names(stored.id)
        groups, members = self.trash.put(
            resource_type, stored, name_of(resource_type, stored.body), at
        )
        if resource_type.name == "User":
            self.leave(groups, stored.id, at)
        elif resource_type.name == "Group":
            self.members_at(stored.id, stored.version + 1).update(dict.fromkeys(members, False))
            self.nesting.touch_beneath([stored.id], at)
            self.leave(self.nesting.isolate(stored.id), stored.id, at)
        if resource_type.name in LEAVE:
            self.connection.execute(LEAVE[resource_type.name], names)
        self.forget(referrals, referrals.c.source_id, stored.id)
        if resource_type.uniques:
            self.forget(unique_values, unique_values.c.resource_id, stored.id)
        table = table_of(resource_type)
        self.connection.execute(sa.delete(table).where(is_this(resource_type)), names)
        count(self.connection, self.tenant_id, resource_type, -1)
        self.note(resource_type, Operation.DELETE, stored, None, at)

    def leave(self, group_ids: Collection[str], member: str, at: str) -> None:
        """Bump the groups that lose a member by its deletion, and add them to ``changes``."""
        for group_id, version in self.bump(GROUP, group_ids).items():
            self.changes.append(
                Change(
                    resource_type=GROUP.name,
                    resource_id=group_id,
                    version=version,
                    operation=Operation.PATCH,
                    cause=Cause(Reason.DELETED, member),
                    before=None,
                    after=None,
                    members={member: False},
                    unseen=False,
                    at=at,
                    token=self.directory.token,
                )
            )

    def _columns(
        self, resource_type: ResourceType, document: Mapping[str, Any], body: str
    ) -> dict[str, Any]:
        return columns(resource_type, document, body, self.directory.unique_names)


def _one(connection: sa.Connection, statement: Prepared, names: Mapping[str, Any]) -> Stored | None:
    rows = statement.rows(connection, names)
    return Stored(*rows[0]) if rows else None
