"""Discovery: how /Schemas defines attributes (RFC 7643 §7)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from ..common import SHOULD, Level, Service, expect, rfc, row, skip
from .resource_types import listed

AREA = "discovery"
SECTION = "RFC 7643 §7"
SCHEMA_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
MESSAGES = "urn:ietf:params:scim:api:"
TYPES = {"string", "boolean", "decimal", "integer", "dateTime", "reference", "complex", "binary"}

Attribute = dict[str, Any]


def schemas(service: Service) -> list[dict[str, Any]]:
    return listed(service, "/Schemas")


def attributes_of(service: Service) -> Iterator[tuple[str, Attribute]]:
    """Yield all attributes and sub-attributes with a name that tells them apart."""
    for schema in schemas(service):
        yield from _below(str(schema.get("id")), schema.get("attributes") or [])


def _below(place: str, attributes: list[Attribute]) -> Iterator[tuple[str, Attribute]]:
    for attribute in attributes:
        name = f"{place}:{attribute.get('name')}"
        yield name, attribute
        yield from _below(name, attribute.get("subAttributes") or [])


@rfc(
    AREA,
    SECTION,
    'These resources have a "schemas" attribute with the following schema URI:'
    " urn:ietf:params:scim:schemas:core:2.0:Schema",
)
def schemas_have_their_schema(service: Service) -> None:
    """Each schema names the schema of schemas."""
    for each in schemas(service):
        expect(each.get("schemas") == [SCHEMA_SCHEMA], f"schemas is {each.get('schemas')!r}")


@rfc(
    AREA,
    SECTION,
    "id The unique URI of the schema.  When applicable, service providers MUST specify the URI",
)
def schemas_have_unique_uris(service: Service) -> None:
    """Each schema has a URI of its own as its id."""
    uris = [each.get("id") for each in schemas(service)]
    expect(all(isinstance(uri, str) and ":" in uri for uri in uris), f"the ids are {uris!r}")
    expect(len(set(uris)) == len(uris), f"some ids are there twice: {uris!r}")


@rfc(
    AREA,
    "RFC 7644 §3.1",
    "SCIM message schemas using the above prefix URN SHALL NOT be discoverable using the"
    ' "/Schemas" endpoint.',
)
def message_schemas_are_not_listed(service: Service) -> None:
    """/Schemas has no schemas of messages."""
    found = [each["id"] for each in schemas(service) if each["id"].lower().startswith(MESSAGES)]
    expect(not found, f"/Schemas has {', '.join(found)}")


def describes(name: str) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        empty = [each.get("id") for each in schemas(service) if not each.get(name)]
        expect(not empty, f"no {name}: {empty}")

    return run


for _name, _quote in {
    "name": "name The schema's human-readable name.  When applicable, service providers MUST"
    ' specify the name, e.g., "User" or "Group". OPTIONAL.',
    "description": "description The schema's human-readable description.  When applicable, service"
    " providers MUST specify the description.",
}.items():
    row(f"Each schema has {_name}", AREA, SECTION, _quote, describes(_name))


@rfc(
    AREA,
    SECTION,
    "attributes A complex type that defines service provider attributes and their qualities",
)
def schemas_define_attributes(service: Service) -> None:
    """Each schema defines attributes."""
    for each in schemas(service):
        attributes = each.get("attributes")
        expect(isinstance(attributes, list) and attributes, f"{each['id']} has no attributes")


def rule(
    title: str,
    quote: str,
    is_right: Callable[[Attribute], object],
    section: str = SECTION,
    level: Level = Level.MUST,
    applies: Callable[[Attribute], object] = lambda attribute: True,
) -> None:
    """Register what holds for all attributes of all schemas, or for those to which it applies."""

    def run(service: Service) -> None:
        those = [(name, each) for name, each in attributes_of(service) if applies(each)]
        if not those:
            skip("no schema has such an attribute")
        wrong = [name for name, each in those if not is_right(each)]
        expect(not wrong, f"not so: {', '.join(wrong[:5])}")

    row(title, AREA, section, quote, run, level)


def _is_one_of(name: str, *values: str) -> Callable[[Attribute], object]:
    """An attribute may leave the characteristic out, which stands for the default."""
    return lambda each: each.get(name) is None or each[name] in values


def _is(kind: type, name: str) -> Callable[[Attribute], object]:
    return lambda each: isinstance(each.get(name), kind)


def _is_list_of_text(name: str) -> Callable[[Attribute], object]:
    return lambda each: (
        isinstance(each[name], list) and all(isinstance(value, str) for value in each[name])
    )


rule(
    "Names of attributes are as the grammar has them",
    "Attribute names MUST conform to the following ABNF rules:",
    lambda each: re.fullmatch(r"[A-Za-z$][A-Za-z0-9$_-]*", str(each.get("name"))),
    "RFC 7643 §2.1",
)
rule(
    "Attributes have a known type",
    "type  The attribute's data type.",
    lambda e: e.get("type") in TYPES,
)
rule(
    "Attributes say whether they are multi-valued",
    "multiValued  A Boolean value indicating the attribute's plurality.",
    _is(bool, "multiValued"),
)
rule(
    "Attributes have a description",
    "description  The attribute's human-readable description.  When applicable, service providers"
    " MUST specify the description.",
    lambda each: each.get("description"),
)
rule(
    "Attributes say whether they are required",
    "required  A Boolean value that specifies whether or not the attribute is required.",
    lambda each: each.get("required") in (True, False, None),
)
rule(
    "caseExact is a boolean",
    "caseExact  A Boolean value that specifies whether or not a string attribute is case"
    " sensitive.",
    lambda each: each.get("caseExact") in (True, False, None),
)
rule(
    "Mutability is one of four keywords",
    "mutability  A single keyword indicating the circumstances under which the value of the"
    " attribute can be (re)defined:",
    _is_one_of("mutability", "readOnly", "readWrite", "immutable", "writeOnly"),
)
rule(
    "Returned is one of four keywords",
    "returned  A single keyword that indicates when an attribute and associated values are returned"
    " in response to a GET request",
    _is_one_of("returned", "always", "never", "default", "request"),
)
rule(
    "Uniqueness is one of three keywords",
    "uniqueness  A single keyword value that specifies how the service provider enforces uniqueness"
    " of attribute values.",
    _is_one_of("uniqueness", "none", "server", "global"),
)
rule(
    "Canonical values are a list of strings",
    "canonicalValues  A collection of suggested canonical values that MAY be used",
    _is_list_of_text("canonicalValues"),
    applies=lambda each: each.get("canonicalValues") is not None,
)
rule(
    "Reference types are a list of strings",
    "referenceTypes  A multi-valued array of JSON strings that indicate the SCIM resource types"
    " that"
    " may be referenced.",
    _is_list_of_text("referenceTypes"),
    applies=lambda each: each.get("referenceTypes") is not None,
)
rule(
    "Only references have reference types",
    'This attribute is only applicable for attributes that are of type "reference"',
    lambda each: each["type"] == "reference",
    applies=lambda each: each.get("referenceTypes"),
)
rule(
    "Complex attributes list their sub-attributes",
    'When an attribute is of type "complex", there SHOULD be a corresponding schema attribute'
    ' "subAttributes" defined',
    lambda each: each.get("subAttributes"),
    level=SHOULD,
    applies=lambda each: each.get("type") == "complex",
)
rule(
    "Simple attributes have no sub-attributes",
    "A simple attribute MUST NOT contain sub-attributes.",
    lambda each: not each.get("subAttributes"),
    "RFC 7643 §1.2",
    applies=lambda each: each.get("type") != "complex",
)
rule(
    "References are case exact",
    "A reference is case exact.",
    lambda each: each.get("caseExact") is not False,
    "RFC 7643 §2.3.7",
    SHOULD,  # the RFC's own schemas say otherwise
    applies=lambda each: each.get("type") == "reference",
)
rule(
    "What is write-only is never returned",
    'Note: An attribute with a mutability of "writeOnly" usually also has a returned setting of'
    ' "never".',
    lambda each: each.get("returned") == "never",
    level=SHOULD,
    applies=lambda each: each.get("mutability") == "writeOnly",
)


@rfc(
    AREA,
    "RFC 7643 §2.3.8",
    "A complex attribute MUST NOT contain sub-attributes that have sub-attributes (i.e., that are"
    " complex).",
)
def sub_attributes_are_simple(service: Service) -> None:
    """No sub-attribute is complex, but for those of the schema of schemas."""
    nested = [
        f"{schema['id']}:{attribute['name']}.{sub['name']}"
        for schema in schemas(service)
        if schema["id"] != SCHEMA_SCHEMA  # "MAY contain a complex object within a sub-attribute"
        for attribute in schema["attributes"]
        for sub in attribute.get("subAttributes") or []
        if sub.get("type") == "complex" or sub.get("subAttributes")
    ]
    expect(not nested, f"complex: {', '.join(nested)}")


@rfc(AREA, "RFC 7643 §2.1", "Attribute names are case insensitive")
def names_are_unique_without_regard_to_case(service: Service) -> None:
    """No schema defines two attributes whose names differ in case at most."""
    names = [name.lower() for name, _ in attributes_of(service)]
    twice = sorted({name for name in names if names.count(name) > 1})
    expect(not twice, f"there twice: {', '.join(twice)}")
