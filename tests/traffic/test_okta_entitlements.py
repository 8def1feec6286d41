"""The "Okta SCIM 2.0 Entitlements Test" of an entitlement endpoint, and granting entitlements."""

import pytest

from ..support.definitions import ENTITLEMENT_SCHEMA, EXAMPLES, ROLE_SCHEMA
from ..support.server import running_server
from .client import Client
from .comparison import LIST_RESPONSE, check

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
LICENSES = [
    {"displayName": "E5", "type": "License", "description": "Everything"},
    {"displayName": "E3", "type": "License"},
]
ROLES = [{"displayName": "Admin", "type": "role"}, {"displayName": "Reader"}]
ENDPOINTS = pytest.mark.parametrize(
    ("endpoint", "schema", "items"),
    [("/Entitlements", ENTITLEMENT_SCHEMA, LICENSES), ("/Roles", ROLE_SCHEMA, ROLES)],
)


@pytest.fixture(scope="module")
def server(database_url, tmp_path_factory):
    """A server that has the documents of ``docs/examples/okta``."""
    settings = {"SCHEMA_FOLDER": str(EXAMPLES / "okta"), "WORKERS": "1"}
    environment = {f"SCIM_{name}": value for name, value in settings.items()}
    log_path = tmp_path_factory.mktemp("okta") / "log"
    with running_server(log_path, SCIM_DATABASE_URL=database_url, **environment) as server:
        yield server


@pytest.fixture
def okta(server, empty_database):
    """Okta's test, which sends the token alone."""
    headers = {
        "Accept-Charset": "utf-8",
        "Content-Type": "application/scim+json; charset=utf-8",
        "Accept": "application/scim+json",
        "Authorization": server.token,
        "User-Agent": "OKTA SCIM Integration",
    }
    client = Client(server.url, headers)
    for endpoint, schema, items in (
        ("/Entitlements", ENTITLEMENT_SCHEMA, LICENSES),
        ("/Roles", ROLE_SCHEMA, ROLES),
    ):
        for item in items:
            check(client.post(endpoint, {"schemas": [schema], **item}), 201)
    return client


def test_endpoints_are_found_by_their_schemas(okta):
    types = check(okta.get("/ResourceTypes"))["Resources"]

    endpoints = {each["schema"]: each["endpoint"] for each in types}
    assert endpoints[ENTITLEMENT_SCHEMA] == "/Entitlements"
    assert endpoints[ROLE_SCHEMA] == "/Roles"
    for schema in (ENTITLEMENT_SCHEMA, ROLE_SCHEMA):
        names = ["displayName", "type", "description"]
        attributes = [{"name": name, "type": "string"} for name in names]
        check(okta.get(f"/Schemas/{schema}"), body={"id": schema, "attributes": attributes})


@ENDPOINTS
def test_first_page_has_one_entitlement(okta, endpoint, schema, items):
    page = check(
        okta.get(f"{endpoint}?count=1&startIndex=1"),
        body={
            "schemas": [LIST_RESPONSE],
            "Resources": [{"schemas": [schema], "id": "*", "displayName": "*"}],
            "itemsPerPage": 1,
        },
    )

    assert type(page["startIndex"]) is int
    assert type(page["totalResults"]) is int


@ENDPOINTS
def test_import_reads_all_entitlements(okta, endpoint, schema, items):
    shown = [{"schemas": [schema], "id": "*", **item} for item in items]

    check(
        okta.get(f"{endpoint}?count=100&startIndex=1"),
        body={"totalResults": len(items), "Resources": shown},
    )


def test_user_has_the_entitlements_and_roles_that_were_granted(okta):
    def granted(endpoint):
        listed = check(okta.get(f"{endpoint}?count=100&startIndex=1"))["Resources"]
        return [
            {"value": each["id"], "display": each["displayName"]}
            | ({"type": each["type"]} if "type" in each else {})
            for each in listed
        ]

    licenses, roles = granted("/Entitlements"), granted("/Roles")
    body = {"schemas": [USER_SCHEMA], "userName": "a@b.c", "entitlements": licenses[:1]}
    path = f"/Users/{check(okta.post('/Users', body), 201, body)['id']}"

    added = okta.patch(path, {"op": "add", "path": "entitlements", "value": licenses[1:]})
    check(added, body={"entitlements": licenses})
    replaced = okta.patch(path, {"op": "replace", "value": {"roles": roles}})
    check(replaced, body={"entitlements": licenses, "roles": roles})
    taken = {"op": "remove", "path": f'entitlements[value eq "{licenses[0]["value"]}"]'}
    check(okta.patch(path, taken), body={"entitlements": licenses[1:], "roles": roles})
    holders = okta.get(f'/Users?filter=roles.value eq "{roles[0]["value"]}"')
    check(holders, body={"totalResults": 1, "Resources": [{"roles": roles}]})
