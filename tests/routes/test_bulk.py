"""RFC 7644 §3.7 over HTTP: many operations in one request, each by itself or not at all."""

import json
from math import inf

import pytest
import sqlalchemy as sa

from scim.protocol.bulk import BULK_REQUEST_SCHEMA
from scim.protocol.errors import UnavailableError
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER_SCHEMA
from scim.provider.bulk import WRITTEN_AT_ONCE
from scim.serializers.resources import hasher
from scim.storage import Store

from ..support.bulk import (
    BASE,
    bulk_request,
    carry_out,
    delete,
    details,
    patch,
    post,
    put,
    refer,
    statuses,
)
from ..support.errors import check_error
from ..support.scim import (
    UNKNOWN_ID,
    add,
    enterprise,
    group,
    path_of,
    remove,
    replace,
    user,
)

E = ENTERPRISE_USER_SCHEMA
MOST_OPERATIONS = 5


def managed(user_name, manager, **attributes):
    """Return a user whose manager is whoever is created under a bulkId, or has an id."""
    extension = enterprise(manager={"value": manager})
    return user(user_name, **attributes, **extension) | {"schemas": [USER_SCHEMA, E]}


def manager(resource):
    return resource[E]["manager"]["value"]


def member_ids(resource):
    return {member["value"] for member in resource.get("members", ())}


def at(scim, result):
    """Return what is now at the location of a result."""
    response = scim.get(result["location"].removeprefix(BASE))
    assert response.status_code == 200, response.text
    assert response.json["meta"]["location"] == result["location"]
    return response.json


def unchanged(scim, result):
    """Return the same, which is still the version that the result names."""
    found = at(scim, result)
    assert found["meta"]["version"] == result["version"]
    return found


def names(scim):
    """Return the names of everybody and everything that is there."""
    found = scim.get("/?attributes=userName,displayName").json["Resources"]
    return {each.get("userName") or each["displayName"] for each in found}


@pytest.fixture
def ada(scim):
    return scim.create(user("ada"))


@pytest.fixture
def bob(scim):
    return scim.create(user("bob"))


@pytest.fixture
def tours(scim, ada):
    return scim.create(group("tours", ada))


@pytest.fixture
def rides(scim):
    return scim.create(group("rides"))


def test_every_operation_is_carried_out_in_the_order_of_the_request(scim, ada, bob, tours, rides):
    results = carry_out(
        scim,
        post("u", user("eve", title="new")),
        put(path_of(ada), user("ada", title="replaced"), version=scim.read(ada)["meta"]["version"]),
        patch(path_of(bob), replace("title", "patched")),
        post("g", group("guides", ada)),
        put(path_of(tours), group("tours", bob)),
        patch(path_of(rides), add("members", refer("u"))),
        delete(path_of(bob)),
        delete(path_of(rides)),
    )

    assert statuses(results) == ["201", "200", "200", "201", "200", "200", "204", "204"]
    methods = ["POST", "PUT", "PATCH", "POST", "PUT", "PATCH", "DELETE", "DELETE"]
    assert [result["method"] for result in results] == methods
    assert [result.get("bulkId") for result in results] == ["u", *[None] * 2, "g", *[None] * 4]
    known = [None, ada, bob, None, tours, rides, bob, rides]
    for result, resource in zip(results, known, strict=True):
        assert resource is None or result["location"] == resource["meta"]["location"]
    eve = at(scim, results[0])
    assert (eve["userName"], eve["title"], eve["active"]) == ("eve", "new", True)
    assert scim.read(ada)["title"] == "replaced"
    assert member_ids(unchanged(scim, results[3])) == {ada["id"]}
    assert member_ids(scim.read(tours)) == set()  # bob has been deleted since
    assert names(scim) == {"ada", "eve", "tours", "guides"}


def test_result_names_the_version_that_was_written(scim, ada, tours):
    results = carry_out(
        scim,
        post("u", user("eve")),
        put(path_of(ada), user("ada", title="x")),
        patch(path_of(ada), replace("title", "x")),  # changes nothing
        patch(path_of(tours), replace("displayName", "guides")),
    )

    unchanged(scim, results[0])
    assert unchanged(scim, results[1])["title"] == "x"
    assert results[2] == results[1] | {"method": "PATCH"}
    assert unchanged(scim, results[3])["displayName"] == "guides"


