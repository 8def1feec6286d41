"""/GroupMemberships (draft-zollner-scim-group-members-01): a resource for each membership."""

from functools import partial

import pytest
import sqlalchemy as sa

from scim.protocol.schema import GROUP_MEMBERSHIP

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import UNKNOWN_ID, add, group, listed, path_of, remove, user
from .test_strict_tenants import BULK_REQUEST, SEARCH_REQUEST

PATH = GROUP_MEMBERSHIP.endpoint


def membership(its_group, member):
    sides = {"group": {"value": its_group}, "member": {"value": member}}
    return {"schemas": [GROUP_MEMBERSHIP.schema.id], **sides}


def of(its_group, member):
    return membership(its_group["id"], member["id"])


def pairs(answer):
    assert answer.status_code == 200, answer.text
    found = answer.json["Resources"]
    return [(each["group"]["display"], each["member"].get("display")) for each in found]


@pytest.fixture
def company(scim):
    """Two users, Ada without a displayName, and Sales, which is in All."""
    babs = scim.create(user("babs", displayName="Babs"))
    ada = scim.create(user("ada"))
    sales = scim.create(group("Sales", babs))
    everyone = scim.create(group("All", sales, ada))
    return babs, ada, sales, everyone


def test_membership_is_made_and_ends_like_a_change_of_the_group(scim):
    babs, tours = scim.create(user(displayName="Babs")), scim.create(group("Tours"))

    made = scim.post(PATH, of(tours, babs))

    assert made.status_code == 201
    body = made.json
    place = f"http://localhost/scim/v2{PATH}/{body['id']}"
    assert made.headers["Location"] == place == body["meta"]["location"]
    assert made.headers["ETag"] == body["meta"]["version"] == 'W/"1"'
    assert body["schemas"] == [GROUP_MEMBERSHIP.schema.id]
    joined, now = scim.read(tours), scim.read(babs)
    assert body["meta"]["created"] == body["meta"]["lastModified"] == joined["meta"]["lastModified"]
    [member], [shown] = joined["members"], now["groups"]
    assert body["member"] == member
    assert body["group"] == {name: shown[name] for name in ("value", "$ref", "display")}
    assert joined["meta"]["version"] == now["meta"]["version"] == 'W/"2"'
    path = f"{PATH}/{body['id']}"
    assert scim.get(path).json == body
    assert scim.get(path, If_None_Match='W/"1"').status_code == 304
    assert scim.get(f"{path}?attributes=member.value").json.keys() == {"schemas", "id", "member"}
    check_error(scim.post(PATH, of(tours, babs)), 409, "uniqueness")
    check_error(scim.delete(path, If_Match='W/"2"'), 412)
    assert scim.delete(path).status_code == 204
    check_error(scim.delete(path), 404)
    check_error(scim.get(path), 404)
    assert "members" not in scim.read(tours)
    assert scim.read(babs)["meta"]["version"] == 'W/"3"'


def test_list_has_the_direct_memberships_alone(scim, company):
    babs, ada, sales, _ = company

    answer = scim.get(PATH)

    found = [("Sales", "Babs"), ("All", "Sales"), ("All", None)]
    assert sorted(pairs(answer), key=str) == sorted(found, key=str)
    assert answer.json["totalResults"] == 3
    types = {each["member"]["value"]: each["member"]["type"] for each in answer.json["Resources"]}
    assert types == {babs["id"]: "User", ada["id"]: "User", sales["id"]: "Group"}
    for deleted, left in ((sales, 1), (ada, 0)):
        scim.delete(path_of(deleted))
        assert scim.get(PATH).json["totalResults"] == len(scim.get(PATH).json["Resources"]) == left


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ('group.value eq "{sales}"', [("Sales", "Babs")]),
        ('group eq "{sales}"', [("Sales", "Babs")]),
        ('member.value eq "{sales}"', [("All", "Sales")]),
        ('member.value eq "{babs}" and group.value eq "{everyone}"', []),
        ('group.display eq "ALL" and member.type eq "user"', [("All", None)]),
        ('member.display sw "b"', [("Sales", "Babs")]),
        ("not (member.display pr)", [("All", None)]),
        ('member[type eq "Group" and display co "ale"]', [("All", "Sales")]),
        ('member.$ref ew "/Users/{babs}"', [("Sales", "Babs")]),
        ('id eq "{sales}.{babs}"', [("Sales", "Babs")]),
        ('id eq "{sales}" or id eq "x.y"', []),
        ('meta.resourceType eq "GroupMembership" and id co "{babs}"', [("Sales", "Babs")]),
        ('group.value eq "nobody" or member.value gt "f"', []),
    ],
)
def test_filter_is_answered_by_the_database(scim, company, asked, found):
    names = ("babs", "ada", "sales", "everyone")
    text = asked.format(**{name: each["id"] for name, each in zip(names, company, strict=True)})

    answer = scim.post(f"{PATH}/.search", {"schemas": [SEARCH_REQUEST], "filter": text})

    assert pairs(answer) == found
    assert answer.json["totalResults"] == len(found)
    walked = scim.client.get(f"/scim/v2{PATH}", query_string={"filter": text, "cursor": ""})
    assert pairs(walked) == found


