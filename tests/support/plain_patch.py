"""The plain way to apply a PATCH: each operation goes through all elements of its attribute.

It takes operations * elements, and is short enough to be read against RFC 7644 §3.5.2.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scim.protocol.attributes import Attribute
from scim.protocol.errors import InvalidSyntaxError, ScimError
from scim.protocol.filters.evaluate import holds
from scim.protocol.filters.parser import DEFAULT_LIMITS
from scim.protocol.filters.resolve import resolve_within
from scim.protocol.patch.apply import _Patcher
from scim.protocol.patch.elements import merge
from scim.protocol.patch.target import PatchOperation, Target
from scim.protocol.patch.write import Load, Writer, _one
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated, is_cleared
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
    patcher.check_removed()
    return patcher.resource


class PlainWriter(Writer):
    """Writes to lists of elements."""

    def apply(self, resource: Record, target: Target, operation: PatchOperation) -> None:
        attribute, owner = target.attribute, resource
        for container in target.containers:
            owner = owner.setdefault(container.name, {})
        before = elements(owner, attribute)
        if operation.op == "remove":
            self.remove(owner, target, operation)
        else:
            self.write(owner, target, operation)
        if attribute.multi_valued:
            after = with_one_primary(elements(owner, attribute), before)
            store(owner, attribute, distinct(after))
        # null, [] and absent are the same (RFC 7643 §2.5)
        if owner.get(attribute.name) in (None, {}, []):
            owner.pop(attribute.name, None)
        if target.containers and not owner:
            del resource[target.containers[0].name]

    def remove(self, owner: Record, target: Target, operation: PatchOperation) -> None:
        attribute = target.attribute
        if target.value_filter or target.sub_attribute:
            chosen = self.found(owner, target)
            part = {target.sub_attribute.name: None} if target.sub_attribute else None
            store(owner, attribute, change(elements(owner, attribute), chosen, part))
        elif operation.value not in (None, [], "") and attribute.multi_valued:
            if not self.tolerated.allows("remove_listed_values"):
                raise InvalidSyntaxError("remove takes no value; select the values in the path")
            listed = self.loaded(attribute, operation.value) or []
            store(owner, attribute, without(attribute, elements(owner, attribute), listed))
        else:
            owner.pop(attribute.name, None)

    def write(self, owner: Record, target: Target, operation: PatchOperation) -> None:
        attribute, value = target.attribute, self.loaded(target.last, operation.value)
        if target.sub_attribute and is_cleared(
            target.sub_attribute, attribute, value, self.tolerated
        ):
            value = None
        if target.value_filter or (target.sub_attribute and attribute.multi_valued):
            self.write_elements(owner, target, operation, value)
        elif target.sub_attribute:
            part = {target.sub_attribute.name: value}
            owner[attribute.name] = merge(owner.get(attribute.name, {}), part)
        elif value is None:
            if not (operation.op == "add" and attribute.multi_valued):
                owner.pop(attribute.name, None)
        elif attribute.multi_valued and operation.op == "add":
            owner[attribute.name] = join(attribute, owner.get(attribute.name, []), value)
        elif attribute.type == "complex" and not attribute.multi_valued:
            owner[attribute.name] = merge(self.kept(owner, attribute, operation), value)
        else:
            owner[attribute.name] = value

    def write_elements(
        self, owner: Record, target: Target, operation: PatchOperation, value: Any
    ) -> None:
        items, chosen = elements(owner, target.attribute), self.found(owner, target)
        part = {target.sub_attribute.name: value} if target.sub_attribute else _one(value)
        if chosen:
            merges = target.sub_attribute is not None or operation.op == "add"
            items = change(items, chosen, part, merges)
        else:
            made = self.created(target, operation)
            items = items if value is None else [*items, merge(made, part)]
        store(owner, target.attribute, items)

    def found(self, owner: Record, target: Target) -> set[int]:
        """Return which elements the path's filter selects, all of them without a filter.

        :raises InvalidFilterError: it selects several, and the profile allows one
        """
        items = elements(owner, target.attribute)
        if target.value_filter is None:
            return set(range(len(items)))
        condition = resolve_within(target.value_filter, target.attribute, self.tolerated)
        folded = (fold_item(target.attribute, item) for item in items)
        found = {index for index, item in enumerate(folded) if holds(condition, item)}
        if target.sub_attribute:
            self.tolerated.profile.check_single(len(found), target.value_filter)
        return found


def elements(owner: Mapping[str, Any], attribute: Attribute) -> list[Any]:
    """Return the elements of an attribute; a singular one counts as a list of one."""
    value = owner.get(attribute.name)
    if value is None:
        return []
    return list(value) if attribute.multi_valued else [value]


def store(owner: Record, attribute: Attribute, items: list[Any]) -> None:
    """Make ``items`` the elements of an attribute; of a singular one, the last of them."""
    owner[attribute.name] = items if attribute.multi_valued else (items[-1] if items else None)


def distinct(items: Iterable[Any]) -> list[Any]:
    """Return each of ``items`` once.

    :raises InvalidSyntaxError: one is nested more deeply than any attribute
    """
    try:
        return list({json.dumps(item, sort_keys=True): item for item in items}.values())
    except RecursionError:
        raise InvalidSyntaxError("the value is nested too deeply; send fewer levels") from None


def change(
    items: list[Any], chosen: set[int], part: Record | None, merges: bool = True
) -> list[Any]:
    """Return ``items``, those ``chosen`` merged with ``part`` or replaced by it; None removes."""
    after = []
    for index, item in enumerate(items):
        if index not in chosen:
            after.append(item)
        elif part is not None and (left := merge(item if merges else {}, part)):
            after.append(left)
    return after


def join(attribute: Attribute, items: list[Any], added: list[Any]) -> list[Any]:
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


def without(attribute: Attribute, items: list[Any], listed: list[Any]) -> list[Any]:
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
