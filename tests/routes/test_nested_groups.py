"""Groups as members of groups, and what users show of them (RFC 7643 §4.1.2 and §4.2)."""

import pytest

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA
from scim.provider import operations

from ..support.bulk import carry_out, patch, post, refer, statuses
from ..support.errors import check_error
from ..support.scim import (
    UNKNOWN_ID,
    add,
    enterprise,
    group,
    listed,
    path_of,
    remove,
    replace,
    user,
)
from .test_groups import ids, moved, names

BY_VALUE = 'members[value eq "{}"]'


@pytest.fixture
def babs(scim):
    return scim.create(user("babs", displayName="Babs"))


@pytest.fixture
def guides(scim, babs):
    """A group with Babs in it."""
    return scim.create(group("Guides", babs))


@pytest.fixture
def staff(scim, guides):
    """A group with the guides in it."""
    return scim.create(group("Staff", guides))


def chain(scim, *display_names, innermost=()):
    """Return groups of which each contains the next."""
    groups = []
    for name in reversed(display_names):
        groups.insert(0, scim.create(group(name, *(groups[:1] or innermost))))
    return groups


def shown(scim, resource):
    """Return the groups of a user as ``{display: type}``, each of which must be shown once."""
    groups = scim.read(resource).get("groups", [])
    types = {each["display"]: each["type"] for each in groups}
    assert len(types) == len(groups)
    return types


def entra(op, path, *members):
    """Return an operation as Entra ID writes it."""
    value = [{"$ref": None, "value": member["id"]} for member in members]
    return {"op": op.capitalize(), "path": path, "value": value}


class Watch:
    """Resources as they are now; later it tells which have got a new version."""

    def __init__(self, scim, *resources):
        self.scim = scim
        self.before = [scim.read(each) for each in resources]

    def moved(self):
        return [
            each.get("displayName") or each["userName"]
            for each in self.before
            if moved(each, self.scim.read(each))
        ]


def test_member_group_is_shown_with_its_type_reference_and_display(scim, guides, babs):
    made = scim.create(group("Staff", guides, babs))

    expected = [
        {
            "value": each["id"],
            "$ref": each["meta"]["location"],
            "display": each["displayName"],
            "type": each["meta"]["resourceType"],
        }
        for each in (babs, guides)
    ]
    assert made["members"] == expected
    assert scim.read(made) == made
    assert scim.get("/Groups?sortBy=displayName").json["Resources"][1] == made


def test_what_a_client_says_of_a_member_beside_its_id_is_ignored(scim, guides, babs):
    lies = {"type": "Nonsense", "display": "x", "$ref": "https://example.com/Users/1"}
    members = [each | lies for each in listed(guides, babs)]

    made = scim.create(group("Staff", members=members))

    told = scim.create(group("Told", guides, babs))
    assert made["members"] == told["members"]
    swapped = [{"value": guides["id"], "type": "User"}, {"value": babs["id"], "type": "Group"}]
    assert scim.put(path_of(made), group("Staff", members=swapped)).json == made


def test_user_shows_direct_and_indirect_groups(scim, babs, guides, staff):
    everyone = scim.create(group("Everyone", staff))

    assert shown(scim, babs) == {"Guides": "direct", "Staff": "indirect", "Everyone": "indirect"}
    listed_by_id = sorted((guides, staff, everyone), key=lambda each: each["id"])
    assert scim.read(babs)["groups"] == [
        {
            "value": each["id"],
            "$ref": each["meta"]["location"],
            "display": each["displayName"],
            "type": "direct" if each == guides else "indirect",
        }
        for each in listed_by_id
    ]
    assert scim.get("/Users").json["Resources"] == [scim.read(babs)]


def test_group_in_which_a_user_is_both_ways_is_shown_once_as_direct(scim, babs, staff):
    scim.patch(path_of(staff), add("members", listed(babs)))
    assert shown(scim, babs) == {"Guides": "direct", "Staff": "direct"}

    scim.patch(path_of(staff), remove(BY_VALUE.format(babs["id"])))
    assert shown(scim, babs) == {"Guides": "direct", "Staff": "indirect"}


