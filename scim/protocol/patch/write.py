"""One PATCH operation at one target: add, replace or remove (RFC 7644 §3.5.2.1 to §3.5.2.3)."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..attributes import Attribute
from ..errors import (
    InvalidFilterError,
    InvalidSyntaxError,
    InvalidValueError,
    NoTargetError,
    PayloadTooLargeError,
)
from ..filters.nodes import And, Filter, Not, Or
from ..filters.resolve import Condition, Some, resolve_within
from ..forms import is_cleared, is_unknown, sent_value
from ..schema import ResourceType
from ..tolerance import Tolerated
from ..values import Record
from .elements import Elements, merge, unassigned, united
from .target import PatchOperation, Target

# What the operations of a PATCH may do with the elements of attributes. An element is compared with
# each term of a filter; to change an element takes as long as ten comparisons.
MOST_COMPARISONS = 500_000
CHANGE = 10

Load = Callable[[Attribute, Any], Any]


@dataclass(slots=True)
class Writer:
    """Writes to resources of one type; ``load`` makes the canonical value of a JSON value.

    Until ``finish``, a resource may have ``Elements`` where it has a list.
    """

    resource_type: ResourceType
    load: Load
    tolerated: Tolerated
    comparisons_left: int = field(default=MOST_COMPARISONS, init=False)

    def apply(self, resource: Record, target: Target, operation: PatchOperation) -> None:
        """Change ``resource`` as the operation says.

        :raises ScimError: the operation cannot be applied; ``resource`` is then of no use
        """
        attribute, owner = target.attribute, resource
        for container in target.containers:
            owner = owner.setdefault(container.name, {})
        if operation.op == "remove":
            self.remove(owner, target, operation)
        else:
            self.write(owner, target, operation)
        held = owner.get(attribute.name)
        if isinstance(held, Elements):
            self.settle(owner, held)
        # null, [] and absent are the same (RFC 7643 §2.5)
        elif held in (None, {}, []):
            owner.pop(attribute.name, None)
        if target.containers and not owner:
            del resource[target.containers[0].name]

    def held(self, owner: Record, attribute: Attribute) -> Elements:
        """Return the elements of an attribute; a singular one counts as a list of one."""
        held = owner.get(attribute.name)
        if not isinstance(held, Elements):
            items = [] if held is None else held if attribute.multi_valued else [held]
            held = owner[attribute.name] = Elements(attribute, items)
        return held

    def settle(self, owner: Record, held: Elements) -> None:
        """End an operation on elements; of a singular attribute, the last one is the value.

        :raises InvalidValueError: there are too many of them, and more than before
        """
        attribute = held.attribute
        if attribute.multi_valued:
            held.settle()
            self.tolerated.check_elements(attribute, len(held.items), held.size)
            held.size = len(held.items)
        elif held.items:
            owner[attribute.name] = held.items[max(held.items)]
        if not held.items:
            del owner[attribute.name]

    def finish(self, resource: Record) -> None:
        """Put lists in the place of ``Elements``."""
        extensions = [each.name for each in self.resource_type.extension_attributes]
        for owner in (resource, *(resource.get(name, {}) for name in extensions)):
            for name, value in owner.items():
                if isinstance(value, Elements):
                    owner[name] = united(value.attribute, list(value.items.values()))

    def remove(self, owner: Record, target: Target, operation: PatchOperation) -> None:
        attribute = target.attribute
        if target.value_filter or target.sub_attribute:
            held = self.held(owner, attribute)
            part = {target.sub_attribute.name: None} if target.sub_attribute else None
            self.change(held, self.chosen(held, target), part)
        elif operation.value is not None and attribute.multi_valued:
            if not self.tolerated.allows("remove_listed_values"):
                raise InvalidSyntaxError("remove takes no value; select the values in the path")
            listed = self.loaded(attribute, operation.value) or []
            self.held(owner, attribute).remove(listed)
        else:
            owner.pop(attribute.name, None)

    def write(self, owner: Record, target: Target, operation: PatchOperation) -> None:
        attribute, sent = target.attribute, operation.value
        if sent == "" and target.is_element:
            sent = [sent]  # the ``value`` of the element; alone it would mean no elements
        value = self.loaded(target.last, sent)
        if not value and sent and is_unknown(target.last, sent):
            return  # an ignored name must not clear the attribute
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
            self.held(owner, attribute).join(value)
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
        held = self.held(owner, target.attribute)
        chosen = self.chosen(held, target)
        adds = operation.op == "add"
        part: Record | None = _one(value)
        if target.sub_attribute:
            part = {target.sub_attribute.name: value}
        elif value is None and not (adds and target.attribute.multi_valued):
            part = None
        if chosen:
            merges = adds or target.sub_attribute is not None or _is_text(operation.value)
            self.change(held, chosen, part, merges)
        else:
            made = self.created(target, operation)
            if value is not None:
                held.append(merge(made, part or {}))

    def change(
        self, held: Elements, chosen: Collection[int], part: Record | None, merges: bool = True
    ) -> None:
        self.spend(CHANGE * len(chosen))
        held.change(chosen, part, merges)

    def chosen(self, held: Elements, target: Target) -> Collection[int]:
        """Return the slots that the path's filter selects, all of them without a filter.

        :raises InvalidFilterError: it selects several, and the profile allows one
        """
        if target.value_filter is None:
            return list(held.items)
        found = self.matching(held, target.value_filter)
        if not found and target.literal_filter:
            with suppress(InvalidFilterError):  # the literal text is no value of the attribute
                found = self.matching(held, target.literal_filter)
            if found:
                self.tolerated.allows("literal_backslashes")
        if target.sub_attribute:
            self.tolerated.profile.check_single(len(found), target.value_filter)
        return found

    def matching(self, held: Elements, value_filter: Filter) -> list[int]:
        condition = resolve_within(value_filter, held.attribute, self.tolerated)
        candidates = held.candidates(condition)
        slots = held.items.keys() if candidates is None else candidates
        self.spend(len(slots) * _tests(condition))
        return held.select(slots, condition)

    def spend(self, comparisons: int) -> None:
        """Count work with elements.

        :raises PayloadTooLargeError: it is too much for one PATCH
        """
        self.comparisons_left -= comparisons
        if self.comparisons_left < 0:
            raise PayloadTooLargeError(
                f"the operations up to this one compare more than {MOST_COMPARISONS} values;"
                " send them in several requests"
            )

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
        value = sent_value(attribute, value, self.tolerated)
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


def _is_text(value: Any) -> bool:
    """Tell whether a value for ``attr[filter]`` is its ``value`` alone."""
    return isinstance(value[0] if isinstance(value, list) and value else value, str)


def _tests(condition: Condition) -> int:
    match condition:
        case And(terms) | Or(terms):
            return sum(_tests(term) for term in terms)
        case Not(term) | Some(_, _, term):
            return _tests(term)
    return 1