@EVERYDAY_ON_ONE_DATABASE
def test_what_cannot_be_answered_is_refused(scim, company):
    babs, _, sales, everyone = company
    get = partial(scim.client.get, f"/scim/v2{PATH}")
    for asked in ('meta.created gt "2020-01-01T00:00:00Z"', 'userName eq "x"', "externalId pr"):
        check_error(get(query_string={"filter": asked}), 400, "invalidFilter")
    check_error(get(query_string={"sortBy": "member.value"}), 400, "invalidPath")
    for its_group, member in (
        (UNKNOWN_ID, babs["id"]),
        (sales["id"], UNKNOWN_ID),
        (babs["id"], babs["id"]),
        (sales["id"], sales["id"]),
        (sales["id"], everyone["id"]),  # a circle
        ("x", "y"),
    ):
        check_error(scim.post(PATH, membership(its_group, member)), 400, "invalidValue")
    check_error(scim.post(PATH, {"schemas": [GROUP_MEMBERSHIP.schema.id]}), 400, "invalidValue")
    path = f"{PATH}/{sales['id']}.{babs['id']}"
    for method in ("PUT", "PATCH"):
        answer = scim.send(method, path, of(sales, babs))
        check_error(answer, 405)
        assert {"GET", "DELETE"} <= set(answer.headers["Allow"].split(", "))
    for unknown in (f"{sales['id']}.{UNKNOWN_ID}", sales["id"], "x.y", "."):
        check_error(scim.get(f"{PATH}/{unknown}"), 404)
        check_error(scim.delete(f"{PATH}/{unknown}"), 404)


def test_bulk_joins_what_it_creates_and_ends_memberships(scim):
    old = scim.create(group("Old", babs := scim.create(user())))
    [known] = scim.get(PATH).json["Resources"]

    def operation(method, path, data=None, bulk_id=None):
        made = {"method": method, "path": path, "data": data, "bulkId": bulk_id}
        return {name: value for name, value in made.items() if value is not None}

    operations = [
        operation("POST", PATH, membership("bulkId:g", "bulkId:u"), "m"),
        operation("POST", "/Users", user("ada", displayName="Ada"), "u"),
        operation("POST", "/Groups", group("New"), "g"),
        operation("POST", PATH, membership("bulkId:g", old["id"]), "n"),
        operation("POST", PATH, of(old, babs), "again"),
        operation("PATCH", f"{PATH}/{known['id']}", {}),
        operation("DELETE", f"{PATH}/{known['id']}"),
        operation("POST", PATH, membership("bulkId:self", babs["id"]), "self"),
    ]
    answer = scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})

    results = answer.json["Operations"]
    statuses = ["201", "201", "201", "201", "409", "405", "204", "409"]
    assert [each["status"] for each in results] == statuses
    assert sorted(pairs(scim.get(PATH)), key=str) == [("New", "Ada"), ("New", "Old")]
    found = scim.client.get(results[0]["location"]).json
    assert found["meta"]["version"] == results[0]["version"]


