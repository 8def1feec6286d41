"""Operators restore deleted resources and go back to earlier versions."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scim.protocol.errors import InvalidValueError, NotFoundError
from scim.protocol.patch.members import MemberOperation
from scim.protocol.projection import unreturned, with_unreturned
from scim.protocol.schema import ResourceType
from scim.protocol.values import Record
from scim.serializers.stored import check_whole, read_document
from scim.storage import (
    Cause,
    Change,
    History,
    Operation,
    Reason,
    Store,
    Stored,
    Transaction,
)
from scim.storage.letters import forget_contents, purge_letters
from scim.storage.purging import forget_changes, purge_changes

from . import releasing, writing


@dataclass(frozen=True, slots=True)
class Undone:
    """A resource after it was undone; ``missing`` are the ids of memberships that are lost."""

    resource_type: ResourceType
    stored: Stored
    missing: Sequence[str] = ()


def restore(store: Store, resource_id: str) -> Undone:
    """Bring a deleted resource back under its id, with its memberships as far as possible.

    :raises NotFoundError: it is not in the trash, or its type is not served any more
    :raises UniquenessError: another resource has one of its unique values; nothing is changed
    """

    def work(transaction: Transaction) -> Undone:
        deleted = transaction.trash.get(resource_id)
        if deleted is None:
            raise NotFoundError(f"the trash has no resource with the id {resource_id!r}")
        resource_type = _type(store, deleted.resource_type)
        stored = writing.restore(transaction, resource_type, deleted, read_document(deleted.stored))
        wanted = {*deleted.groups, *deleted.members}
        present = {*transaction.trash.groups_of(resource_type, resource_id)}
        present |= {*transaction.trash.members_of(resource_type, resource_id)}
        return Undone(resource_type, stored, sorted(wanted - present))

    return store.atomically(work)


def purge_trash(store: Store, before: str) -> Iterator[int]:
    """Purge resources deleted before an instant, part by part; yield the number in each part.

    References that a delete could not remove are removed first.
    """
    releasing.finish_all(store)
    while gone := store.atomically(lambda transaction: transaction.trash.purge(before)):
        yield gone


def purge_history(store: Store, before: str) -> Iterator[int]:
    """Purge changes made before an instant, part by part; yield the number in each part.

    Without history they are spared until all receivers have been told of them.
    """
    spares = not store.directory.keeps_history
    while gone := store.atomically(lambda known: purge_changes(known.history, before, spares)):
        yield gone
    store.atomically(lambda known: purge_letters(known.connection, store.tenant_id, before, spares))


def forget(store: Store, ids: Sequence[str]) -> int:
    """Purge these deleted resources with their history, whatever their age; return how many.

    Ids that are not in the trash are passed over, so that no resource loses its history.
    """
    releasing.finish_all(store)

    def work(transaction: Transaction) -> int:
        gone = transaction.trash.forget(ids)
        forget_changes(transaction.history, gone)
        forget_contents(transaction.connection, store.tenant_id, gone)
        return len(gone)

    return store.atomically(work)


def history(store: Store, resource_id: str) -> list[Change]:
    """Return a resource's changes and the groups that it joined or left, the oldest first.

    :raises NotFoundError: history has no change of it
    """

    def work(known: History) -> list[Change]:
        found = known.of(resource_id) + known.memberships_of(resource_id)
        return sorted(found, key=lambda change: change.at)

    found = store.recall(work)
    if not found:
        raise NotFoundError(f"history has no change of a resource with the id {resource_id!r}")
    return found


def changes_since(store: Store, instant: str) -> list[Change]:
    """Return the changes of all resources from an instant on, the oldest first."""
    return store.recall(lambda known: list(known.since(instant)))


def revert(store: Store, resource_id: str, version: int) -> Undone:
    """Give a resource the content of an earlier version, as its next version.

    Attributes that are never returned, a password for example, stay as they are.

    :raises NotFoundError: the resource does not exist now
    :raises InvalidValueError: the resource never had that version
    :raises UniquenessError: another resource has one of its unique values; nothing is changed
    """

    def work(transaction: Transaction) -> Undone:
        changes = transaction.history.of(resource_id)
        if not changes:
            raise NotFoundError(f"history has no change of a resource with the id {resource_id!r}")
        resource_type = _type(store, changes[0].resource_type)
        stored = transaction.lock(resource_type, resource_id)
        if stored is None:
            raise NotFoundError(f"{resource_id} has been deleted; restore it first")
        document = _document_at(changes, version, stored)
        hidden = unreturned(read_document(stored), resource_type.attributes)
        document = with_unreturned(document, hidden)
        check_whole(resource_type, document)
        members = transaction.members(resource_id).ids() if resource_type.has_members else set()
        then = _members_at(changes, version, members)
        back = [MemberOperation("replace", tuple(sorted(then)))] if then != members else []
        stored = writing.write_change(
            transaction,
            resource_type,
            stored,
            document,
            Operation.REVERT,
            back,
            Cause(Reason.VERSION, str(version)),
            skip_unknown=True,
        )
        present = transaction.members(resource_id).ids() if then else set()
        return Undone(resource_type, stored, sorted(then - present))

    return store.atomically(work)


def _type(store: Store, name: str) -> ResourceType:
    found = store.directory.definitions.by_name.get(name)
    if found is None:
        raise NotFoundError(f"the resource type {name} is not served any more")
    return found


def _document_at(changes: Sequence[Change], version: int, stored: Stored) -> Record:
    """Return a resource's document at a version, found in the bodies that its changes keep."""
    if not 1 <= version <= stored.version:
        known = "only version 1" if stored.version == 1 else f"the versions 1 to {stored.version}"
        raise InvalidValueError(f"the resource has {known}, not {version}")
    earlier = [each.after for each in changes if each.version <= version and each.after]
    later = [each.before for each in changes if each.version > version and each.before]
    body = earlier[-1] if earlier else later[0] if later else stored.body
    document: Record = json.loads(body, strict=False)
    return document


def _members_at(changes: Sequence[Change], version: int, members: set[str]) -> set[str]:
    """Return a group's members at a version: take every later change back."""
    then = set(members)
    for change in reversed(changes):
        if change.version > version:
            joined = {member for member, added in change.members.items() if added}
            then = (then - joined) | (change.members.keys() - joined)
    return then
