"""The plain way to change the elements of an attribute: each operation goes through all of them.

It takes operations * elements, and is short enough to be read against RFC 7644 §3.5.2.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from scim.protocol.attributes import Attribute
from scim.protocol.errors import ScimError
from scim.protocol.filters.evaluate import holds
from scim.protocol.filters.parser import DEFAULT_LIMITS
from scim.protocol.filters.resolve import Condition
from scim.protocol.patch.apply import _Patcher
from scim.protocol.patch.elements import Elements, distinct, merge
from scim.protocol.patch.target import PatchOperation
from scim.protocol.patch.write import Load, Writer
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import Record, deep_copy, fold_item


def apply_plainly(
    operations: Sequence[PatchOperation],
    resource: Record,
    resource_type: ResourceType,
    load: Load,
    tolerated: Tolerated,
) -> Record:
    """Return ``resource`` after ``operations``.

    :raises ScimError: as ``scim.protocol.patch.apply`` raises it
    """
    writer = PlainWriter(resource_type, load, tolerated)
    copied = deep_copy(resource)
    patcher = _Patcher(resource_type, writer, tolerated, DEFAULT_LIMITS, copied, resource)
    for number, operation in enumerate(operations):
        patcher.place = f"Operations[{number}]"
        try:
            patcher.apply(operation)
        except ScimError as error:
            raise error.within(patcher.place) from None
    writer.finish(patcher.resource)
    patcher.drop_empty(resource)
    patcher.check_removed()
    return patcher.resource


class PlainWriter(Writer):
    """Writes to ``PlainElements``."""

    def held(self, owner: Record, attribute: Attribute) -> Elements:
        held = owner.get(attribute.name)
        if not isinstance(held, PlainElements):
            items = [] if held is None else held if attribute.multi_valued else [held]
            held = owner[attribute.name] = PlainElements(attribute, items)
        return held


class PlainElements(Elements):
    """Elements without an index; ``before`` are those before the operation."""

    def __init__(self, attribute: Attribute, items: Iterable[Any]) -> None:
        self.attribute = attribute
        self.put(distinct(items))
        self.before = self.listed
        self.size = len(self.items)

    @property
    def listed(self) -> list[Any]:
        return list(self.items.values())

    def put(self, items: Iterable[Any]) -> None:
        self.items = dict(enumerate(items))

    def candidates(self, condition: Condition) -> None:
        return None

    def select(self, slots: Collection[int], condition: Condition) -> list[int]:
        folded = {slot: fold_item(self.attribute, self.items[slot]) for slot in slots}
        return [slot for slot in slots if holds(condition, folded[slot])]

    def change(self, slots: Iterable[int], part: Record | None, merges: bool = True) -> None:
        chosen, after = set(slots), []
        for slot, item in self.items.items():
            if slot not in chosen:
                after.append(item)
            elif part is not None and (left := merge(item if merges else {}, part)):
                after.append(left)
        self.put(after)

    def append(self, item: Any) -> None:
        self.put([*self.listed, item])

    def join(self, added: Iterable[Any]) -> None:
        self.put(join(self.attribute, self.listed, added))

    def remove(self, listed: Iterable[Any]) -> None:
        self.put(without(self.attribute, self.listed, listed))

    def settle(self) -> None:
        self.put(distinct(with_one_primary(self.listed, self.before)))
        self.before = self.listed


def join(attribute: Attribute, items: list[Any], added: Iterable[Any]) -> list[Any]:
    """Return ``items`` with ``added`` at the end; an equal element is completed instead."""
    after = list(items)
    places = {_key(attribute, item): place for place, item in reversed(list(enumerate(items)))}
    for item in added:
        place = places.setdefault(_key(attribute, item), len(after))
        if place == len(after):
            after.append(item)
        elif isinstance(item, dict):
            after[place] = merge(after[place], _news(attribute, after[place], item))
    return after


def _news(attribute: Attribute, item: Record, part: Record) -> Record:
    """Return the members of ``part`` that differ from ``item`` by more than spelling."""
    known = fold_item(attribute, item)
    said = fold_item(attribute, part)
    return {
        name: value
        for name, value in part.items()
        if (sub := attribute.find(name)) is None or known.get(sub.key) != said.get(sub.key)
    }


def without(attribute: Attribute, items: list[Any], listed: Iterable[Any]) -> list[Any]:
    """Return ``items`` without those ``listed``; a listed one without a type means any type."""
    unwanted = {_key(attribute, item, typed="type" in item) for item in listed}
    return [
        item
        for item in items
        if not unwanted & {_key(attribute, item), _key(attribute, item, typed=False)}
    ]


def _key(attribute: Attribute, item: Any, typed: bool = True) -> tuple[Any, ...]:
    """Return the key by which two elements are equal: ``value`` and ``type``."""
    folded = fold_item(attribute, item)
    if attribute.type != "complex" or "value" not in folded:
        return (json.dumps(folded, sort_keys=True), None, None)
    return (folded["value"], folded.get("type")) if typed else (folded["value"],)


def with_one_primary(items: list[Any], before: list[Any]) -> list[Any]:
    """Return ``items`` in which the old primary value gives way to a new one, if there is one."""
    was = {id(item) for item in before if _is_primary(item)}
    if all(id(item) in was for item in items if _is_primary(item)):
        return items
    return [item | {"primary": False} if id(item) in was else item for item in items]


def _is_primary(item: Any) -> bool:
    return isinstance(item, dict) and item.get("primary") is True