def test_results_are_where_a_proxy_puts_the_service(scim, ada):
    forwarded = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "scim.ngrok.app"}

    response = scim.post("/Bulk", bulk_request(delete(path_of(ada))), **forwarded)

    [result] = response.json["Operations"]
    assert result["location"] == f"https://scim.ngrok.app/scim/v2{path_of(ada)}"


@pytest.mark.parametrize("path", ["/Users/\x1f", "/Users/\x1f/x", "\x1f", "/Users/é"])
def test_location_of_an_operation_that_failed_is_its_path_whatever_that_is(scim, path):
    [result] = carry_out(scim, delete(path))

    assert result["status"] in ("400", "404")
    assert result["location"] == f"{BASE}/{path.removeprefix('/')}"


# References (§3.7.2)


def test_reference_stands_for_the_id_wherever_it_may_be(scim, tours):
    results = carry_out(
        scim,
        post("u", user("eve")),
        post("m", managed("mia", "bulkId:u")),
        post("g", group("guides", members=refer("u", "m"))),
        patch("/Groups/bulkId:g", remove('members[value eq "bulkId:u"]')),
        patch(path_of(tours), add("members", refer("m"))),
        put("/Users/bulkId:u", managed("eve", "bulkId:m", title="bulkId:g")),
        patch("/Users/bulkId:m", replace(None, {f"{E}:manager": {"value": "bulkId:m"}})),
    )

    assert statuses(results) == ["201", "201", "201", "200", "200", "200", "200"]
    ids = [result["location"].rpartition("/")[2] for result in results]
    eve, mia, guides = (at(scim, result) for result in results[:3])
    assert (eve["userName"], mia["userName"], guides["displayName"]) == ("eve", "mia", "guides")
    assert manager(eve) == manager(mia) == mia["id"]
    assert eve["title"] == guides["id"]
    assert member_ids(guides) == {mia["id"]}
    assert member_ids(scim.read(tours)) == member_ids(tours) | {mia["id"]}
    assert ids[3:] == [guides["id"], tours["id"], eve["id"], mia["id"]]
    assert results[3]["location"] == guides["meta"]["location"]


def test_resource_that_was_created_may_be_deleted_and_created_again(scim):
    results = carry_out(
        scim,
        post("a", user("eve")),
        delete("/Users/bulkId:a"),
        post("b", user("eve")),
        patch("/Users/bulkId:a", replace("title", "x")),
    )

    assert statuses(results) == ["201", "204", "201", "404"]
    assert results[0]["location"] == results[1]["location"] == results[3]["location"]
    assert results[0]["location"] != results[2]["location"]


def test_reference_may_come_before_what_it_stands_for(scim):
    results = carry_out(
        scim,
        patch("/Users/bulkId:u", replace("title", "x")),
        post("g", group("guides", members=refer("u", "m"))),
        post("m", managed("mia", "bulkId:u")),
        post("u", user("eve")),
    )

    assert statuses(results) == ["200", "201", "201", "201"]
    assert [result.get("bulkId") for result in results] == [None, "g", "m", "u"]
    eve, mia = at(scim, results[3]), at(scim, results[2])
    assert manager(mia) == eve["id"]
    assert eve["title"] == "x"
    assert member_ids(unchanged(scim, results[1])) == {eve["id"], mia["id"]}


@pytest.mark.parametrize(
    "referring",
    [
        post("g", group("guides", members=refer("x"))),
        post("m", managed("mia", "bulkId:x")),
        patch("/Groups/bulkId:x", replace("displayName", "y")),
        delete("/Groups/bulkId:x"),
        put("/Users/bulkId:x", user("y")),
    ],
    ids=lambda operation: f"{operation['method']} {operation['path']}",
)
@pytest.mark.parametrize(
    "others",
    [[], [post("x", user(""))], [delete(f"/Users/{UNKNOWN_ID}", bulkId="x")]],
    ids=["absent", "failed", "creates nothing"],
)
def test_reference_to_nothing_that_was_created_is_a_conflict(scim, ada, referring, others):
    results = carry_out(scim, *others, referring, patch(path_of(ada), replace("title", "x")))

    *_, refused, changed = results
    assert (refused["status"], changed["status"]) == ("409", "200")
    assert "bulkId:x" in refused["response"]["detail"]
    assert "scimType" not in refused["response"]
    assert names(scim) == {"ada"}


