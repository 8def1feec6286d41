"""The user cases of Microsoft's SCIM Validator, required and preview, under its own names.

After each write the user is read again by userName, the joining property, and every attribute
that was sent is compared. Not followed are the validator's acknowledged faults: attributes that
are never returned counted as lost, booleans wanted as text.
"""

import pytest

from ..comparison import check
from .bodies import ENTERPRISE, MANAGER, bare_user, id_of, paths, user

UNKNOWN = "00000000-5e0a-4c57-9f55-0d5d6a8f1c11"


def has_manager(name, manager):
    value = {
        "value": id_of(manager),
        "displayName": "*",
        "$ref": f"*{manager}",
    }
    return user(name) | {ENTERPRISE: user(name)[ENTERPRISE] | {"manager": value}}


def plain_value(user_id):
    return user_id


def object_value(user_id):
    return {"value": user_id}


manager_values = pytest.mark.parametrize("form", [plain_value, object_value])


def test_create_a_new_user(validator):
    """Create a new User."""
    sent = user("ADA") | {"roles": [user("ADA")["roles"][0] | {"primary": "True"}]}

    path = validator.create("/Users", sent)

    validator.shows(path, "userName", user("ADA"))


def test_create_a_duplicate_user(validator, ada):
    """Create a duplicate User."""
    check(validator.post("/Users", user("ADA")), 409, {"scimType": "uniqueness"})

    validator.shows(ada, "userName", user("ADA"))


def test_filter_for_an_existing_user(validator, ada, grace):
    """Filter for an existing user."""
    validator.shows(ada, "userName", user("ADA"))


def test_filter_for_a_non_existing_user(validator, ada):
    """Filter for a non-existing user."""
    assert validator.find("/Users", "userName", UNKNOWN) == []


def test_filter_for_an_existing_user_with_a_different_case(validator, ada, grace):
    """Filter for an existing user, different case."""
    found = validator.find("/Users", "userName", user("ADA")["userName"].upper())

    assert [each["id"] for each in found] == [id_of(ada)]


@pytest.mark.parametrize(
    ("op", "before"),
    [
        ("replace", user("ADA")),
        ("Replace", user("ADA")),
        ("add", user("ADA")),
        ("Add", user("ADA")),
        ("Replace", bare_user("ADA")),
        ("add", bare_user("ADA")),
        ("Add", bare_user("ADA")),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} attributes before",
)
def test_patch_user_replace_attributes(validator, op, before):
    """Patch User - Replace Attributes, verbose: one operation for each of 53 values."""
    path = validator.create("/Users", before)
    after = user("QKZTRW", active=False)
    values = paths(after, text=op.istitle())

    answer = validator.patch(path, *({"op": op, "path": p, "value": v} for p, v in values))

    check(answer, body=after)
    validator.shows(path, "userName", after)


@pytest.mark.parametrize("before", [user("ADA"), bare_user("ADA")], ids=["full", "bare"])
@pytest.mark.parametrize("op", ["replace", "Replace", "add", "Add"])
def test_patch_user_replace_attributes_without_path(validator, op, before):
    """Patch User - Replace Attributes, in one value whose keys are paths."""
    path = validator.create("/Users", before)
    after = user("QKZTRW", active=False)

    answer = validator.patch(path, {"op": op, "value": dict(paths(after, text=op.istitle()))})

    check(answer, body=after)
    validator.shows(path, "userName", after)


def test_patch_user_update_user_name(validator, ada):
    """Patch User - Update userName."""
    renamed = user("ADA") | {"userName": "countess@example.com"}

    check(validator.patch(ada, {"op": "replace", "value": {"userName": "countess@example.com"}}))

    validator.shows(ada, "userName", renamed)
    assert validator.find("/Users", "userName", user("ADA")["userName"]) == []


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"active": False}},
    ],
)
def test_patch_user_disable_user(validator, ada, operation):
    """Patch User - Disable User."""
    check(validator.patch(ada, operation), body={"active": False})

    validator.shows(ada, "userName", user("ADA", active=False))
    check(validator.get(ada), body=user("ADA", active=False))


@manager_values
def test_patch_user_add_manager(validator, ada, grace, form):
    """Patch User - Add Manager."""
    check(validator.patch(ada, {"op": "add", "path": MANAGER, "value": form(id_of(grace))}))

    validator.shows(ada, "userName", has_manager("ADA", grace))


@manager_values
def test_patch_user_replace_manager(validator, ada, grace, form):
    """Patch User - Replace Manager."""
    edsger = validator.create("/Users", user("EDSGER"))
    check(validator.patch(ada, {"op": "add", "path": MANAGER, "value": id_of(edsger)}))

    check(validator.patch(ada, {"op": "replace", "path": MANAGER, "value": form(id_of(grace))}))

    validator.shows(ada, "userName", has_manager("ADA", grace))


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": MANAGER, "value": ""},
        {"op": "replace", "path": MANAGER, "value": {"value": ""}},
        {"op": "remove", "path": MANAGER},
    ],
)
def test_patch_user_remove_manager(validator, ada, grace, operation):
    """Patch User - Remove Manager."""
    check(validator.patch(ada, {"op": "add", "path": MANAGER, "value": id_of(grace)}))

    check(validator.patch(ada, operation))

    without = user("ADA")[ENTERPRISE] | {"manager": None}
    validator.shows(ada, "userName", user("ADA") | {ENTERPRISE: without})


def test_delete_a_user(validator, ada, grace):
    """Delete a User."""
    check(validator.delete(ada), 204)

    check(validator.get(ada), 404)
    assert validator.find("/Users", "userName", user("ADA")["userName"]) == []
    validator.shows(grace, "userName", user("GRACE"))


def test_patch_user_multiple_operations_on_different_attributes(validator, ada):
    """Patch User - Multiple Ops on different attributes."""
    check(
        validator.patch(
            ada,
            {"op": "remove", "path": 'emails[type eq "home"]'},
            {"op": "add", "path": 'phoneNumbers[type eq "pager"].value', "value": "95-585-9500"},
            {"op": "replace", "path": "displayName", "value": "OYL"},
            {"op": "remove", "path": "title"},
        )
    )

    pager = {"type": "pager", "value": "95-585-9500"}
    changed = user("ADA") | {
        "emails": [email for email in user("ADA")["emails"] if email["type"] != "home"],
        "phoneNumbers": [*user("ADA")["phoneNumbers"], pager],
        "displayName": "OYL",
        "title": None,
    }
    validator.shows(ada, "userName", changed)


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("displayName", {"displayName": "second"}),
        ("name.givenName", {"name": user("ADA")["name"] | {"givenName": "second"}}),
        (
            'emails[type eq "work"].value',
            {"emails": [{"type": "work", "value": "second"}, *user("ADA")["emails"][1:]]},
        ),
    ],
)
def test_patch_user_multiple_operations_on_the_same_attribute(validator, ada, path, changed):
    """Patch User - Multiple Ops on the same attribute."""
    check(
        validator.patch(
            ada,
            {"op": "remove", "path": path},
            {"op": "add", "path": path, "value": "first"},
            {"op": "replace", "path": path, "value": "second"},
        )
    )

    validator.shows(ada, "userName", user("ADA") | changed)


def test_delete_a_non_existent_user(validator):
    """Delete a non-existent User."""
    check(validator.delete(f"/Users/{UNKNOWN}"), 404)


def test_delete_the_same_user_twice(validator, ada):
    """Delete the same User twice."""
    check(validator.delete(ada), 204)

    check(validator.delete(ada), 404)
