"""Creates of a bulk request that are written in one transaction.

References by bulkId lead to a resource before it is written: an id stands in its place, until the
transaction makes the one under which it is stored.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from scim.protocol.bulk import BulkOperation, exchange, succeeded
from scim.protocol.errors import ConflictError, ScimError
from scim.protocol.patch.members import MemberOperation
from scim.protocol.schema import ResourceType
from scim.protocol.values import Record
from scim.serializers.stored import Draft, location
from scim.storage import NewMembers, Stored, Transaction, new_id

from . import writing
from .journal import Coming

Ids = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Create:
    """A checked create; the id ``place`` stands for its resource in the drafts of others."""

    operation: BulkOperation
    resource_type: ResourceType
    draft: Draft
    place: str

    def draft_with(self, ids: Ids) -> Draft:
        """Return the draft with ids in place of those that stand for resources."""
        if not self.operation.references:
            return self.draft
        members = tuple(ids.get(each, each) for each in self.draft.member_ids)
        return Draft(exchange(self.draft.document, ids), members)


def created(create: Create, made: Stored) -> Record:
    """Return the result of a create."""
    place = location(create.resource_type, made.id)
    return succeeded(create.operation, 201, place, made.version)


def bringing(creates: Sequence[Create], made: Sequence[Stored]) -> Coming:
    """Return what tells a journal the results of creates in a transaction that is in progress."""
    pairs = zip(creates, made, strict=True)
    results = {create.operation.index: created(create, stored) for create, stored in pairs}
    return lambda _: results


def write_together(
    transaction: Transaction, creates: Sequence[Create], known: Ids
) -> dict[str, Stored]:
    """Write creates by few statements, and return the resources by their places.

    ``known`` are the ids of resources that were written before, by their places.

    :raises ScimError: one of them is refused, or they have to be written one by one
    """
    ids = {each.place: new_id() for each in creates}
    drafts = {each.place: each.draft_with({**known, **ids}) for each in creates}
    members = {
        ids[each.place]: drafts[each.place].member_ids
        for each in creates
        if each.resource_type.has_members
    }
    joining = NewMembers(transaction, members)
    joining.lock()
    made: dict[str, Stored] = {}
    for resource_type in dict.fromkeys(each.resource_type for each in creates):
        places = [each.place for each in creates if each.resource_type is resource_type]
        sent = [(ids[place], drafts[place].document) for place in places]
        made |= zip(places, writing.insert(transaction, resource_type, sent), strict=True)
    joining.insert()
    return made


class Circle:
    """Creates that refer to each other (RFC 7644 §3.7.1), for one transaction.

    A group gets those members last that are created after it. ``current`` is the create in work, so
    that an error can be told of it.
    """

    def __init__(self, first: BulkOperation, known: Ids) -> None:
        self.creates: list[Create] = []
        self.known = known
        self.current = first

    def check_groups(self) -> None:
        """Raise if groups would contain each other; no write can resolve that.

        :raises ConflictError: some would, or one would contain itself; or a resource refers to a
            membership, which is none that can be referred to
        """
        for each in self.creates:
            if each.resource_type.part_of:
                self.current = each.operation
                raise ConflictError("a circular reference: nothing can refer to a membership")
        groups = {each.place: each for each in self.creates if each.resource_type.has_members}
        within = {place: groups.keys() & each.draft.member_ids for place, each in groups.items()}
        try:
            TopologicalSorter(within).prepare()
        except CycleError as error:
            circle = error.args[1]
            self.current = groups[circle[0]].operation
            why = "groups cannot contain each other" if len(circle) > 2 else "a group in itself"
            raise ConflictError(f"a circular reference: members: {why}") from None

    def write(self, transaction: Transaction) -> list[Stored]:
        """Write all resources, and return them in the order of the creates.

        :raises ConflictError: a reference within the circle is refused
        :raises ScimError: a resource is refused
        """
        found = [
            writing.find_deleted(transaction, each.resource_type, each.draft.document)
            for each in self.creates
        ]
        ids = dict(self.known)
        for create, deleted in zip(self.creates, found, strict=True):
            ids[create.place] = deleted.stored.id if deleted else new_id()
        made = self.create(transaction, ids)
        # Groups that were created later have bumped the versions of users.
        return [
            transaction.get(each.resource_type, stored.id, with_related=False)
            for each, stored in zip(self.creates, made, strict=True)
        ]

    def create(self, transaction: Transaction, ids: Ids) -> list[Stored]:
        """Create each resource, and then add the members that a group did not get at first."""
        absent, made, late = {ids[each.place] for each in self.creates}, [], []
        for create in self.creates:
            self.current = create.operation
            draft = create.draft_with(ids)
            here, later = _divide(draft.member_ids, absent)
            stored = writing.create(
                transaction, create.resource_type, Draft(draft.document, here), ids[create.place]
            )
            absent.discard(stored.id)
            made.append(stored)
            late.append((create.operation, stored, later))
        for operation, stored, later in late:
            self.current = operation
            if later:
                _add(transaction, stored, later)
        return made


def _divide(
    members: Sequence[str], absent: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the members that are not among ``absent``, and those that are."""
    later = tuple(each for each in members if each in absent)
    return tuple(each for each in members if each not in absent), later


def _add(transaction: Transaction, stored: Stored, members: tuple[str, ...]) -> None:
    operation = MemberOperation("add", members)
    try:
        transaction.change_members(stored.id, stored.version, [operation])
    except ScimError as error:
        raise ConflictError(f"a circular reference: {error.detail}") from None