def test_failed_create_fails_all_that_refer_to_it_and_nothing_else(scim, ada):
    results = carry_out(
        scim,
        post("a", user("ada")),
        post("b", managed("bob", "bulkId:a")),
        post("c", managed("cy", "bulkId:b")),
        post("d", user("dee")),
    )

    assert statuses(results) == ["409", "409", "409", "201"]
    assert [result["response"].get("scimType") for result in results[:3]] == [
        "uniqueness",
        None,
        None,
    ]
    assert names(scim) == {"ada", "dee"}


# Circular references (§3.7.1)


def test_managers_of_each_other_are_both_created(scim):
    results = carry_out(
        scim,
        post("a", managed("ada", "bulkId:b", title="a")),
        post("b", managed("bob", "bulkId:a", title="b")),
    )

    assert statuses(results) == ["201", "201"]
    ada, bob = (unchanged(scim, result) for result in results)
    assert (manager(ada), manager(bob)) == (bob["id"], ada["id"])
    assert ada[E]["manager"]["$ref"] == bob["meta"]["location"]
    assert (ada["title"], bob["title"]) == ("a", "b")
    assert ada["active"] is bob["active"] is True


def test_self_may_be_the_manager(scim):
    [result] = carry_out(scim, post("a", managed("ada", "bulkId:a")))

    assert result["status"] == "201"
    ada = unchanged(scim, result)
    assert manager(ada) == ada["id"]


def test_circle_is_closed_whatever_it_leads_through(scim, tours):
    """A user whose title is the id of a group that has, beside others, that user as a member."""
    results = carry_out(
        scim,
        post("g", group("guides", members=[*refer("u", "v"), {"value": tours["id"]}])),
        post("u", managed("eve", "bulkId:v", title="bulkId:g")),
        post("v", managed("val", "bulkId:u")),
        post("w", managed("walt", "bulkId:v")),
    )

    assert statuses(results) == ["201"] * 4
    guides, eve, val, walt = (unchanged(scim, result) for result in results)
    assert member_ids(guides) == {eve["id"], val["id"], tours["id"]}
    assert eve["title"] == guides["id"]
    assert (manager(eve), manager(val), manager(walt)) == (val["id"], eve["id"], val["id"])
    assert [each["value"] for each in eve["groups"]] == [guides["id"]]


def test_groups_in_each_other_are_a_conflict_and_not_stored(scim, ada):
    results = carry_out(
        scim,
        post("a", group("A", members=[*refer("b"), {"value": ada["id"]}])),
        post("b", group("B", members=refer("a"))),
        patch(path_of(ada), replace("title", "x")),
    )

    assert statuses(results) == ["409", "409", "200"]
    assert all("circular reference" in detail for detail in details(results)[:2])
    assert names(scim) == {"ada"}
    assert "groups" not in scim.read(ada)


def test_groups_in_a_circle_are_refused_before_anything_is_written(scim, statements):
    """To write a thousand of them takes seconds in which nobody else writes to SQLite."""
    ring = [post(f"{n}", group(f"{n}", members=refer(f"{(n + 1) % 50}"))) for n in range(50)]
    pairs = [post(f"p{n}", group(f"p{n}", members=refer(f"p{n ^ 1}"))) for n in range(50)]

    with statements() as seen:
        results = carry_out(scim, *ring, *pairs)

    assert statuses(results) == ["409"] * 100
    assert all("circular reference" in detail for detail in details(results))
    assert seen == []


def test_group_in_itself_is_a_conflict(scim):
    [result] = carry_out(scim, post("a", group("A", members=refer("a"))))

    assert result["status"] == "409"
    assert "itself" in result["response"]["detail"]
    assert names(scim) == set()


