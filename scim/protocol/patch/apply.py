"""PATCH: a sequence of operations applied to a resource, all or none (RFC 7644 §3.5.2).

A stored group has no ``members``. Operations on them are returned for the storage to carry out, all
others are applied here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..canonical import is_core, spread
from ..errors import (
    InvalidPathError,
    InvalidSyntaxError,
    MutabilityError,
    NoTargetError,
    ScimError,
    unknown_attribute,
)
from ..filters.parser import DEFAULT_LIMITS, Limits
from ..filters.resolve import locate
from ..schema import USER, ResourceType
from ..tolerance import STRICT, Tolerated, names_attribute
from ..values import Record, deep_copy
from .elements import without_empty
from .members import MemberOperation, are_members, check_unnamed, member_operation
from .target import PatchOperation, Target, find_target
from .write import Load, Writer

# A user without it would be neither active nor inactive, and no filter would find the account.
ACTIVE = USER.locate("active")
# An address without a value is none; a postal address has no value.
HELD_BY_VALUE = {
    attribute
    for attribute in USER.schema.attributes
    if attribute.multi_valued and attribute.find("value")
}


@dataclass(frozen=True, slots=True)
class Patched:
    """The resource after all operations, and the operations on its members.

    ``untouched`` is the resource as it was, without the attributes that the client has written.
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
    writer = Writer(resource_type, load, tolerated)
    patcher = _Patcher(resource_type, writer, tolerated, limits, deep_copy(resource), resource)
    for number, operation in enumerate(operations):
        patcher.place = f"Operations[{number}]"
        try:
            patcher.apply(operation)
        except ScimError as error:
            raise error.within(patcher.place) from None
    writer.finish(patcher.resource)
    patcher.drop_empty(resource)
    patcher.check_removed()
    check_unnamed(patcher.members)
    return Patched(patcher.resource, tuple(patcher.members), patcher.untouched)


