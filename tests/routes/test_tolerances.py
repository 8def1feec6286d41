"""Requests of identity providers beyond the RFCs are accepted and named, or refused if strict."""

from dataclasses import fields

import pytest

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER_SCHEMA
from scim.protocol.search import SEARCH_REQUEST_SCHEMA
from scim.protocol.tolerance import Tolerance

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.scim import add, enterprise, group, path_of, remove, replace, user

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BABS = user(
    "babs@example.com",
    emails=[{"type": "home", "value": "x", "primary": True}],
    **enterprise(department="Tours", manager={"value": "1"}),
)


def patch(operation):
    return lambda scim, babs, tours: scim.patch(path_of(babs), operation)


def find(filter):
    return lambda scim, babs, tours: scim.get(f"/Users?filter={filter}")


def find_made(filter, body):
    def made(scim, babs, tours):
        scim.create(body | {"emails": [{"value": email} for email in body.get("emails", [])]})
        return scim.get(f"/Users?filter={filter}")

    return made


def search(**parameters):
    body = {"schemas": [SEARCH_REQUEST_SCHEMA], **parameters}
    return lambda scim, babs, tours: scim.post("/Users/.search", body)


def create(**attributes):
    return lambda scim, babs, tours: scim.post("/Users", user() | attributes)


def with_bare_token(scim, babs, tours):
    return scim.get("/Users", Authorization="123456789")