@pytest.mark.parametrize(
    ("wrong", "status", "scim_type"),
    [
        (managed("", "bulkId:a"), "400", "invalidValue"),
        (managed("bob", "bulkId:a", emails=[7]), "400", "invalidValue"),
        (managed("taken", "bulkId:a"), "409", "uniqueness"),
        (group("B", members=[*refer("a"), {"value": UNKNOWN_ID}]), "400", "invalidValue"),
        (managed("bob", "bulkId:a", title="bulkId:nowhere"), "409", None),
    ],
)
def test_circle_with_a_wrong_operation_is_not_stored_and_says_which_it_was(
    scim, wrong, status, scim_type
):
    scim.create(user("taken"))

    results = carry_out(
        scim,
        post("a", managed("ada", "bulkId:c")),
        post("b", wrong),
        post("c", managed("cy", "bulkId:b")),
        post("d", managed("dee", "bulkId:c")),
        post("e", user("eve")),
    )

    assert statuses(results) == ["409", status, "409", "409", "201"]
    assert results[1]["response"].get("scimType") == scim_type
    for other in (results[0], results[2]):
        assert "Operations[1]" in other["response"]["detail"]
        assert "scimType" not in other["response"]
    assert "bulkId:c" in results[3]["response"]["detail"]
    assert names(scim) == {"taken", "eve"}


# failOnErrors

TAKEN, WRONG = user("ADA"), user("")


@pytest.mark.parametrize(
    ("limit", "bodies", "expected"),
    [
        (1, [user("b"), TAKEN, user("c")], "201 409"),
        (1, [TAKEN, user("b")], "409"),
        (1, [user("b"), WRONG, user("c")], "201 400"),
        (1, [user("b"), user("c")], "201 201"),
        (2, [TAKEN, user("b"), WRONG, user("c")], "409 201 400"),
        (2, [TAKEN, user("b"), user("c")], "409 201 201"),
        (2, [user("b"), user("B"), user("b"), user("c")], "201 409 409"),
        (3, [user("b"), user("B"), user("b"), user("c")], "201 409 409 201"),
        (0, [TAKEN, WRONG, user("b")], "409 400 201"),
        (-1, [TAKEN, WRONG, user("b")], "409 400 201"),
        (None, [TAKEN, WRONG, user("b")], "409 400 201"),
    ],
)
@pytest.mark.parametrize("by_itself", [False, True], ids=["in a run", "each by itself"])
def test_creates_end_at_so_many_errors(scim, ada, tours, limit, bodies, expected, by_itself):
    """A run of creates is written together; a change between any two makes each go by itself."""
    operations = [post(f"{number}", body) for number, body in enumerate(bodies)]
    if by_itself:
        between = patch(path_of(tours), add("members", []))
        operations = [each for operation in operations for each in (operation, between)]

    results = carry_out(scim, *operations, **({} if limit is None else {"failOnErrors": limit}))

    created = [result for result in results if result["method"] == "POST"]
    assert " ".join(statuses(created)) == expected
    stored = [
        body["userName"]
        for body, result in zip(bodies, created, strict=False)
        if result["status"] == "201"
    ]
    assert names(scim) == {"ada", "tours", *stored}
    if by_itself and len(created) < len(bodies):
        assert results[-1]["status"] != "200"


def test_changes_end_at_so_many_errors_and_what_came_before_stays(scim, ada, bob):
    results = carry_out(
        scim,
        post("e", user("eve")),
        patch(path_of(ada), replace("title", "x")),
        delete(f"/Users/{UNKNOWN_ID}"),
        patch(path_of(bob), replace("title", "x")),
        post("f", user("flo")),
        failOnErrors=1,
    )

    assert statuses(results) == ["201", "200", "404"]
    assert names(scim) == {"ada", "bob", "eve"}
    assert scim.read(ada)["title"] == "x"
    assert scim.read(bob) == bob


def test_circle_that_fails_ends_the_request_although_it_is_more_errors_than_accepted(scim):
    results = carry_out(
        scim,
        post("a", group("A", members=refer("b"))),
        post("b", group("B", members=refer("a"))),
        post("c", user("cy")),
        failOnErrors=1,
    )

    assert statuses(results) == ["409", "409"]
    assert names(scim) == set()


def test_request_ends_before_a_circle_too(scim, ada):
    results = carry_out(
        scim,
        post("a", user("ada")),
        post("b", managed("bob", "bulkId:c")),
        post("c", managed("cy", "bulkId:b")),
        failOnErrors=1,
    )

    assert statuses(results) == ["409"]
    assert names(scim) == {"ada"}


# Runs of creates, which are written together


