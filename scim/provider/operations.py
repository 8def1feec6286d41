"""The operations of a SCIM service provider: create, get, replace, patch, delete.

Each takes the store of a tenant and, for a write, the body. Each but ``delete`` returns the
resource to show. Rules come from scim/protocol, rows from scim/storage; HTTP and SQL are unknown.
"""

import dataclasses
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import Any

from scim.protocol import etag
from scim.protocol.attributes import Attribute
from scim.protocol.constraints import check_immutable
from scim.protocol.errors import NotFoundError, PreconditionFailedError, ScimError
from scim.protocol.filters.parser import DEFAULT_LIMITS, Limits
from scim.protocol.patch import apply as patching
from scim.protocol.patch.apply import Patched
from scim.protocol.patch.target import PatchOperation
from scim.protocol.permissions import UNLIMITED, Permission
from scim.protocol.projection import (
    EVERYTHING,
    Names,
    Projection,
    unreturned,
    with_unreturned,
    written_on_request,
)
from scim.protocol.references import has_marks
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import Record
from scim.serializers.messages import load_patch
from scim.serializers.resources import hash_password, load_value
from scim.serializers.stored import (
    Representation,
    check_whole,
    load_draft,
    read_document,
    represent,
)
from scim.serializers.user_names import check_user_name
from scim.storage import Operation, Store, Stored, Transaction, kind_of, parted

from . import releasing, writing

