"""Two tenants of one server: each is answered as it wants, and sees its own resources only."""

import pytest

from app import create_app
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA as E

from ..support.errors import check_error
from ..support.scim import (
    add,
    enterprise,
    group,
    listed,
    patch_op,
    path_of,
    remove,
    replace,
    user,
)
from .test_strict_tenants import BULK_REQUEST, SEARCH_REQUEST, found

RULES = list(create_app({"TESTING": True}).url_map.iter_rules())
SEARCHES = [
    pytest.param(rule.rule.removeprefix("/scim/v2"), id=str(rule))
    for rule in RULES
    # Memberships have no externalId to search by; test_isolation.py searches them.
    if rule.rule.endswith("/.search") and "GroupMemberships" not in rule.rule
]
QUERIES = [
    "",
    "?startIndex=1&count=10",
    "?cursor=&count=10",
    "?sortBy=id",
    '?filter=userName eq "babs" or displayName eq "Tours"',
    "?filter=meta.resourceType pr",
]


@pytest.fixture(params=["strict", "tolerant"])
def pair(request, scim, tenant):
    """Two tenants, of which one is strict, in either order."""
    strict = tenant("acme", strict=True)
    return (strict, scim) if request.param == "strict" else (scim, strict)


@pytest.fixture
def mine(pair):
    return pair[0]


@pytest.fixture
def other(pair):
    return pair[1]


def filled(scim):
    """Return a user and a group of theirs that are there now."""
    babs = scim.create(user("babs", externalId="1"))
    tours = scim.create(group("Tours", babs, externalId="1"))
    return scim.read(babs), tours


def ids(*resources):
    return [resource["id"] for resource in resources]


def test_same_request_is_answered_as_each_tenant_wants(scim, tenant):
    strict = tenant("acme", strict=True)
    operation = replace(None, {"active": "False"})

    tolerated = scim.patch(path_of(scim.create(user("babs"))), operation)
    refused = strict.patch(path_of(strict.create(user("babs"))), operation)

    assert tolerated.json["active"] is False
    assert tolerated.headers["SCIM-Tolerances"] == "text_booleans"
    assert tolerated.headers["ETag"] == tolerated.json["meta"]["version"]
    check_error(refused, 400, "invalidSyntax")
    assert "SCIM-Tolerances" not in refused.headers
    configs = [each.get("/ServiceProviderConfig").json for each in (scim, strict)]
    assert [config.get("interopProfileConformant") for config in configs] == [None, True]


def test_same_names_are_taken_in_each_tenant_by_itself(mine, other):
    for scim in (mine, other):
        filled(scim)
        check_error(scim.post("/Users", user("BABS")), 409, "uniqueness")
        check_error(scim.post("/Groups", group("tours")), 409, "uniqueness")


@pytest.mark.parametrize("query", QUERIES)
def test_lists_are_the_tenants_own(mine, other, query):
    babs, tours = filled(mine)
    theirs = filled(other)

    for path, own in (("/", [babs, tours]), ("/Users", [babs]), ("/Groups", [tours])):
        if "userName" in query and path == "/Groups":
            continue  # a group has none
        assert sorted(found(mine, f"{path}{query}")) == sorted(ids(*own))
    assert sorted(found(other, "/")) == sorted(ids(*theirs))


@pytest.mark.parametrize("path", SEARCHES)
def test_searches_find_the_tenants_own(mine, other, path):
    own, theirs = filled(mine), filled(other)
    endpoint = path.removesuffix("/.search")
    body = {"schemas": [SEARCH_REQUEST], "filter": 'externalId eq "1"'}
    by_id = {"schemas": [SEARCH_REQUEST], "filter": f'id eq "{theirs[0]["id"]}"'}

    found_ids = ids(*mine.post(path, body).json["Resources"])

    assert sorted(found_ids) == sorted(
        each["id"] for each in own if path_of(each).startswith(endpoint)
    )
    assert mine.post(path, by_id).json["totalResults"] == 0


def test_empty_tenant_counts_nothing(mine, other):
    filled(other)

    for path in ("/", "/Users", "/Groups"):
        assert mine.get(f"{path}?count=0").json["totalResults"] == 0
        assert mine.get(path).json["totalResults"] == 0


def test_cursor_of_the_other_tenant_leads_nowhere(mine, other):
    for scim in (mine, other):
        for name in "abc":
            scim.create(user(name))
    cursor = other.get("/Users?cursor=&count=1").json["nextCursor"]
    body = {"schemas": [SEARCH_REQUEST], "cursor": cursor, "count": 1}

    check_error(mine.get(f"/Users?cursor={cursor}&count=1"), 400, "invalidCursor")
    check_error(mine.post("/Users/.search", body), 400, "invalidCursor")
    assert other.get(f"/Users?cursor={cursor}&count=1").status_code == 200


@pytest.mark.parametrize("kind", ["user", "group"])
def test_resource_of_the_other_tenant_is_no_member(mine, other, kind):
    babs, tours = filled(mine)
    stranger = filled(other)[kind == "group"]
    members = listed(babs, stranger)

    for response in (
        mine.post("/Groups", group("Rides", babs, stranger)),
        mine.put(path_of(tours), group("Tours", babs, stranger)),
        mine.patch(path_of(tours), add("members", members)),
        mine.patch(path_of(tours), replace("members", members)),
    ):
        assert stranger["id"] in check_error(response, 400, "invalidValue")
    answer = mine.patch(path_of(tours), remove(f'members[value eq "{stranger["id"]}"]'))
    assert answer.json == tours
    assert other.read(stranger) == stranger


def test_manager_in_the_other_tenant_stays_a_mere_id(mine, other):
    boss, _ = filled(other)

    created = mine.create(user("ada", **enterprise(manager={"value": boss["id"]})))

    assert created[E]["manager"] == {"value": boss["id"]}
    assert other.delete(path_of(boss)).status_code == 204
    assert mine.read(created) == created


def test_bulk_operations_reach_the_tenants_own(mine, other):
    babs, _ = filled(mine)
    stranger, strangers = filled(other)
    operations = [
        {"method": "PUT", "path": path_of(stranger), "data": user("x")},
        {"method": "PATCH", "path": path_of(stranger), "data": patch_op(replace("title", "x"))},
        {"method": "DELETE", "path": path_of(stranger)},
        {"method": "DELETE", "path": path_of(strangers)},
        {"method": "POST", "path": "/Groups", "bulkId": "1", "data": group("Rides", stranger)},
        {"method": "POST", "path": "/Users", "bulkId": "2", "data": user("ada")},
        {"method": "PATCH", "path": path_of(babs), "data": patch_op(replace("title", "x"))},
    ]

    answer = mine.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})

    statuses = [result["status"] for result in answer.json["Operations"]]
    assert statuses == ["404", "404", "404", "404", "400", "201", "200"]
    assert [other.read(each) for each in (stranger, strangers)] == [stranger, strangers]
    assert len(found(mine, "/Users")) == 2
    assert len(found(other, "/Users")) == 1


def test_what_one_tenant_deletes_stays_in_the_other(mine, other):
    own, theirs = filled(mine), filled(other)

    for each in own:
        assert mine.delete(path_of(each)).status_code == 204

    assert found(mine, "/") == []
    assert [other.read(each) for each in theirs] == list(theirs)


def test_deleted_user_comes_back_in_no_other_tenant(scim, tenant):
    restoring = tenant("acme", restores=True)
    babs = scim.create(user("babs", title="Guide"))
    scim.delete(path_of(babs))

    created = restoring.create(user("babs"))

    assert created["id"] != babs["id"]
    assert "title" not in created