@pytest.mark.parametrize("taken", ["ada", "user1"], ids=["in the database", "within the run"])
def test_create_that_clashes_leaves_the_others_of_its_run_alone(scim, ada, taken):
    operations = [post(f"{number}", user(f"user{number}")) for number in range(7)]
    operations.insert(4, post("x", user(taken.upper())))

    results = carry_out(scim, *operations)

    assert statuses(results) == ["201"] * 4 + ["409"] + ["201"] * 3
    assert results[4]["response"]["scimType"] == "uniqueness"
    assert "userName" in results[4]["response"]["detail"]
    assert names(scim) == {"ada", *(f"user{number}" for number in range(7))}


def test_run_longer_than_is_written_at_once_is_written_as_a_whole(scim):
    number = 2 * WRITTEN_AT_ONCE + 1
    operations = [post(f"{index}", user(f"user{index}")) for index in range(number)]

    results = carry_out(scim, *operations)

    assert statuses(results) == ["201"] * number
    assert scim.get("/Users?count=0").json["totalResults"] == number
    last = unchanged(scim, results[-1])
    assert last["userName"] == f"user{number - 1}"


def test_run_may_be_of_several_types_and_refer_to_itself(scim):
    results = carry_out(
        scim,
        post("a", user("ada")),
        post("b", group("guides")),
        post("c", managed("cy", "bulkId:a")),
        post("d", managed("dee", "bulkId:c")),
        post("e", group("tours", members=refer("a", "d"))),
    )

    assert statuses(results) == ["201"] * 5
    assert "members" not in unchanged(scim, results[1])
    dee, tours = at(scim, results[3]), unchanged(scim, results[4])
    assert len(member_ids(tours)) == 2
    assert dee["id"] in member_ids(tours)


def test_resources_are_listed_in_the_order_of_the_request(scim):
    carry_out(scim, *(post(name, user(name)) for name in "badc"))

    assert [each["userName"] for each in scim.get("/Users").json["Resources"]] == list("badc")


# Limits (§3.7.4)


@pytest.fixture
def small(scim, new_client):
    """The same application with small limits."""
    return new_client(MAX_BULK_OPERATIONS=MOST_OPERATIONS, MAX_BODY_SIZE=2000)


def test_as_many_operations_as_announced_are_carried_out(small):
    announced = small.get("/ServiceProviderConfig").json["bulk"]["maxOperations"]
    assert announced == MOST_OPERATIONS

    results = carry_out(small, *(post(f"{n}", user(f"user{n}")) for n in range(announced)))

    assert statuses(results) == ["201"] * announced


def test_more_operations_than_announced_are_refused_and_none_is_carried_out(small):
    operations = [post(f"{n}", user(f"user{n}")) for n in range(MOST_OPERATIONS + 1)]

    response = small.post("/Bulk", bulk_request(*operations))

    assert "6 operations" in check_error(response, 413)
    assert "more than 5 (maxOperations)" in response.json["detail"]
    assert names(small) == set()


def test_larger_request_than_announced_is_refused_and_not_carried_out(small):
    announced = small.get("/ServiceProviderConfig").json["bulk"]["maxPayloadSize"]
    request = bulk_request(post("a", user("ada", title="")))
    request["Operations"][0]["data"]["title"] = "x" * (announced - len(json.dumps(request)))
    fitting, larger = (json.dumps(request) + space for space in ("", " "))

    refused = small.client.post("/scim/v2/Bulk", data=larger, content_type="application/scim+json")

    assert f"{announced} bytes (maxPayloadSize)" in check_error(refused, 413)
    assert names(small) == set()
    taken = small.client.post("/scim/v2/Bulk", data=fitting, content_type="application/scim+json")
    assert statuses(taken.json["Operations"]) == ["201"]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ([], "JSON object"),
        ({"schemas": [BULK_REQUEST_SCHEMA]}, "Operations: is required"),
        ({"Operations": []}, "schemas"),
        ({"schemas": [USER_SCHEMA], "Operations": []}, BULK_REQUEST_SCHEMA),
        (bulk_request(7), "Operations[0]"),
        (bulk_request(failOnErrors="1"), "failOnErrors"),
        (bulk_request(failOnErrors=1.5), "failOnErrors"),
        ({"schemas": [BULK_REQUEST_SCHEMA], "Operations": {}}, "Operations"),
    ],
)
def test_body_that_is_no_bulk_request_is_refused(scim, body, detail):
    assert detail in check_error(scim.post("/Bulk", body), 400, "invalidSyntax")


