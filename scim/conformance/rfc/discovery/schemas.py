"""Discovery: how /Schemas defines attributes (RFC 7643 §7)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from ...outcomes import expect, skip
from ...service import Service
from ..areas import MUST, SHOULD, area
from .resource_types import listed

SECTION = "RFC 7643 §7"
check = area("discovery", SECTION)
SCHEMA_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
MESSAGES = "urn:ietf:params:scim:api:"
TYPES = {"string", "boolean", "decimal", "integer", "dateTime", "reference", "complex", "binary"}

Attribute = dict[str, Any]


def schemas(service: Service) -> list[dict[str, Any]]:
    return listed(service, "/Schemas")


def attributes_of(service: Service) -> Iterator[tuple[str, Attribute]]:
    """Yield all attributes and sub-attributes, each after its full name."""
    for schema in schemas(service):
        yield from _below(str(schema.get("id")), schema.get("attributes") or [])


def _below(place: str, attributes: list[Attribute]) -> Iterator[tuple[str, Attribute]]:
    for attribute in attributes:
        name = f"{place}:{attribute.get('name')}"
        yield name, attribute
        yield from _below(name, attribute.get("subAttributes") or [])


@check(
    'These resources have a "schemas" attribute with the following schema URI:'
    " urn:ietf:params:scim:schemas:core:2.0:Schema"
)
def schemas_have_their_schema(service: Service) -> None:
    """Each schema has the URI of the Schema schema in schemas."""
    for each in schemas(service):
        expect(each.get("schemas") == [SCHEMA_SCHEMA], f"schemas is {each.get('schemas')!r}")


@check("id The unique URI of the schema. When applicable, service providers MUST specify the URI")
def schemas_have_unique_uris(service: Service) -> None:
    """Each schema has a unique URI as its id."""
    uris = [each.get("id") for each in schemas(service)]
    expect(all(isinstance(uri, str) and ":" in uri for uri in uris), f"the ids are {uris!r}")
    expect(len(set(uris)) == len(uris), f"some ids are there twice: {uris!r}")


@check(
    "SCIM message schemas using the above prefix URN SHALL NOT be discoverable using the"
    ' "/Schemas" endpoint.',
    "RFC 7644 §3.1",
)
def message_schemas_are_not_listed(service: Service) -> None:
    """/Schemas lists no schema of a message."""
    found = [each["id"] for each in schemas(service) if each["id"].lower().startswith(MESSAGES)]
    expect(not found, f"/Schemas has {', '.join(found)}")


@check.each(
    "name, quote",
    (
        "name",
        "name The schema's human-readable name. When applicable, service providers MUST specify"
        ' the name, e.g., "User" or "Group". OPTIONAL.',
    ),
    (
        "description",
        "description The schema's human-readable description. When applicable, service providers"
        " MUST specify the description.",
    ),
)
def schemas_are_described(service: Service, name: str) -> None:
    """Each schema has {name}."""
    empty = [each.get("id") for each in schemas(service) if not each.get(name)]
    expect(not empty, f"these schemas have no {name}: {empty}")


@check("attributes A complex type that defines service provider attributes and their qualities")
def schemas_define_attributes(service: Service) -> None:
    """Each schema defines attributes."""
    for each in schemas(service):
        attributes = each.get("attributes")
        expect(isinstance(attributes, list) and attributes, f"{each['id']} has no attributes")


def is_one_of(name: str, *values: str | bool) -> Callable[[Attribute], object]:
    """Return a rule: the characteristic is one of these values, or left out for its default."""
    return lambda each: each.get(name) is None or each[name] in values


def is_list_of_text(name: str) -> Callable[[Attribute], object]:
    return lambda each: (
        isinstance(each[name], list) and all(isinstance(value, str) for value in each[name])
    )


def expect_all(
    service: Service,
    is_right: Callable[[Attribute], object],
    applies: Callable[[Attribute], object] = lambda attribute: True,
) -> None:
    """Fail unless a rule holds for all attributes of all schemas to which it applies."""
    those = [(name, each) for name, each in attributes_of(service) if applies(each)]
    if not those:
        skip("no schema has such an attribute")
    wrong = [name for name, each in those if not is_right(each)]
    expect(not wrong, f"the rule does not hold for {', '.join(wrong[:5])}")


@check("Attribute names MUST conform to the following ABNF rules:", "RFC 7643 §2.1")
def names_of_attributes_are_as_the_grammar_has_them(service: Service) -> None:
    """Names of attributes are as the grammar has them."""
    expect_all(
        service, lambda each: re.fullmatch(r"[A-Za-z$][A-Za-z0-9$_-]*", str(each.get("name")))
    )


@check.each(
    "words, is_right, quote",
    (
        "Attributes have a known type",
        lambda each: each.get("type") in TYPES,
        "type The attribute's data type.",
    ),
    (
        "Attributes say whether they are multi-valued",
        lambda each: isinstance(each.get("multiValued"), bool),
        "multiValued A Boolean value indicating the attribute's plurality.",
    ),
    (
        "Attributes have a description",
        lambda each: each.get("description"),
        "description The attribute's human-readable description. When applicable, service"
        " providers MUST specify the description.",
    ),
    (
        "Attributes say whether they are required",
        is_one_of("required", True, False),
        "required A Boolean value that specifies whether or not the attribute is required.",
    ),
    (
        "caseExact is a boolean",
        is_one_of("caseExact", True, False),
        "caseExact A Boolean value that specifies whether or not a string attribute is case"
        " sensitive.",
    ),
    (
        "Mutability is one of four keywords",
        is_one_of("mutability", "readOnly", "readWrite", "immutable", "writeOnly"),
        "mutability A single keyword indicating the circumstances under which the value of the"
        " attribute can be (re)defined:",
    ),
    (
        "Returned is one of four keywords",
        is_one_of("returned", "always", "never", "default", "request"),
        "returned A single keyword that indicates when an attribute and associated values are"
        " returned in response to a GET request",
    ),
    (
        "Uniqueness is one of three keywords",
        is_one_of("uniqueness", "none", "server", "global"),
        "uniqueness A single keyword value that specifies how the service provider enforces"
        " uniqueness of attribute values.",
    ),
)
def attributes_are_defined(service: Service, is_right: Callable[[Attribute], object]) -> None:
    """{words}."""
    expect_all(service, is_right)


@check.each(
    "words, applies, is_right, section, level, quote",
    (
        "Canonical values are a list of strings",
        lambda each: each.get("canonicalValues") is not None,
        is_list_of_text("canonicalValues"),
        SECTION,
        MUST,
        "canonicalValues A collection of suggested canonical values that MAY be used",
    ),
    (
        "Reference types are a list of strings",
        lambda each: each.get("referenceTypes") is not None,
        is_list_of_text("referenceTypes"),
        SECTION,
        MUST,
        "referenceTypes A multi-valued array of JSON strings that indicate the SCIM resource types"
        " that may be referenced.",
    ),
    (
        "Only references have reference types",
        lambda each: each.get("referenceTypes"),
        lambda each: each["type"] == "reference",
        SECTION,
        MUST,
        'This attribute is only applicable for attributes that are of type "reference"',
    ),
    (
        "Complex attributes list their sub-attributes",
        lambda each: each.get("type") == "complex",
        lambda each: each.get("subAttributes"),
        SECTION,
        SHOULD,
        'When an attribute is of type "complex", there SHOULD be a corresponding schema attribute'
        ' "subAttributes" defined',
    ),
    (
        "Simple attributes have no sub-attributes",
        lambda each: each.get("type") != "complex",
        lambda each: not each.get("subAttributes"),
        "RFC 7643 §1.2",
        MUST,
        "A simple attribute MUST NOT contain sub-attributes.",
    ),
    (
        "References are case exact",
        lambda each: each.get("type") == "reference",
        lambda each: each.get("caseExact") is not False,
        "RFC 7643 §2.3.7",
        SHOULD,  # the RFC's own schemas say otherwise
        "A reference is case exact.",
    ),
    (
        "What is write-only is never returned",
        lambda each: each.get("mutability") == "writeOnly",
        lambda each: each.get("returned") == "never",
        SECTION,
        SHOULD,
        'Note: An attribute with a mutability of "writeOnly" usually also has a returned setting'
        ' of "never".',
    ),
)
def attributes_of_a_kind_are_defined(
    service: Service,
    applies: Callable[[Attribute], object],
    is_right: Callable[[Attribute], object],
) -> None:
    """{words}."""
    expect_all(service, is_right, applies)


@check(
    "A complex attribute MUST NOT contain sub-attributes that have sub-attributes (i.e., that are"
    " complex).",
    "RFC 7643 §2.3.8",
)
def sub_attributes_are_simple(service: Service) -> None:
    """No sub-attribute is complex, except in the Schema schema."""
    nested = [
        f"{schema['id']}:{attribute['name']}.{sub['name']}"
        for schema in schemas(service)
        if schema["id"] != SCHEMA_SCHEMA  # "MAY contain a complex object within a sub-attribute"
        for attribute in schema["attributes"]
        for sub in attribute.get("subAttributes") or []
        if sub.get("type") == "complex" or sub.get("subAttributes")
    ]
    expect(not nested, f"these sub-attributes are complex: {', '.join(nested)}")


@check("Attribute names are case insensitive", "RFC 7643 §2.1")
def names_are_unique_without_regard_to_case(service: Service) -> None:
    """No schema defines two attributes whose names differ only in case."""
    names = [name.lower() for name, _ in attributes_of(service)]
    twice = sorted({name for name in names if names.count(name) > 1})
    expect(not twice, f"these names are there twice: {', '.join(twice)}")
