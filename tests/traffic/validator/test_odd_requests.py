"""Requests of Microsoft's SCIM Validator that RFC 7644 does not describe, or hardly."""

import pytest

from ..comparison import check
from .bodies import bare_user, group, id_of, user


@pytest.mark.parametrize(
    "path",
    [
        "emails.value",
        "phoneNumbers.value",
        "addresses.formatted",
        "addresses.streetAddress",
        "addresses.locality",
        "addresses.region",
        "addresses.postalCode",
        "addresses.country",
        "roles.display",
    ],
)
@pytest.mark.parametrize(("op", "primary"), [("replace", "true"), ("Replace", '"True"')])
def test_primary_value_is_changed_in_place(validator, ada, op, primary, path):
    name, sub = path.split(".")
    operation = {"op": op, "path": f"{name}[primary eq {primary}].{sub}", "value": "QKZTRW"}
    expected = user("ADA")
    expected[name][0][sub] = "QKZTRW"

    check(validator.patch(ada, operation), body=expected)

    validator.shows(ada, "userName", expected)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ('emails[type eq "other"].value', "x@y.example", {"type": "other", "value": "x@y.example"}),
        (
            'emails[type eq "other"]',
            {"value": "x@y.example"},
            {"type": "other", "value": "x@y.example"},
        ),
        ('phoneNumbers[type eq "home"].value', "95-1", {"type": "home", "value": "95-1"}),
        ('phoneNumbers[type eq "home"]', {"value": "95-1"}, {"type": "home", "value": "95-1"}),
        ("emails[primary eq true].value", "x@y.example", {"primary": True, "value": "x@y.example"}),
        ("phoneNumbers[primary eq true].value", "95-1", {"primary": True, "value": "95-1"}),
        ("addresses[primary eq true].country", "Turkey", {"primary": True, "country": "Turkey"}),
    ],
)
@pytest.mark.parametrize("op", ["add", "Add", "Replace"])
def test_value_path_without_a_match_creates_the_value(validator, op, path, value, expected):
    bare = validator.create("/Users", bare_user("ADA"))
    expected = bare_user("ADA") | {f"={path.partition('[')[0]}": [expected]}

    check(validator.patch(bare, {"op": op, "path": path, "value": value}), body=expected)

    validator.shows(bare, "userName", expected)


@pytest.mark.parametrize("op", ["add", "Add"])
def test_user_is_added_to_a_group_by_its_member_type(validator, joining, engineers, ada, op):
    operation = {"op": op, "path": 'members[type eq "User"].value', "value": id_of(ada)}
    member = {"value": id_of(ada), "type": "User", "$ref": f"*{ada}"}

    check(validator.patch(engineers, operation), body={"members": [member]})

    validator.shows(engineers, joining, group("QKZ") | {"members": [member]})


def test_patch_without_operations_changes_nothing(validator, ada):
    version = check(validator.get(ada))["meta"]["version"]

    check(validator.patch(ada), body=user("ADA"))

    validator.shows(ada, "userName", user("ADA") | {"meta": {"version": version}})
