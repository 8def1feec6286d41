"""RFC 7643 §6: a resource type of a document is served as users and groups are."""

import pytest

from scim.storage.tokens import list_tenants

from ..support.definitions import (
    BADGE_SCHEMA,
    DEVICE_SCHEMA,
    ENTITLEMENT_SCHEMA,
    OWNERSHIP_SCHEMA,
    ROLE_SCHEMA,
    attribute,
    badge,
    device,
    owned_by,
    room,
    rooms,
)
from ..support.errors import check_error
from ..support.scim import UNKNOWN_ID, add, patch_op, path_of, remove, replace, user

BASE = "http://localhost/scim/v2"
OWNER = f"{OWNERSHIP_SCHEMA}:owner"
OWNED = {"owner": {"value": "7"}}


@pytest.fixture
def ada(examples):
    return examples.create(user("ada", displayName="Ada"))


@pytest.fixture
def laptop(examples):
    return examples.create(device())


def test_resource_types_name_their_endpoints_and_schemas(examples):
    page = examples.get("/ResourceTypes").json

    endpoints = ["/Users", "/Groups", "/Devices", "/Entitlements", "/Roles", "/GroupMemberships"]
    assert [each["endpoint"] for each in page["Resources"]] == endpoints
    assert page["totalResults"] == 6
    extended, _, added, *okta, _ = page["Resources"]
    assert extended["schemaExtensions"][-1] == {"schema": BADGE_SCHEMA, "required": False}
    assert added["schemaExtensions"] == [{"schema": OWNERSHIP_SCHEMA, "required": False}]
    assert added["schema"] == DEVICE_SCHEMA
    assert [each["schema"] for each in okta] == [ENTITLEMENT_SCHEMA, ROLE_SCHEMA]
    for each in page["Resources"]:
        assert each["meta"]["location"] == f"{BASE}/ResourceTypes/{each['id']}"
        assert examples.get(f"/ResourceTypes/{each['id']}").json == each


def test_schemas_of_documents_are_listed_with_those_of_the_rfc(scim, examples):
    page, built_in = examples.get("/Schemas").json, scim.get("/Schemas").json

    added = page["Resources"][len(built_in["Resources"]) :]
    assert {each["id"] for each in added} == {
        *(BADGE_SCHEMA, DEVICE_SCHEMA, ENTITLEMENT_SCHEMA, OWNERSHIP_SCHEMA, ROLE_SCHEMA)
    }
    assert page["Resources"][: -len(added)] == built_in["Resources"]
    assert page["totalResults"] == page["itemsPerPage"] == len(page["Resources"])
    for each in added:
        assert each["meta"]["location"] == f"{BASE}/Schemas/{each['id']}"
        assert examples.get(f"/Schemas/{each['id']}").json == each


def test_resource_comes_back_as_it_was_sent(examples, ada):
    sent = device(externalId="7", mudUrl="https://mud.example/x", **owned_by(ada))

    response = examples.post("/Devices", sent | {"id": "1", "meta": {"version": "1"}})

    created = response.json
    location = f"{BASE}/Devices/{created['id']}"
    owner = {"value": ada["id"], "$ref": ada["meta"]["location"], "displayName": "Ada"}
    assert response.status_code == 201
    assert response.headers["Location"] == response.headers["Content-Location"] == location
    assert response.headers["ETag"] == created["meta"]["version"]
    assert created["meta"]["resourceType"] == "Device"
    assert created["meta"]["location"] == location
    assert created == sent | {
        "schemas": [DEVICE_SCHEMA, OWNERSHIP_SCHEMA],
        "id": created["id"],
        OWNERSHIP_SCHEMA: {"owner": owner},
        "meta": created["meta"],
    }
    assert examples.read(created) == created
    assert examples.get("/Devices").json["Resources"] == [created]


