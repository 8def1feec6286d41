"""Values in the forms that providers send them, in POST, PUT, PATCH and /Bulk."""

import json

import pytest

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA as E
from scim.protocol.schema import GROUP_SCHEMA, USER_SCHEMA

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.definitions import attribute, complex_attribute, reference, schema
from ..support.errors import check_error
from ..support.scim import (
    UNKNOWN_ID,
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

pytestmark = EVERYDAY_ON_ONE_DATABASE

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BASE = "http://localhost/scim/v2"


@pytest.fixture
def ada(scim):
    return scim.create(user("ada"))


@pytest.fixture
def bob(scim):
    return scim.create(user("bob"))


@pytest.fixture
def tours(scim, ada, bob):
    return scim.create(group("Tours", ada, bob))


def sent(scim, method, body):
    """Return the answers to a resource sent by POST and by PUT."""
    if method == "POST":
        return scim.post("/Users", body)
    created = scim.create(user("before", emails=[{"value": "old"}], title="old"))
    return scim.put(path_of(created), body)


def shown(scim, answer, *names):
    """Return attributes of an answer, which a GET must show as well."""
    assert answer.status_code in (200, 201), answer.text
    assert scim.read(answer.json) == answer.json
    return [answer.json.get(name) for name in names]


def bulk(scim, *operations):
    answer = scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": list(operations)})
    assert answer.status_code == 200, answer.text
    return answer.json["Operations"]


methods = pytest.mark.parametrize("method", ["POST", "PUT"])


@methods
@pytest.mark.parametrize(
    ("attributes", "name", "value"),
    [
        ({"emails": ["a@example.com"]}, "emails", [{"value": "a@example.com"}]),
        ({"emails": "a@example.com"}, "emails", [{"value": "a@example.com"}]),
        ({"emails": {"value": "a"}}, "emails", [{"value": "a"}]),
        ({"roles": ["a", {"value": "b"}, None]}, "roles", [{"value": "a"}, {"value": "b"}]),
        ({"emails": ""}, "emails", None),
        ({"x509Certificates": ["TWE="]}, "x509Certificates", [{"value": "TWE="}]),
        ({"externalId": 157663}, "externalId", "157663"),
        ({"displayName": [{"$ref": None, "value": "Ada N"}]}, "displayName", "Ada N"),
        ({"preferredLanguage": ["de"]}, "preferredLanguage", "de"),
        ({"name": {"givenName": ["Ada"]}}, "name", {"givenName": "Ada"}),
        ({"title": []}, "title", None),
        (enterprise(employeeNumber=7), E, {"employeeNumber": "7"}),
        (enterprise(manager={"$ref": None, "value": ""}), E, None),
        ({f"{E}.employeeNumber": "7"}, E, {"employeeNumber": "7"}),
        ({USER_SCHEMA: {"title": "x", "emails": [{"value": "a"}]}}, "title", "x"),
        ({"urn:scim:schemas:core:1.0": {"title": "x"}}, "title", "x"),
        ({USER_SCHEMA: None}, "title", None),
    ],
)
def test_resource_in_another_form_is_understood(scim, method, attributes, name, value):
    answer = sent(scim, method, user("babs", **attributes))

    assert shown(scim, answer, name) == [value]


@methods
@pytest.mark.parametrize(
    "attributes",
    [
        {"emails": ["a@example.com"]},
        {"emails": {"value": "a"}},
        {"externalId": 157663},
        {"displayName": [{"$ref": None, "value": "Ada N"}]},
        {"preferredLanguage": ["de"]},
        {"title": []},
        {f"{E}.employeeNumber": "7"},
        {USER_SCHEMA: {"title": "x"}},
        enterprise(manager={"$ref": f"{BASE}/Users/{UNKNOWN_ID}"}),
    ],
)
def test_strict_tenant_takes_no_other_form(scim, strict, method, attributes):
    answer = sent(scim, method, user("babs", **attributes))

    check_error(answer, 400, answer.json["scimType"])


@pytest.mark.parametrize("is_strict", [False, True])
@methods
def test_elements_of_one_value_and_type_are_one(scim, choose, method, is_strict):
    choose(strict=is_strict)
    emails = [
        {"value": "A@example.com", "type": "work", "display": "A"},
        {"value": "b@example.com"},
        {"value": "a@example.com", "type": "Work", "primary": True},
    ]
    offices = [{"type": "work", "locality": "LA"}, {"type": "work", "locality": "Rome"}]
    body = user("babs", emails=emails, addresses=[*offices, offices[0]])

    answer = sent(scim, method, body)

    expected = [emails[0] | {"primary": True}, emails[1]]
    assert shown(scim, answer, "emails", "addresses") == [expected, offices]
    assert "duplicate_primary" not in answer.headers.get("SCIM-Tolerances", "")


@pytest.mark.parametrize("is_strict", [False, True])
def test_two_primary_copies_are_one_primary_value(scim, choose, is_strict):
    choose(strict=is_strict)
    copies = [{"value": value, "type": "work", "primary": True} for value in ("a", "A")]

    answer = scim.post("/Users", user("babs", emails=copies))

    assert shown(scim, answer, "emails") == [copies[:1]]
    assert "duplicate_primary" not in answer.headers.get("SCIM-Tolerances", "")


@pytest.mark.parametrize("is_strict", [False, True])
@methods
@pytest.mark.parametrize("name", ["emails", "phoneNumbers", "ims", "photos", "roles"])
def test_address_is_no_object_in_a_text(scim, choose, is_strict, method, name):
    choose(strict=is_strict)
    text = json.dumps({"value": "a@example.com"})
    answer = sent(scim, method, user("babs", **{name: [{"value": text}]}))

    if name == "roles":
        assert shown(scim, answer, "roles") == [[{"value": text}]]
    else:
        assert name in check_error(answer, 400, "invalidValue")


@methods
def test_active_null_is_as_absent(scim, method):
    """Nobody is made active again by a PUT that does not say so."""
    assert shown(scim, sent(scim, method, user("babs", active=None)), "active") == [True]
    off = scim.create(user("off", active=False))
    assert shown(scim, scim.put(path_of(off), user("off", active=None)), "active") == [False]


@pytest.mark.parametrize("is_strict", [False, True])
def test_active_may_not_be_removed(scim, choose, ada, is_strict):
    choose(strict=is_strict)
    for operation in (remove("active"), replace("active", None), add("active", None)):
        check_error(scim.patch(path_of(ada), operation), 400, "mutability")
    assert scim.read(ada) == ada


def test_core_attributes_of_a_group_may_be_in_an_object(scim, ada):
    inside = {"displayName": "Tours", "members": listed(ada)}
    answer = scim.post("/Groups", {"schemas": [GROUP_SCHEMA], GROUP_SCHEMA: inside})

    [name, [member]] = shown(scim, answer, "displayName", "members")
    assert (name, member["value"]) == ("Tours", ada["id"])
    answer = scim.patch(path_of(answer.json), replace(None, {GROUP_SCHEMA: {"members": []}}))
    assert shown(scim, answer, "members") == [None]


@pytest.mark.parametrize(
    ("inside", "scim_type"),
    [({"userName": "babs"}, "invalidSyntax"), ("", "invalidValue"), ([1], "invalidValue")],
)
def test_core_object_that_does_not_fit_is_refused(scim, inside, scim_type):
    check_error(scim.post("/Users", user("babs") | {USER_SCHEMA: inside}), 400, scim_type)


@pytest.mark.parametrize("value", [[], "", [None], [""]])
def test_remove_of_no_members_removes_nobody(scim, choose, tours, value):
    operation = remove("members") | {"value": value}

    answer = scim.patch(path_of(tours), operation)

    assert (answer.status_code, scim.read(tours)) == (200, tours)
    assert "remove_listed_values" in answer.headers["SCIM-Tolerances"]
    choose(strict=True)
    check_error(scim.patch(path_of(tours), operation), 400, "invalidSyntax")
    assert scim.read(tours) == tours


@pytest.mark.parametrize("is_strict", [False, True])
@pytest.mark.parametrize("operation", [remove("members"), remove("members") | {"value": None}])
def test_remove_of_members_without_a_value_removes_all(scim, choose, tours, is_strict, operation):
    choose(strict=is_strict)

    assert shown(scim, scim.patch(path_of(tours), operation), "members") == [None]


@pytest.mark.parametrize("value", [[], "", [None], [{}], {}])
def test_remove_of_no_elements_removes_none(scim, value):
    babs = scim.create(user(emails=[{"value": "x"}]))

    answer = scim.patch(path_of(babs), remove("emails") | {"value": value})

    assert shown(scim, answer, "emails") == [[{"value": "x"}]]


@pytest.mark.parametrize(
    "link",
    [
        "{base}/Users/{id}",
        "HTTP://LOCALHOST/scim/v2/Users/{id}/",
        "{base}/Users/{id}?aadOptscim062020",
        "/scim/v2/Users/{id}",
        "/Users/{id}",
        "Users/{id}",
        "../Users/{id}",
    ],
)
def test_link_alone_leads_to_a_user(scim, tours, ada, bob, link):
    link = {"$ref": link.format(base=BASE, id=ada["id"])}
    manager = {"value": ada["id"], "$ref": f"{BASE}/Users/{ada['id']}"}

    created = scim.post("/Users", user("cyd", **enterprise(manager=link)))
    answers = [
        created,
        scim.put(path_of(created.json), user("cyd", **enterprise(manager=link | {"value": None}))),
        scim.patch(path_of(bob), replace(f"{E}:manager", link)),
        scim.patch(path_of(bob), add(None, {"manager": [link]})),
    ]
    for answer in answers:
        assert shown(scim, answer, E) == [{"manager": manager}]
        assert "link_for_id" in answer.headers["SCIM-Tolerances"]

    answer = scim.patch(path_of(tours), remove("members") | {"value": [link]})
    assert [each["value"] for each in answer.json["members"]] == [bob["id"]]
    answer = scim.patch(path_of(tours), replace("members", [link]))
    assert [each["value"] for each in answer.json["members"]] == [ada["id"]]
    answer = scim.post("/Groups", group("Rides") | {"members": [link]})
    assert [each["value"] for each in answer.json["members"]] == [ada["id"]]


@pytest.mark.parametrize(
    "link",
    [
        f"{BASE}/Users/{UNKNOWN_ID}",
        f"{BASE}/Users/nobody",
        f"{BASE}/Devices/{{id}}",
        f"{BASE}/Groups/{{id}}",
        f"{BASE}/Users",
        f"{BASE}/Users/",
        f"{BASE}/Users/{{id}}/x",
        "http://localhost/Users/{id}",
        "https://example.com/scim/v2/Users/{id}",
        "//example.com/scim/v2/Users/{id}",
        "http://[/scim/v2/Users/{id}",
        "{id}",
        7,
        {"id": "x"},
    ],
)
@pytest.mark.parametrize("is_strict", [False, True])
def test_link_to_nobody_is_refused(scim, choose, tours, ada, bob, link, is_strict):
    choose(strict=is_strict)
    bob = scim.read(bob)
    link = {"$ref": link.format(id=ada["id"]) if isinstance(link, str) else link}
    body = user("cyd", **enterprise(manager=link))

    for answer in (
        scim.post("/Users", body),
        scim.put(path_of(bob), body),
        scim.patch(path_of(bob), replace(f"{E}:manager", link)),
        scim.patch(path_of(tours), add("members", [link])),
        scim.post("/Groups", group("Rides") | {"members": [link]}),
    ):
        check_error(answer, 400, "invalidValue")
    [result] = bulk(scim, {"method": "POST", "path": "/Users", "bulkId": "1", "data": body})
    assert result["status"] == "400"
    assert scim.read(bob) == bob
    assert scim.read(tours) == tours


def test_value_decides_beside_a_link(scim, ada, bob):
    link = f"{BASE}/Users/{ada['id']}"
    manager = {"value": bob["id"], "$ref": link}

    answer = scim.post("/Users", user("cyd", **enterprise(manager=manager)))

    assert answer.json[E]["manager"] == {
        "value": bob["id"],
        "$ref": f"{BASE}/Users/{bob['id']}",
    }


def test_link_in_a_bulk_request_leads_to_a_user(scim, choose, ada):
    link = {"$ref": f"{BASE}/Users/{ada['id']}"}
    users = [
        {"method": "POST", "path": "/Users", "bulkId": name, "data": user(name) | attributes}
        for name, attributes in (("bob", {}), ("cyd", enterprise(manager=link)))
    ]
    assert [result["status"] for result in bulk(scim, *users)] == ["201", "201"]
    [cyd] = scim.get('/Users?filter=userName eq "cyd"').json["Resources"]
    assert cyd[E]["manager"]["value"] == ada["id"]

    choose(restores=True)
    scim.delete(path_of(cyd))
    lost = user("cyd", **enterprise(manager={"$ref": f"{BASE}/Users/{UNKNOWN_ID}"}))
    detail = check_error(scim.post("/Users", lost), 400, "invalidValue")
    assert detail.startswith("manager.$ref leads to no resource")


def test_patch_in_a_bulk_request_may_be_the_list_of_its_operations(scim, choose, ada, tours):
    created = {"method": "POST", "path": "/Users", "bulkId": "new", "data": user("cyd")}
    operations = [
        created,
        {"method": "PATCH", "path": path_of(ada), "data": [replace("title", "x"), remove("name")]},
        {
            "method": "PATCH",
            "path": path_of(tours),
            "data": [add("members", [{"value": "bulkId:new"}])],
        },
        {"method": "PATCH", "path": path_of(ada), "data": [replace("shoeSize", "x")]},
        {"method": "PATCH", "path": path_of(ada), "data": ["title"]},
        {"method": "PUT", "path": path_of(ada), "data": [user("ada")]},
    ]
    results = bulk(scim, *operations)

    assert [result["status"] for result in results] == ["201", "200", "200", "400", "400", "400"]
    assert scim.read(ada)["title"] == "x"
    assert len(scim.read(tours)["members"]) == 3

    choose(strict=True)
    [result] = bulk(scim, operations[1])
    assert result["response"]["scimType"] == "invalidSyntax"
    [result] = bulk(scim, operations[1] | {"data": patch_op(*operations[1]["data"])})
    assert result["status"] == "200"
    choose(strict=False)
    check_error(scim.send("PATCH", path_of(ada), operations[1]["data"]), 400, "invalidSyntax")


def test_defined_attributes_take_the_same_forms(defining):
    urn = "urn:example:params:scim:schemas:extension:tour:1.0:User"
    phones = complex_attribute("phones", attribute("value"), attribute("type"), multiValued=True)
    tags = attribute("tags", multiValued=True)
    scim = defining(schema(urn, tags, reference("boss", "User"), phones))
    ada = scim.create(user("ada"))
    link = {"$ref": f"{BASE}/Users/{ada['id']}"}
    inside = {"tags": ["a", {"value": "b"}, 7], "boss": link, "phones": ["1", {"value": "1"}]}

    answer = scim.post("/Users", user("babs", **{urn: inside}))
    [extension] = shown(scim, answer, urn)
    assert extension["tags"] == ["a", "b", "7"]
    assert extension["boss"]["value"] == ada["id"]
    assert extension["phones"] == [{"value": "1"}]

    path = path_of(answer.json)
    answer = scim.patch(path, replace(f"{urn}.boss", {"$ref": None, "value": ""}))
    assert "boss" not in shown(scim, answer, urn)[0]
    answer = scim.patch(path, remove(f"{urn}:phones.value"), add(f"{urn}:phones.type", "work"))
    assert shown(scim, answer, urn)[0]["phones"] == [{"type": "work"}]
    check_error(scim.patch(path, replace(None, {f"{urn}.shoe": 1})), 400, "invalidPath")