def test_pages_lead_through_all_while_others_write(scim):
    """By index from a remembered place, which each change forgets, and by cursors both ways."""
    people = [scim.create(user(f"u{number:02}", displayName=f"{number:02}")) for number in range(9)]
    groups = [scim.create(group(f"g{number:02}", *people)) for number in range(20)]
    nested = scim.create(group("nested", *groups[:3]))
    ids = [f"{each['id']}.{member['id']}" for each in groups for member in people]
    ids += [f"{nested['id']}.{each['id']}" for each in groups[:3]]
    expected = sorted(ids)

    def page(start, count=70):
        answer = scim.get(f"{PATH}?startIndex={start}&count={count}").json
        assert answer["totalResults"] == len(expected)
        return [each["id"] for each in answer["Resources"]]

    for _ in range(2):
        assert [each for start in (1, 71, 141) for each in page(start)] == expected
    scim.delete(f"{PATH}/{expected.pop(3)}")
    assert page(141) == expected[140:]
    assert page(500) == []
    assert scim.get(f"{PATH}?count=0").json["totalResults"] == len(expected)

    first = scim.get(f"{PATH}?cursor=&count=80").json
    scim.patch(path_of(groups[0]), remove(f'members[value eq "{people[0]["id"]}"]'))
    scim.patch(path_of(groups[19]), add("members", listed(nested := scim.create(group("last")))))
    seen = [each["id"] for each in first["Resources"]]
    second = scim.get(f"{PATH}?cursor={first['nextCursor']}&count=80").json
    third = scim.get(f"{PATH}?cursor={second['nextCursor']}&count=80").json
    seen += [each["id"] for part in (second, third) for each in part["Resources"]]
    assert set(seen) == {*expected, f"{groups[19]['id']}.{nested['id']}"}
    assert "nextCursor" not in third
    back = scim.get(f"{PATH}?cursor={third['previousCursor']}&count=80").json
    assert back["Resources"] == second["Resources"]


def test_total_is_that_of_the_rows_whatever_wrote_them(scim, app, engine):
    """The version before does not count; this one counts anew, and each change in between."""
    babs, ada = scim.create(user()), scim.create(user("ada"))
    tours = scim.create(group("Tours", babs))
    recounts = app.extensions["scim"].database.recounts
    recounts.counted.clear()
    with engine.begin() as connection:
        row = {"t": 1, "g": tours["id"], "u": ada["id"]}
        connection.execute(sa.text("INSERT INTO link VALUES (:t, :g, :u)"), row)

    assert scim.get(f"{PATH}?count=1").json["totalResults"] == 2
    scim.post(PATH, of(scim.create(group("More", babs)), ada))
    assert scim.get(f"{PATH}?count=1").json["totalResults"] == 4
    scim.delete(path_of(ada))
    assert scim.get(f"{PATH}?count=1").json["totalResults"] == 2


def test_restored_member_and_members_of_bulk_groups_are_counted(restoring):
    scim = restoring
    ada = scim.create(user("ada"))
    scim.create(group("Tours", ada))
    scim.delete(path_of(ada))
    scim.create(user("ada"))
    operations = [
        {"method": "POST", "path": "/Groups", "bulkId": name, "data": group(name, ada)}
        for name in "abc"
    ]
    scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})

    answer = scim.get(PATH).json

    assert answer["totalResults"] == len(answer["Resources"]) == 4


@EVERYDAY_ON_ONE_DATABASE
def test_type_is_announced_and_not_at_the_root(scim, company):
    found = scim.get("/ResourceTypes/GroupMembership").json
    assert (found["endpoint"], found["schema"]) == (PATH, GROUP_MEMBERSHIP.schema.id)
    [its_group, member] = scim.get(f"/Schemas/{found['schema']}").json["attributes"]
    assert (its_group["mutability"], member["required"]) == ("immutable", True)
    assert scim.get("/").json["totalResults"] == 4  # every membership is in a group already
    described = scim.get("/openapi.json").json["paths"]
    assert described[f"{PATH}/{{id}}"].keys() == {"get", "delete"}


@EVERYDAY_ON_ONE_DATABASE
def test_history_that_is_gone_leaves_the_instant_out(scim, engine, company):
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM changes"))

    for each in scim.get(PATH).json["Resources"]:
        assert each["meta"].keys() == {"resourceType", "location", "version"}
