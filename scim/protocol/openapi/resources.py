"""JSON Schemas of resources, made from their SCIM schemas (RFC 7643 §2, §7).

A resource has two: one for requests, one for answers. Requests have no readOnly attributes, which a
server ignores (RFC 7644 §3.3), and answers no attributes that are never returned. Only requests
require attributes, since an answer may be asked to leave them out (RFC 7644 §3.9).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from ..attributes import Attribute
from ..schema import META, ResourceType
from ..values import DATE_TIME, INTEGERS, Record

TYPES: Mapping[str, Record] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "decimal": {"type": "number"},
    "integer": {"type": "integer", "minimum": INTEGERS.start, "maximum": INTEGERS.stop - 1},
    "dateTime": {"type": "string", "pattern": f"^{DATE_TIME.pattern}$"},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "reference": {"type": "string"},
    "complex": {"type": "object"},
}
# The characteristics that JSON Schema has no words for, with the values that need no mention.
USUAL = {"mutability": "readWrite", "returned": "default", "uniqueness": "none", "caseExact": False}
EXTENSION = "x-scim"

Counts = Callable[[Record], bool]  # whether an attribute is in answers, or in requests


def answered(resource_type: ResourceType, documents: Mapping[str, Record]) -> Record:
    """Return the JSON Schema of a resource in an answer; ``documents`` are Schemas by their ids."""
    extensions = {
        each.schema.id: _complex(documents[each.schema.id]["attributes"], _shown)
        for each in resource_type.extensions
    }
    properties = _properties(_own(resource_type, documents), _shown)
    common = _properties(map(_described, resource_type.common), _shown)
    return {
        "type": "object",
        "description": resource_type.description,
        "required": ["schemas", "id"],
        "properties": common | properties | extensions | {"meta": _value(_described(META), _shown)},
    }


def requested(resource_type: ResourceType, documents: Mapping[str, Record]) -> Record:
    """Return the JSON Schema of a resource in the body of a POST or PUT."""
    own = _own(resource_type, documents)
    urns = [each.id for each in resource_type.own_schemas]
    urns += [each.schema.id for each in resource_type.extensions]
    common = _properties(map(_described, resource_type.common), _sent) | {"schemas": _schemas(urns)}
    extensions = {
        each.schema.id: _complex(documents[each.schema.id]["attributes"], _sent)
        for each in resource_type.extensions
    }
    required = ["schemas", *_required(own, _sent)]
    required += [each.schema.id for each in resource_type.extensions if each.required]
    return {
        "type": "object",
        "description": f"{resource_type.description}, as a client sends it",
        "required": required,
        "properties": common | _properties(own, _sent) | extensions,
    }


def _own(resource_type: ResourceType, documents: Mapping[str, Record]) -> list[Record]:
    """Return the attributes at the top level, as the Schemas describe them."""
    found: dict[str, Record] = {}
    for schema in resource_type.own_schemas:
        for attribute in documents[schema.id]["attributes"]:
            found.setdefault(attribute["name"].lower(), attribute)
    return list(found.values())


def described(attributes: Sequence[Record]) -> Record:
    """Return the JSON Schema of a discovery document that has these attributes."""
    schema = _complex(attributes, _shown)
    schema["properties"] = {
        "schemas": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        **schema["properties"],
        "meta": _value(_described(META), _shown),
    }
    return schema | {"required": ["schemas", *_required(attributes, _shown)]}


def _schemas(urns: Sequence[str]) -> Record:
    """Return the JSON Schema of ``schemas``: the URN of the type, with or without the others."""
    return {
        "type": "array",
        "items": {"type": "string", "enum": list(urns)},
        "contains": {"const": urns[0]},
        "minItems": 1,
    }


def _shown(attribute: Record) -> bool:
    return bool(attribute["returned"] != "never")


def _sent(attribute: Record) -> bool:
    return bool(attribute["mutability"] != "readOnly")


def _described(attribute: Attribute) -> Record:
    """Return an attribute that every resource has as a schema would describe it (RFC 7643 §3.1)."""
    return {
        "name": attribute.name,
        "type": attribute.type,
        "multiValued": attribute.multi_valued,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
        "mutability": attribute.mutability,
        "returned": attribute.returned,
        "uniqueness": attribute.uniqueness,
        "subAttributes": list(map(_described, attribute.sub_attributes)),
    }


def _properties(attributes: Iterable[Record], counts: Counts) -> Record:
    return {each["name"]: _value(each, counts) for each in attributes if counts(each)}


def _required(attributes: Iterable[Record], counts: Counts) -> list[str]:
    return [each["name"] for each in attributes if each.get("required") and counts(each)]


def _value(attribute: Record, counts: Counts) -> Record:
    """Return the JSON Schema of all values of an attribute."""
    is_complex = attribute["type"] == "complex" and "subAttributes" in attribute
    one = _complex(attribute["subAttributes"], counts) if is_complex else _simple(attribute, counts)
    schema: Record = {"type": "array", "items": one} if attribute["multiValued"] else one
    return schema | _annotations(attribute)


def _complex(attributes: Sequence[Record], counts: Counts) -> Record:
    schema: Record = {"type": "object", "properties": _properties(attributes, counts)}
    required = _required(attributes, counts) if counts is _sent else []
    return schema | ({"required": required} if required else {})


def _simple(attribute: Record, counts: Counts) -> Record:
    """Return the JSON Schema of one value.

    Canonical values are examples, since clients may send others (RFC 7643 §7). A dateTime is shown
    as it was sent, so perhaps without a time zone, which the format of JSON Schema needs.
    """
    schema = dict(TYPES[attribute["type"]])
    if attribute["type"] == "dateTime" and (counts is _sent or not _sent(attribute)):
        schema = {"type": "string", "format": "date-time"}
    if attribute.get("required") and counts is _sent and schema["type"] == "string":
        schema["minLength"] = 1
    if suggested := attribute.get("canonicalValues"):
        schema["examples"] = list(suggested)
    return schema


def _annotations(attribute: Record) -> Record:
    told: Record = {}
    if attribute.get("description"):
        told["description"] = attribute["description"]
    if attribute["mutability"] in ("readOnly", "writeOnly"):
        told[attribute["mutability"]] = True
    unusual = {
        name: attribute[name]
        for name, usual in USUAL.items()
        if attribute.get(name, usual) != usual
    }
    return told | ({EXTENSION: unusual} if unusual else {})