JOININGS = pytest.mark.parametrize(
    "operation",
    [
        lambda child: add("members", listed(child)),
        lambda child: add("members", listed(child)[0]),
        lambda child: add(None, {"members": listed(child)}),
        lambda child: add("members", listed(child, child)),
        lambda child: add('members[type eq "Group"].value', child["id"]),
        lambda child: replace("members", listed(child)),
        lambda child: replace(None, {"members": listed(child)}),
        lambda child: replace("members", [listed(child)[0] | {"display": "Guides"}]),  # Okta
        lambda child: replace(None, {"id": "x", "members": listed(child)}),  # Okta
        lambda child: entra("add", "members", child),
        lambda child: {"op": "Replace", "path": "members", "value": listed(child)},
    ],
)


@JOININGS
def test_group_joins_another_by_patch(scim, babs, guides, operation):
    staff, other = scim.create(group("Staff")), scim.create(group("Other"))
    watch = Watch(scim, babs, guides, staff, other)

    answer = scim.patch(path_of(staff), operation(guides))

    assert answer.status_code == 200, answer.text
    assert answer.json == scim.read(staff)
    assert [each["type"] for each in answer.json["members"]] == ["Group"]
    assert shown(scim, babs) == {"Guides": "direct", "Staff": "indirect"}
    assert watch.moved() == ["Babs", "Staff"]


def test_group_joins_another_by_put_and_by_post(scim, babs, guides):
    staff = scim.create(group("Staff"))
    watch = Watch(scim, babs, guides, staff)

    answer = scim.put(path_of(staff), group("Staff", guides)).json
    assert watch.moved() == ["Babs", "Staff"]
    watch = Watch(scim, babs, guides, staff)
    made = scim.create(group("Everyone", guides))

    assert watch.moved() == ["Babs"]
    assert answer["members"] == made["members"]
    assert shown(scim, babs) == dict.fromkeys(("Staff", "Everyone"), "indirect") | {
        "Guides": "direct"
    }


@pytest.mark.parametrize(
    "operations",
    [
        lambda child: [remove(BY_VALUE.format(child["id"]))],
        lambda child: [remove(BY_VALUE.format(child["id"])) | {"op": "Remove"}],
        lambda child: [remove("members") | {"value": listed(child)}],
        lambda child: [entra("remove", "members", child)],
        lambda child: [remove('members[display eq "GUIDES"]')],
        lambda child: [remove('members[type eq "group"]')],
        lambda child: [remove(f'members[$ref eq "{child["meta"]["location"]}"]')],
        lambda child: [remove(f'members[type eq "Group" and value eq "{child["id"]}"]')],
        lambda child: [remove('members[not (type eq "User")]')],
        lambda child: [remove("members")],
        lambda child: [replace("members", [])],
        lambda child: [replace(None, {"members": None})],
        lambda child: [remove("members"), add("members", listed(child)), remove("members")],
    ],
)
def test_group_leaves_another_by_patch(scim, babs, guides, staff, operations):
    everyone = scim.create(group("Everyone", staff))
    watch = Watch(scim, babs, guides, staff, everyone)

    answer = scim.patch(path_of(staff), *operations(guides))

    assert answer.status_code == 200, answer.text
    assert "members" not in answer.json
    assert scim.read(staff) == answer.json
    assert shown(scim, babs) == {"Guides": "direct"}
    assert watch.moved() == ["Babs", "Staff"]


def test_group_leaves_another_by_put(scim, babs, guides, staff):
    watch = Watch(scim, babs, guides, staff)

    scim.put(path_of(staff), group("Staff"))

    assert shown(scim, babs) == {"Guides": "direct"}
    assert watch.moved() == ["Babs", "Staff"]