@dataclass(slots=True)
class _Patcher:
    """The state that one operation leaves to the next.

    ``place`` names the operation in the request, ``removed`` those that removed something required.
    """

    resource_type: ResourceType
    writer: Writer
    tolerated: Tolerated
    limits: Limits
    resource: Record
    untouched: Record
    members: list[MemberOperation] = field(default_factory=list)
    place: str = ""
    removed: dict[str, str] = field(default_factory=dict)
    touched: set[tuple[str, ...]] = field(default_factory=set)

    def apply(self, operation: PatchOperation) -> None:
        self.tolerated.profile.check_path(operation.op, operation.path)
        whole = self.writes_core(operation)
        if operation.path is not None and not whole:
            self.apply_at_path(self.target(operation.path), operation)
        elif operation.op == "remove":
            raise NoTargetError("remove needs a path; name the attribute in it")
        elif not isinstance(operation.value, dict):
            raise InvalidSyntaxError(f"{operation.op} without a path needs an object as its value")
        else:
            self.apply_parts(operation)

    def writes_core(self, operation: PatchOperation) -> bool:
        """Tell whether the path is the URN of the core schema, which means no path."""
        path = operation.path
        return (
            path is not None
            and ":" in path
            and operation.op != "remove"
            and is_core(path, self.resource_type, self.tolerated)
            and self.tolerated.allows("core_schema_object")
        )

    def apply_at_path(self, target: Target, operation: PatchOperation) -> None:
        """Apply an operation; to an extension, ``add`` adds attributes one by one (§3.5.2.1)."""
        attribute = target.attribute
        if not target.sub_attribute:
            is_filtered = target.value_filter is not None
            profile = self.tolerated.profile
            profile.check_form(operation.op, attribute, is_filtered, operation.value)
        is_extension = attribute in self.resource_type.extension_attributes
        if is_extension and operation.op == "add" and isinstance(operation.value, dict):
            self.apply_parts(operation, attribute.name)
        else:
            self.apply_at(target, operation)

    def apply_parts(self, operation: PatchOperation, urn: str = "") -> None:
        for target, part in self.parts(operation, urn):
            self.apply_at(target, part)

    def parts(self, operation: PatchOperation, urn: str) -> Iterator[tuple[Target, PatchOperation]]:
        """Yield the attributes of a value without a path, those of an extension one by one."""
        sent = operation.value
        sent = sent if urn else spread(sent, self.resource_type, self.tolerated)
        for key, value in sent.items():
            if self.passes_over(key, urn):
                continue
            name = f"{urn}:{key}" if urn else key
            chain = locate(name, self.resource_type, self.tolerated)
            is_extension = len(chain) == 1 and chain[0] in self.resource_type.extension_attributes
            if is_extension and isinstance(value, dict):
                yield from self.parts(replace(operation, value=value), chain[0].name)
            elif target := self.part(name, bool(urn), is_plain=len(chain) == (2 if urn else 1)):
                creates = operation.creates or target.value_filter is not None
                yield target, replace(operation, value=value, creates=creates)

    def passes_over(self, key: str, urn: str) -> bool:
        """Tell whether a key is a read-only one that clients send back as they read it."""
        if urn or key.lower() not in {"id", "meta", "schemas"}:
            return False
        if not self.tolerated.allows("read_only_in_value"):
            raise MutabilityError(f"{key} is read-only; leave it out")
        return True

    def part(self, name: str, in_extension: bool, is_plain: bool) -> Target | None:
        """Return the target that a key of a value without a path names; None if it is unknown.

        :raises InvalidPathError: it is unknown, but behind the URN of a schema
        """
        try:
            target = self.target(name)
        except InvalidPathError:
            if not in_extension and names_attribute(name, self.resource_type):
                raise
            if self.tolerated.allows("unknown_attributes"):
                return None
            raise InvalidSyntaxError(unknown_attribute(name)) from None
        if not is_plain and not self.tolerated.allows("paths_as_keys"):
            raise InvalidSyntaxError(f"{name!r} is a path; send it as the path of the operation")
        return target

    def target(self, text: str) -> Target:
        return find_target(text, self.resource_type, self.tolerated, self.limits)

    def apply_at(self, target: Target, operation: PatchOperation) -> None:
        if are_members(target, self.resource_type):
            planned = member_operation(target, operation, self.tolerated)
            self.members.append(replace(planned, place=self.place))
        elif target.attribute.name == "schemas":
            self.check_schemas(operation)
        else:
            self.touch(target)
            if operation.op == "remove" and target.last.required:
                self.removed[target.last.name] = self.place
            self.writer.apply(self.resource, target, operation)
            if target.attribute in ACTIVE and "active" not in self.resource:
                self.removed["active"] = self.place

    def check_schemas(self, operation: PatchOperation) -> None:
        """Raise unless the operation leaves ``schemas`` as it is, made from the attributes."""
        value = operation.value if isinstance(operation.value, list) else [operation.value]
        known = {a.key for a in self.resource_type.extension_attributes}
        known.update(self.resource_type.own_urns)
        if operation.op == "remove":
            raise MutabilityError("schemas cannot be removed; remove attributes instead")
        if any(not isinstance(urn, str) or urn.lower() not in known for urn in value):
            unknown = self.tolerated.profile.undefined(MutabilityError)
            raise unknown("schemas cannot be changed; change attributes instead")

    def touch(self, target: Target) -> None:
        """Take the attribute that the client writes out of those that it leaves alone."""
        names = [attribute.name for attribute in (*target.containers, target.attribute)]
        if target.sub_attribute and not target.attribute.multi_valued:
            names.append(target.sub_attribute.name)
        if tuple(names) not in self.touched:
            self.touched.add(tuple(names))
            self.untouched = _lacking(self.untouched, names)

    def drop_empty(self, before: Record) -> None:
        """Drop elements left without a value; RFC 7644 §3.5.2.2 and strict tenants keep them."""
        for name, *below in self.touched:
            attribute = self.resource_type.root.find(name)
            items = self.resource.get(name)
            if below or attribute not in HELD_BY_VALUE or not items:
                continue
            left = without_empty(items, before.get(name, ()))
            if len(left) < len(items) and self.tolerated.allows("empty_elements"):
                self.resource[name] = left
                if not left:
                    del self.resource[name]

    def check_removed(self) -> None:
        """Raise if something required, or ``active``, was removed and has not come back.

        :raises MutabilityError: naming the attribute (RFC 7644 §3.5.2.2)
        """
        for name, place in self.removed.items():
            if self.resource.get(name) in (None, ""):
                raise MutabilityError(f"{place}: {name} needs a value; replace it instead")


def _lacking(record: Record, names: Sequence[str]) -> Record:
    """Return a record without the member at ``names``, which lead to it from the top."""
    name, *below = names
    left = {other: member for other, member in record.items() if other != name}
    return {**left, name: _lacking(record[name], below)} if below and name in record else left