# Operations that are wrong, each by itself


@pytest.mark.parametrize(
    ("operation", "status", "scim_type", "detail"),
    [
        ({}, "400", "invalidSyntax", "method"),
        ({"method": "GET", "path": "/Users"}, "400", "invalidSyntax", "method"),
        ({"method": "post", "path": "/Users"}, "400", "invalidSyntax", "method"),
        ({"method": ["POST"], "path": {}}, "400", "invalidSyntax", "method"),
        (post("x", user(), path="/Nothing"), "404", None, "/Nothing"),
        (post("x", user(), path="/Users/"), "404", None, "/Users/"),
        (post("x", user(), path=f"/Users/{UNKNOWN_ID}"), "404", None, "endpoint"),
        (post("x", user(), path=f"{BASE}/Users"), "404", None, "endpoint"),
        (post("x", bulk_request(), path="/Bulk"), "404", None, "/Bulk"),
        (post("x", user(), path="/Me"), "404", None, "/Me"),
        (post("x", user(), path="/.search"), "404", None, "/.search"),
        (post("x", user(), path="/"), "404", None, "endpoint"),
        (post("x", user(), path=None), "400", "invalidSyntax", "path"),
        (post("x", user(), data=None), "400", "invalidSyntax", "data"),
        (post("x", user(), data=[]), "400", "invalidSyntax", "object"),
        (post("x", user(), data="x"), "400", "invalidSyntax", "object"),
        (post("x", {"schemas": []}), "400", "invalidSyntax", "schemas"),
        (post(None, user()), "400", "invalidSyntax", "bulkId"),
        (post("", user()), "400", "invalidSyntax", "bulkId"),
        (post(7, user()), "400", "invalidValue", "bulkId"),
        (post({}, user()), "400", "invalidValue", "bulkId"),
        (post("first", user()), "400", "invalidValue", "unique"),
        (put("/Me", user()), "400", "invalidSyntax", "/Me"),
        (put("/Users", user()), "400", "invalidSyntax", "/Users"),
        (put("/Users/", user()), "400", "invalidSyntax", "/Users/"),
        (put(f"/Users/{UNKNOWN_ID}", user()), "404", None, UNKNOWN_ID),
        (put(f"/Users/{UNKNOWN_ID}", user(), data=None), "400", "invalidSyntax", "data"),
        (patch(f"/Groups/{UNKNOWN_ID}", remove("members")), "404", None, UNKNOWN_ID),
        (patch("/Users/x/y", remove("title")), "400", "invalidSyntax", "/Users/x/y"),
        (patch(f"/Users/{UNKNOWN_ID}", data={}), "400", "invalidSyntax", "is required"),
        (delete(f"/Users/{UNKNOWN_ID}"), "404", None, UNKNOWN_ID),
        (delete(f"/Nothing/{UNKNOWN_ID}"), "400", "invalidSyntax", "/Nothing"),
        (delete("/Users/" + "x" * 5000), "404", None, "xxx"),
        (delete(f"/Users/{UNKNOWN_ID}", version=7), "400", "invalidValue", "version"),
        (delete(f"/Users/{UNKNOWN_ID}", bulkId="first"), "400", "invalidValue", "unique"),
    ],
)
def test_wrong_operation_fails_alone(scim, operation, status, scim_type, detail):
    results = carry_out(
        scim, post("first", user("ada")), operation, patch("/Users/bulkId:first", remove("title"))
    )

    assert statuses(results) == ["201", status, "200"]
    response = results[1]["response"]
    assert response.get("scimType") == scim_type
    assert detail in response["detail"]
    assert len(response["detail"]) < 300
    assert names(scim) == {"ada"}


def test_unknown_attributes_of_an_operation_are_ignored(scim, ada):
    [result] = carry_out(scim, delete(path_of(ada), data={"x": 1}, response={}, status="500"))

    assert result["status"] == "204"


