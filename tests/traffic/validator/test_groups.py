"""The group cases of Microsoft's SCIM Validator, required and preview, under its own names.

Groups are joined by displayName or by externalId. After each write the group is read again by
the joining property, and every attribute that was sent is compared.
"""

import pytest

from ..comparison import check
from .bodies import group, id_of

UNKNOWN = "00000000-5e0a-4c57-9f55-0d5d6a8f1c11"


def without_members(body):
    return {name: value for name, value in body.items() if name != "members"}


def test_create_a_new_group(validator, joining, ada):
    """Create a new Group."""
    path = validator.create("/Groups", group("QKZ", id_of(ada)))

    validator.shows(path, joining, group("QKZ", id_of(ada)))


def test_create_a_duplicate_group(validator, joining, engineers):
    """Create a duplicate Group."""
    clash = group("OTHER") | {joining: group("QKZ")[joining]}

    check(validator.post("/Groups", group("QKZ")), 409, {"scimType": "uniqueness"})
    check(validator.post("/Groups", clash), 409, {"scimType": "uniqueness"})

    validator.shows(engineers, joining, without_members(group("QKZ")))


def test_get_group_by_id_excluding_members(validator, ada):
    """Get group by id excluding members."""
    path = validator.create("/Groups", group("QKZ", id_of(ada)))

    answer = validator.get(f"{path}?excludedAttributes=members")

    check(answer, body=group("QKZ") | {"id": id_of(path), "members": None})


def test_filter_for_an_existing_group(validator, joining, engineers):
    """Filter for an existing group."""
    validator.shows(engineers, joining, without_members(group("QKZ")))


def test_filter_for_an_existing_group_excluding_members(validator, joining, ada):
    """Filter for an existing group excluding members."""
    path = validator.create("/Groups", group("QKZ", id_of(ada)))

    found = validator.find("/Groups", joining, group("QKZ")[joining], "&excludedAttributes=members")

    assert [(each["id"], "members" in each) for each in found] == [(id_of(path), False)]


def test_filter_for_a_non_existing_group(validator, joining, engineers):
    """Filter for a non-existing group."""
    assert validator.find("/Groups", joining, UNKNOWN) == []


def test_filter_for_an_existing_group_with_a_different_case(validator, engineers):
    """Filter for an existing group, different case; an externalId has only one case."""
    found = validator.find("/Groups", "displayName", group("QKZ")["displayName"].upper())

    assert [each["id"] for each in found] == [id_of(engineers)]


def test_patch_group_replace_attributes(validator, joining, engineers):
    """Patch Group - Replace Attributes."""
    changed = without_members(group("QKZ")) | {"externalId": "b8f3c1de"}

    check(validator.patch(engineers, {"op": "replace", "value": {"externalId": "b8f3c1de"}}))

    validator.shows(engineers, joining, changed)


def test_patch_group_update_display_name(validator, joining, engineers):
    """Patch Group - Update displayName."""
    changed = without_members(group("QKZ")) | {"displayName": "Programmers"}

    check(validator.patch(engineers, {"op": "replace", "value": {"displayName": "Programmers"}}))

    validator.shows(engineers, joining, changed)


@pytest.mark.parametrize("op", ["replace", "Replace", "add", "Add"])
def test_patch_group_add_member(validator, joining, engineers, ada, op):
    """Patch Group - Add Member."""
    value = [{"value": id_of(ada)}]

    check(validator.patch(engineers, {"op": op, "path": "members", "value": value}))

    validator.shows(engineers, joining, group("QKZ", id_of(ada)))


@pytest.mark.parametrize("op", ["remove", "Remove"])
def test_patch_group_remove_member(validator, joining, ada, grace, op):
    """Patch Group - Remove Member."""
    path = validator.create("/Groups", group("QKZ", id_of(ada), id_of(grace)))

    check(validator.patch(path, {"op": op, "path": f'members[value eq "{id_of(ada)}"]'}))

    validator.shows(path, joining, group("QKZ", id_of(grace)))


def test_delete_a_group(validator, joining, engineers):
    """Delete a Group."""
    check(validator.delete(engineers), 204)

    check(validator.get(engineers), 404)
    assert validator.find("/Groups", joining, group("QKZ")[joining]) == []


def test_patch_group_multiple_operations(validator, joining, ada, grace):
    """Patch Group - Multiple Ops."""
    path = validator.create("/Groups", group("QKZ", id_of(ada)))

    check(
        validator.patch(
            path,
            {"op": "add", "path": "members", "value": [{"value": id_of(grace)}]},
            {"op": "remove", "path": f'members[value eq "{id_of(ada)}"]'},
        )
    )

    validator.shows(path, joining, group("QKZ", id_of(grace)))


def test_delete_a_non_existent_group(validator):
    """Delete a non-existent Group."""
    check(validator.delete(f"/Groups/{UNKNOWN}"), 404)


def test_delete_the_same_group_twice(validator, engineers):
    """Delete the same Group twice."""
    check(validator.delete(engineers), 204)

    check(validator.delete(engineers), 404)
