"""What the stand-in Entra ID sends, request by request, and what our server then has."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from .entra_tenant import ADA, EDSGER, ENGINEERS, GRACE, PEOPLE, Tenant, entra

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"
FLAG = "aadOptscim062020"
DIALECTS = pytest.mark.parametrize("dialect", ["default", FLAG])


@pytest.fixture
def tenant(server) -> Iterator[Callable[..., Tenant]]:
    with ExitStack() as tenants:
        yield lambda *dialect, **options: tenants.enter_context(entra(server, *dialect, **options))


@pytest.fixture
def provisioned(tenant) -> Callable[..., Tenant]:
    """Tenants whose first cycle is over."""

    def make(*dialect: str, **options: Any) -> Tenant:
        made = tenant(*dialect, **options)
        made.cycle()
        return made

    return make


def without_flag(lines: list[str], dialect: str) -> list[str]:
    """Check that each request has the flag if it should have, and return them without it."""
    for line in lines:
        assert (f"?{FLAG}" in line) == (dialect == FLAG), line
    return [line.replace(f"?{FLAG}&", "?").replace(f"?{FLAG}", "") for line in lines]


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


def test_group_is_created_without_members(tenant):
    made = tenant()
    made.cycle()

    assert made.bodies("POST /Groups") == [
        {
            "schemas": [
                "urn:ietf:params:scim:schemas:core:2.0:Group",
                "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
            ],
            "externalId": ENGINEERS,
            "displayName": "Engineers",
            "meta": {"resourceType": "Group"},
        }
    ]


def test_group_is_created_without_members_in_the_compliant_dialect(tenant):
    made = tenant(FLAG)
    made.cycle()

    assert made.bodies("POST /Groups") == [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "externalId": ENGINEERS,
            "displayName": "Engineers",
            "members": [],
        }
    ]


def test_flag_in_the_tenant_url_chooses_the_dialect(tenant):
    made = tenant(query="?aadOptscim062020")
    lines = made.cycle()

    assert lines[0] == 'GET /Users?aadOptscim062020&filter=userName eq "ada@contoso.example"'
    assert made.operations()[1][0]["op"] == "add"


def test_requests_carry_the_headers_of_entra_id(tenant):
    made = tenant()
    made.cycle()

    for request in made.recorder.requests:
        assert request["headers"]["User-Agent"] == "Microsoft Azure AD SCIM provisioning"
        assert request["headers"]["Accept"] == "application/scim+json"
        assert request["headers"]["Authorization"] == "Bearer 123456789"
        if request["body"]:
            media_type = "application/scim+json; charset=utf-8"
            assert request["headers"]["Content-Type"] == media_type


@DIALECTS
def test_cycle_without_changes_sends_nothing(provisioned, dialect):
    made = provisioned(dialect)

    assert made.cycle() == []


def test_whoever_is_not_assigned_is_not_provisioned(provisioned):
    made = provisioned()
    made.directory.update_user(EDSGER, {"department": "Theory"})

    assert made.cycle() == []
    assert EDSGER not in made.job.provisioner.links
    assert made.job.logs[0].steps[-1]["details"] == {"SkipReason": "NotEffectivelyEntitled"}


def test_disabled_user_is_not_created(provisioned):
    made = provisioned()
    made.directory.update_user(EDSGER, {"accountEnabled": False})
    made.directory.assign(EDSGER)

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


DISABLED = {
    "default": [{"op": "Replace", "path": "active", "value": "False"}],
    FLAG: [{"op": "replace", "path": "active", "value": False}],
}
ENABLED = {
    "default": [{"op": "Replace", "path": "active", "value": "True"}],
    FLAG: [{"op": "replace", "path": "active", "value": True}],
}


@DIALECTS
def test_deleted_user_is_disabled_restored_and_at_last_deleted(provisioned, dialect):
    made = provisioned(dialect)
    target_id = made.target_id(ADA)
    made.directory.delete_user(ADA)

    assert without_flag(made.cycle(), dialect) == ["GET /Users/<ada>", "PATCH /Users/<ada>"]
    assert made.operations() == [DISABLED[dialect]]
    assert made.in_app("ada@contoso.example")["active"] is False

    made.directory.restore_user(ADA)

    assert without_flag(made.cycle(), dialect) == ["GET /Users/<ada>", "PATCH /Users/<ada>"]
    assert made.operations() == [ENABLED[dialect]]
    assert made.in_app("ada@contoso.example")["active"] is True

    made.directory.delete_user(ADA)
    made.directory.purge_user(ADA)

    assert without_flag(made.cycle(), dialect) == [f"DELETE /Users/{target_id}"]
    assert made.recorder.server.session.get(f"/Users/{target_id}").status_code == 404
    assert "members" not in made.in_app("Engineers")
    assert made.cycle() == []


def test_blocked_user_is_disabled_once(provisioned):
    made = provisioned()
    made.directory.update_user(GRACE, {"accountEnabled": False})

    assert made.cycle() == ["GET /Users/<grace>", "PATCH /Users/<grace>"]
    assert made.operations() == [DISABLED["default"]]
    assert made.cycle() == []

    made.directory.update_user(GRACE, {"accountEnabled": False})

    assert made.cycle() == ["GET /Users/<grace>"]


def test_unassigned_user_is_disabled_and_no_longer_managed(provisioned):
    made = provisioned()
    [assignment] = [
        each for each in made.directory.assignments.values() if each["principalId"] == GRACE
    ]
    made.directory.unassign(assignment["id"])

    assert "PATCH /Users/<grace>" in made.cycle()
    assert made.operations()[0] == DISABLED["default"]

    made.directory.delete_user(GRACE)
    made.directory.purge_user(GRACE)

    made.cycle()
    assert made.bodies("DELETE") == []
    assert made.in_app("grace@contoso.example")["active"] is False


def test_user_who_is_assigned_again_is_found_and_enabled(provisioned):
    made = provisioned()
    [assignment] = [
        each for each in made.directory.assignments.values() if each["principalId"] == GRACE
    ]
    made.directory.unassign(assignment["id"])
    made.cycle()
    made.directory.assign(GRACE)

    assert made.cycle()[:2] == [
        'GET /Users?filter=userName eq "grace@contoso.example"',
        "PATCH /Users/<grace>",
    ]
    assert made.in_app("grace@contoso.example")["active"] is True


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


def test_user_who_matches_twice_is_left_alone(tenant, server):
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
    for name in ("a", "b"):
        known = {"schemas": schemas, "userName": name, "externalId": "grace"}
        assert server.session.post("/Users", json=known).status_code == 201
    made = tenant(
        document={"users": PEOPLE["users"][1:2], "assignments": [GRACE]}, matching="externalId"
    )

    assert made.cycle() == ['GET /Users?filter=externalId eq "grace"']
    assert made.job.logs[0].error.code == "DuplicateTargetEntries"
    assert made.job.escrows == {GRACE}


def test_user_who_was_deleted_in_the_app_is_created_again(provisioned):
    made = provisioned()
    known_id = made.target_id(GRACE)
    made.recorder.server.session.delete(f"/Users/{known_id}")
    made.directory.update_user(GRACE, {"jobTitle": "Admiral"})

    assert made.cycle()[:3] == [
        f"GET /Users/{known_id}",
        'GET /Users?filter=userName eq "grace@contoso.example"',
        "POST /Users",
    ]
    assert made.in_app("grace@contoso.example")["title"] == "Admiral"


MANAGERS = {
    "default": {
        "set": {"op": "Add", "path": MANAGER, "value": "<grace>"},
        "changed": {"op": "Replace", "path": MANAGER, "value": "<edsger>"},
        "cleared": {"op": "Remove", "path": MANAGER},
    },
    FLAG: {
        "set": {"op": "add", "path": MANAGER, "value": "<grace>"},
        "changed": {"op": "replace", "value": {MANAGER: "<edsger>"}},
        "cleared": {"op": "remove", "path": MANAGER},
    },
}


@DIALECTS
def test_manager_is_set_changed_and_cleared(provisioned, dialect):
    made = provisioned(dialect)
    expected = MANAGERS[dialect]
    assert made.operations()[0] == [expected["set"]]
    manager = made.in_app("ada@contoso.example")[ENTERPRISE]["manager"]
    assert manager == made.reference(GRACE, "Grace Hopper")

    made.directory.assign(EDSGER)
    made.directory.set_manager(ADA, EDSGER)

    assert without_flag(made.cycle(), dialect)[-2:] == [
        'GET /Users?filter=id eq "<ada>" and manager eq "<edsger>"&attributes=id',
        "PATCH /Users/<ada>",
    ]
    assert made.operations() == [[expected["changed"]]]
    manager = made.in_app("ada@contoso.example")[ENTERPRISE]["manager"]
    assert manager == made.reference(EDSGER, "Edsger Dijkstra")

    made.directory.set_manager(ADA, None)

    assert without_flag(made.cycle(), dialect) == ["GET /Users/<ada>", "PATCH /Users/<ada>"]
    assert made.operations() == [[expected["cleared"]]]
    assert "manager" not in made.in_app("ada@contoso.example")[ENTERPRISE]


def test_manager_who_is_not_in_the_app_is_set_once_he_is(provisioned):
    made = provisioned()
    made.directory.set_manager(GRACE, EDSGER)
    assert made.cycle() == ["GET /Users/<grace>"]

    made.directory.assign(EDSGER)

    assert made.cycle()[-1] == "PATCH /Users/<grace>"
    manager = made.in_app("grace@contoso.example")[ENTERPRISE]["manager"]
    assert manager["value"] == made.target_id(EDSGER)


MEMBERS = {
    "default": [
        {
            "op": "Add",
            "path": "members",
            "value": [{"$ref": None, "value": "<grace>"}, {"$ref": None, "value": "<edsger>"}],
        },
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "<ada>"}]},
    ],
    FLAG: [
        {"op": "add", "path": "members", "value": [{"value": "<grace>"}, {"value": "<edsger>"}]},
        {"op": "remove", "path": 'members[value eq "<ada>"]'},
    ],
}


@DIALECTS
def test_members_are_added_and_removed_in_one_request(provisioned, dialect):
    made = provisioned(dialect)
    for member in (GRACE, EDSGER):
        made.directory.add_member(ENGINEERS, member)
    made.directory.remove_member(ENGINEERS, ADA)

    lines = without_flag(made.cycle(), dialect)

    assert lines[-1] == "PATCH /Groups/<Engineers>"
    assert "GET /Groups/<Engineers>?excludedAttributes=members" in lines
    assert made.operations() == [DISABLED[dialect], MEMBERS[dialect]]
    members = made.in_app("Engineers")["members"]
    assert {each["value"] for each in members} == {made.target_id(GRACE), made.target_id(EDSGER)}


def test_group_within_a_group_is_passed_over(provisioned):
    made = provisioned()
    inner = made.directory.add_group({"displayName": "Inner"})["id"]
    made.directory.add_member(inner, EDSGER)
    made.directory.add_member(ENGINEERS, inner)

    assert made.cycle() == ["GET /Groups/<Engineers>?excludedAttributes=members"]
    assert EDSGER not in made.job.provisioner.links


@DIALECTS
def test_group_is_renamed_and_deleted(provisioned, dialect):
    made = provisioned(dialect)
    target_id = made.target_id(ENGINEERS)
    made.directory.update_group(ENGINEERS, {"displayName": "Programmers"})

    assert without_flag(made.cycle(), dialect) == [
        "GET /Groups/<Programmers>?excludedAttributes=members",
        "PATCH /Groups/<Programmers>",
    ]
    assert made.operations() == [
        [{"op": "Replace", "path": "displayName", "value": "Programmers"}]
        if dialect == "default"
        else [{"op": "replace", "value": {"displayName": "Programmers"}}]
    ]

    made.directory.delete_group(ENGINEERS)

    assert without_flag(made.cycle(), dialect) == [
        "GET /Users/<ada>",
        "PATCH /Users/<ada>",
        f"DELETE /Groups/{target_id}",
    ]
    assert made.recorder.server.session.get(f"/Groups/{target_id}").status_code == 404


def test_unassigned_group_is_deleted_and_its_members_disabled(provisioned):
    made = provisioned()
    [assignment] = [
        each for each in made.directory.assignments.values() if each["principalId"] == ENGINEERS
    ]
    target_id = made.target_id(ENGINEERS)
    made.directory.unassign(assignment["id"])

    assert made.cycle() == [
        "GET /Users/<ada>",
        "PATCH /Users/<ada>",
        f"DELETE /Groups/{target_id}",
    ]
    assert made.in_app("ada@contoso.example")["active"] is False


def test_server_that_hangs_up_between_cycles_is_called_again(provisioned):
    made = provisioned()
    made.recorder.hangs_up = True
    made.directory.update_user(GRACE, {"jobTitle": "Admiral"})
    made.directory.update_user(ADA, {"jobTitle": "Countess"})

    assert len(made.cycle()) == 4
    assert made.job.quarantine is None


@pytest.mark.parametrize(
    ("spoilt", "wrong"),
    [
        ({"id": 7}, "id is not a string"),
        ({"active": "True"}, "active is not a boolean"),
        ({"name": "Grace"}, "name is not complex"),
        ({ENTERPRISE: {"manager": "x"}}, "manager is not complex"),
        ({"emails": "x"}, "emails is not a list"),
        ({"emails": ["x"]}, "a value of emails is not complex"),
        ({"emails": [{"primary": "True"}]}, "primary in emails is not a boolean"),
    ],
)
def test_answer_that_entra_id_cannot_read_is_a_failure(provisioned, spoilt, wrong):
    made = provisioned()
    made.recorder.spoilt = spoilt
    made.directory.update_user(GRACE, {"jobTitle": "Admiral"})

    assert made.cycle() == ["GET /Users/<grace>"]
    error = made.job.logs[0].error
    assert error.code == "SystemForCrossDomainIdentityManagementServiceIncompatible"
    assert error.message == wrong
    assert made.job.escrows == {GRACE}
