"""PATCH: a sequence of operations applied to a resource, all or none (RFC 7644 §3.5.2).

``members`` are not part of a stored group, so operations on them are returned as a plan for whoever
keeps the memberships; all others are applied here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..attributes import Attribute
from ..errors import (
    InvalidPathError,
    InvalidSyntaxError,
    InvalidValueError,
    MutabilityError,
    NoTargetError,
    ScimError,
)
from ..filters.evaluate import holds
from ..filters.parser import DEFAULT_LIMITS, Limits
from ..filters.resolve import Condition, locate, resolve_within
from ..schema import ResourceType
from ..tolerance import STRICT, Tolerated, complex_value, is_cleared
from ..values import Record, copied, fold_item
from .elements import (
    changed,
    distinct,
    elements,
    joined,
    merged,
    store,
    unassigned,
    with_one_primary,
    without,
)
from .members import member_ids
from .target import Target, find_target

Load = Callable[[Attribute, Any], Any]


@dataclass(frozen=True, slots=True)
class PatchOperation:
    """One operation as it was sent; ``creates`` if a value path without a match makes its value."""

    op: Literal["add", "remove", "replace"]
    path: str | None
    value: Any
    creates: bool


@dataclass(frozen=True, slots=True)
class MemberOperation:
    """An operation on some of a group's members, by ids or by a condition, or on all.

    ``place`` is where it stands in the request, if not by itself.
    """

    op: Literal["add", "remove", "replace"]
    ids: tuple[str, ...] | None = None
    condition: Condition | None = None
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Patched:
    """The resource after all operations, and what is to be done to its members.

    ``untouched`` is what it was before, without what the client has written, changed or not.
    """

    resource: Record
    members: tuple[MemberOperation, ...]
    untouched: Record


def apply(
    operations: Sequence[PatchOperation],
    resource: Record,
    resource_type: ResourceType,
    load: Load,
    tolerated: Tolerated = STRICT,
    limits: Limits = DEFAULT_LIMITS,
) -> Patched:
    """Return ``resource`` after ``operations``, each of which sees what the one before it left.

    ``load`` turns the JSON value of an attribute into the canonical one or raises.

    :raises ScimError: an operation cannot be applied; the detail names it, and nothing is changed
    """
    patcher = _Patcher(copied(resource), resource_type, load, tolerated, limits)
    for number, operation in enumerate(operations):
        patcher.number = number
        try:
            patcher.apply(operation)
        except ScimError as error:
            raise error.within(f"Operations[{number}]") from None
    patcher.check_removed()
    return Patched(patcher.resource, tuple(patcher.members), patcher.untouched)


class _Patcher:
    """The state that one operation leaves to the next."""

    def __init__(
        self,
        resource: Record,
        resource_type: ResourceType,
        load: Load,
        tolerated: Tolerated,
        limits: Limits,
    ) -> None:
        self.resource = resource
        self.resource_type = resource_type
        self.load = load
        self.tolerated = tolerated
        self.profile = tolerated.profile
        self.limits = limits
        self.untouched = resource
        self.members: list[MemberOperation] = []
        self.number = 0
        self.removed: dict[str, int] = {}

    def apply(self, operation: PatchOperation) -> None:
        self.profile.check_path(operation.op, operation.path)
        if operation.path is not None:
            target = self.target(operation.path)
            if not target.sub_attribute:
                is_filtered = target.value_filter is not None
                self.profile.check_form(
                    operation.op, target.attribute, is_filtered, operation.value
                )
            self.apply_at_path(target, operation)
        elif operation.op == "remove":
            raise NoTargetError("remove needs a path")
        elif not isinstance(operation.value, dict):
            raise InvalidSyntaxError(f"{operation.op} without a path needs an object as its value")
        else:
            for path, part in self.parts(operation):
                self.apply_at(path, part)

    def apply_at_path(self, target: Target, operation: PatchOperation) -> None:
        """Apply an operation; to an extension, ``add`` adds attributes one by one (§3.5.2.1)."""
        extends = target.attribute in self.resource_type.extension_attributes
        if extends and operation.op == "add" and isinstance(operation.value, dict):
            for below, part in self.parts(operation, target.attribute.name):
                self.apply_at(below, part)
        else:
            self.apply_at(target, operation)

    def parts(
        self, operation: PatchOperation, urn: str = ""
    ) -> Iterator[tuple[Target, PatchOperation]]:
        """Yield the attributes of a value without a path, those of an extension one by one."""
        for key, value in operation.value.items():
            if self.passes_over(key, urn):
                continue
            name = f"{urn}:{key}" if urn else key
            chain = locate(name, self.resource_type, self.tolerated)
            extends = len(chain) == 1 and chain[0] in self.resource_type.extension_attributes
            if extends and isinstance(value, dict):
                yield from self.parts(replace(operation, value=value), chain[0].name)
            elif target := self.part(name, plain=len(chain) == (2 if urn else 1)):
                creates = operation.creates or target.value_filter is not None
                yield target, replace(operation, value=value, creates=creates)

    def passes_over(self, key: str, urn: str) -> bool:
        """Tell whether a key is one of those that come back read-only from what was read."""
        if urn or key.lower() not in {"id", "meta", "schemas"}:
            return False
        if not self.tolerated.allows("read_only_in_value"):
            raise MutabilityError(f"{key} is read-only")
        return True

    def part(self, name: str, plain: bool) -> Target | None:
        """Return the target that a key of a value without a path names; None if it is unknown."""
        try:
            target = self.target(name)
        except InvalidPathError:
            if self.tolerated.allows("unknown_attributes"):
                return None
            raise InvalidSyntaxError(f"no attribute {name!r} in this resource type") from None
        if not plain and not self.tolerated.allows("paths_as_keys"):
            raise InvalidSyntaxError(f"{name!r} is a path; it belongs into the operation's path")
        return target

    def target(self, text: str) -> Target:
        return find_target(text, self.resource_type, self.tolerated, self.limits)

    def apply_at(self, target: Target, operation: PatchOperation) -> None:
        if self.keeps_apart(target):
            planned = self.member_operation(target, operation)
            self.members.append(replace(planned, place=f"Operations[{self.number}]"))
            return
        if target.attribute.name == "schemas":
            self.check_schemas(operation)
            return
        self.touch(target)
        owner = self.owner(target)
        before = elements(owner, target.attribute)
        if operation.op == "remove":
            self.remove(owner, target, operation)
        else:
            self.write(owner, target, operation)
        if target.attribute.multi_valued:
            after = with_one_primary(elements(owner, target.attribute), before)
            store(owner, target.attribute, distinct(after))
        self.drop_empty(target)

    def keeps_apart(self, target: Target) -> bool:
        """Tell whether the target is a group's members, which are no part of the resource here."""
        is_members = target.attribute.name == "members" and not target.containers
        return is_members and self.resource_type.name == "Group"

    def check_schemas(self, operation: PatchOperation) -> None:
        """Raise unless the operation leaves ``schemas`` what the attributes present make of it."""
        value = operation.value if isinstance(operation.value, list) else [operation.value]
        known = {a.key for a in self.resource_type.extension_attributes}
        known.add(self.resource_type.schema.id.lower())
        if operation.op == "remove":
            raise MutabilityError("schemas follows from the attributes, it cannot be removed")
        if any(not isinstance(urn, str) or urn.lower() not in known for urn in value):
            unknown = self.profile.undefined(MutabilityError)
            raise unknown("schemas follows from the attributes, it cannot be set")

    def owner(self, target: Target) -> Record:
        owner = self.resource
        for container in target.containers:
            owner = owner.setdefault(container.name, {})
        return owner

    def touch(self, target: Target) -> None:
        """Take what the client writes out of what it leaves alone."""
        names = [attribute.name for attribute in (*target.containers, target.attribute)]
        if target.sub_attribute and not target.attribute.multi_valued:
            names.append(target.sub_attribute.name)
        self.untouched = _lacking(self.untouched, names)

    def drop_empty(self, target: Target) -> None:
        """Leave out what has become empty: null, [] and absent are the same (RFC 7643 §2.5)."""
        owner = self.owner(target)
        if owner.get(target.attribute.name) in (None, {}, []):
            owner.pop(target.attribute.name, None)
        for container in target.containers:
            if not self.resource[container.name]:
                del self.resource[container.name]

    def remove(self, owner: Record, target: Target, operation: PatchOperation) -> None:
        attribute = target.attribute
        if target.last.required:
            self.removed[target.last.name] = self.number
        if target.value_filter or target.sub_attribute:
            chosen = self.chosen(owner, target)
            part = {target.sub_attribute.name: None} if target.sub_attribute else None
            store(owner, attribute, changed(elements(owner, attribute), chosen, part))
        elif operation.value not in (None, [], "") and attribute.multi_valued:
            if not self.tolerated.allows("remove_listed_values"):
                raise InvalidSyntaxError("remove takes no value, name what to remove in the path")
            listed = self.loaded(attribute, operation.value) or []
            store(owner, attribute, without(attribute, elements(owner, attribute), listed))
        else:
            owner.pop(attribute.name, None)

    def chosen(self, owner: Record, target: Target) -> set[int]:
        """Return which elements the path's filter selects, all of them without a filter.

        :raises InvalidFilterError: the profile allows one
        """
        items = elements(owner, target.attribute)
        if target.value_filter is None:
            return set(range(len(items)))
        condition = resolve_within(target.value_filter, target.attribute, self.tolerated)
        folded = (fold_item(target.attribute, item) for item in items)
        found = {index for index, item in enumerate(folded) if holds(condition, item)}
        if target.sub_attribute:
            self.profile.check_single(len(found), target.value_filter)
        return found

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
            owner[attribute.name] = merged(owner.get(attribute.name, {}), part)
        elif value is None:
            if not (operation.op == "add" and attribute.multi_valued):
                owner.pop(attribute.name, None)
        elif attribute.multi_valued and operation.op == "add":
            owner[attribute.name] = joined(attribute, owner.get(attribute.name, []), value)
        elif attribute.type == "complex" and not attribute.multi_valued:
            owner[attribute.name] = merged(self.kept(owner, attribute, operation), value)
        else:
            owner[attribute.name] = value

    def kept(self, owner: Record, attribute: Attribute, operation: PatchOperation) -> Record:
        """Return what a complex value adds to: nothing if a path names an extension to replace.

        In the profile, nothing if it names anything complex to replace (§6.5.2.1).
        """
        whole = self.profile.replaces_all or attribute in self.resource_type.extension_attributes
        return {} if whole and operation.op == "replace" else owner.get(attribute.name, {})

    def write_elements(
        self, owner: Record, target: Target, operation: PatchOperation, value: Any
    ) -> None:
        items, chosen = elements(owner, target.attribute), self.chosen(owner, target)
        part = {target.sub_attribute.name: value} if target.sub_attribute else _one(value)
        if chosen:
            merges = target.sub_attribute is not None or operation.op == "add"
            items = changed(items, chosen, part, merges)
        else:
            made = self.created(target, operation)
            items = items if value is None else [*items, merged(made, part)]
        store(owner, target.attribute, items)

    def created(self, target: Target, operation: PatchOperation) -> Record:
        """Return the element that the path's filter describes, for ``add`` and Entra's dialect."""
        path = f"{target.attribute.name}[{target.value_filter}]"
        if target.value_filter and operation.op == "replace" and not self.creates(operation):
            raise NoTargetError(f"no value matches {path}")
        conditions = target.described()
        if conditions is None:
            raise NoTargetError(f"no value matches {path}, and it does not describe one to create")
        return _one(self.loaded(target.attribute, conditions)) if conditions else {}

    def creates(self, operation: PatchOperation) -> bool:
        return operation.creates and self.tolerated.allows("created_value_path")

    def loaded(self, attribute: Attribute, value: Any) -> Any:
        """Return the canonical form of a value for ``attribute``; None if it unassigns."""
        value = complex_value(attribute, value, self.tolerated)
        if value is None:
            return None
        loaded = self.load(attribute, value)
        return unassigned(attribute, value) | (loaded or {}) if isinstance(value, dict) else loaded

    def member_operation(self, target: Target, operation: PatchOperation) -> MemberOperation:
        if target.value_filter is None and target.sub_attribute is None:
            return self.listed_members(target, operation)
        if operation.op == "remove" and target.sub_attribute is None and target.value_filter:
            condition = resolve_within(target.value_filter, target.attribute, self.tolerated)
            return MemberOperation("remove", condition=condition)
        if target.last.name == "value" and (operation.op == "add" or self.creates(operation)):
            return MemberOperation("add", member_ids([operation.value], self.tolerated))
        raise MutabilityError("a member cannot be changed, only added and removed")

    def listed_members(self, target: Target, operation: PatchOperation) -> MemberOperation:
        value = operation.value
        if operation.op == "remove":
            if value in (None, [], ""):
                return MemberOperation("remove")
            if not self.tolerated.allows("remove_listed_values"):
                raise InvalidSyntaxError("remove takes no value, name the members in the path")
        return MemberOperation(operation.op, member_ids(value, self.tolerated))

    def check_removed(self) -> None:
        """Raise if something required was removed and has not come back.

        :raises MutabilityError: naming the attribute (RFC 7644 §3.5.2.2)
        """
        for name, number in self.removed.items():
            if self.resource.get(name) in (None, ""):
                detail = f"{name} is required and cannot be removed"
                raise MutabilityError(f"Operations[{number}]: {detail}")


def _lacking(record: Record, names: Sequence[str]) -> Record:
    """Return a record without the member at ``names``, which lead to it from the top."""
    name, *below = names
    left = {other: member for other, member in record.items() if other != name}
    return {**left, name: _lacking(record[name], below)} if below and name in record else left


def _one(value: Any) -> Record:
    """Return the element that a value for ``attr[filter]`` stands for."""
    if isinstance(value, list):
        if len(value) != 1:
            raise InvalidValueError("a value path takes one value")
        return dict(value[0])
    return value or {}
