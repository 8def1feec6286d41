"""Microsoft's SCIM Validator in the mode "discover schema": attributes come from /Schemas."""

from ..comparison import check
from .bodies import ENTERPRISE, GROUP_SCHEMA, USER_SCHEMA

INVENTED = {
    "boolean": True,
    "integer": 7,
    "decimal": 7.5,
    "dateTime": "2011-05-13T04:42:34Z",
    "binary": "UUtaVFJX",
    "reference": "https://example.com/qkztrw",
}
MADE_ELSEWHERE = {"password", "manager"}  # never returned; needs somebody to manage


def invent(attribute):
    """Make a value up that fits an attribute of a discovered schema."""
    if attribute["type"] == "complex":
        value = invent_all(attribute["subAttributes"])
    elif attribute["type"] == "string":
        value = (attribute.get("canonicalValues") or ["qkztrw@example.com"])[0]
    else:
        value = INVENTED[attribute["type"]]
    return [value] if attribute["multiValued"] else value


def invent_all(attributes):
    return {
        attribute["name"]: invent(attribute)
        for attribute in attributes
        if attribute["mutability"] != "readOnly" and attribute["name"] not in MADE_ELSEWHERE
    }


def test_every_attribute_of_the_discovered_schema_is_kept(validator):
    """Create a new User, discover schema."""
    schemas = {each["id"]: each for each in check(validator.get("/Schemas"))["Resources"]}
    discovered = {
        "schemas": [USER_SCHEMA, ENTERPRISE],
        **invent_all(schemas[USER_SCHEMA]["attributes"]),
        ENTERPRISE: invent_all(schemas[ENTERPRISE]["attributes"]),
    }

    path = validator.create("/Users", discovered)

    validator.shows(path, "userName", discovered)


def test_discovered_group_schema_names_what_a_group_needs(validator):
    schemas = {each["id"]: each for each in check(validator.get("/Schemas"))["Resources"]}
    names = [attribute["name"] for attribute in schemas[GROUP_SCHEMA]["attributes"]]

    assert {"displayName", "members"} <= set(names)
