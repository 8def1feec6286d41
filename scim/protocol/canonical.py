"""The canonical form of a resource or value that a client sent, made before values are checked.

Names get the schema's case. Empty values are left out, since null, [] and absent are the same (RFC
7643 §2.5), and so are readOnly attributes (RFC 7644 §3.3).
"""

from collections.abc import Mapping
from typing import Any

from .attributes import Attribute
from .errors import InvalidSyntaxError, InvalidValueError, unknown_attribute
from .filters.resolve import Chain, locate
from .forms import element, first_primary, sent_value, simple_value
from .patch.elements import distinct, united
from .schema import ResourceType
from .tolerance import LEGACY_CORE_URNS, STRICT, Tolerated, current_urn
from .values import Record

MOST_NAMES = 10_000  # to be looked up, at the top level of a resource


def canonical_resource(
    sent: Mapping[str, Any], resource_type: ResourceType, tolerated: Tolerated = STRICT
) -> Record:
    """Return the canonical form of a resource that a client sent, without ``schemas``.

    :raises InvalidSyntaxError: ``schemas`` is missing or does not fit, a name is unknown, or there
        are too many names
    """
    schemas = sent.get("schemas")
    if len(sent) > MOST_NAMES or (isinstance(schemas, list) and len(schemas) > MOST_NAMES):
        raise InvalidSyntaxError(
            f"a resource has at most {MOST_NAMES} attributes and schemas; leave out unknown ones"
        )
    check_schemas(sent, resource_type, tolerated)
    named: Record = {}
    unqualified: dict[str, Record] = {}
    for name, value in sent.items():
        match _located(name, resource_type, tolerated):
            case ():
                _refuse_unknown(name, tolerated)
            case (attribute,) if attribute.name != "schemas":
                _put(named, attribute, value)
            case (extension, attribute):
                _put(unqualified.setdefault(extension.name, {}), attribute, value)
    for extends, below in unqualified.items():
        given = named.get(extends) or {}
        named[extends] = {**below, **given} if isinstance(given, dict) else given
    return _tidy(named, resource_type.attributes, tolerated)


def spread(
    sent: Mapping[str, Any], resource_type: ResourceType, tolerated: Tolerated
) -> Mapping[str, Any]:
    """Return a resource with the attributes in an object named by the core URN at its top level.

    :raises InvalidSyntaxError: an attribute is given twice
    :raises InvalidValueError: the URN names no object
    """
    urns = [name for name in sent if ":" in name and is_core(name, resource_type, tolerated)]
    if not urns or not tolerated.allows("core_schema_object"):
        return sent
    below = {} if sent[urns[0]] in (None, []) else sent[urns[0]]
    if not isinstance(below, dict):
        raise InvalidValueError(f"{urns[0]}: the value must be a JSON object")
    beside = {name: value for name, value in sent.items() if name != urns[0]}
    if twice := {name.lower() for name in beside} & {name.lower() for name in below}:
        raise InvalidSyntaxError(f"{min(twice)} is given twice; send it once")
    return beside | below


def is_core(name: str, resource_type: ResourceType, tolerated: Tolerated) -> bool:
    """Tell whether ``name`` is the URN of the core schema of a resource type."""
    core, given = resource_type.own_urns, name.lower()
    if given not in LEGACY_CORE_URNS:
        return given in core
    return current_urn(name, resource_type, tolerated).lower() in core


def _located(name: str, resource_type: ResourceType, tolerated: Tolerated) -> Chain:
    """Return the attribute that a key names, behind its extension if it has one."""
    found = resource_type.root.find(name)
    if found:
        return (found,)
    chain = locate(name, resource_type, tolerated)
    is_key = len(chain) == 1 or (chain[:1] and chain[0] in resource_type.extension_attributes)
    return chain if is_key and len(chain) <= 2 else ()


