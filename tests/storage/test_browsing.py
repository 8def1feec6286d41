"""What people look at: members page by page, groups by way of others, names, history."""

import pytest

from scim.provider import recovery
from scim.storage.timeline import LATEST, MEMBERS_SHOWN

from ..support.scim import add, remove, replace


@pytest.fixture
def directory(new_directory):
    return new_directory()


def test_members_come_page_by_page(directory):
    people = [directory.user(f"person{number}") for number in range(5)]
    group = directory.group("Staff", *people)

    first = directory.store.browse(lambda known: known.members(group["id"], limit=3))
    rest = directory.store.browse(
        lambda known: known.members(group["id"], after=first[-1].id, limit=3)
    )

    assert [each.user_name for each in first + rest] == [f"person{n}" for n in range(5)]


@pytest.mark.parametrize(("text", "count"), [("ADA", 1), ("lovelace", 1), ("%", 0), ("", 2)])
def test_members_are_found_by_a_part_of_a_name(directory, text, count):
    ada = directory.user("ada", displayName="Ada Lovelace")
    group = directory.group("Staff", ada, directory.user("ben"))

    found = directory.store.browse(lambda known: known.members(group["id"], text))

    assert len(found) == count


def test_members_are_counted_up_to_a_number(directory):
    inner = directory.group("Inner")
    group = directory.group("Staff", *(directory.user(f"u{n}") for n in range(4)), inner)

    counts = [
        directory.store.browse(lambda known, most=most: known.count_members([group["id"]], most))
        for most in (3, 1000)
    ]

    assert counts == [{group["id"]: 4}, {group["id"]: 5}]


def test_groups_say_by_way_of_which_others(directory):
    ada = directory.user("ada")
    team = directory.group("Team", ada)
    other = directory.group("Other", ada)
    directory.group("Region", team, other)

    found = directory.store.browse(lambda known: known.groups_of("User", ada["id"]))

    assert [(each.group.name, sorted(way.name for way in each.by_way_of)) for each in found] == [
        ("Other", []),
        ("Team", []),
        ("Region", ["Other", "Team"]),
    ]


def test_nested_groups_are_a_tree(directory):
    leaf = directory.group("Leaf")
    middle = directory.group("Middle", leaf)
    top = directory.group("Top", middle, leaf)

    found = directory.store.browse(lambda known: known.nested(top["id"]))

    assert {key: [each.name for each in value] for key, value in found.items()} == {
        top["id"]: ["Leaf", "Middle"],
        middle["id"]: ["Leaf"],
    }


def test_names_of_those_that_are_gone(directory):
    ada, ben = directory.user("ada"), directory.user("ben")
    directory.delete(ada)
    directory.delete(ben)
    recovery.forget(directory.store, [ben["id"]])

    found = directory.store.browse(lambda known: known.names([ada["id"], ben["id"]]))

    assert (found[ada["id"]].name, found[ada["id"]].is_deleted) == ("ada", True)
    assert found[ben["id"]].name == ""


def test_find_begins_with_what_begins_so(directory):
    directory.user("zoe.adams", displayName="Zoe Adams")
    directory.user("adam.berg")
    directory.group("Adamants")

    found = directory.store.browse(lambda known: known.find("Adam", 10))

    assert [each.name for each in found] == ["adam.berg", "Adamants", "Zoe Adams"]
    assert len(directory.store.browse(lambda known: known.find("adam", 2))) == 2


def test_timeline_is_read_page_by_page(directory):
    ada = directory.user("ada")
    directory.group("Staff", ada)
    for title in ("one", "two", "three"):
        directory.patch(ada, replace("title", title))

    read, until = [], "9999"
    while until:
        page, until = directory.store.timeline(
            ada["id"], lambda known, until=until: known.page(until, limit=2)
        )
        read += page

    assert [each.change.version for each in read if each.change.resource_id == ada["id"]] == [
        5,
        4,
        3,
        1,
    ]
    assert [each.joined for each in read if each.change.resource_id != ada["id"]] == [1]
    assert '"two"' in read[0].change.before


def test_what_happened_at_one_instant_is_on_one_page(directory):
    ada = directory.user("ada")
    for number in range(5):
        directory.group(f"Group {number}", ada)
    directory.delete(ada)  # it leaves all of them at once

    def read(until):
        return directory.store.timeline(ada["id"], lambda known: known.page(until, limit=2))

    moments, until = [], LATEST
    while until:
        page, until = read(until)
        moments += page

    assert sum(each.left for each in moments) == 5
    assert sum(each.joined for each in moments) == 5


def test_timeline_names_the_first_members_and_counts_all(directory):
    people = [directory.user(f"u{number}") for number in range(MEMBERS_SHOWN + 3)]
    group = directory.group("Staff", *people)
    directory.patch(group, remove(f'members[value eq "{people[0]["id"]}"]'))

    page, _ = directory.store.timeline(group["id"], lambda known: known.page())

    assert [(each.joined, each.left, len(each.change.members)) for each in page] == [
        (0, 1, 1),
        (MEMBERS_SHOWN + 3, 0, MEMBERS_SHOWN),
    ]


def test_members_since_a_version(directory):
    ada, ben, eva = directory.user("ada"), directory.user("ben"), directory.user("eva")
    group = directory.group("Staff", ada)
    directory.patch(group, add("members", [{"value": ben["id"]}, {"value": eva["id"]}]))
    directory.patch(group, remove(f'members[value eq "{ada["id"]}"]'))
    directory.patch(group, remove(f'members[value eq "{eva["id"]}"]'))

    joined, left = directory.store.timeline(group["id"], lambda known: known.members_since(1))

    assert (joined, left) == ([ben["id"]], [ada["id"]])


def test_body_at_a_version(directory):
    ada = directory.user("ada", title="one")
    directory.patch(ada, replace("title", "two"))
    directory.delete(ada)

    bodies = [
        directory.store.timeline(ada["id"], lambda known, version=version: known.body_at(version))
        for version in (1, 2, 3)
    ]

    assert [("one" in body, "two" in body) for body in bodies] == [
        (True, False),
        (False, True),
        (False, True),
    ]
