"""Steps that the writing operations share, each within a transaction."""

import dataclasses
import json
from collections.abc import Sequence

from scim.protocol.errors import InvalidValueError, UniquenessError
from scim.protocol.patch.members import MemberOperation
from scim.protocol.patch.target import Op
from scim.protocol.projection import unreturned
from scim.protocol.references import Linked
from scim.protocol.schema import GROUP, ResourceType
from scim.protocol.values import Record, fold_text
from scim.serializers.stored import Draft, make_document, read_document
from scim.storage import (
    Cause,
    Deleted,
    Operation,
    Stored,
    Transaction,
    joined_id,
    new_id,
    rejoin,
)


def insert(
    transaction: Transaction, resource_type: ResourceType, sent: Sequence[tuple[str, Record]]
) -> list[Stored]:
    """Write new resources of one type, given by their ids; accounts are active by default."""
    for _, document in sent:
        check_links(transaction, resource_type, document)
    default = {"active": True} if resource_type.is_account else {}
    written = [
        make_document(resource_type, resource_id, default | document)
        for resource_id, document in sent
    ]
    return transaction.insert(resource_type, written)


def check_links(transaction: Transaction, resource_type: ResourceType, document: Record) -> None:
    """Raise unless each link that a client sent in place of an id leads to a resource.

    :raises InvalidValueError: naming the reference
    """
    for reference in resource_type.references.values():
        link = reference.value(document)
        if not isinstance(link, Linked):
            continue
        target = transaction.directory.definitions.by_endpoint.get(link.endpoint)
        if not (
            target and target.name in reference.targets and transaction.index.has(target, link)
        ):
            name = reference.attribute.name
            raise InvalidValueError(
                f"{name}.$ref leads to no resource that it may refer to; correct the link"
            )


def create(
    transaction: Transaction,
    resource_type: ResourceType,
    draft: Draft,
    resource_id: str | None = None,
) -> Stored:
    """Write a new resource with its members; a deleted one may come back under its old id."""
    if resource_type.part_of:
        return join(transaction, draft.document)
    if deleted := find_deleted(transaction, resource_type, draft.document):
        check_links(transaction, resource_type, draft.document)
        kept = read_document(deleted.stored) | {"active": True}
        stored = restore(transaction, resource_type, deleted, kept | draft.document)
    else:
        [stored] = insert(transaction, resource_type, [(resource_id or new_id(), draft.document)])
    if draft.member_ids:
        added = MemberOperation("add", draft.member_ids)
        transaction.change_members(stored.id, stored.version, [added])
    return stored


def join(transaction: Transaction, document: Record) -> Stored:
    """Make a membership: the group gets the member, as by a PATCH of it; return the membership.

    :raises InvalidValueError: the group or the member does not exist, or cannot be a member
    :raises UniquenessError: it is a member already
    """
    group, member = (document[name]["value"] for name in ("group", "member"))
    leads = not isinstance(group, Linked) or group.endpoint == GROUP.endpoint
    membership_id = joined_id(group, member)
    if not leads or not change_group(transaction, group, membership_id, "add", member):
        raise InvalidValueError(f"group: there is no group with the id {group[:80]!r}")
    made = transaction.membership(membership_id)
    if made is None:  # unknown members are skipped
        raise InvalidValueError(f"member: there is no user or group with the id {member[:80]!r}")
    at = transaction.changes[-1].at if transaction.directory.keeps_history else ""
    return dataclasses.replace(made, created=at, last_modified=at)


def change_group(
    transaction: Transaction, group_id: str, membership_id: str, op: Op, member: str
) -> bool:
    """Add a member to a group or remove it; tell whether there is such a group.

    :raises InvalidValueError: the member does not exist, or the group would contain itself
    :raises UniquenessError: it is to be added and is a member already
    """
    group_type = transaction.directory.definitions.by_name[GROUP.name]
    group = transaction.lock(group_type, group_id)
    if group is None:
        return False
    if op == "add" and transaction.membership(membership_id):
        raise UniquenessError("the member is in the group already; there is one membership for it")
    change = MemberOperation(op, (member,))
    try:
        write_change(
            transaction, group_type, group, read_document(group), Operation.PATCH, [change]
        )
    except InvalidValueError as error:
        raise InvalidValueError(error.detail.replace("members:", "member:", 1)) from None
    return True


def write_change(
    transaction: Transaction,
    resource_type: ResourceType,
    stored: Stored,
    document: Record,
    operation: Operation,
    members: Sequence[MemberOperation] = (),
    cause: Cause | None = None,
    skip_unknown: bool = False,
) -> Stored:
    """Write ``document`` as the next version of a locked resource, and return what is stored now.

    Nothing is written, and ``stored`` itself comes back, if neither the resource nor its members
    change. A revert is always a version of its own.

    :raises InvalidValueError: a member does not exist, or a group would contain itself
    :raises UniquenessError: a unique value is in use
    """
    members_changed = bool(members) and transaction.change_members(
        stored.id, stored.version + 1, members, skip_unknown
    )
    check_links(transaction, resource_type, document)
    document, body = make_document(resource_type, stored.id, document)
    if not (
        members_changed
        or body != stored.body
        or unreturned(document, resource_type.attributes) != _hidden(stored)
        or operation is Operation.REVERT
    ):
        return stored
    return transaction.update(resource_type, stored, document, body, operation, cause)


def _hidden(stored: Stored) -> Record:
    hidden: Record = json.loads(stored.hidden) if stored.hidden else {}
    return hidden


def restore(
    transaction: Transaction, resource_type: ResourceType, deleted: Deleted, document: Record
) -> Stored:
    """Bring a deleted resource back, as ``document``, with its memberships as far as possible.

    :raises UniquenessError: another resource has taken a unique value since
    """
    was = deleted.stored
    written = make_document(resource_type, was.id, document)
    [stored] = transaction.insert(resource_type, [written], Operation.RESTORE, was)
    transaction.trash.take(was.id)
    transaction.releases.end(was.id)
    if deleted.members:
        back = MemberOperation("add", tuple(deleted.members))
        transaction.change_members(stored.id, stored.version, [back], skip_unknown=True)
    rejoin(transaction, resource_type, deleted.groups, stored.id)
    return transaction.get(resource_type, stored.id, with_related=True)


def find_deleted(
    transaction: Transaction, resource_type: ResourceType, document: Record
) -> Deleted | None:
    """Return the deleted user of that name, if the tenant restores; None if there is none."""
    if not transaction.directory.restores or not resource_type.is_account:
        return None
    return transaction.trash.named(resource_type, fold_text(document["userName"]))
