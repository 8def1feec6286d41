"""The stand-in for Entra ID provisions groups, members and managers."""

from tests.support.databases import ON_ONE_DATABASE
from tests.support.scim import group, user

from .tenant import (
    ADA,
    DIALECTS,
    DISABLED,
    EDSGER,
    ENGINEERS,
    ENTERPRISE,
    FLAG,
    GRACE,
    MANAGER,
    without_flag,
)


@ON_ONE_DATABASE
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


@ON_ONE_DATABASE
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


@DIALECTS
def test_member_of_a_group_that_was_there_is_asked_for_first(tenant, dialect):
    made = tenant(dialect)
    session = made.server.session
    made.directory.add_member(ENGINEERS, GRACE)
    users = [
        session.post("/Users", json=user(f"{name}@contoso.example")).json()["id"]
        for name in ("ada", "grace")
    ]
    session.post("/Groups", json=group("Engineers", {"id": users[0]}))

    lines = without_flag(made.cycle(), dialect)

    asked = 'GET /Groups?excludedAttributes=members&filter=id eq "<Engineers>" and members eq '
    assert [line for line in lines if "members eq" in line] == [
        f'{asked}"<ada>"',
        f'{asked}"<grace>"',
    ]
    [added] = [each[0] for each in made.operations() if each[0].get("path") == "members"]
    assert [member["value"] for member in added["value"]] == ["<grace>"]
    assert {each["value"] for each in made.in_app("Engineers")["members"]} == set(users)


def test_members_who_are_all_there_are_left_alone(tenant):
    made = tenant()
    session = made.server.session
    ada = session.post("/Users", json=user("ada@contoso.example")).json()
    session.post("/Groups", json=group("Engineers", ada))

    assert "PATCH /Groups/<Engineers>" in made.cycle()  # its externalId
    assert not [each for each in made.operations() if each[0].get("path") == "members"]
    [entry] = [each for each in made.job.logs if each.refers and each.kind == "Group"]
    assert (entry.status, entry.steps[-1]["details"]) == (
        "skipped",
        {"SkipReason": "RedundantExport"},
    )

    made.directory.add_member(ENGINEERS, GRACE)

    assert made.cycle()[-1] == "PATCH /Groups/<Engineers>"


@ON_ONE_DATABASE
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
    assert made.server.session.get(f"/Groups/{target_id}").status_code == 404


def test_unassigned_group_is_deleted_and_its_members_disabled(provisioned):
    made = provisioned()
    target_id = made.target_id(ENGINEERS)
    made.directory.unassign(made.directory.assigned[ENGINEERS])

    assert made.cycle() == [
        "GET /Users/<ada>",
        "PATCH /Users/<ada>",
        f"DELETE /Groups/{target_id}",
    ]
    assert made.in_app("ada@contoso.example")["active"] is False