def test_extension_of_a_user_comes_back_as_it_was_sent(examples):
    extension = badge(number="0042", validUntil="2030-01-01T00:00:00Z")

    created = examples.create(user("ada", **extension))

    assert created.items() >= extension.items()
    assert BADGE_SCHEMA in created["schemas"]
    assert examples.read(created) == created


@pytest.mark.parametrize("name", ["shoeSize", "userName", "members", "urn:x:y:Device"])
def test_attribute_that_the_type_has_not_is_passed_over(examples, name):
    created = examples.create(device(**{name: "x"}))

    assert name not in created
    changed = examples.patch(path_of(created), {"op": "add", "value": {name: "x"}})
    assert (changed.status_code, changed.json) == (200, created)


@pytest.mark.parametrize("empty", [None, ""])
def test_required_attribute_must_be_there(examples, laptop, empty):
    sent = device(active=empty)

    for response in (
        examples.post("/Devices", {name: sent[name] for name in ("schemas", "displayName")}),
        examples.post("/Devices", sent),
        examples.put(path_of(laptop), sent),
        examples.patch(path_of(laptop), replace("active", empty)),
    ):
        assert "active" in check_error(response, 400, "invalidValue")
    removed = examples.patch(path_of(laptop), remove("active"))
    assert "active" in check_error(removed, 400, "mutability")
    assert examples.read(laptop) == laptop


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("active", "maybe"),
        ("active", 1),
        ("displayName", 1.5),
        ("displayName", ["x", "y"]),
        ("mudUrl", {"value": "x", "type": "y"}),
        (f"{OWNERSHIP_SCHEMA}.owner", 1),
        (f"{OWNERSHIP_SCHEMA}.owner.value", True),
        (OWNERSHIP_SCHEMA, "x"),
    ],
)
def test_value_of_another_type_is_refused_with_its_attribute(examples, laptop, path, value):
    sent, names = value, path.removeprefix(OWNERSHIP_SCHEMA).strip(".").split(".")
    for name in reversed(list(filter(None, names))):
        sent = {name: sent}
    body = device(**{OWNERSHIP_SCHEMA: sent} if path.startswith("urn") else sent)

    for response in (
        examples.post("/Devices", body),
        examples.put(path_of(laptop), body),
        examples.patch(path_of(laptop), {"op": "add", "value": body}),
    ):
        detail = check_error(response, 400, "invalidValue")
        assert (names[-1] or OWNERSHIP_SCHEMA) in detail
    assert examples.read(laptop) == laptop


def test_schemas_must_list_that_of_the_type(examples, laptop):
    sent = device() | {"schemas": [OWNERSHIP_SCHEMA]}

    check_error(examples.post("/Devices", sent), 400, "invalidSyntax")
    check_error(examples.put(path_of(laptop), user()), 400, "invalidSyntax")


def test_put_replaces_everything(examples, ada):
    created = examples.create(device(externalId="7", **owned_by(ada)))

    response = examples.put(path_of(created), device("desktop", active=False))

    after = response.json
    assert response.status_code == 200
    assert after.items() >= {"displayName": "desktop", "active": False}.items()
    assert after.keys().isdisjoint({"externalId", OWNERSHIP_SCHEMA})
    assert after["schemas"] == [DEVICE_SCHEMA]
    assert after["meta"]["version"] != created["meta"]["version"]
    assert examples.read(created) == after
    check_error(examples.put(f"/Devices/{UNKNOWN_ID}", device()), 404)


