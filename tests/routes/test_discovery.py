"""RFC 7644 §4, RFC 7643 §5 to §7: what the service provider says of itself."""

import json
from pathlib import Path

import pytest

from app import create_app
from scim.protocol import schema
from scim.protocol.discovery import OPTIONAL
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP_SCHEMA, SCHEMAS, USER_SCHEMA

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.errors import check_error

ENDPOINTS = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"]
ONE_OF_EACH = [*ENDPOINTS, "/ResourceTypes/User", f"/Schemas/{USER_SCHEMA}"]
DOCUMENTS = sorted((Path(schema.__file__).parent / "schemas").glob("*.json"))
CHARACTERISTICS = {
    "name",
    "type",
    "multiValued",
    "description",
    "required",
    "mutability",
    "returned",
    "uniqueness",
}
BASE = "http://localhost/scim/v2"


def with_settings(database_url, **settings):
    """Return a client of the same application with other settings."""
    client = create_app({"DATABASE_URL": database_url, "TESTING": True, **settings}).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
    return client


def all_attributes(attributes, path=""):
    for attribute in attributes:
        name = f"{path}{attribute['name']}"
        yield name, attribute
        yield from all_attributes(attribute.get("subAttributes", ()), f"{name}.")


def without_meta(document):
    return {name: value for name, value in document.items() if name != "meta"}


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/ResourceTypes", ["User", "Group", "GroupMembership"]),
        ("/Schemas", [schema.id for schema in SCHEMAS]),
    ],
)
def test_list_has_every_document_and_each_is_there_alone(scim, path, ids):
    response = scim.get(path)

    page = response.json
    assert response.mimetype == "application/scim+json"
    assert page["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    assert page["totalResults"] == page["itemsPerPage"] == len(ids)
    assert [document["id"] for document in page["Resources"]] == ids
    for document in page["Resources"]:
        assert document["meta"]["location"] == f"{BASE}{path}/{document['id']}"
        assert scim.get(f"{path}/{document['id']}").json == document
        assert scim.get(f"{path}/{document['id'].lower()}").json == document


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_schema_is_shown_as_the_document_that_the_server_works_from(scim, path):
    document = json.loads(path.read_text(encoding="utf-8"))
    described = document["attributes"]  # neither security events nor roles are offered here
    document["attributes"] = [each for each in described if each["name"] not in OPTIONAL]

    shown = scim.get(f"/Schemas/{document['id']}").json

    assert without_meta(shown) == without_meta(document)
    assert shown["meta"]["resourceType"] == "Schema"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_attribute_of_a_schema_has_all_characteristics(path):
    document = json.loads(path.read_text(encoding="utf-8"))

    for name, attribute in all_attributes(document["attributes"]):
        missing = CHARACTERISTICS - attribute.keys()
        if attribute["type"] in ("string", "reference", "binary"):
            missing |= {"caseExact"} - attribute.keys()
        if attribute["type"] == "reference":
            missing |= {"referenceTypes"} - attribute.keys()
        assert not missing, f"{name}: {missing}"
        assert ("subAttributes" in attribute) == (attribute["type"] == "complex"), name
        if path.stem != "schema" and not name.startswith("RolesAndEntitlements."):  # these nest
            assert "." not in name or attribute["type"] != "complex", name


def test_schemas_say_what_rfc_7643_requires():
    [user, group, enterprise] = [
        dict(all_attributes(s.document["attributes"])) for s in SCHEMAS[:3]
    ]

    assert user["userName"]["required"]
    assert user["userName"]["uniqueness"] == "server"
    assert user["password"]["returned"] == "never"
    assert user["password"]["mutability"] == "writeOnly"
    assert user["groups"]["mutability"] == "readOnly"
    assert group["displayName"]["required"]
    assert group["members.value"]["mutability"] == "immutable"
    assert enterprise["manager.displayName"]["mutability"] == "readOnly"


def test_resource_types_name_their_schemas(scim):
    user, group, *_ = scim.get("/ResourceTypes").json["Resources"]

    assert (user["endpoint"], user["schema"]) == ("/Users", USER_SCHEMA)
    assert user["schemaExtensions"] == [{"schema": ENTERPRISE_USER_SCHEMA, "required": False}]
    assert (group["endpoint"], group["schema"]) == ("/Groups", GROUP_SCHEMA)
    assert "schemaExtensions" not in group


def test_service_provider_config_is_truthful(database_url):
    client = with_settings(database_url, MAX_PAGE_SIZE=7, DEFAULT_PAGE_SIZE=5, MAX_BODY_SIZE=1234)

    config = client.get("/scim/v2/ServiceProviderConfig").json

    assert config["patch"] == {"supported": True}
    assert config["filter"] == {"supported": True, "maxResults": 7}
    assert config["pagination"]["defaultPageSize"] == 5
    assert config["pagination"]["maxPageSize"] == 7
    assert config["bulk"]["maxPayloadSize"] == 1234
    bulk = client.post("/scim/v2/Bulk", json={})
    assert config["bulk"]["supported"] == (bulk.status_code not in (404, 501))
    assert config["sort"] == config["etag"] == config["changePassword"] == {"supported": True}
    [scheme] = config["authenticationSchemes"]
    assert scheme["type"] == "oauthbearertoken"
    assert config["meta"]["location"] == f"{BASE}/ServiceProviderConfig"
    assert config["documentationUri"].startswith("https://")


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("/ServiceProviderConfig/", "/ServiceProviderConfig"),
        ("/ResourceTypes/", "/ResourceTypes"),
        ("/Schemas/", "/Schemas"),
        (f"/Schemas/{USER_SCHEMA}/", f"/Schemas/{USER_SCHEMA}"),
        ("/Schemas?startIndex=3&count=1&sortBy=id&attributes=id", "/Schemas"),
        ("/Schemas?count=abc", "/Schemas"),
    ],
)
def test_slash_at_the_end_and_paging_change_nothing(scim, path, same):
    response = scim.get(path)

    assert response.status_code == 200
    assert response.json == scim.get(same).json


