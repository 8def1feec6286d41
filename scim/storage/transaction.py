"""One write to a tenant's directory: all of it is stored, or nothing."""

from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from scim.protocol.patch.members import MemberOperation
from scim.protocol.schema import GROUP, USER, ResourceType

from .anchors import is_late
from .changes import Cause, Change, Operation, Reason
from .columns import check_size, columns, name_of
from .database.prepared import Prepared
from .directory import Directory
from .history import History
from .index import Index
from .keys import is_id, now
from .members.membership import Members, MembersNotFound
from .members.memberships import find_membership
from .members.nesting import Nesting, NestingNotLocked
from .relations import DELETE_LINKS, LOCK_GROUPS_OF_USER
from .releases import Releases
from .rows import (
    Stored,
    insert_row,
    select_by_id,
    select_for_update,
    update_by_id,
    update_returning_related,
    update_versions,
)
from .tables import is_this, kind_of, table_of
from .totals import Totals
from .trash import Trash

NOBODY: Mapping[str, bool] = MappingProxyType({})


class Transaction:
    """One write in progress; ``changes`` lists what it has done so far.

    ``was`` has the resources that the request named as they were before it, by id.
    """

    def __init__(
        self,
        connection: sa.Connection,
        directory: Directory,
        change: NestingNotLocked | None = None,
        in_order: bool = True,
        named: MembersNotFound | None = None,
    ) -> None:
        self.connection = connection
        self.directory = directory
        self.tenant_id = directory.tenant_id
        self.named = named
        self.began = monotonic()
        self.changes: list[Change] = []
        self.was: dict[str, Stored] = {}
        self.member_changes: dict[tuple[str, int], dict[str, bool]] = {}
        self.index = Index(connection, directory.tenant_id)
        self.history = History(connection, directory.tenant_id, directory.seal)
        self.totals = Totals(connection, directory.tenant_id, in_order)
        self.trash = Trash(connection, directory.tenant_id)
        self.releases = Releases(connection, directory.tenant_id)
        self.nesting = Nesting(connection, directory)
        if change:
            self.nesting.hold(change.group, change.children)

    def finish(self) -> None:
        """Record the changes in history and tell of them, as the last step before the commit.

        The guard comes before the watchers: they are told of nothing that it refuses.

        :raises ScimError: the directory's guard or a watcher refuses them
        :raises Unprepared: the guard must read something first
        """
        if is_late(self.began):
            self.totals.shift_created()
        if self.directory.keeps_history:
            self.history.record(self.changes)
        if self.directory.guard:  # late, as it may take a lock for which others wait
            self.directory.guard(self)
        self.totals.add_memberships(self.member_changes.values())
        if self.changes:  # the last: hooks are the code of others
            for watcher in self.directory.watchers:
                watcher.before_commit(self)

    def names(self, resource_id: str) -> dict[str, Any]:
        """Return the parameters that name a resource of the tenant."""
        return {"tenant": self.tenant_id, "this": resource_id}

    def get(self, resource_type: ResourceType, resource_id: str, with_related: bool) -> Stored:
        """Return a resource that the transaction has locked or written."""
        stored = self._read(select_by_id(resource_type, with_related), resource_id)
        assert stored is not None
        return stored

    def membership(self, membership_id: str) -> Stored | None:
        """Return a membership, or None if there is none with that id."""
        return find_membership(self.connection, self.tenant_id, membership_id)

    def lock(self, resource_type: ResourceType, resource_id: str) -> Stored | None:
        """Lock and return a resource; None if there is none with that id."""
        if not is_id(resource_id):
            return None
        return self._read(select_for_update(resource_type), resource_id)

    def _read(self, statement: Prepared, resource_id: str) -> Stored | None:
        rows = statement.rows(self.connection, self.names(resource_id))
        return Stored(*rows[0]) if rows else None

    def lock_for_delete(self, resource_type: ResourceType, resource_id: str) -> Stored | None:
        """Lock the groups that a resource is in, then the resource, which is to be deleted.

        ``members/nesting.py`` has the lock order of every change of members.
        """
        if resource_type.has_members and is_id(resource_id):
            self.nesting.hold(resource_id, [resource_id])
        if kind_of(resource_type).has_groups and is_id(resource_id):
            self.connection.execute(LOCK_GROUPS_OF_USER, self.names(resource_id)).all()
        return self.lock(resource_type, resource_id)

    def insert(
        self,
        resource_type: ResourceType,
        documents: Sequence[tuple[Mapping[str, Any], str]],
        operation: Operation = Operation.CREATE,
        was: Stored | None = None,
    ) -> list[Stored]:
        """Insert resources, each a document and its body: new ones as version 1.

        With ``was``, the only resource comes back from the trash as the version after ``was``.

        :raises UniquenessError: a unique value in them is in use
        :raises PayloadTooLargeError: one of them is too large
        :raises ClockBehind: the clock here is behind that of others who create
        """
        at = now()
        version, created = (was.version + 1, was.created) if was else (1, at)
        made: dict[str, Any] = {"tenant_id": self.tenant_id, "version": version}
        made |= {"created": created, "last_modified": at}
        written = [
            columns(resource_type, document, body, self.directory.unique_names)
            | made
            | {"id": document["id"]}
            for document, body in documents
        ]
        for values in written:
            check_size(values, was, self.directory.largest)
        if len(written) == 1:
            insert_row(resource_type).rows(self.connection, written[0])
        else:
            self.connection.execute(sa.insert(table_of(resource_type)), written)
        self.index.add(resource_type, [(values["id"], values["search"]) for values in written])
        if was:
            self.totals.add(resource_type, 1)
        else:
            self.totals.add_new(resource_type, [values["id"] for values in written])
        stored = [
            Stored(values["id"], values["body"], version, created, at, hidden=values["hidden"])
            for values in written
        ]
        for each in stored:
            self.note(resource_type, each.id, version, operation, at, was, each)
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
        """Write a locked resource, changed, as its next version.

        :raises UniquenessError: a unique value in it is in use
        :raises PayloadTooLargeError: it has grown too large, unless an operator reverts it
        """
        at, version = now(), before.version + 1
        values = columns(resource_type, document, body, self.directory.unique_names)
        if operation is not Operation.REVERT:
            check_size(values, before, self.directory.largest)
        values |= {"version": version, "last_modified": at}
        self.index.change(resource_type, before.id, before.body, values["search"])
        beside: Sequence[Any] = (before.related, before.references)
        names = values | self.names(before.id)
        if self.connection.dialect.name == "postgresql":  # groups and references were read unlocked
            [beside] = update_returning_related(resource_type).rows(self.connection, names)
        else:
            update_by_id(resource_type).rows(self.connection, names)
        related, references = beside
        created, hidden = before.created, values["hidden"]
        after = Stored(before.id, body, version, created, at, related, references, hidden)
        self.note(resource_type, before.id, version, operation, at, before, after, cause)
        return after

    def note(
        self,
        resource_type: ResourceType,
        resource_id: str,
        version: int,
        operation: Operation,
        at: str,
        before: Stored | None = None,
        after: Stored | None = None,
        cause: Cause | None = None,
    ) -> None:
        """Add a new version of a resource to ``changes``."""
        has_members = resource_type.has_members
        change = Change(
            resource_type=resource_type.name,
            resource_id=resource_id,
            version=version,
            operation=operation,
            cause=cause,
            before=before.body if before else None,
            after=after.body if after else None,
            members=self.members_at(resource_id, version) if has_members else NOBODY,
            unseen=bool(before and after and before.hidden != after.hidden),
            at=at,
            token=self.directory.token,
            request_id=self.directory.request_id,
        )
        self.changes.append(change)
        if before and cause is None:
            self.was.setdefault(resource_id, before)

    def members_at(self, group_id: str, version: int) -> dict[str, bool]:
        """Return who joined (true) or left (false) with a version of a group, as known so far."""
        return self.member_changes.setdefault((group_id, version), {})

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
        """Apply operations to the members of a locked group; tell whether a member changed.

        Users that join or leave, and all users beneath a group that does, get a new version.
        ``version`` is the version of the group that ``changes`` shows these members with.

        :raises InvalidValueError: a member does not exist, or a group would contain itself
        """
        members = self.members(group_id)
        if self.named and (self.named.group, self.named.version) == (group_id, version):
            operations = self.named.operations
        elif not self.named and members.goes_through_many(operations):
            raise MembersNotFound(group_id, version, operations)
        members.apply(operations, skip_unknown or self.directory.skip_unknown)
        self.bump(USER, members.changed_users)
        self.nesting.bump_beneath(members.changed_groups, now())
        changed = members.changed_users | members.changed_groups
        self.members_at(group_id, version).update(changed)
        return bool(changed)

    def bump(self, kind: ResourceType, ids: Collection[str]) -> dict[str, int]:
        """Bump the versions of resources that show a changed one; return the versions by id."""
        if not ids:
            return {}
        names = {"tenant": self.tenant_id, "ids": list(ids), "at": now()}
        return dict(update_versions(kind).rows(self.connection, names))

    def delete(self, resource_type: ResourceType, stored: Stored) -> None:
        """Move a locked resource to the trash; every resource that shows it gets a new version."""
        at, names, version = now(), self.names(stored.id), stored.version + 1
        name = name_of(resource_type, stored.body)
        group_ids, member_ids = self.trash.put(resource_type, stored, name, at)
        if kind_of(resource_type).has_groups:
            self.leave(group_ids, stored.id, at)
        elif resource_type.has_members:
            self.members_at(stored.id, version).update(dict.fromkeys(member_ids, False))
            self.nesting.bump_beneath([stored.id], at)
            self.leave(self.nesting.isolate(stored.id), stored.id, at)
        if resource_type.name in DELETE_LINKS:
            self.connection.execute(DELETE_LINKS[resource_type.name], names)
        self.index.remove(resource_type, stored.id)
        table = table_of(resource_type)
        self.connection.execute(sa.delete(table).where(is_this(resource_type)), names)
        self.totals.add(resource_type, -1)
        self.note(resource_type, stored.id, version, Operation.DELETE, at, stored)

    def leave(self, group_ids: Collection[str], member: str, at: str) -> None:
        """Bump the groups that lose a member by its deletion, and add them to ``changes``."""
        cause = Cause(Reason.DELETED, member)
        for group_id, version in self.bump(GROUP, group_ids).items():
            self.members_at(group_id, version)[member] = False
            self.note(GROUP, group_id, version, Operation.PATCH, at, cause=cause)
