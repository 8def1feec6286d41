"""RFC 7644 §3.3 to §3.6 at /Groups, and who is in which group (RFC 7643 §4.2)."""

import pytest

from scim.protocol.schema import GROUP_SCHEMA
from scim.provider.operations import MEMBERS_SHOWN

from ..support.errors import check_error
from ..support.scim import UNKNOWN_ID, add, group, listed, path_of, remove, replace, user


@pytest.fixture
def babs(scim):
    return scim.create(user("babs", displayName="Babs"))


@pytest.fixture
def james(scim):
    return scim.create(user("james"))


@pytest.fixture
def tours(scim):
    return scim.create(group())


def create_users(scim, number):
    names = (f"user{index}" for index in range(number))
    return [scim.create(user(name, displayName=name)) for name in names]


def names(resource, attribute="members"):
    """Return how the members of a group, or the groups of a user, are displayed."""
    return [item["display"] for item in resource.get(attribute, ())]


def ids(group):
    return {member["value"] for member in group.get("members", ())}


def test_group_comes_back_as_it_was_sent(scim, babs):
    sent = group("Tour Guides 한국", babs, externalId="7")

    response = scim.post("/Groups", sent | {"id": "1", "meta": {"version": "1"}})

    created = response.json
    assert response.headers["Location"] == created["meta"]["location"]
    assert created["meta"]["location"] == f"http://localhost/scim/v2/Groups/{created['id']}"
    assert created["id"] != "1"
    assert created == sent | {
        "id": created["id"],
        "members": [
            {
                "value": babs["id"],
                "$ref": babs["meta"]["location"],
                "display": "Babs",
                "type": "User",
            }
        ],
        "meta": created["meta"],
    }
    assert scim.read(created) == created


@pytest.mark.parametrize("members", [None, []])
def test_group_without_members_has_none_to_show(scim, members):
    assert "members" not in scim.create(group(members=members))


@pytest.mark.parametrize("create", [False, True], ids=["PUT and PATCH", "POST"])
@pytest.mark.parametrize("external_id", ["Zoë", "third"])
def test_names_of_groups_are_unique(scim, create, external_id):
    scim.create(group("Zoë", externalId="Zoë"))
    other = scim.create(group("other", externalId="other"))
    taken = "ZOE\N{COMBINING DIAERESIS}"
    sent = group(taken, externalId=external_id)

    responses = (
        [scim.post("/Groups", sent)]
        if create
        else [
            scim.put(path_of(other), sent),
            scim.patch(path_of(other), replace("displayName", taken)),
            scim.patch(path_of(other), replace(None, {"displayName": taken})),
        ]
    )

    for response in responses:
        check_error(response, 409, "uniqueness")
        assert "displayName" in response.json["detail"]
    assert scim.read(other) == other


def test_external_id_of_a_group_may_be_that_of_others(scim):
    zoe = scim.create(group("Zoë", externalId="7"))
    second = scim.create(group("second", externalId="7"))
    third, fourth = (scim.create(group(name)) for name in ("third", "fourth"))

    assert scim.put(path_of(third), group("third", externalId="7")).status_code == 200
    assert scim.patch(path_of(fourth), replace("externalId", "7")).status_code == 200

    found = scim.get('/Groups?filter=externalId eq "7"').json
    assert found["totalResults"] == 4
    ids = [each["id"] for each in found["Resources"]]
    assert ids == [each["id"] for each in (zoe, second, third, fourth)]
    assert scim.get('/Groups?filter=externalId eq "7"&count=1').json["totalResults"] == 4


def test_external_ids_of_groups_differ_by_case(scim):
    scim.create(group("a", externalId="x"))
    scim.create(group("b", externalId="X"))

    assert scim.get('/Groups?filter=externalId eq "X"').json["totalResults"] == 1


def test_groups_may_share_names_where_a_setting_says_so(new_client):
    scim = new_client(UNIQUE_GROUP_NAMES=False)

    for _ in range(2):
        scim.create(group(externalId="7"))


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"schemas": [GROUP_SCHEMA]}, "displayName is required"),
        (group(""), "displayName is required"),
        (group(7.5), "displayName"),
        (group("x" * 2001), "displayName is longer than 2000 bytes"),
        (group(externalId="x" * 2001), "externalId is longer than 2000 bytes"),
        (group("x", members=7), "members[0]"),
        (group("x", members=[{"display": "Babs"}]), "members[0]"),
        (group("x", members=[{"value": UNKNOWN_ID}]), UNKNOWN_ID),
        (group("x", members=[{"value": "nobody"}]), "nobody"),
        ({"displayName": "Tours"}, "schemas"),
    ],
)
def test_body_that_is_no_group_is_refused(scim, tours, body, detail):
    for response in (scim.post("/Groups", body), scim.put(path_of(tours), body)):
        assert response.status_code == 400
        assert detail in response.json["detail"]
    assert scim.read(tours) == tours
    assert scim.get("/Groups").json["totalResults"] == 1


