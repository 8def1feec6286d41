"""RFC 7644 §3.9 and RFC 7643 §2.4: which attributes a response carries."""

import pytest

from scim.protocol.attributes import Attribute
from scim.protocol.errors import InvalidValueError
from scim.protocol.projection import MOST_NAMES, UNKNOWN, project, projection
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER, USER_SCHEMA
from scim.protocol.tolerance import Tolerated

PARTS = (Attribute("givenName"), Attribute("familyName"))
EMAIL = (Attribute("value"), Attribute("type", returned="request"))
ATTRIBUTES = (
    Attribute("id", returned="always"),
    Attribute("userName"),
    Attribute("password", returned="never"),
    Attribute("costCenter", returned="request"),
    Attribute("name", "complex", sub_attributes=PARTS),
    Attribute("emails", "complex", sub_attributes=EMAIL, multi_valued=True),
)
BJENSEN = {
    "id": "2819c223",
    "userName": "bjensen",
    "password": "t1meMa$heen",
    "costCenter": "4130",
    "name": {"givenName": "Barbara", "familyName": "Jensen"},
    "emails": [{"value": "a@b.c", "type": "work"}, {"type": "home"}],
}


def shown(wanted=(), unwanted=()):
    return project(BJENSEN, ATTRIBUTES, frozenset(wanted), frozenset(unwanted))


@pytest.mark.parametrize(
    ("wanted", "unwanted", "names"),
    [
        ([], [], {"id", "userName", "name", "emails"}),
        (["username"], [], {"id", "userName"}),  # "always" joins what was asked
        (["password"], [], {"id"}),  # "never" beats attributes
        (["costcenter"], [], {"id", "costCenter"}),  # "request" must be named
        (["shoesize"], [], {"id"}),
        ([], ["id", "name"], {"id", "userName", "emails"}),  # "always" beats the exclusion
        ([], ["name.givenname"], {"id", "userName", "name", "emails"}),
        ([], ["name.givenname", "name.familyname"], {"id", "userName", "emails"}),
        ([], ["shoesize"], {"id", "userName", "name", "emails"}),
    ],
)
def test_returned_characteristic_decides(wanted, unwanted, names):
    assert set(shown(wanted, unwanted)) == names


@pytest.mark.parametrize(
    ("wanted", "unwanted", "part"),
    [
        (["name.givenname"], [], {"name": {"givenName": "Barbara"}}),
        (["name", "name.givenname"], [], {"name": BJENSEN["name"]}),
        ([], ["name.givenname", "emails"], {"name": {"familyName": "Jensen"}}),
        (["emails"], [], {"emails": [{"value": "a@b.c"}]}),
        (["emails.type"], [], {"emails": [{"type": "work"}, {"type": "home"}]}),
        (["emails.value"], [], {"emails": [{"value": "a@b.c"}]}),  # and no empty element
        ([], ["emails.value", "name", "username"], {}),
    ],
)
def test_sub_attribute_path_decides_on_that_sub_attribute(wanted, unwanted, part):
    resource = shown(wanted, unwanted)

    assert {name: resource[name] for name in ("name", "emails") if name in resource} == part


@pytest.mark.parametrize(
    ("attributes", "excluded", "wanted", "unwanted"),
    [
        ("", "", set(), set()),
        (" , ", "", set(), set()),
        ("userName", "", {"username"}, set()),
        (" USERNAME , name.GivenName ", "", {"username", "name.givenname"}, set()),
        ("", "members,emails.type", set(), {UNKNOWN, "emails.type"}),
        ("userName", "emails", {"username"}, set()),  # attributes wins
        (f"{USER_SCHEMA}:name.givenName", "", {"name.givenname"}, set()),
        (f"{ENTERPRISE_USER_SCHEMA}", "", {ENTERPRISE_USER_SCHEMA.lower()}, set()),
        ("shoeSize", "", {UNKNOWN}, set()),  # shows nothing, but is not "everything"
        ("department", "", {f"{ENTERPRISE_USER_SCHEMA.lower()}.department"}, set()),
    ],
)
def test_names_are_found_in_any_case_and_with_their_urn(attributes, excluded, wanted, unwanted):
    asked = projection(attributes, excluded, USER, Tolerated())

    assert (asked.wanted, asked.unwanted) == (wanted, unwanted)


def test_urn_of_the_core_schema_names_all_its_attributes():
    asked = projection(USER_SCHEMA, "", USER)

    assert {"username", "emails", "groups"} <= asked.wanted
    assert "meta" not in asked.wanted


@pytest.mark.parametrize(
    ("attributes", "excluded", "expected"),
    [
        ("", "", True),
        ("groups", "", True),
        ("groups.value", "", True),
        ("userName", "", False),
        ("groupsize", "", False),
        ("", "groups", False),
        ("", "groups.value", True),
    ],
)
def test_projection_tells_beforehand_whether_an_attribute_is_shown(attributes, excluded, expected):
    assert projection(attributes, excluded, USER).shows("groups") is expected


def test_too_many_names_are_refused_before_they_are_looked_up():
    names = ",".join(f"name{number}" for number in range(MOST_NAMES + 1))

    with pytest.raises(InvalidValueError, match=f"at most {MOST_NAMES} names"):
        projection(names, "", USER)
    with pytest.raises(InvalidValueError, match=f"at most {MOST_NAMES} names"):
        projection("", names, USER)


def test_open_brackets_without_end_are_read_once():
    """Reading on from each of them would take hours."""
    names = 'emails["\\"' * 300_000

    assert projection(names, "", USER, Tolerated()).wanted == {UNKNOWN}
