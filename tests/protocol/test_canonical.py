"""RFC 7643 §2.1, §2.5 and RFC 7644 §3.3: what a client sends, in the schema's own form."""

import pytest

from scim.protocol.attributes import Attribute
from scim.protocol.canonical import MOST_NAMES, canonical_resource, canonical_value, check_primary
from scim.protocol.errors import InvalidSyntaxError, InvalidValueError
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP_SCHEMA, USER, USER_SCHEMA
from scim.protocol.tolerance import STRICT, Tolerated

from ..support.scim import enterprise, user

EMAILS = USER.root.find("emails")


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        # names in the schema's case, values as they are
        ({"USERNAME": "Babs"}, {"userName": "Babs"}),
        ({"Name": {"GIVENNAME": "Babs"}}, {"name": {"givenName": "Babs"}}),
        (
            {"emails": [{"VALUE": "x", "Type": "Work"}]},
            {"emails": [{"value": "x", "type": "Work"}]},
        ),
        ({ENTERPRISE_USER_SCHEMA.upper(): {"costcenter": "1"}}, enterprise(costCenter="1")),
        # null, empty and absent are the same
        ({"title": None, "emails": [], "name": {}, **enterprise()}, {}),
        ({"name": {"givenName": None}, "emails": [None, {}, {"value": None}]}, {}),
        (enterprise(manager={"value": None}), {}),
        ({"title": ""}, {"title": ""}),
        ({"active": False}, {"active": False}),
        # what the server owns is passed over
        ({"id": "1", "meta": {"version": "1"}, "groups": [{"value": "1"}]}, {}),
        (
            enterprise(manager={"value": "1", "displayName": "John", "$ref": "../Users/1"}),
            enterprise(manager={"value": "1"}),
        ),
        # a value is there once
        (
            {"roles": [{"value": "a"}, {"value": "b"}, {"value": "a"}]},
            {"roles": [{"value": "a"}, {"value": "b"}]},
        ),
    ],
)
def test_resource_is_brought_into_the_form_of_its_schema(sent, canonical):
    sent = {"schemas": [USER_SCHEMA], **sent}

    assert canonical_resource(sent, USER, STRICT) == canonical


@pytest.mark.parametrize(
    "sent",
    [
        user(username="babs"),
        user(name={"givenName": "a", "GIVENNAME": "b"}),
        {"schemas": [USER_SCHEMA], **enterprise(), ENTERPRISE_USER_SCHEMA.lower(): {}},
    ],
)
def test_name_in_two_cases_is_refused(sent):
    with pytest.raises(InvalidSyntaxError, match="twice"):
        canonical_resource(sent, USER, Tolerated())


@pytest.mark.parametrize(
    "schemas",
    [
        [USER_SCHEMA],
        [USER_SCHEMA.upper()],
        [USER_SCHEMA, ENTERPRISE_USER_SCHEMA],
        [ENTERPRISE_USER_SCHEMA, USER_SCHEMA, USER_SCHEMA],
    ],
)
def test_schemas_may_list_extensions_that_are_absent(schemas):
    assert canonical_resource({"schemas": schemas, "title": "x"}, USER) == {"title": "x"}


@pytest.mark.parametrize(
    "schemas",
    [
        None,
        [],
        "",
        {},
        USER_SCHEMA,
        [None],
        [7],
        [GROUP_SCHEMA],
        [ENTERPRISE_USER_SCHEMA],
        ["urn:example:Shoes"],
    ],
)
def test_schemas_without_the_schema_of_the_type_is_refused(schemas):
    for tolerated in (STRICT, Tolerated()):
        with pytest.raises(InvalidSyntaxError, match="schemas"):
            canonical_resource({"schemas": schemas, "title": "x"}, USER, tolerated)
        with pytest.raises(InvalidSyntaxError, match="schemas"):
            canonical_resource({"title": "x"}, USER, tolerated)


@pytest.mark.parametrize("foreign", [GROUP_SCHEMA, "urn:example:Shoes", "core"])
def test_schemas_of_another_type_are_refused_in_strict_mode(foreign):
    with pytest.raises(InvalidSyntaxError, match=foreign.lower()):
        canonical_resource({"schemas": [USER_SCHEMA, foreign]}, USER, STRICT)


@pytest.mark.parametrize(
    "sent", [{"shoeSize": 42}, {"name": {"shoeSize": 42}}, {"urn:example:Shoes": {"size": 42}}]
)
def test_unknown_attribute_is_refused_in_strict_mode(sent):
    with pytest.raises(InvalidSyntaxError, match=r"shoeSize|Shoes"):
        canonical_resource({"schemas": [USER_SCHEMA], **sent}, USER, STRICT)


def test_value_of_the_wrong_shape_is_left_for_the_serializer_to_name():
    assert canonical_value(EMAILS, {"value": "x"}) == {"value": "x"}
    assert canonical_value(EMAILS, ["x"]) == ["x"]
    assert canonical_value(USER.root.find("name"), "Babs") == "Babs"


@pytest.mark.parametrize(
    ("emails", "legal"),
    [
        ([{"value": "a", "primary": True}, {"value": "b", "primary": False}], True),
        ([{"value": "a"}, {"value": "b"}], True),
        ([{"value": "a", "primary": True}, {"value": "b", "primary": True}], False),
    ],
)
def test_one_value_is_primary_at_the_most(emails, legal):
    inside = Attribute("urn:example:Mail", "complex", (EMAILS,))
    for resource, attributes in (
        ({"emails": emails}, USER.attributes),
        ({inside.name: {"emails": emails}}, (inside,)),
    ):
        if legal:
            check_primary(resource, attributes)
        else:
            with pytest.raises(InvalidValueError, match="emails"):
                check_primary(resource, attributes)


@pytest.mark.parametrize(
    "sent",
    [
        {"schemas": [USER_SCHEMA], **{f"name{number}": 1 for number in range(MOST_NAMES)}},
        {"schemas": [USER_SCHEMA, *(f"urn:x:{number}" for number in range(MOST_NAMES))]},
    ],
    ids=["attributes", "schemas"],
)
def test_too_many_names_are_refused_before_they_are_looked_up(sent):
    with pytest.raises(InvalidSyntaxError, match=f"at most {MOST_NAMES} attributes and schemas"):
        canonical_resource(sent, USER, Tolerated())