def test_group_name_cannot_be_removed(scim, tours):
    response = scim.patch(path_of(tours), remove("displayName"))

    assert (response.status_code, response.json["scimType"]) == (400, "mutability")


def test_replaced_group_keeps_nothing_that_is_left_out(scim, babs):
    tours = scim.create(group("Tours", babs, externalId="7"))

    replaced = scim.put(path_of(tours), group("Tours")).json

    assert "members" not in replaced
    assert "externalId" not in replaced
    assert "groups" not in scim.read(babs)


def test_deleted_group_is_found_by_no_request_and_gone_from_its_members(scim, babs, james):
    tours, path = scim.create(group("Tours", babs)), f"/Users/{babs['id']}"
    before = scim.get(path).json

    assert scim.delete(path_of(tours)).status_code == 204

    for response in (
        scim.get(path_of(tours)),
        scim.put(path_of(tours), group()),
        scim.patch(path_of(tours), add("members", listed(james))),
        scim.delete(path_of(tours)),
    ):
        assert response.status_code == 404
    after = scim.get(path).json
    assert names(before, "groups") == ["Tours"]
    assert "groups" not in after
    assert moved(before, after)
    assert scim.read(james) == james
    assert scim.create(group("Tours"))["id"] != tours["id"]


def moved(before, after):
    """Tell whether both version and lastModified have moved; never one of them alone."""
    versions = before["meta"]["version"] != after["meta"]["version"]
    times = before["meta"]["lastModified"] < after["meta"]["lastModified"]
    assert versions == times
    return versions


def test_added_member_sees_the_group_at_once(scim, babs, james, tours):
    answer = scim.patch(path_of(tours), add("members", listed(babs))).json

    assert names(answer) == ["Babs"]
    assert scim.read(tours) == answer
    after = scim.read(babs)
    assert after["groups"] == [
        {
            "value": tours["id"],
            "$ref": tours["meta"]["location"],
            "display": "Tour Guides",
            "type": "direct",
        }
    ]
    assert moved(tours, answer)
    assert moved(babs, after)
    assert scim.read(james) == james


def test_renamed_group_shows_its_new_name_on_its_members(scim, babs):
    tours = scim.create(group("Tours", babs))

    scim.patch(path_of(tours), replace("displayName", "Guides"))

    assert names(scim.read(babs), "groups") == ["Guides"]


def test_renamed_user_shows_its_new_name_in_its_groups(scim, babs):
    tours = scim.create(group("Tours", babs))

    scim.patch(path_of(babs), replace("displayName", 'Zoë "한국" \\'))
    assert names(scim.read(tours)) == ['Zoë "한국" \\']

    scim.patch(path_of(babs), remove("displayName"))
    assert "display" not in scim.read(tours)["members"][0]


def test_deleted_user_leaves_its_groups(scim, babs, james):
    tours, others = scim.create(group("Tours", babs, james)), scim.create(group("Others", james))
    james = scim.read(james)

    scim.delete(path_of(babs))

    after = scim.read(tours)
    assert ids(after) == {james["id"]}
    assert moved(tours, after)
    assert scim.read(others) == others
    assert scim.read(james) == james


@pytest.mark.parametrize(
    ("operations", "left"),
    [
        (lambda a, b, c: [remove("members")], ""),
        (lambda a, b, c: [replace("members", [])], ""),
        (lambda a, b, c: [replace(None, {"members": None})], ""),
        (lambda a, b, c: [replace("members", listed(b, c))], "bc"),
        (lambda a, b, c: [replace(None, {"members": listed(c)})], "c"),
        (lambda a, b, c: [remove(f'members[value eq "{a["id"]}"]')], "b"),
        (lambda a, b, c: [remove("members") | {"value": listed(a, c)}], "b"),
        (lambda a, b, c: [remove('members[display eq "USER1"]')], "a"),
        (lambda a, b, c: [remove('members[display co "ser" and not (display ew "1")]')], "b"),
        (lambda a, b, c: [remove('members[type eq "User"]')], ""),
        (lambda a, b, c: [remove("members[value pr]"), add("members", listed(c))], "c"),
        (
            lambda a, b, c: [add("members", listed(c)), remove(f'members[value eq "{a["id"]}"]')],
            "bc",
        ),
        (lambda a, b, c: [remove("members"), add("members", listed(a))], "a"),
        (lambda a, b, c: [replace("members", listed(c)), replace("members", listed(a, c))], "ac"),
    ],
)
def test_members_change_as_the_operations_say(scim, operations, left):
    a, b, c = users = create_users(scim, 3)
    tours = scim.create(group("Tours", a, b))
    before = [scim.read(each) for each in users]

    answer = scim.patch(path_of(tours), *operations(a, b, c)).json

    expected = {users["abc".index(name)]["id"] for name in left}
    assert ids(answer) == expected
    assert scim.read(tours) == answer
    assert moved(tours, answer)
    for each in before:
        in_it = each["id"] in expected
        after = scim.read(each)
        assert names(after, "groups") == ["Tours"] * in_it
        assert moved(each, after) == (in_it != ("groups" in each))