# Every tolerance with requests that need it, and what a strict server answers to them.
REQUESTS = {
    "bare_token": [(with_bare_token, 401)],
    "doubled_slash": [
        (lambda scim, babs, tours: scim.get("//Users"), 404),
        (lambda scim, babs, tours: scim.get(f"/{path_of(babs)}"), 404),
        (lambda scim, babs, tours: scim.post("//Users", user()), 404),
    ],
    "empty_parameters": [
        (lambda scim, babs, tours: scim.get("/Users?count=&startIndex=1"), 400),
        (lambda scim, babs, tours: scim.get("/?startIndex="), 400),
        (lambda scim, babs, tours: scim.get(f"{path_of(babs)}?sortOrder="), 400),
        (search(count=""), 400),
        (search(attributes=""), 400),
    ],
    "repeated_parameters": [
        (lambda scim, babs, tours: scim.get("/Users?attributes=id&attributes=userName"), 400),
        (lambda scim, babs, tours: scim.get("/?excludedAttributes=a&excludedAttributes=b"), 400),
    ],
    "filtered_projection": [
        (lambda scim, babs, tours: scim.get('/Users?attributes=emails[type eq "home"]'), 400),
        (search(excludedAttributes=['emails[type eq "home"].value']), 400),
    ],
    "legacy_schema_urns": [
        (create(schemas=["urn:scim:schemas:core:1.0", "urn:scim:schemas:core:2.0"]), 400),
        (create(schemas=[USER_SCHEMA, "urn:scim:schemas:extension:enterprise:1.0"]), 400),
        (create(schemas=[USER_SCHEMA, "http://schemas.microsoft.com/2006/11/User"]), 400),
        (patch(add("urn:scim:schemas:extension:enterprise:1.0:costCenter", "1")), 400),
    ],
    "unknown_attributes": [
        (create(shoeSize=42), 400),
        (create(name={"shoeSize": 42}), 400),
        (patch(replace(None, {"shoeSize": 42})), 400),
        (patch(replace("name", {"shoeSize": 42})), 400),
    ],
    "unqualified_extension_attributes": [
        (patch(replace("department", "Rides")), 400),
        (find('department eq "Tours"'), 400),
    ],
    "text_booleans": [
        (create(active="True"), 400),
        (patch(replace("active", "False")), 400),
        (patch(replace('emails[primary eq "True"].value', "y")), 400),
        (find('active eq "true"'), 400),
    ],
    "loose_dates": [
        (find('meta.created gt "2016-01-01T00:00:00%2B0000"'), 400),
        (find('meta.created gt "2016-01-01"'), 400),
    ],
    "duplicate_primary": [
        (create(emails=[{"value": value, "primary": True} for value in "ab"]), 400),
        (patch(replace("emails", [{"value": value, "primary": True} for value in "ab"])), 400),
    ],
    "unquoted_filter_values": [(find("userName eq babs@example.com"), 400)],
    "double_encoded_filter_values": [(find('userName eq "babs%2540example.com"'), 200)],
    "literal_backslashes": [
        (find_made(r'userName eq "CORP\novak"', user("CORP\\novak")), 200),
        (find_made(r'userName eq "CORP\xavier"', user("CORP\\xavier")), 400),
        (find_made(r'emails[value eq "CORP\novak"]', user(emails=["CORP\\novak"])), 200),
    ],
    "compared_value_path": [
        (find('emails[type eq "home"].value eq "x"'), 400),
        (find('emails[type eq "home"] eq "x"'), 400),
    ],
    "empty_operations": [(lambda scim, babs, tours: scim.patch(path_of(babs)), 400)],
    "paths_as_keys": [
        (patch(replace(None, {"name.givenName": "Babs"})), 400),
        (patch(replace(None, {'emails[type eq "home"].value': "y"})), 400),
        (patch(replace(None, {f"{ENTERPRISE_USER_SCHEMA}:department": "Tours"})), 400),
    ],
    "dotted_urns": [
        (patch(replace(f"{ENTERPRISE_USER_SCHEMA}.department", "Rides")), 400),
        (patch(replace(None, {f"{ENTERPRISE_USER_SCHEMA}.department": "Rides"})), 400),
        (create(**{f"{ENTERPRISE_USER_SCHEMA}.department": "Rides"}), 400),
        (find(f'{ENTERPRISE_USER_SCHEMA}.department eq "Tours"'), 400),
    ],
    "core_schema_object": [
        (create(**{USER_SCHEMA: {"title": "Guide"}}), 400),
        (patch(replace(None, {USER_SCHEMA: {"title": "Guide"}})), 400),
        (patch(replace(USER_SCHEMA, {"title": "Guide"})), 400),
    ],
    "created_value_path": [
        (patch({"op": "Replace", "path": 'emails[type eq "work"].value', "value": "y"}), 400)
    ],
    "simple_for_complex": [
        (patch(replace(f"{ENTERPRISE_USER_SCHEMA}:manager", "2")), 400),
        (patch(replace(f"{ENTERPRISE_USER_SCHEMA}:manager", [{"value": "2"}])), 400),
        (lambda scim, babs, tours: scim.patch(path_of(tours), add("members", [babs["id"]])), 400),
        (create(emails=["babs@example.com"]), 400),
        (patch(replace('emails[type eq "home"]', "y")), 400),
    ],
    "complex_for_simple": [
        (create(title=[{"$ref": None, "value": "Guide"}]), 400),
        (patch(replace("title", ["Guide"])), 400),
    ],
    "number_for_text": [
        (create(externalId=157663), 400),
        (patch(replace("externalId", 157663)), 400),
    ],
    "link_for_id": [
        (
            lambda scim, babs, tours: scim.patch(
                path_of(babs), replace("manager", {"$ref": path_of(babs)})
            ),
            400,
        ),
        (
            lambda scim, babs, tours: scim.patch(
                path_of(tours), add("members", [{"$ref": path_of(babs)}])
            ),
            400,
        ),
    ],
    "empty_for_unassigned": [
        (patch(replace(f"{ENTERPRISE_USER_SCHEMA}:manager", "")), 400),
        (patch(replace(f"{ENTERPRISE_USER_SCHEMA}:manager", {"value": ""})), 200),
        (patch(replace(f"{ENTERPRISE_USER_SCHEMA}:manager.value", "")), 200),
    ],
    "empty_elements": [
        (patch(remove('emails[type eq "home"].value')), 200),
        (patch(add('emails[type eq "work"].value', "")), 200),
    ],
    "remove_listed_values": [
        (patch(remove("emails") | {"value": [{"value": "x"}]}), 400),
        (
            lambda scim, babs, tours: scim.patch(
                path_of(tours), remove("members") | {"value": [{"value": babs["id"]}]}
            ),
            400,
        ),
    ],
    "read_only_in_value": [
        (patch(replace(None, {"id": "1", "displayName": "Babs"})), 400),
        (patch(replace(None, {"schemas": [USER_SCHEMA], "displayName": "Babs"})), 400),
    ],
    "bare_operations": [
        (
            lambda scim, babs, tours: scim.post(
                "/Bulk",
                {
                    "schemas": [BULK_REQUEST],
                    "Operations": [
                        {
                            "method": "PATCH",
                            "path": path_of(babs),
                            "data": [replace("title", "Guide")],
                        }
                    ],
                },
            ),
            200,
        )
    ],
    "plural_configuration": [(lambda scim, babs, tours: scim.get("/ServiceProviderConfigs"), 404)],
}
CASES = [
    pytest.param(name, request, status, id=f"{name}-{number}")
    for name, requests in REQUESTS.items()
    for number, (request, status) in enumerate(requests)
]


