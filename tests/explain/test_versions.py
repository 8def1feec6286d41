"""A version in a line of words."""

import pytest

from scim.explain.changes.differences import Difference
from scim.explain.changes.versions import NOBODY, Some, belonged, happened, label

URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
TITLE = Difference("title", '"Guide"', '"Senior guide"')
OFF, ON = Difference("active", "true", "false"), Difference("active", "false", "true")
DEPARTMENT = Difference(f"{URN}:department", '"Tours"', None)
MAIL = Difference('emails[type eq "work"].value', '"a@example.com"', '"b@example.com"')
PHONE = Difference("phoneNumbers", None, '{"value": "1", "type": "mobile"}')
JANE, MANY = Some(["Jane Berg"], 1), Some(["A", "B"], 1240)
LONG = Difference("title", '"Guide"', f'"{"x" * 100}"')


@pytest.mark.parametrize(
    ("operation", "found", "joined", "left", "cause", "unseen", "told"),
    [
        ("create", [TITLE], NOBODY, NOBODY, "", False, "Created"),
        ("create", [], MANY, NOBODY, "", False, "Created with 1,240 members"),
        ("delete", [TITLE], NOBODY, MANY, "", False, "Deleted"),
        ("restore", [TITLE], NOBODY, NOBODY, "", False, "Restored from the trash"),
        ("patch", [OFF], NOBODY, NOBODY, "", False, "Deactivated"),
        ("replace", [ON, TITLE], NOBODY, NOBODY, "", False,
         "Reactivated, title changed from “Guide” to “Senior guide”"),
        ("patch", [DEPARTMENT], NOBODY, NOBODY, "", False, "Department removed"),
        ("patch", [PHONE], NOBODY, NOBODY, "", False, "Phone number added"),
        ("patch", [LONG], NOBODY, NOBODY, "", False, "Title changed"),
        ("patch", [MAIL, TITLE], NOBODY, NOBODY, "", False, "Work address and title changed"),
        ("patch", [], JANE, NOBODY, "", False, "Jane Berg joined"),
        ("patch", [], NOBODY, JANE, "because Jane Berg was deleted", False,
         "Jane Berg left, because Jane Berg was deleted"),
        ("patch", [], NOBODY, NOBODY, "", True,
         "A value changed that is never shown, such as a password"),
        ("patch", [], NOBODY, NOBODY, "", False, "Nothing changed that is shown"),
        ("revert", [OFF], NOBODY, NOBODY, "went back to version 2", False,
         "Went back to version 2, deactivated"),
    ],
)  # fmt: skip
def test_version_is_a_line(operation, found, joined, left, cause, unseen, told):
    assert happened(operation, found, joined, left, cause, unseen) == told


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("name.familyName", "family name"),
        ('emails[type eq "work"].value', "work address"),
        ('emails[type eq "work"].primary', "work address primary"),
        ('emails[value eq "urn:a:b"].type', "address"),
        (f"{URN}:manager.value", "manager.value"),
        (f"{URN}:employeeNumber", "employee number"),
        ("urn:" * 5000, "urn:"),
    ],
)
def test_path_has_a_label(path, found):
    assert label(path) == found


def test_hostile_values_stay_in_their_line():
    found = happened("patch", [Difference("title", '"a"', '"b\u202e\n<b>"')])

    assert "\u202e" not in found
    assert "\n" not in found


def test_groups_that_were_joined():
    assert belonged(["Sales", "Guides"], True) == "Joined Sales and Guides"
    assert belonged(["Sales"], False, "because it was deleted") == (
        "Left Sales, because it was deleted"
    )
