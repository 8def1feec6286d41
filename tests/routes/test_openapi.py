"""/openapi.json: what tools read of the server is OpenAPI, and true."""

import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from scim.protocol.definitions.assembly import BUILT_IN
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER_SCHEMA

from ..support.databases import ON_ONE_DATABASE
from ..support.definitions import ROOM_SCHEMA, attribute, rooms
from ..support.errors import check_error
from ..support.scim import patch_op, path_of, replace, user

pytestmark = ON_ONE_DATABASE
METHODS = {"get", "post", "put", "patch", "delete"}
OF_OKTA = "/ServiceProviderConfigs"  # a tolerance, not a part of SCIM


def document(scim):
    response = scim.get("/openapi.json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    return response.json


def components(scim):
    return document(scim)["components"]["schemas"]


def test_document_is_openapi(scim):
    found = document(scim)

    assert list(OpenAPIV31SpecValidator(found).iter_errors()) == []
    assert found["servers"] == [{"url": "http://localhost/scim/v2"}]


def test_document_needs_the_token_as_all_discovery_does(app, scim):
    anonymous = app.test_client()

    assert anonymous.get("/scim/v2/openapi.json").status_code == 401
    assert anonymous.get("/openapi.json").status_code == 401
    meant = check_error(scim.client.get("/openapi.json"), 404)
    assert "did you mean /scim/v2/openapi.json" in meant
    check_error(scim.get("/openapi.json?filter=a"), 403)


def test_every_endpoint_is_described_with_its_methods(app, scim):
    served = {
        (re.sub("<[^>]*>", "{id}", rule.rule.removeprefix("/scim/v2")), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/scim/v2")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    told = {(path, method) for path, item in document(scim)["paths"].items() for method in item}

    assert told == served - {(OF_OKTA, "get")}


def test_attributes_have_their_characteristics(scim):
    found = components(scim)
    read, sent = found["User"]["properties"], found["User.request"]["properties"]

    assert read["id"] == {
        "type": "string",
        "readOnly": True,
        "x-scim": {
            "mutability": "readOnly",
            "returned": "always",
            "uniqueness": "server",
            "caseExact": True,
        },
    }
    assert read["emails"]["items"]["properties"]["type"]["examples"] == ["work", "home", "other"]
    assert read["userName"]["x-scim"] == {"uniqueness": "server"}
    assert "password" not in read
    assert sent["password"]["writeOnly"] is True
    assert sent["password"]["x-scim"] == {"mutability": "writeOnly", "returned": "never"}
    assert not sent.keys() & {"id", "meta", "groups"}
    assert found["User.request"]["required"] == ["schemas", "userName"]
    assert found["Group.request"]["required"] == ["schemas", "displayName"]
    assert found["User"]["required"] == ["schemas", "id"]
    assert sent["schemas"]["contains"] == {"const": USER_SCHEMA}
    assert sent["schemas"]["items"]["enum"] == [USER_SCHEMA, ENTERPRISE_USER_SCHEMA]
    manager = sent[ENTERPRISE_USER_SCHEMA]["properties"]["manager"]["properties"]
    assert manager.keys() == {"value"}
    assert found["Group"]["properties"]["members"]["items"]["properties"]["value"]["x-scim"] == {
        "mutability": "immutable",
        "caseExact": True,
    }


# Slow bodies, asynchronous requests, limits and the database have tests of their own.
ELSEWHERE = {"202", "408", "429", "503"}


def test_every_status_of_the_document_is_answered(new_client, app, empty_database):
    scim = new_client(MAX_BODY_SIZE=2000)
    made = scim.create(user("ada"))
    path, patch = path_of(made), patch_op(replace("title", "x"))
    answers = {
        ("/Users", "post"): [
            scim.post("/Users", user("ben")),
            scim.post("/Users", user("ben")),
            scim.post("/Users", user("eve", title="x" * 3000)),
            scim.post("/Users", user("eve"), Content_Type="text/plain"),
            scim.post("/Users", {}),
        ],
        ("/Users/{id}", "get"): [
            scim.get(path),
            scim.get(path, If_None_Match=made["meta"]["version"]),
            scim.get(path, If_Match='W/"9"'),
            app.test_client().get(f"/scim/v2{path}"),
        ],
        ("/Users/{id}", "patch"): [scim.send("PATCH", f"{path}x", patch)],
        ("/Users/{id}", "delete"): [scim.delete(path)],
        ("/Me", "get"): [scim.get("/Me")],
        ("/Schemas", "get"): [scim.get("/Schemas?filter=a")],
    }
    found = document(scim)

    seen = set()
    for (place, method), responses in answers.items():
        statuses = {str(each.status_code) for each in responses}
        assert statuses <= found["paths"][place][method]["responses"].keys()
        seen |= statuses
    operations = [one for item in found["paths"].values() for one in item.values()]
    told = {status for one in operations for status in one["responses"]}
    assert told == seen | ELSEWHERE


def test_choices_of_the_operator_are_told(new_client, strict, scim):
    shared = components(new_client(UNIQUE_GROUP_NAMES=False))
    read = document(scim)["paths"]["/Users/{id}"]["get"]

    assert "x-scim" not in shared["Group"]["properties"]["displayName"]
    assert "304" not in read["responses"]
    assert "ETag" not in read["responses"]["200"]["headers"]
    assert not [each for each in read["parameters"] if each["$ref"].endswith("Match")]


def test_resource_types_of_documents_are_described(examples):
    found = document(examples)

    assert list(OpenAPIV31SpecValidator(found).iter_errors()) == []
    added = {each.endpoint for each in BUILT_IN.resource_types}
    types = {each["endpoint"] for each in examples.get("/ResourceTypes").json["Resources"]}
    assert types > added
    assert {f"{endpoint}/{{id}}" for endpoint in types} <= found["paths"].keys()


@pytest.mark.parametrize("name", ["Error", "Me", "list", "PatchOp", "OpenAPI"])
def test_no_name_of_a_resource_type_is_in_use_already(defining, name):
    kind, schema = rooms(attribute("when", "dateTime"))

    found = document(defining(kind | {"name": name}, schema))

    assert list(OpenAPIV31SpecValidator(found).iter_errors()) == []
    schemas = found["components"]["schemas"]
    assert schemas[name]["properties"]["when"]["pattern"].startswith("^")
    assert schemas[f"{name}.request"]["properties"]["when"]["format"] == "date-time"
    assert schemas[f"{name}.request"]["properties"]["schemas"]["contains"] == {"const": ROOM_SCHEMA}
