"""The stand-in for Entra ID creates and updates users, in both of its dialects."""

import pytest

from tests.support.databases import ON_ONE_DATABASE

from ..scripted import scripted
from .tenant import (
    ADA,
    DIALECTS,
    EDSGER,
    ENTERPRISE,
    FLAG,
    GRACE,
    PEOPLE,
    Nowhere,
    entra,
    without_flag,
)


@DIALECTS
def test_first_cycle_creates_users_then_groups_then_what_refers_to_them(tenant, dialect):
    made = tenant(dialect)

    assert without_flag(made.cycle(), dialect) == [
        'GET /Users?filter=userName eq "ada@contoso.example"',
        "POST /Users",
        'GET /Users?filter=userName eq "grace@contoso.example"',
        "POST /Users",
        'GET /Groups?excludedAttributes=members&filter=displayName eq "Engineers"',
        "POST /Groups",
        'GET /Users?filter=id eq "<ada>" and manager eq "<grace>"&attributes=id',
        "PATCH /Users/<ada>",
        "PATCH /Groups/<Engineers>",
    ]


@DIALECTS
def test_user_is_created_from_the_attribute_mapping(tenant, dialect):
    made = tenant(dialect)
    made.cycle()

    assert made.bodies("POST /Users")[0] == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": "ada",
        "userName": "ada@contoso.example",
        "active": True,
        "displayName": "Ada Lovelace",
        "emails": [{"primary": True, "type": "work", "value": "ada.lovelace@contoso.example"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada"},
        "roles": [],
        ENTERPRISE: {"department": "Engines"},
    }
    ada = made.in_app("ada@contoso.example")
    assert [each["display"] for each in ada.pop("groups")] == ["Engineers"]
    assert ada == {
        "id": made.target_id(ADA),
        "externalId": "ada",
        "userName": "ada@contoso.example",
        "active": True,
        "displayName": "Ada Lovelace",
        "emails": [{"primary": True, "type": "work", "value": "ada.lovelace@contoso.example"}],
        "name": {"formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada"},
        ENTERPRISE: {"department": "Engines", "manager": made.reference(GRACE, "Grace Hopper")},
    }


@pytest.mark.parametrize("flag", ["aadOptscim062020", "aadOptSCIM062020=true"])
@ON_ONE_DATABASE
def test_flag_in_the_tenant_url_chooses_the_dialect(tenant, flag):
    made = tenant(query=f"?{flag}")
    lines = made.cycle()

    assert lines[0] == f'GET /Users?{flag}&filter=userName eq "ada@contoso.example"'
    assert made.operations()[1][0]["op"] == "add"


def test_requests_carry_the_headers_of_entra_id():
    empty = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "Resources": []}
    found, created = (200, {}, empty), (201, {}, {"id": "1"})
    ada = {"users": PEOPLE["users"][2:], "assignments": [EDSGER]}
    with scripted(found, created) as app, entra(Nowhere(app.url), document=ada) as made:
        made.job.run_cycle()

    expected = {
        "User-Agent": "Microsoft Azure AD SCIM provisioning",
        "Accept": "application/scim+json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/scim+json; charset=utf-8",
        "Authorization": "Bearer t",
    }
    assert len(app.headers) == 2
    assert all(expected.items() <= headers.items() for headers in app.headers)


@DIALECTS
@ON_ONE_DATABASE
def test_cycle_without_changes_sends_nothing(provisioned, dialect):
    made = provisioned(dialect)

    assert made.cycle() == []


CHANGED = {
    "default": [
        {"op": "Replace", "path": "displayName", "value": "Ada King"},
        {"op": "Add", "path": "title", "value": "Countess"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "king@contoso.example"},
        {"op": "Replace", "path": "name.familyName", "value": "King"},
        {"op": "Replace", "path": "name.formatted", "value": "Ada King"},
        {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "+44 1"},
        {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Analysis"},
    ],
    FLAG: [
        {"op": "add", "path": "title", "value": "Countess"},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "king@contoso.example"},
        {"op": "add", "path": 'phoneNumbers[type eq "work"].value', "value": "+44 1"},
        {
            "op": "replace",
            "value": {
                "displayName": "Ada King",
                "name.familyName": "King",
                "name.formatted": "Ada King",
                f"{ENTERPRISE}:department": "Analysis",
            },
        },
    ],
}


