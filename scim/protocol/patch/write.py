"""One PATCH operation at one target: add, replace or remove (RFC 7644 §3.5.2.1 to §3.5.2.3)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..attributes import Attribute
from ..errors import InvalidSyntaxError, InvalidValueError, NoTargetError
from ..filters.evaluate import holds
from ..filters.resolve import resolve_within
from ..schema import ResourceType
from ..tolerance import Tolerated, complex_value, is_cleared
from ..values import Record, fold_item
from .elements import (
    change,
    distinct,
    elements,
    join,
    merge,
    store,
    unassigned,
    with_one_primary,
    without,
)
from .target import PatchOperation, Target

Load = Callable[[Attribute, Any], Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes to resources of one type; ``load`` makes the canonical value of a JSON value."""

    resource_type: ResourceType
    load: Load
    tolerated: Tolerated

    def apply(self, resource: Record, target: Target, operation: PatchOperation) -> None:
        """Change ``resource`` as the operation says.

        :raises ScimError: the operation cannot be applied; ``resource`` is then of no use
        """
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
            chosen = self.chosen(owner, target)
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

    def kept(self, owner: Record, attribute: Attribute, operation: PatchOperation) -> Record:
        """Return the value that a complex value is merged into.

        It is empty where ``replace`` replaces all: an extension, and under the profile any complex
        attribute.
        """
        replaces_all = (
            self.tolerated.profile.replaces_all
            or attribute in self.resource_type.extension_attributes
        )
        if replaces_all and operation.op == "replace":
            return {}
        found: Record = owner.get(attribute.name, {})
        return found

    def write_elements(
        self, owner: Record, target: Target, operation: PatchOperation, value: Any
    ) -> None:
        items, chosen = elements(owner, target.attribute), self.chosen(owner, target)
        part = {target.sub_attribute.name: value} if target.sub_attribute else _one(value)
        if chosen:
            merges = target.sub_attribute is not None or operation.op == "add"
            items = change(items, chosen, part, merges)
        else:
            made = self.created(target, operation)
            items = items if value is None else [*items, merge(made, part)]
        store(owner, target.attribute, items)

    def chosen(self, owner: Record, target: Target) -> set[int]:
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

    def created(self, target: Target, operation: PatchOperation) -> Record:
        """Return the new element, with the values that the path's filter compares with.

        With a filter, ``replace`` makes one only in Entra ID's dialect.
        """
        path = f"{target.attribute.name}[{target.value_filter}]"
        replaces = target.value_filter and operation.op == "replace"
        if replaces and not operation.may_create(self.tolerated):
            raise NoTargetError(f"no value matches {path}; use add to create one")
        conditions = target.described()
        if conditions is None:
            raise NoTargetError(f"no value matches {path}; compare with eq alone to create one")
        return _one(self.loaded(target.attribute, conditions)) if conditions else {}

    def loaded(self, attribute: Attribute, value: Any) -> Any:
        """Return the canonical form of a value for ``attribute``; None if it unassigns."""
        value = complex_value(attribute, value, self.tolerated)
        if value is None:
            return None
        loaded = self.load(attribute, value)
        return unassigned(attribute, value) | (loaded or {}) if isinstance(value, dict) else loaded


def _one(value: Any) -> Record:
    """Return the one element in a value for ``attr[filter]``."""
    if isinstance(value, list):
        if len(value) != 1:
            raise InvalidValueError("a path with brackets takes one value; send one")
        return dict(value[0])
    return value or {}