@pytest.mark.parametrize(
    "operations",
    [
        lambda inside, outside: [add("members", listed(inside))],
        lambda inside, outside: [replace("members", listed(inside))],
        lambda inside, outside: [remove(BY_VALUE.format(outside["id"]))],
        lambda inside, outside: [entra("remove", "members", outside)],
        lambda inside, outside: [
            add("members", listed(outside)),
            remove(BY_VALUE.format(outside["id"])),
        ],
        lambda inside, outside: [remove("members"), add("members", listed(inside))],
        lambda inside, outside: [replace("members", []), replace("members", listed(inside))],
    ],
)
def test_operations_that_leave_the_member_groups_as_they_are_keep_versions(
    scim, babs, guides, staff, operations
):
    other = scim.create(group("Other", babs))
    watch = Watch(scim, babs, guides, staff, other)

    answer = scim.patch(path_of(staff), *operations(guides, other))

    assert answer.json == staff
    assert watch.moved() == []
    assert shown(scim, babs) == {"Guides": "direct", "Staff": "indirect", "Other": "direct"}


def test_users_and_groups_are_put_in_and_taken_out_together(scim, babs, guides):
    james = scim.create(user("james"))
    others = scim.create(group("Others"))
    staff = scim.create(group("Staff", others))
    watch = Watch(scim, babs, james, guides, others, staff)

    answer = scim.patch(
        path_of(staff),
        add("members", listed(james, guides)),
        entra("remove", "members", others, babs),
    ).json

    assert ids(answer) == {james["id"], guides["id"]}
    assert shown(scim, james) == {"Staff": "direct"}
    assert shown(scim, babs) == {"Guides": "direct", "Staff": "indirect"}
    assert watch.moved() == ["Babs", "james", "Staff"]


def test_chain_of_ten_groups_is_shown_and_cut(scim, babs):
    levels = [f"level {number}" for number in range(10)]
    groups = chain(scim, *levels, innermost=[babs])
    middle = scim.create(user("middle"))
    scim.patch(path_of(groups[4]), add("members", listed(middle)))

    assert shown(scim, babs) == dict.fromkeys(levels[:9], "indirect") | {"level 9": "direct"}
    assert shown(scim, middle) == dict.fromkeys(levels[:4], "indirect") | {"level 4": "direct"}

    watch = Watch(scim, babs, middle, *groups)
    scim.patch(path_of(groups[5]), remove("members"))

    assert shown(scim, babs) == dict.fromkeys(levels[6:9], "indirect") | {"level 9": "direct"}
    assert shown(scim, middle) == dict.fromkeys(levels[:4], "indirect") | {"level 4": "direct"}
    assert watch.moved() == ["Babs", "level 5"]


def test_group_that_is_reached_in_two_ways_is_left_with_the_second(scim, babs, guides):
    left, right = scim.create(group("Left", guides)), scim.create(group("Right", guides))
    top = scim.create(group("Top", left, right))
    everything = {"Guides": "direct", "Left": "indirect", "Right": "indirect", "Top": "indirect"}
    assert shown(scim, babs) == everything

    scim.patch(path_of(left), remove("members"))
    assert shown(scim, babs) == {name: everything[name] for name in ("Guides", "Right", "Top")}

    scim.patch(path_of(top), remove(BY_VALUE.format(right["id"])))
    assert shown(scim, babs) == {name: everything[name] for name in ("Guides", "Right")}


def test_group_that_is_a_member_directly_and_by_way_of_another(scim, babs, guides, staff):
    top = scim.create(group("Top", staff))

    answer = scim.patch(path_of(top), add("members", listed(guides))).json
    assert names(answer) == ["Guides", "Staff"]

    scim.patch(path_of(top), remove(BY_VALUE.format(guides["id"])))
    assert names(scim.read(top)) == ["Staff"]
    assert shown(scim, babs) == {"Guides": "direct", "Staff": "indirect", "Top": "indirect"}

    scim.patch(path_of(top), add("members", listed(guides)))
    scim.patch(path_of(top), remove(BY_VALUE.format(staff["id"])))
    assert shown(scim, babs) == {"Guides": "direct", "Staff": "indirect", "Top": "indirect"}


def test_group_moves_from_one_to_another(scim, babs, guides, staff):
    old, new = scim.create(group("Old", staff)), scim.create(group("New"))

    scim.patch(path_of(new), add("members", listed(staff)))
    scim.patch(path_of(old), remove(BY_VALUE.format(staff["id"])))

    assert shown(scim, babs) == {"Guides": "direct", "Staff": "indirect", "New": "indirect"}
    assert "members" not in scim.read(old)