def check_schemas(
    sent: Mapping[str, Any], resource_type: ResourceType, tolerated: Tolerated
) -> None:
    """Raise unless ``schemas`` lists the schema of the resource type and no unknown one.

    :raises InvalidSyntaxError: RFC 7644 §3.3: the attribute is required and must be recognised
    """
    urns = next((value for name, value in sent.items() if name.lower() == "schemas"), None)
    if not isinstance(urns, list) or not urns or not all(isinstance(urn, str) for urn in urns):
        raise InvalidSyntaxError(f"schemas is required and must list {resource_type.schema.id}")
    known = {*resource_type.own_urns, *(each.key for each in resource_type.extension_attributes)}
    named = {current_urn(urn, resource_type, tolerated).lower() for urn in urns}
    if named.isdisjoint(resource_type.own_urns):
        raise InvalidSyntaxError(f"schemas must list {resource_type.schema.id}")
    if named - known and not tolerated.allows("legacy_schema_urns"):
        raise InvalidSyntaxError(
            f"schemas lists {min(named - known)}, which is unknown; leave it out"
        )


def canonical_value(attribute: Attribute, value: Any, tolerated: Tolerated = STRICT) -> Any:
    """Return a value of ``attribute`` in canonical form; None if nothing is left of it."""
    if attribute.multi_valued:
        return _elements(attribute, value, tolerated)
    if attribute.type == "complex":
        value = sent_value(attribute, value, tolerated)
        return _members(attribute, value, tolerated) if isinstance(value, dict) else value
    return simple_value(attribute, value, tolerated)


def _elements(attribute: Attribute, value: Any, tolerated: Tolerated) -> Any:
    if not isinstance(value, list):
        if not tolerated.allows("simple_for_complex"):
            return value
        value = sent_value(attribute, value, tolerated) or []
    tolerated.check_elements(attribute, len(value))
    items = []
    for sent in value:
        item = element(attribute, sent, tolerated)
        if isinstance(item, dict) and attribute.type == "complex":
            item = _members(attribute, item, tolerated)
        if item is not None:
            items.append(item)
    return distinct(items) or None


def _members(attribute: Attribute, value: Record, tolerated: Tolerated) -> Record | None:
    named: Record = {}
    for name, member in value.items():
        below = attribute.find(name)
        if below is None:
            _refuse_unknown(f"{attribute.name}.{name}", tolerated)
        else:
            _put(named, below, member)
    return _tidy(named, attribute.sub_attributes, tolerated) or None


def settle(value: Any, attribute: Attribute, tolerated: Tolerated) -> Any:
    """Return a checked value in which no two elements are equal, and at most one is primary."""
    if isinstance(value, list):
        return first_primary(attribute, united(attribute, value), tolerated)
    if isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, list | dict) and (below := attribute.find(name)):
                value[name] = settle(member, below, tolerated)
    return value


def _put(named: Record, attribute: Attribute, value: Any) -> None:
    if attribute.name in named:
        raise InvalidSyntaxError(f"{attribute.name} is given twice; send it once")
    named[attribute.name] = value


def _tidy(named: Record, attributes: tuple[Attribute, ...], tolerated: Tolerated) -> Record:
    tidy = {}
    for attribute in attributes:
        value = named.get(attribute.name)
        if value is None or attribute.mutability == "readOnly":
            continue
        value = canonical_value(attribute, value, tolerated)
        if value is not None:
            tidy[attribute.name] = value
    return tidy


def _refuse_unknown(name: str, tolerated: Tolerated) -> None:
    if not tolerated.allows("unknown_attributes"):
        raise InvalidSyntaxError(unknown_attribute(name))


def check_primary(resource: Mapping[str, Any], attributes: tuple[Attribute, ...]) -> None:
    """Raise if an attribute has two primary values (RFC 7643 §2.4).

    :raises InvalidValueError: naming the attribute
    """
    for attribute in attributes:
        value = resource.get(attribute.name)
        if attribute.multi_valued and attribute.type == "complex" and value:
            if sum(item.get("primary") is True for item in value) > 1:
                raise InvalidValueError(
                    f"{attribute.name} has more than one primary value; keep one"
                )
        elif attribute.type == "complex" and value:
            check_primary(value, attribute.sub_attributes)