@pytest.fixture
def babs(scim):
    return scim.create(BABS)


@pytest.fixture
def tours(scim, babs):
    return scim.create(group("Tours", babs))


def test_every_tolerance_has_a_request_that_needs_it():
    assert list(REQUESTS) == [tolerance.name for tolerance in fields(Tolerance)]


def test_every_tolerance_says_who_sends_it():
    assert all(tolerance.metadata["sent_by"] for tolerance in fields(Tolerance))


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(("name", "request_", "status"), CASES)
def test_tolerant_server_accepts_it_and_says_so(scim, babs, tours, name, request_, status):
    response = request_(scim, babs, tours)

    assert response.status_code in (200, 201)
    assert name in response.headers["SCIM-Tolerances"].split(",")
    assert response.json.get("totalResults") != 0


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(("name", "request_", "status"), CASES)
def test_strict_server_does_not(scim, babs, tours, without_tolerances, name, request_, status):
    without_tolerances()

    before = [scim.read(babs), tours]

    response = request_(scim, babs, tours)

    assert response.status_code == status
    assert "SCIM-Tolerances" not in response.headers
    if status == 400:
        assert [scim.read(babs), scim.read(tours)] == before


@EVERYDAY_ON_ONE_DATABASE
def test_request_of_the_rfc_needs_no_tolerance(scim, babs, tours):
    for response in (
        scim.get('/Users?filter=emails[type eq "home" and value sw "x"]'),
        scim.patch(path_of(babs), replace('emails[type eq "home"].value', "y")),
        scim.patch(path_of(tours), remove(f'members[value eq "{babs["id"]}"]')),
    ):
        assert response.status_code == 200
        assert "SCIM-Tolerances" not in response.headers


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("operation", "manager"),
    [
        (replace(f"{ENTERPRISE_USER_SCHEMA}:manager", "2"), "2"),
        (replace("manager", [{"value": "2", "$ref": "http://example.com/Users/2"}]), "2"),
        (replace(None, {"manager": {"value": "2"}}), "2"),
        (replace(f"{ENTERPRISE_USER_SCHEMA}:manager", ""), None),
        (replace(f"{ENTERPRISE_USER_SCHEMA}:manager", []), None),
        (replace(f"{ENTERPRISE_USER_SCHEMA}:manager", {"value": ""}), None),
        (replace(f"{ENTERPRISE_USER_SCHEMA}:manager.value", ""), None),
        (add(ENTERPRISE_USER_SCHEMA, {"manager": ""}), None),
        (replace(f'{ENTERPRISE_USER_SCHEMA}:manager[value eq "1"].value', ""), None),
        (replace(f'{ENTERPRISE_USER_SCHEMA}:manager[value eq "1"]', ""), None),
        (add(f'{ENTERPRISE_USER_SCHEMA}:manager[value eq "1"]', ""), None),
        (replace(f"{ENTERPRISE_USER_SCHEMA}:manager", {"value": {"value": ""}}), None),
        ({"op": "Replace", "path": 'manager[value eq "2"].value', "value": ""}, "1"),
        (remove(f'{ENTERPRISE_USER_SCHEMA}:manager[value eq "1"]'), None),
        (remove(f'{ENTERPRISE_USER_SCHEMA}:manager[value eq "2"]'), "1"),
        (replace(f'{ENTERPRISE_USER_SCHEMA}:manager[value eq "1"].value', "2"), "2"),
        ({"op": "Replace", "path": 'manager[value eq "2"]', "value": {"value": "2"}}, "2"),
    ],
)
def test_manager_is_assigned_and_cleared_as_providers_do_it(scim, babs, operation, manager):
    response = scim.patch(path_of(babs), operation)

    shown = response.json.get(ENTERPRISE_USER_SCHEMA, {}).get("manager", {})
    assert (response.status_code, shown.get("value")) == (200, manager)


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("listed", "left"),
    [
        ([{"value": "x"}], ["y"]),
        ([{"value": "X", "type": "HOME"}], ["y"]),
        ([{"value": "x", "type": "work"}], ["x", "y"]),
        (["y"], ["x"]),
        ([{"value": "z"}], ["x", "y"]),
        ([{"value": "x"}, {"value": "y"}], []),
    ],
)
def test_only_listed_values_are_removed(scim, listed, left):
    emails = [{"value": "x", "type": "home"}, {"value": "y"}]
    created = scim.create(user(emails=emails))

    answer = scim.patch(path_of(created), remove("emails") | {"value": listed}).json

    assert [email["value"] for email in answer.get("emails", [])] == left