def test_two_groups_change_places(scim, babs, guides, staff):
    scim.patch(path_of(staff), remove("members"))
    answer = scim.patch(path_of(guides), add("members", listed(staff)))

    assert answer.status_code == 200
    assert shown(scim, babs) == {"Guides": "direct"}


@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize(
    "close",
    [
        lambda scim, path, name, ids: scim.put(path, group(name, *ids)),
        lambda scim, path, name, ids: scim.patch(path, add("members", listed(*ids))),
        lambda scim, path, name, ids: scim.patch(
            path, replace("displayName", "x"), add("members", listed(*ids))
        ),
        lambda scim, path, name, ids: scim.patch(
            path, remove("members"), replace("members", listed(*ids))
        ),
        lambda scim, path, name, ids: scim.patch(
            path, add("members", listed(ids[0])), add(None, {"members": listed(*ids)})
        ),
        lambda scim, path, name, ids: scim.patch(path, entra("add", "members", *ids)),
    ],
    ids=["PUT", "add", "rename and add", "replace", "add without path", "Entra"],
)
def test_cycle_is_refused_and_nothing_is_changed(scim, babs, length, close):
    groups = chain(scim, *(f"level {number}" for number in range(length)), innermost=[babs])
    james, other = scim.create(user("james")), scim.create(group("Other", babs))
    everything = [scim.read(each) for each in (babs, james, other, *groups)]
    top, bottom = groups[0], groups[-1]

    answer = close(scim, path_of(bottom), "x", [james, other, top])

    detail = check_error(answer, 400, "invalidValue")
    assert "members" in detail
    if length == 1:
        assert "a group cannot be a member of itself" in detail
    else:
        assert top["id"] in detail
    assert [scim.read(each) for each in everything] == everything


def test_refused_operation_on_members_is_named(scim, guides, staff):
    rename = replace("displayName", "x")

    for refused, what in ((staff["id"], "contain"), (UNKNOWN_ID, UNKNOWN_ID)):
        members = [{"value": refused}]
        detail = check_error(
            scim.patch(path_of(guides), rename, add("members", members)), 400, "invalidValue"
        )
        assert detail.startswith("Operations[1]: members: ")
        assert what in detail
        detail = check_error(
            scim.put(path_of(guides), group("Guides", members=members)), 400, "invalidValue"
        )
        assert detail.startswith("members: ")


def test_id_that_a_client_gives_a_new_group_closes_no_cycle(scim, guides, staff):
    made = scim.create(group("Third", staff, id=guides["id"]))

    assert made["id"] != guides["id"]
    assert ids(made) == {staff["id"]}


def test_bulk_request_makes_groups_in_groups_but_no_cycle(scim):
    results = carry_out(
        scim,
        post("outer", group("Outer", members=refer("inner"))),
        post("inner", group("Inner", members=refer("babs"))),
        post("babs", user("babs")),
        patch("/Groups/bulkId:inner", add("members", refer("outer"))),
        patch("/Groups/bulkId:outer", add("members", refer("babs"))),
    )

    assert statuses(results) == ["201", "201", "201", "400", "200"]
    assert results[3]["response"]["scimType"] == "invalidValue"
    [babs] = scim.get("/Users").json["Resources"]
    assert shown(scim, babs) == {"Inner": "direct", "Outer": "direct"}


@pytest.mark.parametrize("unknown", [UNKNOWN_ID, "nobody"])
def test_unknown_member_beside_a_group_is_refused_and_nothing_is_stored(
    scim, babs, guides, unknown
):
    staff = scim.create(group("Staff"))
    members = [*listed(guides), {"value": unknown, "type": "Group"}]
    watch = Watch(scim, babs, guides, staff)

    for answer in (
        scim.post("/Groups", group("New", members=members)),
        scim.put(path_of(staff), group("Staff", members=members)),
        scim.patch(path_of(staff), add("members", members)),
        scim.patch(path_of(staff), add("members", listed(guides)), add("members", members)),
    ):
        assert unknown in check_error(answer, 400, "invalidValue")
    assert watch.moved() == []
    assert scim.get("/Groups").json["totalResults"] == 2