@pytest.mark.parametrize(
    ("operation", "name", "value"),
    [
        (add("mudUrl", "x"), "mudUrl", "x"),
        (replace("DISPLAYNAME", "x"), "displayName", "x"),
        (replace(f"{DEVICE_SCHEMA}:displayName", "x"), "displayName", "x"),
        (replace(None, {"displayName": "x"}), "displayName", "x"),
        (replace(None, {f"{DEVICE_SCHEMA}:displayName": "x"}), "displayName", "x"),
        (remove("displayName"), "displayName", None),
        (replace("active", False), "active", False),
        (add("owner", "7"), OWNERSHIP_SCHEMA, OWNED),
        (add(OWNER, {"value": "7"}), OWNERSHIP_SCHEMA, OWNED),
        (add(f"{OWNER}.value", "7"), OWNERSHIP_SCHEMA, OWNED),
        (add(None, {f"{OWNER}.value": "7"}), OWNERSHIP_SCHEMA, OWNED),
        (add(None, {OWNER: {"value": "7"}}), OWNERSHIP_SCHEMA, OWNED),
        (add(None, {OWNERSHIP_SCHEMA: OWNED}), OWNERSHIP_SCHEMA, OWNED),
        (replace(OWNERSHIP_SCHEMA.upper(), OWNED), OWNERSHIP_SCHEMA, OWNED),
        (replace(f'{OWNER}[value eq "{UNKNOWN_ID}"].value', "7"), OWNERSHIP_SCHEMA, OWNED),
        (remove(OWNERSHIP_SCHEMA), OWNERSHIP_SCHEMA, None),
        (remove(OWNER), OWNERSHIP_SCHEMA, None),
        (remove(f"{OWNER}.value"), OWNERSHIP_SCHEMA, None),
        (remove(f'{OWNER}[value eq "{UNKNOWN_ID}"]'), OWNERSHIP_SCHEMA, None),
    ],
)
def test_patch_changes_what_its_path_names(examples, operation, name, value):
    created = examples.create(device(**owned_by({"id": UNKNOWN_ID})))

    response = examples.patch(path_of(created), operation)

    assert response.status_code == 200
    after = response.json
    assert after.get(name) == value
    assert (OWNERSHIP_SCHEMA in after["schemas"]) == (OWNERSHIP_SCHEMA in after)
    others = after.keys() - {name, "meta", "schemas"}
    assert {each: created.get(each) for each in others} == {each: after[each] for each in others}
    assert after["meta"]["version"] != created["meta"]["version"]
    assert examples.read(created) == after


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        (replace("shoeSize", "x"), "invalidPath"),
        (replace("urn:x:y:Device:owner", "x"), "invalidPath"),
        (replace(f"{OWNER}.shoe", "x"), "invalidPath"),
        (replace('displayName[value eq "x"]', "x"), "invalidPath"),
        (replace(f"{OWNER}.displayName", "x"), "mutability"),
        (replace(f"{OWNER}.$ref", "x"), "mutability"),
        (replace("id", "x"), "mutability"),
        (replace(f'{OWNER}[value eq "other"]', {"value": "x"}), "noTarget"),
        (remove(None), "noTarget"),
    ],
)
def test_patch_that_cannot_be_applied_changes_nothing(examples, operation, scim_type):
    created = examples.create(device(**owned_by({"id": UNKNOWN_ID})))

    response = examples.patch(path_of(created), replace("displayName", "x"), operation)

    assert "Operations[1]" in check_error(response, 400, scim_type)
    assert examples.read(created) == created


def test_deleted_resource_is_gone_for_every_method(examples, laptop):
    other, path = examples.create(device()), path_of(laptop)

    response = examples.delete(path)

    assert (response.status_code, response.data) == (204, b"")
    assert examples.get("/Devices").json["Resources"] == [other]
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = {"PUT": device(), "PATCH": patch_op(replace("displayName", "x"))}.get(method)
        check_error(examples.send(method, path, body), 404)


def test_resource_is_found_at_the_endpoint_of_its_type_alone(examples, ada, laptop):
    for path in (f"/Users/{laptop['id']}", f"/Devices/{ada['id']}", f"/Roles/{laptop['id']}"):
        for method in ("GET", "DELETE"):
            check_error(examples.send(method, path), 404)
        check_error(examples.patch(path, replace("displayName", "x")), 404)
    assert examples.get("/Roles").json["totalResults"] == 0
    assert examples.read(laptop) == laptop


