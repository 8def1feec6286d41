"""Roles and entitlements by draft-ietf-scim-roles-entitlements, alone and beside Okta's schemas."""

import os
from urllib.parse import urlencode

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from ..support.definitions import ENTITLEMENT_SCHEMA, EXAMPLES, ROLE_SCHEMA

ROLES = "urn:ietf:params:scim:schemas:core:2.0:Role"
ENTITLEMENTS = "urn:ietf:params:scim:schemas:core:2.0:Entitlement"
ALONE = str(EXAMPLES / "roles")
BESIDE = os.pathsep.join([str(EXAMPLES / "okta"), ALONE])
ADMIN = {"value": "admin", "display": "Admin", "type": "role", "supported": True}
LIMITED = {"limitedAssignmentsPermitted": True, "totalAssignmentsPermitted": 3}


def test_one_row_answers_the_draft_and_okta(new_client):
    scim = new_client(SCHEMA_FOLDER=BESIDE)
    sent = {"displayName": "Admin", **ADMIN, **LIMITED, "contains": ["reader"]}

    created = scim.post("/Roles", {"schemas": [ROLES], **sent}).json

    assert created.items() >= sent.items()
    assert created["schemas"] == [ROLE_SCHEMA, ROLES]
    for text in (
        'value eq "admin"',
        'displayName eq "ADMIN"',
        f'{ROLES}:display eq "admin"',
        f'{ROLE_SCHEMA}:type eq "role"',
        'contains eq "reader" and totalAssignmentsPermitted gt 2',
    ):
        assert scim.get(f"/Roles?{urlencode({'filter': text})}").json["Resources"] == [created]
    shown = scim.get(f"/Roles?attributes={ROLE_SCHEMA}").json["Resources"]
    assert [each.keys() for each in shown] == [{"schemas", "id", "displayName", "type"}]
    patched = scim.patch(
        f"/Roles/{created['id']}", {"op": "replace", "path": f"{ROLES}:supported", "value": False}
    )
    assert patched.json["supported"] is False
    for missing in ("value", "displayName"):
        refused = {name: value for name, value in sent.items() if name != missing}
        assert scim.post("/Roles", {"schemas": [ROLE_SCHEMA], **refused}).status_code == 400


def test_type_with_two_schemas_is_shown_under_each(new_client):
    scim = new_client(SCHEMA_FOLDER=BESIDE)

    types = scim.get("/ResourceTypes").json["Resources"]

    shown = {each["schema"]: (each["name"], each["endpoint"]) for each in types}
    assert shown[ROLE_SCHEMA] == ("Role", "/Roles")
    assert shown[ROLES] == ("Role-2", "/Roles")
    assert shown[ENTITLEMENT_SCHEMA] == ("Entitlement", "/Entitlements")
    assert shown[ENTITLEMENTS] == ("Entitlement-2", "/Entitlements")
    for each in types:
        assert each["id"] == each["name"]
        assert scim.get(f"/ResourceTypes/{each['id']}").json == each
        assert scim.get(f"/Schemas/{each['schema']}").json["id"] == each["schema"]
    described = scim.get("/openapi.json").json
    OpenAPIV31SpecValidator(described).validate()
    assert {"displayName", "value"} <= described["components"]["schemas"]["Role"][
        "properties"
    ].keys()


@pytest.mark.parametrize("folder", [BESIDE, ALONE, str(EXAMPLES / "okta")])
def test_roles_are_announced_when_they_are_served(new_client, folder):
    scim = new_client(SCHEMA_FOLDER=folder)

    config = scim.get("/ServiceProviderConfig").json

    schema = scim.get(f"/Schemas/{config['schemas'][0]}").json
    described = [each["name"] for each in schema["attributes"]]
    is_served = folder != str(EXAMPLES / "okta")
    assert ("RolesAndEntitlements" in config) == ("RolesAndEntitlements" in described) == is_served
    if is_served:
        told = config["RolesAndEntitlements"]
        common = {"supported": True, "primarySupported": True, "typeSupported": True}
        assert told["roles"] == common | {"multipleRolesSupported": True}
        assert told["entitlements"] == common | {"multipleEntitlementsSupported": True}