def test_deleted_group_is_unknown(scim, guides):
    staff = scim.create(group("Staff"))
    scim.delete(path_of(guides))

    answer = scim.patch(path_of(staff), add("members", listed(guides)))

    assert guides["id"] in check_error(answer, 400, "invalidValue")


def test_unknown_members_are_skipped_beside_groups_where_a_setting_says_so(new_client):
    scim = new_client(SKIP_UNKNOWN_MEMBERS=True)
    babs = scim.create(user())
    guides = scim.create(group("Guides", babs))
    members = [{"value": UNKNOWN_ID}, *listed(guides), {"value": "nobody"}]

    staff = scim.create(group("Staff", members=members))
    itself = scim.put(path_of(guides), group("Guides", members=[*members, *listed(babs)]))

    assert ids(staff) == {guides["id"]}
    check_error(itself, 400, "invalidValue")


@pytest.mark.parametrize(("users", "groups", "shows"), [(2, 1, True), (2, 2, False), (0, 4, False)])
def test_groups_count_among_the_members_that_an_answer_shows(
    scim, monkeypatch, users, groups, shows
):
    monkeypatch.setattr(operations, "MEMBERS_SHOWN", 3)
    members = [scim.create(user(f"user{number}")) for number in range(users)]
    members += [scim.create(group(f"group{number}")) for number in range(groups)]
    staff = scim.create(group("Staff", *members[:-1]))

    answer = scim.patch(path_of(staff), add("members", listed(members[-1]))).json

    assert ("members" in answer) == shows
    asked = scim.patch(f"{path_of(staff)}?attributes=members", add("members", listed(members[0])))
    assert ids(asked.json) == ids(scim.read(staff)) == {each["id"] for each in members}


@pytest.mark.parametrize(
    ("query", "members"),
    [
        ("excludedAttributes=members", None),
        ("attributes=displayName", None),
        ("attributes=members.type", [{"type": "User"}, {"type": "Group"}]),
        (
            "attributes=members.display,members.type",
            [{"display": "Babs", "type": "User"}, {"display": "Guides", "type": "Group"}],
        ),
        (
            "excludedAttributes=members.value,members.$ref,members.display",
            [{"type": "User"}, {"type": "Group"}],
        ),
    ],
)
def test_members_of_both_types_are_shown_as_asked(scim, babs, guides, query, members):
    staff = scim.create(group("Staff", guides, babs))
    path = f"{path_of(staff)}?{query}"

    one, (_, found) = scim.get(path).json, scim.get(f"/Groups?{query}").json["Resources"]
    changed = scim.put(path, group("Staff", guides, babs)).json

    assert one == found == changed
    assert one.get("members") == members


def test_groups_of_a_user_are_shown_as_asked(scim, babs, staff):
    shown = scim.get(f"{path_of(babs)}?attributes=groups.display,groups.type").json["groups"]

    assert shown == [
        {"display": "Guides", "type": "direct"},
        {"display": "Staff", "type": "indirect"},
    ]
    assert "groups" not in scim.get(f"{path_of(babs)}?excludedAttributes=groups").json


@pytest.fixture
def sorted_by(scim):
    """Return the names of all users or groups as ``sortBy`` and ``sortOrder`` put them."""

    def names_in_order(endpoint, attribute, order="ascending"):
        found = scim.get(f"{endpoint}?sortBy={attribute}&sortOrder={order}").json["Resources"]
        return [each["displayName"] for each in found]

    return names_in_order


