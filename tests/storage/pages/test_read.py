"""RFC 7644 §3.4.2.3 and §3.4.2.4: the order of a list, its pages, and how many resources it has."""

from functools import partial

import pytest

from scim.protocol.errors import InvalidPathError
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER
from scim.provider import delete
from tests.support.generated import nodes
from tests.support.statements import noted

E = ENTERPRISE_USER_SCHEMA


def emails(*values, primary=None):
    return [{"value": value} | ({"primary": True} if value == primary else {}) for value in values]


@pytest.fixture(scope="module")
def people(new_directory):
    """Five users whose attributes sort in different ways; two of them have next to nothing."""
    directory = new_directory()
    user = partial(directory.user, userType="guide")
    ada = user("ada", externalId="b")
    user("Bob", externalId="B", displayName="émile", active=False)
    user("cy", title="b", emails=emails("z", "a", primary="a"), displayName="E\u0301a")
    user("Dee", title="B2", emails=emails("B", "c"), displayName="zoe", name={"familyName": "x"})
    user(
        "eve",
        title="a",
        emails=emails("b2"),
        displayName="\uffff",
        name={"familyName": "W"},
        **{E: {"manager": {"value": ada["id"]}, "department": "T"}},
    )
    directory.group("Guides", ada)
    return directory


@pytest.mark.parametrize(
    ("sort_by", "names"),
    [
        ("userName", "ada Bob cy Dee eve"),
        ("USERNAME", "ada Bob cy Dee eve"),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName", "ada Bob cy Dee eve"),
        ("title", "eve cy Dee | ada Bob"),
        ("externalId", "Bob ada | cy Dee eve"),  # caseExact: B before b
        ("displayName", "Dee cy Bob eve | ada"),  # by code point: zoe, éa, émile, U+FFFF
        ("emails", "cy Dee eve | ada Bob"),  # a (primary), b (first), b2
        ("emails.value", "cy Dee eve | ada Bob"),
        ("name.familyName", "eve Dee | ada Bob cy"),
        ("groups.display", "ada | Bob cy Dee eve"),
        (f"{E}:department", "eve | ada Bob cy Dee"),
        ("department", "eve | ada Bob cy Dee"),
        (f"{E}:manager", "eve | ada Bob cy Dee"),
        ("meta.created", "ada Bob cy Dee eve"),
    ],
)
def test_list_is_sorted_with_the_missing_last_or_in_reverse_first(people, sort_by, names):
    with_value, _, without = (part.split() for part in names.partition("|"))

    ascending = [u["userName"] for u in people.list(USER, sort_by=sort_by)]
    reverse = people.list(USER, sort_by=sort_by, sort_order="descending")
    descending = [u["userName"] for u in reverse]

    assert ascending[: len(with_value)] == with_value
    assert set(ascending[len(with_value) :]) == set(without)
    assert set(descending[: len(without)]) == set(without)
    assert descending[len(without) :] == with_value[::-1]


def test_false_sorts_before_true(people):
    active = [u["active"] for u in people.list(USER, sort_by="active")]

    assert active == [False, True, True, True, True]


@pytest.mark.parametrize("resource_type", [USER, GROUP], ids=lambda kind: kind.name)
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_every_attribute_with_a_simple_value_can_be_sorted_by(people, resource_type, order):
    for node in nodes(resource_type):
        if node.attribute.type != "complex":
            people.list(resource_type, sort_by=str(node.path), sort_order=order)


@pytest.mark.parametrize(
    "sort_by",
    ["shoeSize", "name", "addresses", "meta", "password", E, "emails.x", "a b", 'a["', "\0"],
)
def test_what_cannot_be_sorted_by_is_an_invalid_path(people, sort_by):
    with pytest.raises(InvalidPathError, match="sortBy"):
        people.list(USER, sort_by=sort_by)


def test_pages_in_any_order_show_everybody_once(people):
    for sort_by in ("", "title", "emails", "active", "meta.resourceType"):
        for order in ("ascending", "descending"):
            walked = [
                people.list(USER, sort_by=sort_by, sort_order=order, start_index=at, count=2)
                for at in (1, 3, 5)
            ]
            whole = people.list(USER, sort_by=sort_by, sort_order=order)
            assert [user for page in walked for user in page] == whole
            assert len({user["id"] for user in whole}) == 5


def test_sort_comes_before_the_page(people):
    [first] = people.list(USER, "title pr", sort_by="title", count=1)

    assert first["userName"] == "eve"


@pytest.mark.parametrize(
    ("start_index", "count", "shown"),
    [
        (1, 2, [0, 1]),
        (2, 2, [1, 2]),
        (4, 10, [3, 4]),
        (5, 1, [4]),
        (6, 10, []),
        (1000, 1, []),
        (2**62 + 1, 1, []),
        (10**30, 1, []),
        (1, 0, []),
        (3, 0, []),
    ],
)
@pytest.mark.parametrize("text", ["", "userName pr", 'userType eq "guide"'])
@pytest.mark.parametrize("sort_by", [None, "userName"])
def test_page_has_its_share_and_the_number_of_all(people, start_index, count, shown, text, sort_by):
    names = ["ada", "Bob", "cy", "Dee", "eve"]

    page = people.page(USER, text, sort_by=sort_by, start_index=start_index, count=count)

    assert page["totalResults"] == 5
    assert page["startIndex"] == start_index
    assert page["itemsPerPage"] == len(shown)
    assert [user["userName"] for user in page["Resources"]] == [names[i] for i in shown]


@pytest.mark.parametrize("name", ["userName", "externalId", "title", "emails.value"])
def test_nothing_found_is_an_empty_page_after_one_search(people, name):
    database = people.store.database

    with noted(database) as seen:
        page = people.page(USER, f'{name} eq "nobody"')

    assert (page["totalResults"], page["itemsPerPage"], page["Resources"]) == (0, 0, [])
    assert len([text for text, _ in seen if "FROM users" in text]) == 1


def test_default_order_is_that_of_the_ids(people):
    ids = [user["id"] for user in people.list(USER)]

    assert ids == sorted(ids)


def test_total_stays_exact_when_resources_go_and_come(new_directory):
    directory = new_directory()
    users = [directory.user(f"user{number}", title="t") for number in range(6)]
    for user in users[::2]:
        delete(directory.store, USER, user["id"], directory.request)
    directory.user("user0")
    directory.group("group")

    assert directory.page(USER, count=0)["totalResults"] == 4
    assert directory.page(USER, count=2)["totalResults"] == 4
    assert directory.page(USER, 'title eq "T"', count=2)["totalResults"] == 3
    assert directory.page(USER, 'title eq "T"', start_index=3, count=2)["totalResults"] == 3
    assert directory.page(USER, 'title eq "T"', start_index=4, count=2)["totalResults"] == 3
    assert directory.page(GROUP, count=0)["totalResults"] == 1