def test_plural_that_okta_asks_for_is_tolerated_and_named(scim):
    response = scim.get("/ServiceProviderConfigs")

    assert response.status_code == 200
    assert response.headers["SCIM-Tolerances"] == "plural_configuration"
    assert response.json["patch"] == {"supported": True}


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize("path", ONE_OF_EACH)
def test_filter_is_forbidden(scim, path):
    detail = check_error(scim.get(f"{path}?filter=id pr"), 403)

    assert "filter" in detail


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    "path",
    [
        "/ResourceTypes/Device",
        "/Schemas/urn:x",
        "/Schemas/User",
        "/Schemas/urn:ietf:params:scim:api:messages:2.0:ListResponse",
        "/ServiceProviderConfig/x",
    ],
)
def test_what_is_not_described_is_not_found(scim, path):
    check_error(scim.get(path), 404)


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize("path", ONE_OF_EACH)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_discovery_is_read_only(scim, path, method):
    response = scim.send(method, path, {})

    check_error(response, 405)
    assert "GET" in response.headers["Allow"]
    assert method not in response.headers["Allow"]


@pytest.mark.parametrize("query", ["aadOptscim062020", "aadOptscim062020=", "aadOptscim062020=1"])
def test_entra_is_not_shown_what_its_validator_rejects(scim, query):
    hidden = set()
    plain, shown = scim.get("/Schemas").json, scim.get(f"/Schemas?{query}").json
    for full, part in zip(plain["Resources"], shown["Resources"], strict=True):
        gone = (
            dict(all_attributes(full["attributes"])).keys()
            - dict(all_attributes(part["attributes"])).keys()
        )
        hidden |= {(full["id"], name) for name in gone}
        assert scim.get(f"/Schemas/{full['id']}?{query}").json == part

    assert hidden == {(USER_SCHEMA, "emails.display"), (GROUP_SCHEMA, "members.$ref")}


@pytest.mark.parametrize(("unique", "uniqueness"), [(True, "server"), (False, "none")])
def test_uniqueness_of_group_names_is_announced_as_it_is(database_url, unique, uniqueness):
    client = with_settings(database_url, UNIQUE_GROUP_NAMES=unique)

    group = client.get(f"/scim/v2/Schemas/{GROUP_SCHEMA}").json

    assert dict(all_attributes(group["attributes"]))["displayName"]["uniqueness"] == uniqueness
