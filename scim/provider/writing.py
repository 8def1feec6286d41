"""What the operations that write have in common, within a transaction."""

from collections.abc import Sequence

from scim.protocol.errors import InvalidValueError
from scim.protocol.patch.apply import MemberOperation
from scim.protocol.references import Reference, take_out
from scim.protocol.schema import GROUP, USER, ResourceType
from scim.protocol.values import Record, fold_text
from scim.serializers import documents
from scim.serializers.documents import Draft
from scim.storage import Deleted, Stored, Transaction, new_id


def insert(
    transaction: Transaction, resource_type: ResourceType, sent: Sequence[Record]
) -> list[Stored]:
    """Write new resources of one type, without members."""
    if resource_type.name == "User":
        sent = [{"active": True} | document for document in sent]
    return transaction.insert(
        resource_type,
        [documents.written(resource_type, new_id(), document) for document in sent],
    )


def create(transaction: Transaction, resource_type: ResourceType, draft: Draft) -> Stored:
    """Write a new resource with its members."""
    stored = revive(transaction, resource_type, draft.document)
    if stored is None:
        [stored] = insert(transaction, resource_type, [draft.document])
    if draft.member_ids:
        added = MemberOperation("add", draft.member_ids)
        change_members(transaction, stored.id, stored.version, [added])
    return stored


def complete(
    transaction: Transaction, resource_type: ResourceType, resource_id: str, draft: Draft
) -> None:
    """Write all of a resource that has just been created in part."""
    stored = transaction.lock(resource_type, resource_id)
    assert stored is not None
    whole = MemberOperation("replace", draft.member_ids)
    moved = resource_type.name == "Group" and change_members(
        transaction, resource_id, stored.version + 1, [whole]
    )
    document = documents.read(stored) | draft.document
    if moved or documents.written(resource_type, resource_id, document)[1] != stored.body:
        update(transaction, resource_type, stored, document, "create")


def update(
    transaction: Transaction,
    resource_type: ResourceType,
    before: Stored,
    document: Record,
    operation: str,
) -> Stored:
    """Write what a locked resource has become."""
    document, body = documents.written(resource_type, before.id, document)
    return transaction.update(resource_type, before, document, body, operation)


def change_members(
    transaction: Transaction,
    group_id: str,
    version: int,
    operations: Sequence[MemberOperation],
    skip_unknown: bool = False,
) -> bool:
    """Carry out operations on a group's members; tell whether that changed who is in it.

    Whoever came or went gets a new version. ``version`` is what the group will then have.
    """
    members = transaction.members(group_id)
    members.apply(operations, skip_unknown or transaction.store.skip_unknown)
    transaction.move(USER, members.users)
    transaction.move_beneath(members.groups)
    changed = members.users | members.groups
    transaction.history.record_members(group_id, version, changed)
    return bool(changed)


def release(transaction: Transaction, resource_type: ResourceType, resource_id: str) -> None:
    """Take the references to a resource that is to go out of whatever can be without them."""
    for name, source_id, key in transaction.referring(resource_id):
        source_type = transaction.store.definitions.by_name.get(name)
        reference = source_type.references.get(key) if source_type else None
        if source_type is None or reference is None or source_id == resource_id:
            continue
        if resource_type.name not in reference.targets:
            continue
        stored = transaction.lock(source_type, source_id)
        document = _released(source_type, stored, reference, resource_id) if stored else None
        if stored and document:
            update(transaction, source_type, stored, document, "delete of what it refers to")


def _released(
    resource_type: ResourceType, stored: Stored, reference: Reference, target_id: str
) -> Record | None:
    """Return a resource without a reference; None if it needs it, or by now refers elsewhere."""
    document = documents.read(stored)
    if take_out(reference, document) != target_id:
        return None
    left = documents.arranged(resource_type, stored.id, document)
    try:
        documents.check(resource_type, left)
    except InvalidValueError:
        return None
    return left


def restore(
    transaction: Transaction, resource_type: ResourceType, deleted: Deleted, document: Record
) -> Stored:
    """Bring a deleted resource back, as ``document``, with the memberships that still can be.

    :raises UniquenessError: something unique in it has been taken since
    """
    was = deleted.stored
    written = documents.written(resource_type, was.id, document)
    [stored] = transaction.insert(resource_type, [written], "restore", was)
    transaction.trash.take(was.id)
    if deleted.members:
        back = MemberOperation("add", tuple(deleted.members))
        change_members(transaction, stored.id, stored.version, [back], skip_unknown=True)
    for group_id in sorted(deleted.groups):
        if group := transaction.lock(GROUP, group_id):
            back = MemberOperation("add", (stored.id,))
            change_members(transaction, group_id, group.version + 1, [back])
            update(transaction, GROUP, group, documents.read(group), "restore of a member")
    return transaction.get(resource_type, stored.id, with_related=True)


def revive(
    transaction: Transaction, resource_type: ResourceType, document: Record
) -> Stored | None:
    """Bring a deleted user of that name back if the tenant wants it so; None if there is none."""
    if not transaction.store.restores or resource_type.name != "User":
        return None
    deleted = transaction.trash.named(resource_type, fold_text(document["userName"]))
    if deleted is None:
        return None
    kept = documents.read(deleted.stored) | {"active": True}
    return restore(transaction, resource_type, deleted, kept | document)
