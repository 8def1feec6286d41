"""What the expressions of Entra ID's attribute mapping make of a user, and where it goes."""

import pytest

from scim.idp.entra.mapping.expressions import evaluate
from scim.idp.entra.mapping.rules import USER_MAPPING
from scim.idp.entra.mapping.values import map_values, read, write

ACTIVE = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
FORMATTED = 'Join(" ", [givenName], [surname])'


@pytest.mark.parametrize(
    ("expression", "source", "value"),
    [
        ("[mail]", {"mail": "a@b.example"}, "a@b.example"),
        ("[mail]", {"mail": None}, ""),
        ("[mail]", {}, ""),
        ("[objectId]", {"id": "1"}, "1"),
        ("[telephoneNumber]", {"businessPhones": ["+44 1", "+44 2"]}, "+44 1"),
        ("[telephoneNumber]", {"businessPhones": []}, ""),
        (ACTIVE, {"IsSoftDeleted": False}, "True"),
        (ACTIVE, {"IsSoftDeleted": True}, "False"),
        (ACTIVE, {"IsSoftDeleted": "else"}, ""),
        (FORMATTED, {"givenName": "Ada", "surname": "King, Countess"}, "Ada King, Countess"),
        (FORMATTED, {"givenName": "Ada"}, "Ada"),
        (FORMATTED, {}, ""),
    ],
)
def test_expression_gives_a_text(expression, source, value):
    assert evaluate(expression, source) == value


def test_only_what_has_a_value_is_mapped():
    source = {"userPrincipalName": "ada@b.example", "mail": "", "manager": "1", "city": "London"}

    assert map_values(source | {"IsSoftDeleted": False}, USER_MAPPING) == {
        "userName": "ada@b.example",
        "active": True,
        'addresses[type eq "work"].locality': "London",
    }


@pytest.mark.parametrize("target", [each.target for each in USER_MAPPING])
def test_what_is_written_to_a_target_is_read_from_it(target):
    resource: dict[str, object] = {}
    assert read(resource, target) is None

    write(resource, target, "x")

    assert read(resource, target) == "x"


def test_targets_of_one_value_share_it():
    resource: dict[str, object] = {}
    write(resource, 'addresses[type eq "work"].locality', "London")
    write(resource, 'addresses[type eq "work"].country', "GB")
    write(resource, 'phoneNumbers[type eq "fax"].value', "1")

    assert resource == {
        "addresses": [{"type": "work", "locality": "London", "country": "GB"}],
        "phoneNumbers": [{"type": "fax", "value": "1"}],
    }
