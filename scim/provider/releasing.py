"""References to a deleted resource are removed: a user has no manager who is deleted.

A few are removed with the delete. Many are removed afterwards, part by part, so that nobody else
who writes waits long; meanwhile no read shows them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from time import monotonic, sleep

from scim.protocol.errors import InvalidValueError
from scim.protocol.references import Reference, cut_out, take_out
from scim.protocol.schema import ResourceType
from scim.protocol.values import Record
from scim.serializers.resources import to_json
from scim.serializers.stored import arrange, check_whole, read_document
from scim.storage import Cause, Operation, Reason, Store, Stored, Transaction

from .writing import write_change

AT_ONCE = 500  # references removed by one transaction
LEAST = 20  # of them, however long it takes
LONG, SHORT = 0.2, 0.1  # seconds of a transaction after which the next one is smaller or larger
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
    """Remove the references to a deleted resource, part by part, unless it comes back.

    A part that takes long makes the next one smaller.
    """
    types, found = store.directory.definitions.by_name, store.referring(resource_id)
    size = AT_ONCE
    for whole in _parts(types, type_name, resource_id, found):
        start = 0
        while start < len(whole.ids):
            part = replace(whole, ids=whole.ids[start : start + size])
            seconds = _finish_part(store, part)
            if seconds is None:  # the resource has just come back
                return
            start, size = start + size, _next_size(size, seconds)
            sleep(PAUSE)
    store.atomically(lambda transaction: transaction.releases.end(resource_id))


def _finish_part(store: Store, part: "_Part") -> float | None:
    """Write a part and return how long its transaction took; None if the target is back."""
    released = part.release(store.read_plain(part.source_type, part.ids))

    def write(transaction: Transaction) -> float | None:
        if not transaction.releases.hold(part.target_id):
            return None
        part.write(transaction, released)
        return monotonic() - transaction.began

    return store.atomically(write)


def _next_size(size: int, seconds: float) -> int:
    """Return how many references the next part has, after one that took so long."""
    if seconds > LONG:
        return max(LEAST, size // 2)
    return min(AT_ONCE, size * 2) if seconds < SHORT else size


@dataclass(frozen=True, slots=True)
class _Released:
    """A resource as it was, its text without the reference, and the names of what is gone."""

    before: Stored
    body: str
    names: Sequence[str]


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
        return not self.source_type.uniques and not self.reference.required

    def release(self, read: Sequence[Stored]) -> list[_Released]:
        """Return the resources as they will be; they are not checked, nor folded again."""
        found = map(self.released, read if self.is_simple else ())
        return [each for each in found if each]

    def released(self, stored: Stored) -> _Released | None:
        """Return a resource as it will be; None if the reference leads elsewhere by now."""
        names = self.reference.names
        if (body := cut_out(self.reference, self.target_id, stored.body)) is not None:
            return _Released(stored, body, names)
        document: Record = json.loads(stored.body, strict=False)
        if take_out(self.reference, document) != self.target_id:
            return None
        dropped = _drop_empty(document, names)
        return _Released(stored, to_json(document), names[: len(names) - dropped])

    def write(self, transaction: Transaction, released: Sequence[_Released]) -> None:
        """Write resources together; one that has changed since it was read is done by itself."""
        written = self.write_together(transaction, released) if released else set()
        for source_id in self.ids:
            if source_id not in written:
                self.write_one(transaction, source_id)

    def write_together(self, transaction: Transaction, released: Sequence[_Released]) -> set[str]:
        """Write the resources that are as they were read, and return their ids."""
        rows = [
            {"id": each.before.id, "version": each.before.version, "body": each.body}
            | {"place": [name.lower() for name in each.names]}
            for each in released
        ]
        key, kind = self.reference.key, self.source_type
        written, at = transaction.releases.write(kind, key, rows)
        cause = Cause(Reason.DELETED, self.target_id)
        for each in released:
            if (before := each.before).id in written:
                after = Stored(before.id, each.body, before.version + 1, before.created, at)
                transaction.note(
                    kind, before.id, after.version, Operation.PATCH, at, before, after, cause
                )
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


def _drop_empty(document: Record, names: Sequence[str]) -> int:
    """Remove what contained a reference and is empty now, and return how many values that were.

    An extension goes from ``schemas``, too.
    """
    owner = document.get(names[0]) if len(names) > 1 else None
    if owner is None:
        return 0
    dropped = _drop_empty(owner, names[1:])
    if owner:
        return dropped
    del document[names[0]]
    if names[0] in document.get("schemas", ()):
        document["schemas"].remove(names[0])
    return dropped + 1


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