@pytest.mark.parametrize(
    "change",
    [
        lambda path, **others: put(path, user("ada", title="x"), **others),
        lambda path, **others: patch(path, replace("title", "x"), **others),
        delete,
    ],
    ids=["PUT", "PATCH", "DELETE"],
)
def test_operation_with_a_version_is_for_that_version_only(scim, ada, change):
    old = ada["meta"]["version"]
    new = scim.patch(path_of(ada), replace("title", "newer")).json["meta"]["version"]

    stale, fresh = carry_out(
        scim, change(path_of(ada), version=old), change(path_of(ada), version=new)
    )

    assert stale["status"] == "412"
    assert stale["location"] == ada["meta"]["location"]
    assert "scimType" not in stale["response"]
    assert fresh["status"] in ("200", "204")


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("value", ["*", 'W/"7"'])
def test_preconditions_of_the_request_are_none_of_its_operations(scim, ada, header, value):
    """There is no version of /Bulk that they could name."""
    request = bulk_request(patch(path_of(ada), replace("title", "x")), delete(path_of(ada)))

    response = scim.post("/Bulk", request, **{header: value})

    assert statuses(response.json["Operations"]) == ["200", "204"]


# Each operation by itself


def test_operation_that_fails_halfway_undoes_all_of_itself_and_nothing_else(scim, ada, bob, tours):
    results = carry_out(
        scim,
        patch(path_of(tours), replace("displayName", "guides")),
        patch(
            path_of(tours),
            replace("displayName", "lost"),
            add("members", [{"value": bob["id"]}, {"value": UNKNOWN_ID}]),
        ),
        post("g", group("rides", bob, {"id": UNKNOWN_ID})),
        patch(path_of(bob), replace("title", "lost"), remove("userName")),
        patch(path_of(ada), replace("title", "x")),
    )

    assert statuses(results) == ["200", "400", "400", "400", "200"]
    assert names(scim) == {"ada", "bob", "guides"}
    assert member_ids(scim.read(tours)) == {ada["id"]}
    assert scim.read(ada)["title"] == "x"
    assert scim.read(bob) == bob


def test_password_is_hashed_and_shown_by_no_result(scim, ada, engine):
    request = bulk_request(
        post("a", user("eve", password="first")),
        post("b", managed("flo", "bulkId:b", password="second")),
        put(path_of(ada), user("ada", password="third")),
        post("c", user("eve", password="fourth")),
    )

    response = scim.post("/Bulk", request)

    assert statuses(response.json["Operations"]) == ["201", "201", "200", "409"]
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT user_name, hidden, body, search FROM users"))
        hidden = {row.user_name: (json.loads(row.hidden)["password"], str(row)) for row in rows}
    for name, secret in (("eve", "first"), ("flo", "second"), ("ada", "third")):
        assert hasher.verify(hidden[name][0], secret)
        assert secret not in hidden[name][1]
    for secret in ("first", "second", "third", "fourth", "argon2"):
        assert secret not in response.text


# Tolerances


def test_tolerant_server_takes_in_bulk_what_it_takes_otherwise(scim, ada):
    response = scim.post(
        "/Bulk",
        bulk_request(
            post("a", user("eve", active="True", shoeSize=42)),
            patch(path_of(ada), {"op": "Replace", "path": "active", "value": "False"}),
        ),
    )

    assert statuses(response.json["Operations"]) == ["201", "200"]
    used = set(response.headers["SCIM-Tolerances"].split(","))
    assert used == {"text_booleans", "unknown_attributes"}
    assert scim.read(ada)["active"] is False


def test_strict_server_does_not_take_it_and_does_the_rest(scim, ada, without_tolerances):
    without_tolerances()

    results = carry_out(
        scim,
        post("a", user("eve", active="True")),
        post("b", user("flo", shoeSize=42)),
        patch(path_of(ada), replace("active", "False")),
        post("c", managed("gil", "bulkId:d", active="True")),
        post("d", managed("hal", "bulkId:c")),
        post("e", user("ivy")),
    )

    assert statuses(results) == ["400", "400", "400", "400", "409", "201"]
    assert names(scim) == {"ada", "ivy"}
    assert scim.read(ada) == ada


def test_empty_request_is_tolerated_only(scim, without_tolerances):
    assert carry_out(scim) == []
    without_tolerances()
    check_error(scim.post("/Bulk", bulk_request()), 400, "invalidSyntax")


