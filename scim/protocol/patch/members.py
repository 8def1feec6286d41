"""Operations on the members of a group, of which there may be 100,000 (RFC 7643 §4.2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import (
    InvalidSyntaxError,
    InvalidValueError,
    MutabilityError,
    PayloadTooLargeError,
    unknown_attribute,
)
from ..filters.resolve import Compare, Condition, resolve_within
from ..forms import link_target
from ..schema import GROUP, ResourceType
from ..tolerance import STRICT, Tolerated
from ..values import Record
from .target import Op, PatchOperation, Target

MOST_UNNAMED = 20
NAMES = {below.name for below in GROUP.locate("members")[0].sub_attributes}


@dataclass(frozen=True, slots=True)
class MemberOperation:
    """An operation on some of a group's members, by ids or by a condition, or on all.

    ``place`` names the PATCH operation that it comes from, if any.
    """

    op: Op
    ids: tuple[str, ...] | None = None
    condition: Condition | None = None
    place: str = field(default="", compare=False)

    @property
    def named(self) -> tuple[str, ...] | None:
        """The ids that it adds or removes; None if all members must be gone through for them."""
        match self:
            case MemberOperation("add" | "remove", tuple(ids)):
                return ids
            case MemberOperation("remove", None, Compare(("value",), _, "eq", str(value))):
                return (value,)
        return None


def check_unnamed(operations: Iterable[MemberOperation]) -> None:
    """Raise if too many operations go through all members of a group, which takes long.

    :raises PayloadTooLargeError: there are more than ``MOST_UNNAMED``
    """
    if sum(operation.named is None for operation in operations) > MOST_UNNAMED:
        raise PayloadTooLargeError(
            f"more than {MOST_UNNAMED} operations go through all members; select members by"
            ' [value eq "..."], or send several requests'
        )


def member_changes(changed: Mapping[str, bool]) -> list[Record]:
    """Return the PATCH operations that let members join, for whom it is true, and others leave."""
    joined = [{"value": each} for each, has_joined in changed.items() if has_joined]
    left = [each for each, has_joined in changed.items() if not has_joined]
    added = [{"op": "add", "path": "members", "value": joined}] if joined else []
    return added + [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in left]


def are_members(target: Target, resource_type: ResourceType) -> bool:
    """Tell whether ``target`` is a group's members, which no stored resource contains."""
    is_core = not target.containers
    return resource_type.has_members and is_core and target.attribute.name == "members"


def member_operation(
    target: Target, operation: PatchOperation, tolerated: Tolerated
) -> MemberOperation:
    """Return what a PATCH operation does to a group's members.

    :raises MutabilityError: it changes a member (RFC 7643 §4.2: its parts are immutable)
    """
    if target.value_filter is None and target.sub_attribute is None:
        return _listed_members(operation, tolerated)
    if operation.op == "remove" and target.sub_attribute is None and target.value_filter:
        condition = resolve_within(target.value_filter, target.attribute, tolerated)
        return MemberOperation("remove", condition=condition)
    if target.last.name == "value" and (operation.op == "add" or operation.may_create(tolerated)):
        return MemberOperation("add", member_ids([operation.value], tolerated))
    raise MutabilityError("a member cannot be changed; remove it and add another")


def _listed_members(operation: PatchOperation, tolerated: Tolerated) -> MemberOperation:
    if operation.op == "remove":
        if operation.value is None:
            return MemberOperation("remove")
        if not tolerated.allows("remove_listed_values"):
            raise InvalidSyntaxError("remove takes no value; select the members in the path")
        listed = operation.value if isinstance(operation.value, list) else [operation.value]
        listed = [item for item in listed if item not in (None, "")]
        return MemberOperation("remove", member_ids(listed, tolerated))
    return MemberOperation(operation.op, member_ids(operation.value, tolerated))


def member_ids(value: Any, tolerated: Tolerated = STRICT) -> tuple[str, ...]:
    """Return the ids in a list of members, each once, in the order given.

    Only ``value`` counts, or ``$ref`` where there is none; the server makes the rest.

    :raises InvalidValueError: an element has no ``value``; the detail names it
    :raises InvalidSyntaxError: an element has an unknown attribute
    """
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    return tuple(
        dict.fromkeys(_member_id(item, index, tolerated) for index, item in enumerate(items))
    )


def _member_id(item: Any, index: int, tolerated: Tolerated) -> str:
    if isinstance(item, str) and tolerated.allows("simple_for_complex"):
        return item
    if isinstance(item, dict) and not item.keys() <= NAMES:
        _check_names(item, index, tolerated)
    found = item.get("value") if isinstance(item, dict) else None
    if found is None and isinstance(item, dict):
        named = {name.lower(): member for name, member in item.items()}
        found = named.get("value")
        if found is None and (link := named.get("$ref")) is not None:
            found = link_target(f"members[{index}].$ref", link, tolerated)
    if not isinstance(found, str) or not found:
        raise InvalidValueError(
            f"members[{index}]: a member must be an object with its id as value"
        )
    return found


def _check_names(item: Record, index: int, tolerated: Tolerated) -> None:
    known = {name.lower() for name in NAMES}
    unknown = [name for name in item if name.lower() not in known]
    if unknown and not tolerated.allows("unknown_attributes"):
        raise InvalidSyntaxError(f"members[{index}]: {unknown_attribute(unknown[0])}")
