"""What one request may cost: more than a limit allows is refused, and nothing is changed."""

import pytest

from ..support.bulk import bulk_request, patch, post
from ..support.errors import check_error
from ..support.scim import add, group, path_of, remove, replace, user

MANY = 5000


def roles(first, last):
    return [{"value": str(number)} for number in range(first, last)]


@pytest.fixture
def small(new_client, empty_database):
    return new_client(MAX_ELEMENTS=3)


def test_attribute_with_too_many_values_is_refused(small):
    path = path_of(small.create(user(roles=roles(0, 3))))
    detail = "roles has 4 values, more than 3 (SCIM_MAX_ELEMENTS); send fewer"
    created = post("a", user("eve", roles=roles(0, 4)))
    changed = patch(path, add("roles", roles(3, 4)))

    results = small.post("/Bulk", bulk_request(created, changed)).json["Operations"]

    assert check_error(small.post("/Users", created["data"]), 400, "invalidValue") == detail
    refused = small.put(path, user(roles=roles(0, 4)))
    assert check_error(refused, 400, "invalidValue") == detail
    for operation in (
        add("roles", roles(3, 4)),
        add('roles[value eq "3"].display', "x"),
        replace("roles", roles(0, 4)),
        add(None, {"roles": roles(0, 4)}),
    ):
        refused = small.patch(path, operation)
        assert check_error(refused, 400, "invalidValue") == f"Operations[0]: {detail}"
    assert [result["response"]["detail"] for result in results] == [
        detail,
        f"Operations[0]: {detail}",
    ]
    assert small.get(path).json["roles"] == roles(0, 3)


def test_values_that_are_not_kept_do_not_count(small):
    groups = [{"value": str(number)} for number in range(4)]

    assert small.post("/Users", user(groups=groups)).status_code == 201


def test_members_of_a_group_do_not_count(small):
    people = [small.create(user(f"user{number}")) for number in range(4)]
    tours = small.create(group("Tours", *people))

    assert len(small.read(tours)["members"]) == 4
    assert small.put(path_of(tours), group("Tours", *people)).status_code == 200


def test_resource_that_has_more_values_already_can_still_be_changed(scim, small):
    """The setting may have been lowered."""
    path = path_of(scim.create(user(roles=roles(0, 6))))

    assert small.patch(path, replace("title", "Guide")).status_code == 200
    assert small.patch(path, replace('roles[value eq "1"].display', "x")).status_code == 200
    assert len(small.patch(path, remove('roles[value eq "0"]')).json["roles"]) == 5
    check_error(small.patch(path, add("roles", roles(6, 7))), 400, "invalidValue")


def test_patch_that_compares_too_much_is_refused(scim):
    path = path_of(scim.create(user(roles=roles(0, MANY))))
    operation = replace('roles[value co "x" or value sw "1"].display', "x")

    refused = scim.patch(path, *(operation for _ in range(200)))

    detail = check_error(refused, 413)
    assert detail.endswith("compare more than 500000 values; send them in several requests")
    assert "display" not in scim.get(path).json["roles"][1]
    assert scim.patch(path, operation).status_code == 200


def test_each_of_thousands_of_members_is_removed_by_its_own_operation(scim):
    people = [
        result["location"].rpartition("/")[2]
        for start in range(0, MANY, 1000)
        for result in scim.post(
            "/Bulk",
            bulk_request(*(post(str(n), user(f"user{n}")) for n in range(start, start + 1000))),
        ).json["Operations"]
    ]
    tours = scim.create(group("Tours") | {"members": [{"value": each} for each in people]})
    operations = [remove(f'members[value eq "{each}"]') for each in people[1:]]

    answer = scim.patch(path_of(tours), *operations)

    assert answer.status_code == 200
    assert [member["value"] for member in answer.json["members"]] == people[:1]