def test_member_is_removed_by_its_reference(scim, babs):
    tours = scim.create(group("Tours", babs))
    reference = babs["meta"]["location"]

    answer = scim.patch(path_of(tours), remove(f'members[$ref eq "{reference}"]')).json

    assert "members" not in answer


@pytest.mark.parametrize(
    "operations",
    [
        lambda a, b: [add("members", listed(a))],
        lambda a, b: [add("members", listed(a, a))],
        lambda a, b: [remove(f'members[value eq "{b["id"]}"]')],
        lambda a, b: [remove("members") | {"value": listed(b)}],
        lambda a, b: [remove('members[value eq "nobody"]')],
        lambda a, b: [remove("members") | {"value": [{"value": "nobody"}]}],
        lambda a, b: [remove('members[type eq "Group"]')],
        lambda a, b: [replace("members", listed(a))],
        lambda a, b: [add("members", [])],
        lambda a, b: [add("members", listed(b)), remove(f'members[value eq "{b["id"]}"]')],
        lambda a, b: [remove("members"), add("members", listed(a))],
        lambda a, b: [replace("displayName", "x"), replace("displayName", "Tours")],
    ],
)
def test_operation_that_leaves_the_members_as_they_are_keeps_versions(scim, operations):
    a, b = create_users(scim, 2)
    tours = scim.create(group("Tours", a))
    before = [scim.read(each) for each in (a, b)]

    response = scim.patch(path_of(tours), *operations(a, b))

    assert response.json == tours
    assert response.headers["ETag"] == tours["meta"]["version"]
    assert [tours, *before] == [scim.read(each) for each in (tours, a, b)]


@pytest.mark.parametrize(
    "operation",
    [
        lambda member: add("members", member),
        lambda member: replace("members", member),
        lambda member: replace(None, {"members": member}),
    ],
)
@pytest.mark.parametrize("unknown", [UNKNOWN_ID, "nobody", "x" * 5000])
def test_unknown_member_is_refused_and_nothing_is_stored(scim, babs, tours, operation, unknown):
    members = [*listed(babs), {"value": unknown}]

    response = scim.patch(path_of(tours), replace("displayName", "x"), operation(members))

    assert (response.status_code, response.json["scimType"]) == (400, "invalidValue")
    assert unknown[:80] in response.json["detail"]
    assert scim.read(tours) == tours
    assert scim.read(babs) == babs


def test_deleted_member_is_unknown(scim, babs, tours):
    scim.delete(path_of(babs))

    assert scim.patch(path_of(tours), add("members", listed(babs))).status_code == 400


def test_unknown_members_are_skipped_where_a_setting_says_so(new_client):
    scim = new_client(SKIP_UNKNOWN_MEMBERS=True)
    babs = scim.create(user())
    members = [{"value": UNKNOWN_ID}, *listed(babs), {"value": "nobody"}]

    assert ids(scim.create(group(members=members))) == {babs["id"]}


@pytest.mark.parametrize("number", [MEMBERS_SHOWN, MEMBERS_SHOWN + 1])
def test_patch_answers_with_all_members_or_with_none(scim, number):
    users = create_users(scim, number)
    tours = scim.create(group("Tours", *users[:-1]))
    path = path_of(tours)

    answer = scim.patch(path, add("members", listed(users[-1]))).json

    assert ("members" in answer) == (number == MEMBERS_SHOWN)
    assert len(scim.read(tours)["members"]) == number
    for query in ("attributes=members", "attributes=displayName,members.value"):
        asked = scim.patch(f"{path}?{query}", add("members", listed(users[0]))).json
        assert len(asked["members"]) == number
    for query in ("excludedAttributes=members", "attributes=displayName"):
        asked = scim.patch(f"{path}?{query}", add("members", listed(users[0]))).json
        assert "members" not in asked
