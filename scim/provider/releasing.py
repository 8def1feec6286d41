"""References to a deleted resource are removed: a user has no manager who is deleted.

A few are removed with the delete. Many are removed afterwards, part by part, so that nobody else
who writes waits long; meanwhile no read shows them.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby

from scim.protocol.errors import InvalidValueError
from scim.protocol.references import Reference, take_out
from scim.protocol.schema import ResourceType
from scim.protocol.values import Record
from scim.serializers.resources import to_json
from scim.serializers.stored import arrange, check_whole, read_document
from scim.storage import Cause, Operation, Reason, Store, Stored, Transaction

from .writing import write_change

AT_ONCE = 500  # references removed by one transaction
PAUSE = 0.01  # seconds between two of them, in which others write

Source = tuple[str, str, str]  # a reference: the type and id of the resource with it, and its key


def remove_references(
    transaction: Transaction, resource_type: ResourceType, resource_id: str
) -> bool:
    """Remove the references to a resource that is deleted; tell whether ``finish`` has to do it.

    A resource for which the reference is required keeps it.
    """
    found = transaction.index.referring(resource_id, AT_ONCE + 1)
    if len(found) > AT_ONCE:
        transaction.releases.add(resource_type, resource_id)
        return True
    types = transaction.directory.definitions.by_name
    for part in _parts(types, resource_type.name, resource_id, found):
        part.write(transaction, part.release(transaction.releases.read(part.source_type, part.ids)))
    return False


def finish_all(store: Store) -> None:
    """Remove the references that deletes have left behind, for example those before a crash."""
    for type_name, resource_id in store.pending_releases():
        finish(store, type_name, resource_id)


def finish(store: Store, type_name: str, resource_id: str) -> None:
    """Remove the references to a deleted resource, part by part, unless it comes back."""
    types, found = store.directory.definitions.by_name, store.referring(resource_id)
    for part in _parts(types, type_name, resource_id, found):
        released = part.release(store.read_plain(part.source_type, part.ids))

        def write(
            transaction: Transaction, part: _Part = part, released: list[_Released] = released
        ) -> bool:
            is_deleted = transaction.releases.hold(resource_id)
            if is_deleted:
                part.write(transaction, released)
            return is_deleted

        if not store.atomically(write):  # the resource has just come back
            return
        time.sleep(PAUSE)
    store.atomically(lambda transaction: transaction.releases.end(resource_id))


@dataclass(frozen=True, slots=True)
class _Released:
    """A resource as it was, and its text and ``search`` without the reference."""

    before: Stored
    body: str
    search: Record


@dataclass(frozen=True, slots=True)
class _Part:
    """Resources of one type, by ``ids``, of which one reference leads to the deleted resource."""

    source_type: ResourceType
    reference: Reference
    ids: Sequence[str]
    target_id: str

    @property
    def is_simple(self) -> bool:
        """Whether no rule for whole resources or unique values needs the reference."""
        found, owner = [], self.source_type.root
        for name in self.reference.names:
            owner = next(each for each in owner.sub_attributes if each.name == name)
            found.append(owner)
        return not self.source_type.uniques and not any(each.required for each in found)

    def release(self, read: Sequence[tuple[Stored, Record]]) -> list[_Released]:
        """Return the resources as they will be; they are not checked, nor folded again."""
        made = []
        for stored, search in read if self.is_simple else ():
            document: Record = json.loads(stored.body, strict=False)
            if take_out(self.reference, document) == self.target_id:
                _drop_empty(document, self.reference.names)
                left = _without_keys(search, self.reference.keys)
                made.append(_Released(stored, to_json(document), left))
        return made

    def write(self, transaction: Transaction, released: Sequence[_Released]) -> None:
        """Write resources together; one that has changed since it was read is done by itself."""
        written = self.write_together(transaction, released) if released else set()
        for source_id in self.ids:
            if source_id not in written:
                self.write_one(transaction, source_id)

    def write_together(self, transaction: Transaction, released: Sequence[_Released]) -> set[str]:
        """Write the resources that are as they were read, and return their ids."""
        rows = [
            {"id": each.before.id, "version": each.before.version}
            | {"body": each.body, "search": each.search}
            for each in released
        ]
        key, kind = self.reference.key, self.source_type
        written, at = transaction.releases.write(kind, key, self.target_id, rows)
        cause = Cause(Reason.DELETED, self.target_id)
        for each in released:
            if (before := each.before).id in written:
                after = replace(before, body=each.body)
                number = before.version + 1
                transaction.note(kind, before.id, number, Operation.PATCH, at, before, after, cause)
        return written

    def write_one(self, transaction: Transaction, source_id: str) -> None:
        """Lock a resource and write it, unless the reference is required or leads elsewhere."""
        stored = transaction.lock(self.source_type, source_id)
        document = read_document(stored) if stored else {}
        if stored is None or take_out(self.reference, document) != self.target_id:
            return
        left = arrange(self.source_type, stored.id, document)
        with suppress(InvalidValueError):
            check_whole(self.source_type, left)
            cause = Cause(Reason.DELETED, self.target_id)
            kind, patch = self.source_type, Operation.PATCH
            write_change(transaction, kind, stored, left, patch, cause=cause)


def _drop_empty(document: Record, names: Sequence[str]) -> None:
    """Remove what contained a reference and is empty now; an extension from ``schemas``, too."""
    if len(names) > 1 and (owner := document.get(names[0])) is not None:
        _drop_empty(owner, names[1:])
        if not owner:
            del document[names[0]]
            if names[0] in document.get("schemas", ()):
                document["schemas"].remove(names[0])


def _without_keys(search: Record, keys: Sequence[str]) -> Record:
    """Return a folded resource without what is at a place, and without what that leaves empty."""
    left = {key: value for key, value in search.items() if key != keys[0]}
    if len(keys) > 1 and (inner := _without_keys(search.get(keys[0], {}), keys[1:])):
        left[keys[0]] = inner
    return left


def _parts(
    types: Mapping[str, ResourceType], target_type: str, target_id: str, found: Sequence[Source]
) -> Iterator[_Part]:
    """Yield the references in ``found`` in parts of ``AT_ONCE``, without the target's own."""
    for (name, key), sources in groupby(sorted(found, key=_kind), _kind):
        source_type = types.get(name)
        reference = source_type.references.get(key) if source_type else None
        if source_type is None or reference is None or target_type not in reference.targets:
            continue
        ids = [source_id for _, source_id, _ in sources if source_id != target_id]
        for start in range(0, len(ids), AT_ONCE):
            yield _Part(source_type, reference, ids[start : start + AT_ONCE], target_id)


def _kind(source: Source) -> tuple[str, str]:
    return source[0], source[2]