@DIALECTS
def test_changed_attributes_are_patched(provisioned, dialect):
    made = provisioned(dialect)
    made.directory.update_user(
        ADA,
        {
            "displayName": "Ada King",
            "jobTitle": "Countess",
            "mail": "king@contoso.example",
            "surname": "King",
            "businessPhones": ["+44 1"],
            "department": "Analysis",
        },
    )

    lines = made.cycle()

    assert without_flag(lines, dialect) == ["GET /Users/<ada>", "PATCH /Users/<ada>"]
    assert made.operations() == [CHANGED[dialect]]
    ada = made.in_app("ada@contoso.example")
    assert ada["displayName"] == "Ada King"
    assert ada["title"] == "Countess"
    assert ada["emails"] == [{"primary": True, "type": "work", "value": "king@contoso.example"}]
    assert ada["name"] == {"formatted": "Ada King", "familyName": "King", "givenName": "Ada"}
    assert ada["phoneNumbers"] == [{"type": "work", "value": "+44 1"}]
    assert ada[ENTERPRISE]["department"] == "Analysis"


@DIALECTS
def test_first_work_address_is_added(provisioned, dialect):
    made = provisioned(dialect)
    made.directory.update_user(GRACE, {"mail": "grace.hopper@contoso.example"})
    made.cycle()

    [[operation]] = made.operations()
    assert operation == {
        "op": "Add" if dialect == "default" else "add",
        "path": 'emails[type eq "work"].value',
        "value": "grace.hopper@contoso.example",
    }
    emails = made.in_app("grace@contoso.example")["emails"]
    assert emails == [{"type": "work", "value": "grace.hopper@contoso.example"}]


@ON_ONE_DATABASE
def test_attribute_without_a_value_is_not_sent(provisioned):
    made = provisioned()
    made.directory.update_user(ADA, {"department": None})

    assert made.cycle() == ["GET /Users/<ada>"]
    assert made.in_app("ada@contoso.example")[ENTERPRISE]["department"] == "Engines"


def test_user_name_is_changed_by_the_id_that_is_known(provisioned):
    made = provisioned()
    made.directory.update_user(ADA, {"userPrincipalName": "king@contoso.example"})

    assert made.cycle() == ["GET /Users/<king>", "PATCH /Users/<king>"]
    assert made.operations() == [
        [{"op": "Replace", "path": "userName", "value": "king@contoso.example"}]
    ]


@pytest.mark.parametrize(
    ("matching", "known", "sought"),
    [
        ("userName", {"userName": "ADA@contoso.example"}, 'userName eq "ada@contoso.example"'),
        ("externalId", {"userName": "a", "externalId": "ada"}, 'externalId eq "ada"'),
        (
            "email",
            {
                "userName": "a",
                "emails": [{"type": "work", "value": "ada.lovelace@contoso.example"}],
            },
            'emails[type eq "work"].value eq "ada.lovelace@contoso.example"',
        ),
    ],
)
def test_user_who_is_in_the_app_is_matched_and_updated(tenant, server, matching, known, sought):
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
    known_id = server.session.post("/Users", json={"schemas": schemas, **known}).json()["id"]
    ada = {name: value for name, value in PEOPLE["users"][0].items() if name != "manager"}
    made = tenant(document={"users": [ada], "assignments": [ADA]}, matching=matching)

    assert made.cycle() == [f"GET /Users?filter={sought}", "PATCH /Users/<ada>"]
    assert made.target_id(ADA) == known_id
    assert made.in_app("ada@contoso.example")["displayName"] == "Ada Lovelace"