# A PATCH answers with all members of a group up to this number. Beyond it, it answers with none
# unless ``attributes`` asks: adding one member to a hundred thousand would send them all back.
MEMBERS_SHOWN = 100
# A PATCH of more operations is applied before its transaction begins, which costs a read.
FEW_OPERATIONS = 20


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request that every operation needs: tolerances, projection, preconditions.

    ``permission`` is what a bulk request asks for each of its operations.
    """

    tolerated: Tolerated
    projection: Projection = EVERYTHING
    if_match: str | None = None
    if_none_match: str | None = None
    limits: Limits = DEFAULT_LIMITS
    max_operations: float = inf
    permission: Permission = UNLIMITED


def get(
    store: Store, resource_type: ResourceType, resource_id: str, request: Request
) -> Representation:
    """Return one resource (RFC 7644 §3.4.1); a large group's members follow in parts.

    :raises NotFoundError: no resource of the type has that id
    """
    shows = shows_related(resource_type, request.projection)
    in_parts = not request.projection.divides("members")
    stored = store.get(resource_type, resource_id, shows, unless_many=in_parts)
    stored = check_found(resource_type, resource_id, stored, request)
    shown = represent(resource_type, stored, request.projection)
    if stored.has_many:
        return dataclasses.replace(shown, members=store.members(resource_id))
    return shown


def create(
    store: Store, resource_type: ResourceType, sent: Any, request: Request
) -> Representation:
    """Create a resource (RFC 7644 §3.3).

    If the tenant restores, a deleted user who is created again comes back under the old id, with
    the attributes that the client sends now.

    :raises UniquenessError: another resource has one of its unique values
    :raises ScimError: the body is not a resource of that type
    """
    draft = load_draft(resource_type, sent, request.tolerated)

    def work(transaction: Transaction) -> Stored:
        stored = writing.create(transaction, resource_type, draft)
        if draft.member_ids or has_marks(stored.body):
            shows = shows_related(resource_type, request.projection)
            return transaction.get(resource_type, stored.id, shows)
        return stored

    stored = store.atomically(work)
    requested = written_on_request({}, draft.document, resource_type.attributes)
    return represent(resource_type, stored, request.projection, requested)


def replace(
    store: Store, resource_type: ResourceType, resource_id: str, sent: Any, request: Request
) -> Representation:
    """Replace a resource (RFC 7644 §3.5.1).

    Attributes that the client leaves out are cleared. Two kinds stay: those that no client can
    read, and ``active``, so that leaving it out never reactivates a user.

    :raises NotFoundError: no resource of the type has that id; PUT never creates
    :raises ScimError: the body is not a resource of that type, or changes an immutable attribute
    """
    draft = load_draft(resource_type, sent, request.tolerated, is_whole=False)

    def apply(before: Record) -> Patched:
        kept = unreturned(before, resource_type.attributes)
        if resource_type.is_account and "active" in before:
            kept["active"] = before["active"]
        after = with_unreturned(kept, draft.document)
        return Patched(after, draft.replaced_members(resource_type), kept)

    return _lock_and_write(store, resource_type, resource_id, apply, request, Operation.REPLACE)


def patch(
    store: Store, resource_type: ResourceType, resource_id: str, sent: Any, request: Request
) -> Representation:
    """Apply the operations of a PATCH, all or none (RFC 7644 §3.5.2).

    :raises NotFoundError: no resource of the type has that id
    :raises ScimError: an operation cannot be applied; the detail names it
    """
    operations = load_patch(sent, request.tolerated, request.max_operations)
    hashes: dict[str, str] = {}

    def load(attribute: Attribute, value: Any) -> Any:
        return load_value(attribute, value, request.tolerated)

    def apply(before: Record) -> Patched:
        patched = patching.apply(
            operations, before, resource_type, load, request.tolerated, request.limits
        )
        hash_password(patched.resource, request.tolerated, hashes)
        return patched

    takes_long = len(operations) > FEW_OPERATIONS or any(map(_names_password, operations))
    return _lock_and_write(
        store, resource_type, resource_id, apply, request, Operation.PATCH, takes_long
    )


def _names_password(operation: PatchOperation) -> bool:
    value = operation.value if operation.path is None else None
    names = (operation.path or "", *(value if isinstance(value, dict) else ()))
    return any("password" in name.lower() for name in names)


def delete(store: Store, resource_type: ResourceType, resource_id: str, request: Request) -> None:
    """Delete a resource; no request finds it any more (RFC 7644 §3.6).

    :raises NotFoundError: no resource of the type has that id
    """

    def work(transaction: Transaction) -> bool:
        if resource_type.part_of:
            leave(transaction, resource_type, resource_id, request)
            return False
        stored = transaction.lock_for_delete(resource_type, resource_id)
        stored = check_found(resource_type, resource_id, stored, request)
        has_left_some = releasing.remove_references(transaction, resource_type, resource_id)
        transaction.delete(resource_type, stored)
        return has_left_some

    if store.atomically(work):
        with suppress(ScimError):  # the resource is deleted; ``trash purge`` does the rest
            releasing.finish(store, resource_type.name, resource_id)


def leave(
    transaction: Transaction, resource_type: ResourceType, membership_id: str, request: Request
) -> None:
    """Delete a membership: the group loses the member, as by a PATCH of it.

    :raises NotFoundError: there is no such membership
    """
    stored = check_found(
        resource_type, membership_id, transaction.membership(membership_id), request
    )
    group_id, member = parted(stored.id)
    writing.change_group(transaction, group_id, membership_id, "remove", member)


def _lock_and_write(
    store: Store,
    resource_type: ResourceType,
    resource_id: str,
    apply: Callable[[Record], Patched],
    request: Request,
    operation: Operation,
    takes_long: bool = False,
) -> Representation:
    """Lock a resource, ``apply`` a change to it, and write it if that made a difference.

    A change that ``takes_long`` is applied before the lock, and again if the resource has another
    version by then.
    """
    requested: Names = frozenset()
    early_version, early = 0, None
    if takes_long:
        unlocked = store.look_at(resource_type, resource_id)
        unlocked = check_found(resource_type, resource_id, unlocked, request)
        early_version = unlocked.version
        early = _apply_checked(resource_type, unlocked, apply)

    def work(transaction: Transaction) -> Stored:
        nonlocal requested
        stored = transaction.lock(resource_type, resource_id)
        stored = check_found(resource_type, resource_id, stored, request)
        changed = early if stored.version == early_version else None
        changed = changed or _apply_checked(resource_type, stored, apply)
        document = changed.resource
        requested = written_on_request(changed.untouched, document, resource_type.attributes)
        after = writing.write_change(
            transaction, resource_type, stored, document, operation, changed.members
        )
        has_members = resource_type.has_members
        if after is not stored and not has_members and not has_marks(after.body):
            return after
        shows = not has_members or _shows_members(
            transaction, stored.id, request, operation is Operation.REPLACE
        )
        return transaction.get(resource_type, stored.id, with_related=shows)

    stored = store.atomically(work)
    return represent(resource_type, stored, request.projection, requested)


def _apply_checked(
    resource_type: ResourceType, stored: Stored, apply: Callable[[Record], Patched]
) -> Patched:
    """Return a resource after a change; it keeps the rules for whole resources.

    :raises ScimError: it does not, or the change cannot be applied
    """
    before = read_document(stored)
    changed = apply(before)
    check_whole(resource_type, changed.resource)
    check_immutable(before, changed.resource, resource_type.attributes)
    check_user_name(resource_type, changed.resource, before)
    return changed


def _shows_members(
    transaction: Transaction, group_id: str, request: Request, shows_all: bool
) -> bool:
    if not request.projection.shows("members"):
        return False
    named = bool(request.projection.wanted)
    return shows_all or named or not transaction.members(group_id).more_than(MEMBERS_SHOWN)


def check_found(
    resource_type: ResourceType, resource_id: str, stored: Stored | None, request: Request
) -> Stored:
    """Return the resource that was found, if it has the version that the client asks for.

    :raises NotFoundError: no resource was found
    :raises PreconditionFailedError: its version contradicts If-Match or If-None-Match
    """
    if stored is None:
        raise NotFoundError(f"there is no {resource_type.name} with the id {resource_id[:80]!r}")
    if request.if_match is not None and not etag.matches(request.if_match, stored.version):
        raise PreconditionFailedError(
            f"the resource has version {etag.etag(stored.version)}, If-Match asks for another"
        )
    if request.if_none_match is not None and etag.matches(request.if_none_match, stored.version):
        raise PreconditionFailedError(
            f"the resource has version {etag.etag(stored.version)}, If-None-Match excludes it"
        )
    return stored


def shows_related(resource_type: ResourceType, shown: Projection) -> bool:
    """Tell whether an answer shows a user's groups, or a group's members."""
    related = kind_of(resource_type).related
    return related is not None and shown.shows(related)