def test_deleted_user_comes_back_where_the_tenant_wants_it(scim, restoring):
    eve, flo = (restoring.create(user(name, title="old")) for name in ("eve", "flo"))
    for each in (eve, flo):
        restoring.delete(path_of(each))

    results = carry_out(
        restoring,
        post("a", user("eve", nickName="new")),
        post("b", managed("flo", "bulkId:c")),
        post("c", managed("gil", "bulkId:b")),
        post("d", user("eve")),
    )

    assert statuses(results) == ["201", "201", "201", "409"]
    back, again, new = (unchanged(restoring, result) for result in results[:3])
    assert (back["id"], back["title"], back["nickName"]) == (eve["id"], "old", "new")
    assert (again["id"], manager(again), manager(new)) == (flo["id"], new["id"], flo["id"])


# The cost of many operations


def full_users(prefix, number):
    return [
        post(f"{index}", managed(f"{prefix}{index}", "bulkId:0" if index else "x", externalId="e"))
        for index in range(number)
    ]


@pytest.fixture
def on_a_quick_machine(monkeypatch):
    """However long a transaction takes, the next one is not smaller."""
    monkeypatch.setattr("scim.provider.bulk.LONG", inf)


@pytest.mark.usefixtures("on_a_quick_machine")
def test_thousand_creates_take_few_statements(scim, statements):
    seen = {}
    for prefix, number in (("a", 10), ("b", 1000)):
        with statements() as seen[number]:
            results = carry_out(scim, *full_users(prefix, number))
        assert statuses(results) == ["201"] * number

    assert len(seen[1000]) <= 40
    assert len(seen[10]) <= 20


def test_link_to_another_type_fails_alone_in_its_run(scim, ada, tours):
    """The first link leads to a user as a group."""
    wrong, right = f"{BASE}/Groups/{ada['id']}", f"{BASE}/Groups/{tours['id']}"

    results = carry_out(
        scim,
        post("a", group("a", members=[{"$ref": wrong}])),
        post("b", group("b", members=[{"$ref": right}])),
    )

    assert statuses(results) == ["400", "201"]
    assert member_ids(at(scim, results[1])) == {tours["id"]}


@pytest.mark.usefixtures("on_a_quick_machine")
def test_chain_of_groups_takes_few_statements(scim, ada, statements):
    chain = [post("0", group("level 0", {"id": ada["id"]}))]
    chain += [post(f"{n}", group(f"level {n}", members=refer(f"{n - 1}"))) for n in range(1, 200)]

    with statements() as seen:
        results = carry_out(scim, *chain)

    assert statuses(results) == ["201"] * 200
    assert len(seen) <= 20
    found = scim.read(ada)
    assert len(found["groups"]) == 200
    assert [each["type"] for each in found["groups"]].count("direct") == 1
    assert found["meta"]["version"] == 'W/"2"'  # one transaction bumps it once


def test_transactions_that_take_long_become_smaller(scim, statements, monkeypatch):
    monkeypatch.setattr("scim.provider.bulk.LONG", 0)
    users = [post(f"{index}", user(f"user{index}")) for index in range(2 * WRITTEN_AT_ONCE)]

    with statements() as seen:
        results = carry_out(scim, *users)

    assert statuses(results) == ["201"] * len(users)
    transactions = sum(text.startswith("INSERT INTO totals") for text in seen)
    assert transactions == 7  # of 200, 100, 50, 25, 12, 10, 3


def test_database_that_is_away_is_not_asked_once_for_each_create(scim, monkeypatch):
    asked = []

    def away(self, work):
        asked.append(work)
        raise UnavailableError("the database is too busy")

    users = [post(f"{index}", user(f"user{index}")) for index in range(50)]
    monkeypatch.setattr(Store, "atomically", away)

    results = carry_out(scim, *users, failOnErrors=20)

    assert statuses(results) == ["503"] * 20
    assert len(asked) == 1


@pytest.mark.usefixtures("on_a_quick_machine")
def test_thousand_users_become_members_in_the_same_request(scim, statements):
    everybody = [f"{index}" for index in range(999)]
    users = [post(name, user(f"user{name}")) for name in everybody]

    with statements() as seen:
        results = carry_out(scim, post("g", group("all", members=refer(*everybody))), *users)

    assert statuses(results) == ["201"] * 1000
    ids = {result["location"].rpartition("/")[2] for result in results[1:]}
    assert member_ids(unchanged(scim, results[0])) == ids
    assert len(seen) <= 40
