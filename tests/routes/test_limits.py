"""A request that costs more than a limit allows is refused, and changes nothing."""

import pytest

from scim.protocol.patch.members import MOST_UNNAMED
from scim.protocol.patch.write import MOST_COMPARISONS
from scim.protocol.values import MOST_COMBINING

from ..support.bulk import bulk_request, patch, post
from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import add, group, listed, path_of, remove, replace, user

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


@EVERYDAY_ON_ONE_DATABASE
def test_patch_that_compares_too_much_is_refused(scim):
    path = path_of(scim.create(user(roles=roles(0, MANY))))
    operation = replace('roles[value co "x" or value sw "1"].display', "x")

    refused = scim.patch(path, *[operation] * (1 + MOST_COMPARISONS // MANY))

    detail = check_error(refused, 413)
    limit = f"compare more than {MOST_COMPARISONS} values; send them in several requests"
    assert detail.endswith(limit)
    assert "display" not in scim.get(path).json["roles"][1]
    assert scim.patch(path, operation).status_code == 200


@EVERYDAY_ON_ONE_DATABASE
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


@pytest.fixture
def shallow(new_client, empty_database):
    return new_client(MAX_NESTING_DEPTH=3, MAX_NESTING_PAIRS=6)


def nest(scim, *names):
    """Make groups, each of which has the one before as a member."""
    made = []
    for name in names:
        made.append(scim.create(group(name, *made[-1:])))
    return made


TOO_DEEP = (
    "members: groups would be nested more than 3 deep (SCIM_MAX_NESTING_DEPTH);"
    " put them into a group further up"
)


def test_groups_are_nested_as_deeply_as_the_setting_says(shallow):
    lowest, middle, highest = nest(shallow, "a", "b", "c")
    other = shallow.create(group("d"))
    above, below = group("e", highest), add("members", listed(other))
    created = post("e", above)

    [result] = shallow.post("/Bulk", bulk_request(created)).json["Operations"]

    assert result["response"]["detail"] == TOO_DEEP
    assert check_error(shallow.post("/Groups", above), 400, "invalidValue") == TOO_DEEP
    refused = shallow.patch(path_of(lowest), below)
    assert check_error(refused, 400, "invalidValue") == f"Operations[0]: {TOO_DEEP}"
    refused = shallow.put(path_of(other), group("d", highest))
    assert check_error(refused, 400, "invalidValue") == TOO_DEEP
    assert shallow.patch(path_of(middle), below).status_code == 200
    assert shallow.patch(path_of(highest), below).status_code == 200


def test_two_chains_are_not_joined_to_one_that_is_too_deep(shallow):
    _, first = nest(shallow, "a", "b")
    second, third = nest(shallow, "c", "d")

    refused = shallow.patch(path_of(second), add("members", listed(first)))

    assert check_error(refused, 400, "invalidValue") == f"Operations[0]: {TOO_DEEP}"
    assert shallow.patch(path_of(third), add("members", listed(first))).status_code == 200


def test_number_of_groups_beside_each_other_does_not_count_as_depth(shallow):
    several = [shallow.create(group(name)) for name in "abcde"]
    middle = shallow.create(group("middle", *several[:4]))

    assert shallow.post("/Groups", group("highest", middle)).status_code == 201
    assert shallow.patch(path_of(middle), add("members", listed(several[4]))).status_code == 200


def test_too_many_pairs_of_groups_at_once_are_refused(shallow):
    several = [shallow.create(group(name)) for name in "abcd"]
    middle, _ = nest(shallow, "middle", "highest")

    refused = shallow.patch(path_of(middle), add("members", listed(*several)))

    assert check_error(refused, 400, "invalidValue") == (
        "Operations[0]: members: 4 groups would join 2 groups at once, more than 6 pairs"
        " (SCIM_MAX_NESTING_PAIRS); add fewer groups, or nest them less"
    )
    assert shallow.patch(path_of(middle), add("members", listed(*several[:3]))).status_code == 200
    assert shallow.patch(path_of(middle), add("members", listed(*several[3:]))).status_code == 200


@EVERYDAY_ON_ONE_DATABASE
def test_text_that_would_take_minutes_to_normalize_is_refused(scim):
    """Python's NFKC sorts combining characters in the square of their number."""
    text = "a" + "\u0301" * 500_000 + "\u0323" * 500_000
    path = path_of(scim.create(user()))
    detail = f"more than {MOST_COMBINING} combining characters follow each other; remove them"

    refused = scim.post("/Users", user("eve", displayName=text))
    assert check_error(refused, 400, "invalidValue") == f"displayName: {detail}"
    refused = scim.patch(path, replace("title", text))
    assert check_error(refused, 400, "invalidValue") == f"Operations[0]: title: {detail}"
    assert scim.patch(path, replace("title", "a" + "\u0301" * MOST_COMBINING)).status_code == 200


@EVERYDAY_ON_ONE_DATABASE
def test_operations_that_go_through_all_members_are_limited(scim):
    ada = scim.create(user("ada"))
    path = path_of(scim.create(group("Tours", ada)))
    detail = (
        f"more than {MOST_UNNAMED} operations go through all members; select members by"
        ' [value eq "..."], or send several requests'
    )

    for operation in (replace("members", listed(ada)), remove('members[display eq "x"]')):
        assert scim.patch(path, *[operation] * MOST_UNNAMED).status_code == 200
        assert check_error(scim.patch(path, *[operation] * (MOST_UNNAMED + 1)), 413) == detail


def test_operations_on_members_in_a_row_do_what_each_would_do(scim):
    """They are carried out together where they can be."""
    ada, bob, cyd = (scim.create(user(name)) for name in ("ada", "bob", "cyd"))
    inner = scim.create(group("Inner"))
    tours = scim.create(group("Tours", ada))
    path = path_of(tours)
    unknown = {"id": inner["id"][:-1] + ("0" if inner["id"][-1] != "0" else "1")}

    def one(member):
        return remove(f'members[value eq "{member["id"]}"]')

    def ids(answer):
        return {member["value"] for member in answer.json.get("members", [])}

    adds = [add("members", listed(each)) for each in (bob, inner, cyd, bob)]
    answer = scim.patch(path, *adds, one(ada), one(bob), one(bob), add("members", listed(bob)))
    assert ids(answer) == {each["id"] for each in (bob, cyd, inner)}

    refused = scim.patch(path, *adds, add("members", listed(unknown)), add("members", listed(ada)))
    assert check_error(refused, 400, "invalidValue").startswith("Operations[4]: members: there is")
    refused = scim.patch(path, *adds[:1], add("members", listed(tours)), *adds[2:])
    assert check_error(refused, 400, "invalidValue").startswith("Operations[1]: members: a group")
    version = scim.get(path).json["meta"]["version"]
    back = [one(bob), one(cyd), add("members", listed(bob)), add("members", listed(cyd))]
    assert scim.patch(path, *back).json["meta"]["version"] == version


def test_operation_on_members_that_comes_again_sees_what_came_between(scim):
    ada, bob = (scim.create(user(name, displayName=name)) for name in ("ada", "bob"))
    everybody, bobs = remove("members"), remove('members[display co "b"]')
    adas = replace("members", listed(ada))

    for first, between, left in (
        (everybody, listed(ada), set()),
        (adas, listed(bob), {ada["id"]}),
        (bobs, listed(bob), set()),
    ):
        tours = scim.create(group(f"Tours {between} {left}", bob))

        answer = scim.patch(path_of(tours), first, add("members", between), first)

        assert {member["value"] for member in answer.json.get("members", [])} == left
