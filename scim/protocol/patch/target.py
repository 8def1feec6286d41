"""PATCH operations, and the targets of their paths (RFC 7644 §3.5.2)."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from ..attributes import Attribute
from ..errors import InvalidPathError, MutabilityError, unknown_attribute
from ..filters.nodes import And, AttributePath, Comparison, Filter, ValuePath
from ..filters.parser import Limits, parse_path
from ..filters.resolve import Chain, locate
from ..schema import ResourceType
from ..tolerance import Tolerated, current_urn
from ..values import Record

PATCH_OP_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

Op = Literal["add", "remove", "replace"]


@dataclass(frozen=True, slots=True)
class PatchOperation:
    """One operation as it was sent.

    ``creates`` if it is in Entra ID's dialect, in which ``replace`` creates a value that its path
    describes and that is not there.
    """

    op: Op
    path: str | None
    value: Any
    creates: bool

    def may_create(self, tolerated: Tolerated) -> bool:
        """Tell whether ``replace`` creates a value that its path describes."""
        return self.creates and tolerated.allows("created_value_path")


@dataclass(frozen=True, slots=True)
class Target:
    """An attribute below its ``containers``, narrowed by a filter or a sub-attribute.

    ``literal_filter`` is the filter with backslashes as they stand, for where it finds nothing.
    """

    containers: Chain
    attribute: Attribute
    value_filter: Filter | None = None
    sub_attribute: Attribute | None = None
    literal_filter: Filter | None = None

    @property
    def last(self) -> Attribute:
        """The attribute to which the value of the operation belongs."""
        return self.sub_attribute or self.attribute

    @property
    def is_element(self) -> bool:
        """Whether the target is whole elements that have a ``value``."""
        attribute = self.attribute if self.value_filter and not self.sub_attribute else None
        return bool(attribute and attribute.multi_valued and attribute.find("value"))

    def described(self) -> Record | None:
        """Return the element that a filter of ``eq`` and ``and`` describes; None for others."""
        described = _equalities(self.value_filter)
        known = described is not None and all(self.attribute.find(name) for name in described)
        return described if known else None


def find_target(
    text: str, resource_type: ResourceType, tolerated: Tolerated, limits: Limits
) -> Target:
    """Return the target of a path.

    :raises InvalidPathError: it is not a path, or names an unknown attribute
    :raises InvalidSyntaxError: it names an unknown attribute, and the tenant keeps the profile
    :raises MutabilityError: the target is read-only
    """
    if text.startswith("/"):
        raise InvalidPathError(f"{text!r} is a path of JSON Patch; name the attribute alone")
    text = current_urn(text, resource_type, tolerated)
    chain = locate(text, resource_type, tolerated)
    if len(chain) == 1 and chain[0] in resource_type.extension_attributes:
        return Target((), chain[0])
    path = parse_path(text, tolerated, limits)
    attribute_path = path.path if isinstance(path, ValuePath) else path
    chain = locate(str(attribute_path), resource_type, tolerated)
    if not chain:
        unknown = tolerated.profile.undefined(InvalidPathError)
        raise unknown(unknown_attribute(str(attribute_path)))
    if isinstance(path, ValuePath):
        if chain[-1] in resource_type.extension_attributes:  # not an attribute: RFC 7643 §3.3
            raise InvalidPathError(f"{path.path} is a schema; filter one of its attributes")
        target = _narrowed(chain, path, tolerated)
        if "\\" in text and tolerated.tolerance.literal_backslashes:
            literal = parse_path(text, tolerated, limits, is_literal=True)
            if isinstance(literal, ValuePath) and literal != path:
                target = replace(target, literal_filter=literal.value_filter)
    elif len(chain) > 1 and chain[-2] not in resource_type.extension_attributes:
        target = Target(chain[:-2], chain[-2], None, chain[-1])
    else:
        target = Target(chain[:-1], chain[-1])
    for attribute in (*target.containers, target.attribute, target.last):
        if attribute.mutability == "readOnly":
            raise MutabilityError(f"{attribute.name} is read-only; remove this operation")
    return target


def _narrowed(chain: Chain, path: ValuePath, tolerated: Tolerated) -> Target:
    attribute = chain[-1]
    if attribute.type != "complex":
        raise InvalidPathError(f"{path.path} has no sub-attributes; leave out the brackets")
    sub_attribute = attribute.find(path.sub_attribute)
    if path.sub_attribute and sub_attribute is None:
        unknown = tolerated.profile.undefined(InvalidPathError)
        raise unknown(unknown_attribute(f"{path.path}.{path.sub_attribute}"))
    return Target(chain[:-1], attribute, path.value_filter, sub_attribute)


def _equalities(node: Filter | None) -> Record | None:
    match node:
        case None:
            return {}
        case Comparison(AttributePath(name, None, None), "eq", value):
            return {name: value}
        case And(terms):
            parts = [_equalities(term) for term in terms]
            pairs = [pair for part in parts if part for pair in part.items()]
            known = None not in parts and len({name.lower() for name, _ in pairs}) == len(pairs)
            return dict(pairs) if known else None
    return None