def test_users_are_sorted_by_the_first_group_that_they_show(scim, sorted_by):
    ada, bob, eve = (scim.create(user(name, displayName=name)) for name in ("ada", "bob", "eve"))
    zoo = scim.create(group("Zoo", ada))
    scim.create(group("Ape", zoo))
    scim.create(group("Middle", bob))

    assert sorted_by("/Users", "groups.display") == ["bob", "ada", "eve"]
    assert sorted_by("/Users", "groups.display", "descending") == ["eve", "ada", "bob"]
    assert sorted_by("/Users", "groups") == ["ada", "bob", "eve"]
    for attribute in ("groups.type", "groups.$ref"):
        assert sorted_by("/Users", attribute) == ["ada", "bob", "eve"]

    outer = scim.create(group("Outer"))
    inner = scim.create(group("Inner", eve))
    scim.patch(path_of(outer), add("members", listed(inner)))
    assert sorted_by("/Users", "groups.type") == ["ada", "bob", "eve"]
    assert sorted_by("/Users", "groups.type", "descending") == ["eve", "ada", "bob"]
    assert sorted_by("/Users", "groups.display") == ["bob", "eve", "ada"]


def test_groups_are_sorted_by_the_first_member_that_they_show(scim, babs, sorted_by):
    guides = scim.create(group("Guides", babs))
    scim.create(group("Staff", guides))
    scim.create(group("Nobody"))
    scim.create(group("All", guides, babs))

    assert sorted_by("/Groups", "members.type") == ["Staff", "Guides", "All", "Nobody"]
    assert sorted_by("/Groups", "members.display") == ["Guides", "All", "Staff", "Nobody"]
    assert sorted_by("/Groups", "members.value", "descending") == [
        "Nobody",
        "Staff",
        "Guides",
        "All",
    ]


def test_renamed_group_moves_its_own_version_only(scim, babs, guides, staff):
    watch = Watch(scim, babs, guides, staff)

    scim.patch(path_of(guides), replace("displayName", "Renamed"))

    assert names(scim.read(staff)) == ["Renamed"]
    assert shown(scim, babs) == {"Renamed": "direct", "Staff": "indirect"}
    assert [moved(each, scim.read(each)) for each in watch.before] == [False, True, False]


def test_member_of_a_member_moves_no_version_above(scim, babs, guides, staff):
    james = scim.create(user("james"))
    watch = Watch(scim, babs, james, guides, staff)

    scim.patch(path_of(guides), add("members", listed(james)))

    assert shown(scim, james) == {"Guides": "direct", "Staff": "indirect"}
    assert watch.moved() == ["james", "Guides"]


def test_nesting_moves_all_users_beneath_and_nobody_else(scim, babs, guides, staff):
    james, eve = scim.create(user("james")), scim.create(user("eve"))
    scim.patch(path_of(staff), add("members", listed(james)))
    top = scim.create(group("Top", eve))
    watch = Watch(scim, babs, james, eve, guides, staff, top)

    scim.patch(path_of(top), add("members", listed(staff)))
    assert watch.moved() == ["Babs", "james", "Top"]

    watch = Watch(scim, babs, james, eve, guides, staff, top)
    scim.patch(path_of(top), remove(BY_VALUE.format(staff["id"])))
    assert watch.moved() == ["Babs", "james", "Top"]


def test_deleted_group_leaves_its_parents_and_all_users_beneath(scim, babs, guides, staff):
    james, eve = scim.create(user("james")), scim.create(user("eve"))
    scim.patch(path_of(staff), add("members", listed(james)))
    parents = [scim.create(group(name, staff)) for name in ("One", "Two")]
    top = scim.create(group("Top", parents[0], eve))
    watch = Watch(scim, babs, james, eve, guides, *parents, top)

    assert scim.delete(path_of(staff)).status_code == 204

    assert watch.moved() == ["Babs", "james", "One", "Two"]
    assert shown(scim, babs) == {"Guides": "direct"}
    assert shown(scim, james) == {}
    assert shown(scim, eve) == {"Top": "direct"}
    assert ["members" in scim.read(each) for each in parents] == [False, False]
    assert ids(scim.read(top)) == {eve["id"], parents[0]["id"]}


def test_deleted_group_at_the_bottom_and_at_the_top(scim, babs, guides, staff):
    top = scim.create(group("Top", staff))
    watch = Watch(scim, babs, staff, top)

    scim.delete(path_of(guides))
    assert watch.moved() == ["Babs", "Staff"]
    assert shown(scim, babs) == {}

    scim.patch(path_of(staff), add("members", listed(babs)))
    watch = Watch(scim, babs, staff)
    scim.delete(path_of(top))
    assert watch.moved() == ["Babs"]
    assert shown(scim, babs) == {"Staff": "direct"}


