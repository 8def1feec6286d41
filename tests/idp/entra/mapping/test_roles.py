"""App roles: who has which, and how the stand-in Entra ID tells the server."""

import json

import pytest

from scim.idp.entra.files import load
from scim.idp.entra.mapping.rules import ROLES
from scim.idp.entra.mapping.schema import read_rules
from tests.support.databases import ON_ONE_DATABASE

from ..tenant import ADA, APP, DIALECTS, FLAG, GRACE, NOBODY, PEOPLE
from .test_schema import schema, to

EDITOR = {"id": "06b07648-ecfe-589f-9d2f-6325724a46ee", "value": "editor", "displayName": "Editor"}
READER = {"id": "16b07648-ecfe-599f-9d2f-6325724a46ee", "value": "reader", "displayName": "Reader"}
DOCUMENT = PEOPLE | {
    "appRoles": [EDITOR, READER],
    "assignments": [
        {"principalId": "Engineers", "appRoleId": "editor"},
        {"principalId": "grace@contoso.example", "appRoleId": READER["id"]},
    ],
}
SINGLE = schema(
    to('roles[primary eq "True"].value', "SingleAppRoleAssignment([appRoleAssignments])")
)
COMPLEX = schema(to("roles", ROLES))


def created(role: dict[str, str]) -> dict[str, object]:
    """Return a role as it is sent with a new user."""
    shown = {"displayName": role["displayName"], "value": role["value"]}
    return {"primary": False, "type": "WindowsAzureActiveDirectoryRole"} | shown


def patched(dialect: str, role: dict[str, str]) -> dict[str, object]:
    """Return the operation that adds a role."""
    op, value = "add", created(role)
    if dialect != FLAG:
        op, value = "Add", {"value": json.dumps(role, separators=(",", ":"))}
    return {"op": op, "path": "roles", "value": [value]}


def test_role_comes_with_an_assignment_of_ones_own_or_of_a_group():
    directory = load(DOCUMENT)

    assert directory.roles_of(ADA) == [EDITOR]  # as one of the engineers
    assert directory.roles_of(GRACE) == [READER]


@ON_ONE_DATABASE
def test_default_mapping_sends_no_role(tenant):
    made = tenant(document=DOCUMENT)
    made.cycle()

    assert [body["roles"] for body in made.bodies("POST /Users")] == [[], []]


@DIALECTS
def test_all_roles_are_created_and_added(tenant, dialect):
    made = tenant(dialect, document=DOCUMENT, rules=read_rules(COMPLEX))
    made.cycle()
    ada, grace = made.bodies("POST /Users")
    assert ada["roles"] == [created(EDITOR)]
    assert grace["roles"] == [created(READER)]

    made.directory.assign(ADA, READER["id"])
    made.cycle()
    assert made.operations() == [[patched(dialect, READER)]]
    assert len(made.in_app("ada@contoso.example")["roles"]) == 2

    made.directory.update_user(ADA, {"department": "Analysis"})
    assert [line.partition(" ")[0] for line in made.cycle()] == ["GET"]  # has them already


@ON_ONE_DATABASE
def test_role_that_is_lost_stays_in_the_app(tenant):
    made = tenant(document=DOCUMENT, rules=read_rules(COMPLEX))
    made.directory.assign(GRACE)
    made.cycle()
    [lost] = [
        each for each in made.directory.assignments.values() if each["appRoleId"] == READER["id"]
    ]
    made.directory.unassign(lost["id"])

    assert made.cycle() == ["GET /Users/<grace>"]  # still assigned, without a role
    assert made.directory.roles_of(GRACE) == []


@DIALECTS
def test_single_role_is_the_primary_one(tenant, dialect):
    made = tenant(dialect, document=DOCUMENT, rules=read_rules(SINGLE))
    made.cycle()
    ada, _ = made.bodies("POST /Users")
    type_name = "WindowsAzureActiveDirectoryRole"
    assert ada["roles"] == [{"primary": True, "type": type_name, "value": "Editor"}]

    made.directory.app_roles[EDITOR["id"]] = EDITOR | {"displayName": "Author"}
    made.directory.touch(ADA)
    made.cycle()
    assert made.operations() == [
        [
            {
                "op": "Replace" if dialect == "default" else "replace",
                "path": 'roles[primary eq "True"].value',
                "value": "Author",
            }
        ]
    ]
    [role] = made.in_app("ada@contoso.example")["roles"]
    assert (role["value"], role["primary"]) == ("Author", True)


def test_api_shows_roles_and_assigns_with_them(graph_alone):
    ask = graph_alone(document=DOCUMENT)
    app = ask("GET", APP)
    usable = {"allowedMemberTypes": ["User"], "isEnabled": True}
    assert app["appRoles"] == [EDITOR | usable, READER | usable]
    assert ask("GET", "/servicePrincipals")["value"] == [app]

    body = {"principalId": GRACE, "appRoleId": EDITOR["id"]}
    assignment = ask("POST", f"{APP}/appRoleAssignedTo", body, status=201)
    assert assignment["appRoleId"] == EDITOR["id"]
    assert ask.tenant.directory.roles_of(GRACE) == [EDITOR, READER]
    ask("POST", f"{APP}/appRoleAssignedTo", body, status=400)

    ask("DELETE", f"{APP}/appRoleAssignedTo/{assignment['id']}", status=204)
    assert ask.tenant.directory.roles_of(GRACE) == [READER]
    assert ask.tenant.directory.is_assigned(GRACE)


def test_whoever_is_purged_has_no_assignment_left():
    directory = load(DOCUMENT)
    directory.assign(GRACE, EDITOR["id"])
    directory.delete_user(GRACE)
    directory.purge_user(GRACE)

    assert [each["principalId"] for each in directory.assignments.values()] != []
    assert GRACE not in directory.assigned
    assert GRACE not in {each["principalId"] for each in directory.assignments.values()}


@pytest.mark.parametrize(
    ("role", "message"),
    [
        (NOBODY[:-1] + "1", "Permission being assigned was not found on application"),
        (["x"], "Invalid value specified for property 'appRoleId'."),
        (READER["id"], "Permission being assigned already exists on the object"),
    ],
)
def test_assignment_with_a_role_that_cannot_be_is_refused(graph_alone, role, message):
    ask = graph_alone(document=DOCUMENT)
    body = {"principalId": GRACE, "appRoleId": role}
    error = ask("POST", f"{APP}/appRoleAssignedTo", body, status=400)["error"]

    assert error["message"] == message
