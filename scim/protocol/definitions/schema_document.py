"""A Schema document that an administrator adds: checked, and completed as /Schemas shows it.

RFC 7643 §7 has the form, §2.2 the defaults. A document that is wrong or contradicts itself is
refused, because the server treats an attribute as its characteristics say.
"""

import re

from ..values import Record
from .document import Part

SCHEMA_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
API_URNS = "urn:ietf:params:scim:api:"  # URNs of messages (RFC 7644 §8.2)

# The part of RFC 8141 that needs no escapes in a URL's path and in a filter.
URN = re.compile(r"urn:[a-z0-9][a-z0-9-]*(:[\w.~-]+)+", re.ASCII | re.IGNORECASE)
ATTRNAME = re.compile(r"[A-Za-z$][\w$-]*", re.ASCII)  # §2.1; erratum: "$ref" starts with "$"

# The values of characteristics (RFC 7643 §7); the first is the default (§2.2).
TYPES = ("string", "boolean", "decimal", "integer", "dateTime", "reference", "binary", "complex")
MUTABILITIES = ("readWrite", "readOnly", "immutable", "writeOnly")
RETURNED = ("default", "always", "never", "request")
UNIQUENESSES = ("none", "server", "global")

CHARACTERISTICS = (
    *("name", "type", "multiValued", "description", "required", "canonicalValues", "caseExact"),
    *("mutability", "returned", "uniqueness", "referenceTypes", "subAttributes"),
)
UNIQUE_TYPES = {"string", "reference", "integer", "binary"}
CASE_EXACT_TYPES = {"reference", "binary"}  # always (§2.3.6, §2.3.7), whatever documents say
NOT_RESOURCES = {"external", "uri"}  # targets of references besides resource types


def complete_schema(part: Part) -> Record:
    """Return the Schema document with every characteristic explicit.

    :raises DefinitionError: it is not a Schema that a server could work with
    """
    part.only("schemas", "id", "name", "description", "attributes", "meta")
    example = "urn:example:params:scim:schemas:extension:acme:1.0:User"
    urn = part.matching("id", URN, f"a URN such as {example}")
    if urn.lower().startswith(API_URNS):
        raise part.error(f"id must not begin with {API_URNS}, which is for messages")
    if "attributes" not in part.members:
        raise part.error("attributes is missing; list at least one")
    return {
        "schemas": [SCHEMA_SCHEMA],
        "id": urn,
        "name": part.text("name", urn.rpartition(":")[2]),
        "description": part.text("description", ""),
        "attributes": _attributes(part, "attributes", None),
    }


def is_writable(attribute: Record) -> bool:
    """Tell whether a client can give a complete attribute a value."""
    below = attribute.get("subAttributes")
    return attribute["mutability"] != "readOnly" and (
        below is None or any(is_writable(each) for each in below)
    )


def _attributes(owner: Part, name: str, container: Record | None) -> list[Record]:
    completed: dict[str, Record] = {}
    for part in owner.parts(name):
        attribute = _attribute(part, container)
        other = completed.setdefault(attribute["name"].lower(), attribute)
        if other is not attribute:
            raise part.error(f"name {attribute['name']} is in use, in any case; choose another")
    return list(completed.values())


def _attribute(part: Part, container: Record | None) -> Record:
    name = part.members.get("name")
    if isinstance(name, str) and ATTRNAME.fullmatch(name):
        part = part.at(f"{container['name']}.{name}" if container else name)
    part.only(*CHARACTERISTICS)
    part.matching("name", ATTRNAME, "letters, digits, $, - and _, with a letter or $ first")
    if part.text("name").lower() == "not":
        raise part.error("name not is a keyword of filters; choose another")
    attribute = _characteristics(part)
    if problem := _contradiction(attribute, container):
        raise part.error(problem)
    _check_kind(part, attribute, container)
    if attribute["type"] == "complex":
        attribute["subAttributes"] = _attributes(part, "subAttributes", attribute)
        _check_reference(part, attribute)
    # Inside a readOnly attribute, "required" is a promise of the server.
    is_sent = container is None or container["mutability"] != "readOnly"
    if attribute["required"] and is_sent and not is_writable(attribute):
        raise part.error("is required, but no client can write it; change required or mutability")
    return attribute


def _characteristics(part: Part) -> Record:
    """Return all of an attribute but its sub-attributes, in the order of RFC 7643 §8.7."""
    attribute: Record = {
        "name": part.text("name"),
        "type": part.one_of("type", TYPES),
        "multiValued": part.boolean("multiValued"),
        "description": part.text("description", ""),
        "required": part.boolean("required"),
    }
    if canonical_values := part.texts("canonicalValues"):
        attribute["canonicalValues"] = canonical_values
    case_exact = part.boolean("caseExact")
    if attribute["type"] in CASE_EXACT_TYPES:
        attribute["caseExact"] = True
    elif attribute["type"] == "string" or "caseExact" in part.members:
        attribute["caseExact"] = case_exact
    attribute["mutability"] = part.one_of("mutability", MUTABILITIES)
    attribute["returned"] = part.one_of("returned", RETURNED)
    attribute["uniqueness"] = part.one_of("uniqueness", UNIQUENESSES)
    if reference_types := part.texts("referenceTypes"):
        attribute["referenceTypes"] = reference_types
    return attribute


def _contradiction(attribute: Record, container: Record | None) -> str | None:
    """Return how the characteristics of an attribute contradict each other; None if not."""
    never = attribute["returned"] == "never"
    if attribute["mutability"] == "writeOnly" and not never:
        return 'is writeOnly; set "returned": "never"'
    if attribute["mutability"] == "readOnly" and never:
        return "is readOnly and never returned, which makes it useless; change one of the two"
    if never and container and container["multiValued"]:
        return f"is never returned, but part of multi-valued {container['name']}; change returned"
    if attribute["uniqueness"] != "none":
        if attribute["type"] not in UNIQUE_TYPES:
            return f'is of type {attribute["type"]}, never unique; set "uniqueness": "none"'
        if never or (container and container["returned"] == "never"):
            return 'is never returned, but a clash would reveal it; set "uniqueness": "none"'
    return None


def _check_kind(part: Part, attribute: Record, container: Record | None) -> None:
    """Check that there are sub-attributes and reference types where the type has them."""
    kind = attribute["type"]
    if kind == "complex" and container:
        raise part.error("a sub-attribute cannot be complex (RFC 7643 §2.3.8); change type")
    for name, belongs in (("subAttributes", "complex"), ("referenceTypes", "reference")):
        if kind == belongs and name not in part.members:
            raise part.error(f"is of type {kind} and has no {name}; list at least one")
        if kind != belongs and name in part.members:
            raise part.error(f"has {name} and is of type {kind}; change type to {belongs}")


def _check_reference(part: Part, attribute: Record) -> None:
    """Check that the server can make a readOnly ``$ref``, as it does beside a single ``value``."""
    below = {each["name"].lower(): each for each in attribute["subAttributes"]}
    link = below.get("$ref")
    if attribute["multiValued"] or link is None or "value" not in below:
        return
    elsewhere = NOT_RESOURCES.intersection(link.get("referenceTypes", ["uri"]))
    if link["mutability"] == "readOnly" and elsewhere:
        raise part.error("$ref is made from value; list only resource types in its referenceTypes")