def test_deleted_user_moves_the_groups_that_show_it(scim, babs, guides, staff):
    watch = Watch(scim, guides, staff)

    scim.delete(path_of(babs))

    assert watch.moved() == ["Guides"]
    assert "members" not in scim.read(guides)
    assert names(scim.read(staff)) == ["Guides"]


def test_deleted_manager_is_gone_from_all_reports(scim):
    boss, james = scim.create(user("boss")), scim.create(user("james"))
    managed = enterprise(manager={"value": boss["id"]}, department="Tours")
    schemas = [*boss["schemas"], ENTERPRISE_USER_SCHEMA]
    reports = [scim.create(user(name) | {"schemas": schemas} | managed) for name in ("ada", "bob")]
    watch = Watch(scim, *reports, james)

    scim.delete(path_of(boss))

    assert watch.moved() == ["ada", "bob"]
    for each in reports:
        assert scim.read(each)[ENTERPRISE_USER_SCHEMA] == {"department": "Tours"}


@pytest.fixture
def found(scim, babs, guides, staff):
    """Return the names of what a filter finds; ``<guides>`` stands for the id of that group."""
    known = {"babs": babs, "guides": guides, "staff": staff}
    known["james"] = scim.create(user("james", displayName="James"))
    known["eve"] = scim.create(user("eve", displayName="Eve"))
    scim.patch(path_of(staff), add("members", listed(known["james"])))
    known["top"] = scim.create(group("Top", staff, guides))

    def find(endpoint, text):
        for name, resource in known.items():
            text = text.replace(f"<{name}>", resource["id"])
        answer = scim.client.get(f"/scim/v2{endpoint}", query_string={"filter": text})
        assert answer.status_code == 200, answer.text
        assert answer.json["totalResults"] == len(answer.json["Resources"])
        return " ".join(each["displayName"] for each in answer.json["Resources"])

    return find


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('groups.value eq "<staff>"', "Babs James"),
        ('groups eq "<top>"', "Babs James"),
        ('groups.value eq "<guides>"', "Babs"),
        ('groups.type eq "direct"', "Babs James"),
        ('groups.type eq "Indirect"', "Babs James"),
        ('groups[type eq "indirect" and value eq "<staff>"]', "Babs"),
        ('groups[type eq "direct" and value eq "<staff>"]', "James"),
        ('groups.type eq "direct" and groups.value eq "<top>"', "Babs James"),
        ('groups[type eq "direct" and value eq "<top>"]', ""),
        ('not (groups[type eq "direct" and value eq "<staff>"])', "Babs Eve"),
        ('not (groups.type eq "indirect")', "Eve"),
        ('groups[type ne "direct"]', "Babs James"),
        ('groups.value ne "<guides>"', "Babs James Eve"),
        ('groups[display sw "st" and type eq "indirect"] or userName eq "eve"', "Babs Eve"),
        ("not (groups pr)", "Eve"),
    ],
)
def test_users_are_found_by_their_groups(found, text, names):
    assert found("/Users", text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('members.value eq "<guides>"', "Staff Top"),
        ('members eq "<babs>"', "Guides"),
        ('members.type eq "Group"', "Staff Top"),
        ('members.type eq "group" and members.type eq "user"', "Staff"),
        ('members[type eq "Group" and type eq "User"]', ""),
        ('members[type eq "Group" and display eq "STAFF"]', "Top"),
        ('members[value eq "<guides>" and type eq "User"]', ""),
        ('not (members.type eq "Group")', "Guides"),
        ('members[not (type eq "Group")]', "Guides Staff"),
        ('members.type ne "Group"', "Guides Staff"),
        ('members.$ref ew "/Groups/<guides>"', "Staff Top"),
        ('members.value eq "<guides>" and not (members.value eq "<james>")', "Top"),
        ("members pr", "Guides Staff Top"),
    ],
)
def test_groups_are_found_by_their_members(found, text, names):
    assert found("/Groups", text) == names
