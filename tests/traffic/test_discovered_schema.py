"""Microsoft's SCIM Validator in the mode "discover schema": attributes come from /Schemas."""

from scim.conformance.entra.bodies import ENTERPRISE

from .comparison import check

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
INVENTED = {
    "boolean": True,
    "integer": 7,
    "decimal": 7.5,
    "dateTime": "2011-05-13T04:42:34Z",
    "binary": "UUtaVFJX",
    "reference": "https://example.com/qkztrw",
}
MADE_ELSEWHERE = {"password", "manager"}  # is never returned; needs a user who manages


def invent(attribute):
    """Return a value that fits an attribute of a discovered schema."""
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


def test_every_attribute_of_the_discovered_schema_is_kept(client):
    """Create a new User."""
    schemas = {each["id"]: each for each in check(client.get("/Schemas"))["Resources"]}
    discovered = {
        "schemas": [USER_SCHEMA, ENTERPRISE],
        **invent_all(schemas[USER_SCHEMA]["attributes"]),
        ENTERPRISE: invent_all(schemas[ENTERPRISE]["attributes"]),
    }
    group = {attribute["name"] for attribute in schemas[GROUP_SCHEMA]["attributes"]}

    path = client.create("/Users", discovered)

    client.shows(path, "userName", discovered)
    assert {"displayName", "members"} <= group