def test_version_is_what_conditional_requests_go_by(examples, laptop):
    path, version = path_of(laptop), laptop["meta"]["version"]

    assert examples.get(path, If_None_Match=version).status_code == 304
    assert examples.patch(path, replace("displayName", "x"), If_Match=version).status_code == 200
    for response in (
        examples.put(path, device(), If_Match=version),
        examples.patch(path, replace("displayName", "y"), If_Match=version),
        examples.delete(path, If_Match=version),
    ):
        check_error(response, 412)
    assert examples.get(path, If_None_Match=version).status_code == 200


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("attributes=displayName", {"displayName"}),
        (f"attributes={DEVICE_SCHEMA}:displayName", {"displayName"}),
        (f"attributes={DEVICE_SCHEMA}", {"displayName", "active"}),
        (f"attributes={OWNERSHIP_SCHEMA}", {OWNERSHIP_SCHEMA}),
        (f"attributes={OWNER}.value,ACTIVE", {OWNERSHIP_SCHEMA, "active"}),
        ("attributes=shoeSize", set()),
        (f"excludedAttributes={OWNERSHIP_SCHEMA},meta", {"displayName", "active"}),
    ],
)
def test_answers_show_what_was_asked_for(examples, query, names):
    sent = device(**owned_by({"id": UNKNOWN_ID}))
    created = examples.create(sent)
    answers = [
        examples.post(f"/Devices?{query}", sent).json,
        examples.get(f"{path_of(created)}?{query}").json,
        examples.get(f"/Devices?{query}").json["Resources"][0],
        examples.put(f"{path_of(created)}?{query}", sent).json,
        examples.patch(f"{path_of(created)}?{query}", replace("active", True)).json,
    ]

    assert [answer.keys() - {"id", "schemas"} for answer in answers] == [names] * len(answers)


@pytest.mark.parametrize("endpoint", ["/Search", "/Discovery", "/Errors", "/static", "/x-Y1"])
def test_endpoint_may_have_any_name_that_is_free(defining, endpoint):
    resource_type, core = rooms(attribute("displayName"))
    scim = defining(resource_type | {"endpoint": endpoint}, core)

    created = scim.post(endpoint, room(displayName="x")).json

    assert created["meta"]["location"] == f"{BASE}{endpoint}/{created['id']}"
    assert scim.get(f"{endpoint}/{created['id']}").json == created
    assert scim.get("/").json["Resources"] == [created]


@pytest.mark.parametrize("path", ["/devices", "/Devices/x/y", "/Device", "/Devices/.search/"])
def test_other_path_is_not_found(examples, path):
    check_error(examples.get(path), 404)


@pytest.mark.parametrize("endpoint", ["/Devices", "/Entitlements", "/Roles"])
def test_endpoint_takes_the_methods_that_users_have(examples, endpoint):
    for path in ("", "/", "/x", "/.search"):
        for method in ("OPTIONS", "PUT", "PATCH", "DELETE", "POST", "GET"):
            defined = examples.send(method, f"{endpoint}{path}", {})
            known = examples.send(method, f"/Users{path}", {})
            assert defined.status_code == known.status_code, (method, path)
            assert defined.headers.get("Allow") == known.headers.get("Allow")


@pytest.mark.parametrize("path", ["/Devices", "/Devices/1", "/Devices/.search"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_endpoint_needs_the_token(examples, method, path):
    response = examples.send(method, path, {}, Authorization="Bearer wrong")

    check_error(response, 401)


def test_living_resource_is_named_as_one_that_lives(examples, app, laptop):
    service = app.extensions["scim"]
    [tenant, *_] = service.database.read(list_tenants)

    found = service.store(tenant, "").browse(lambda known: known.names([laptop["id"]]))

    assert found[laptop["id"]].type == "Device"
    assert not found[laptop["id"]].is_deleted
