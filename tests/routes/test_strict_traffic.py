"""What identity providers send to a strict tenant: some of it is refused, the rest answered."""

import json
from pathlib import Path

import pytest

from ..support.errors import check_error
from ..support.scim import group, user
from ..traffic.replay import fill

RECORDINGS = sorted((Path(__file__).parents[1] / "traffic" / "recordings").glob("*.json"))

# Every step that is refused, by the error; all other steps have the status that was recorded.
REFUSED = {
    "authentik": {
        "invalidSyntax": {
            "update a group without path, id and schemas inside",
            "update a group without path, the id left out",
            "remove a member",
        },
    },
    "entra_groups": {
        "invalidSyntax": {
            "create a user",
            "create, with Microsoft's own URN",
            "create one of the same name",
            "create one of the same externalId",
            "remove one of them by value",
            "remove one who is not there",
            "several memberships in one request",
            "add a member with names the server does not know",
            "remove two members in one value",
            "remove the last member",
        },
    },
    "entra_lookups": {
        "invalidSyntax": {"create a group"},
        "invalidValue": {"make the second the manager of the first"},
        "invalidFilter": {
            "match by externalId without quotes",
            "match nobody by externalId without quotes",
            "match by work address",
            "match nobody by home address",
            "check the manager",
            "check a manager who is not",
        },
    },
    "entra_users": {
        "invalidSyntax": {
            "create, with attributes that are null and a misspelt URN",
            "create again",
            "set the manager by its bare name, a string",
            "replace the manager by its bare name, an object",
            "replace the manager by its bare name, a list with a reference",
            "clear the manager by its bare name",
            "a value without path, with dotted, filter and URN keys",
        },
        "noTarget": {
            "replace the work address where there is none",
            "replace the work address where there is one",  # the step before has made none
        },
        "invalidValue": {
            "mark the work address as primary, in text",
            "disable",
            "enable",
            "set the manager, a string",
            "clear the manager with an empty string",
            "set the manager, a list with a reference",
            "add a manager",
            "disable before deleting",
        },
        "invalidFilter": {
            "reference check before a manager is set",
            "assign a single role where there is none (SingleAppRoleAssignment)",
            "assign another single role",
        },
    },
    "entra_with_compliance_flag": {
        "invalidSyntax": {
            "several attributes in a value without path",
            "typed values that are not there yet, in a value without path",
            "replace the manager in a value without path",
            "enable in a value without path",
            "rename in a value without path",
        },
        "invalidValue": {"add a manager"},
    },
    "google_workspace": {
        "invalidSyntax": {
            "create, with the old URN beside the new one",
            "create a second user",
            "update",
            "suspend",
        },
    },
    "jumpcloud": {"invalidSyntax": {"remove a member", "remove the member again"}},
    "okta_template_app_groups": {
        "invalidSyntax": {
            "rename, with the id inside the value",
            "rename and add a member in one request",
        },
    },
    "okta_template_app_users": {
        "invalidSyntax": {
            "update with mapped enterprise attributes and an attribute the server does not know",
            "deactivate",
            "deactivate again",
            "reactivate",
            "password sync",
        },
    },
    "okta_wizard_app_groups": {},
    "okta_wizard_app_users": {},
    "onelogin": {
        "invalidSyntax": {
            "create, schemas in the old notation, a question mark behind",
            "create with the URN of SCIM 1.1",
            "update, schemas in the old notation",
            "create a group",
            "suspend",
        },
    },
}


def answers(scim, recording):
    """Yield the steps with their answers; what a refused step should have made is made for it."""
    traffic = json.loads(recording.read_text(encoding="utf-8"))
    variables = {"url": "http://localhost/scim/v2", "token": "123456789"}
    for step in traffic["steps"]:
        request = fill(step["request"], variables)
        headers = fill(traffic["headers"], variables) | request.get("headers", {})
        known = variables.get(request.get("base"), {})
        body = {**known, **request["body"]} if "body" in request else None
        token = headers["Authorization"].removeprefix("Bearer ")
        answer = scim.send(
            request["method"], request["path"], body, Authorization=f"Bearer {token}"
        )
        yield step, answer
        for name, path in step.get("save", {}).items():
            value = answer.json
            if answer.status_code == 400:
                value = scim.create((group if "/Groups" in request["path"] else user)(name))
            for key in filter(None, path.split(".")):
                value = value[int(key) if isinstance(value, list) else key]
            variables[name] = value


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_strict_tenant_refuses_what_needs_a_tolerance_and_nothing_else(scim, strict, recording):
    refused = {
        name: scim_type for scim_type, names in REFUSED[recording.stem].items() for name in names
    }

    for step, answer in answers(scim, recording):
        assert "SCIM-Tolerances" not in answer.headers
        scim_type = refused.pop(step["name"], None)
        if scim_type:
            check_error(answer, 400, scim_type)
        else:
            assert answer.status_code == step["expect"].get("status", 200), step["name"]
    assert not refused
