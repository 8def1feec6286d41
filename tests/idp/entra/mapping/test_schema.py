"""Other attribute mappings than the default one: requests that follow from them, and refusals."""

import copy
import json
import re
from typing import Any

import pytest

from app import create_app
from scim.idp.entra.files import read_mapping
from scim.idp.entra.mapping.rules import ROLES, default_rules
from scim.idp.entra.mapping.schema import read_rules, show_rules
from scim.idp.entra.mapping.values import read
from tests.support.databases import ON_ONE_DATABASE

from ..tenant import ADA, DIALECTS, ENGINEERS, ENTERPRISE, FLAG, JOB, MANAGER, entra

BADGE = "urn:example:params:scim:schemas:extension:badge:1.0:User"
USER_NAME = {
    "source": {"expression": "[userPrincipalName]"},
    "targetAttributeName": "userName",
    "matchingPriority": 1,
}
ACTIVE = {"source": {"expression": "Not([IsSoftDeleted])"}, "targetAttributeName": "active"}


def to(target: str, expression: str, **more: Any) -> dict[str, Any]:
    return {"source": {"expression": expression}, "targetAttributeName": target, **more}


def schema(*mappings: dict[str, Any], group: Any = None, **more: Any) -> dict[str, Any]:
    """Return the default mapping with another one for users, or for groups."""
    document = show_rules(default_rules("userName"))
    [rule] = document["synchronizationRules"]
    user, groups = rule["objectMappings"]
    user["attributeMappings"] = [USER_NAME, ACTIVE, *mappings]
    user |= more
    groups["attributeMappings"] = group or groups["attributeMappings"]
    return document


def changed(document: dict[str, Any], target: str, **changes: Any) -> dict[str, Any]:
    document = copy.deepcopy(document)
    for each in document["synchronizationRules"][0]["objectMappings"]:
        for mapping in each["attributeMappings"]:
            if mapping["targetAttributeName"] == target:
                mapping.update(changes)
    return document


def test_mapping_that_is_shown_is_the_one_that_is_taken(graph_alone):
    ask = graph_alone()
    shown = ask("GET", f"{JOB}/schema")
    ask("PUT", f"{JOB}/schema", shown, status=204)

    assert ask("GET", f"{JOB}/schema") == shown
    assert ask.tenant.job.provisioner.rules == default_rules("userName")


def test_whole_document_of_graph_is_taken(graph_alone):
    document = schema(
        to(
            "title",
            "[jobTitle]",
            flowBehavior="FlowWhenChanged",
            exportMissingReferences=False,
            defaultValue=None,
        ),
        enabled=True,
        flowTypes="Add,Update,Delete",
        metadata=[],
    )
    document["directories"] = [{"name": "Azure Active Directory"}]
    ask = graph_alone()
    ask("PUT", f"{JOB}/schema", document, status=204)

    [user, _] = ask("GET", f"{JOB}/schema")["synchronizationRules"][0]["objectMappings"]
    assert [each["targetAttributeName"] for each in user["attributeMappings"]] == [
        "userName",
        "active",
        "title",
    ]


def test_targets_of_ones_own_are_created_and_updated(reach, database_url):
    rules = schema(
        to(f"{BADGE}:number", "[employeeId]"),
        to('phoneNumbers[type eq "mobile"].value', '"+44 1"'),
        to('addresses[type eq "home"].locality', "ToUpper([city])"),
        to('emails[type eq "home"].value', "[mail]"),
        to('emails[type eq "home"].primary', '"False"'),
        to(f"{ENTERPRISE}:division", "[department]", defaultValue="None"),
    )
    app = create_app({"DATABASE_URL": database_url, "SCHEMA_FOLDER": "docs/examples/badge"})
    with entra(reach(app), rules=read_rules(rules)) as made:
        made.directory.update_user(ADA, {"employeeId": "4711", "city": "London"})
        made.cycle()

        grace, ada = made.bodies("POST /Users")
        assert ada == {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
            "meta": {"resourceType": "User"},
            "roles": [],
            "userName": "ada@contoso.example",
            "active": True,
            BADGE: {"number": "4711"},
            "phoneNumbers": [{"type": "mobile", "value": "+44 1"}],
            "addresses": [{"type": "home", "locality": "LONDON"}],
            "emails": [{"type": "home", "value": "ada.lovelace@contoso.example", "primary": False}],
            ENTERPRISE: {"division": "Engines"},
        }
        assert grace[ENTERPRISE] == {"division": "None"}
        assert made.in_app("ada@contoso.example")[BADGE] == {"number": "4711"}
        assert made.bodies("PATCH /Users") == []  # nothing is mapped to the manager

        made.directory.update_user(ADA, {"employeeId": "4712"})
        made.cycle()
        assert made.operations() == [
            [{"op": "Replace", "path": f"{BADGE}:number", "value": "4712"}],
        ]
        assert made.in_app("ada@contoso.example")[BADGE] == {"number": "4712"}
    app.extensions["scim"].database.close()


@ON_ONE_DATABASE
def test_next_cycle_after_a_change_looks_at_everybody(graph):
    ask = graph()
    ask.tenant.cycle()
    assert ask.tenant.cycle() == []
    ask("PUT", f"{JOB}/schema", schema(to("nickName", "[mailNickname]")), status=204)

    assert ask.tenant.cycle() == [
        "GET /Users/<ada>",
        "PATCH /Users/<ada>",
        "GET /Users/<grace>",
        "PATCH /Users/<grace>",
        "GET /Groups/<Engineers>?excludedAttributes=members",
    ]
    assert ask.tenant.operations()[0] == [{"op": "Add", "path": "nickName", "value": "ada"}]
    assert ask.tenant.cycle() == []


@DIALECTS
def test_mapping_for_new_objects_is_not_applied_to_others(tenant, dialect):
    rules = schema(to("title", "[jobTitle]", flowType="ObjectAddOnly"), to("nickName", "[mail]"))
    made = tenant(dialect, rules=read_rules(rules))
    made.directory.update_user(ADA, {"jobTitle": "Countess"})
    made.cycle()
    assert made.in_app("ada@contoso.example")["title"] == "Countess"

    made.directory.update_user(ADA, {"jobTitle": "Analyst"})
    assert [line.partition(" ")[0] for line in made.cycle()] == ["GET"]
    made.directory.update_user(ADA, {"mail": "a@contoso.example"})
    made.cycle()
    replaced = {
        "default": {"op": "Replace", "path": "nickName", "value": "a@contoso.example"},
        FLAG: {"op": "replace", "value": {"nickName": "a@contoso.example"}},
    }
    assert made.operations() == [[replaced[dialect]]]
    assert made.in_app("ada@contoso.example")["title"] == "Countess"


def test_what_is_mapped_from_is_soft_deleted_disables_a_user(tenant):
    rules = schema(to("title", 'IIF([IsSoftDeleted], "gone", "here")'), to("nickName", "[mail]"))
    made = tenant(rules=read_rules(rules))
    made.cycle()
    assert made.in_app("ada@contoso.example")["title"] == "here"
    made.directory.update_user(ADA, {"accountEnabled": False, "mail": "a@contoso.example"})
    made.cycle()

    assert made.operations() == [
        [
            {"op": "Replace", "path": "active", "value": "False"},
            {"op": "Replace", "path": "title", "value": "gone"},
        ]
    ]


@ON_ONE_DATABASE
def test_nobody_is_disabled_without_a_mapping_from_is_soft_deleted(tenant):
    rules = schema()
    rules["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"].remove(ACTIVE)
    made = tenant(rules=read_rules(rules))
    made.cycle()
    made.directory.update_user(ADA, {"accountEnabled": False})

    assert made.cycle() == ["GET /Users/<ada>"]
    assert made.job.logs[0].status == "skipped"


@ON_ONE_DATABASE
def test_matching_attributes_are_tried_in_the_order_of_their_priority(tenant, server):
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
    known = {"schemas": schemas, "userName": "ada@contoso.example"}
    server.session.post("/Users", json=known)
    rules = changed(schema(), "userName", matchingPriority=20)
    rules["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"] += [
        to("externalId", "[employeeId]", matchingPriority=3)
    ]
    made = tenant(rules=read_rules(rules))
    made.directory.update_user(ADA, {"employeeId": "4711"})

    assert made.cycle()[:5] == [
        'GET /Users?filter=userName eq "grace@contoso.example"',  # who has no employeeId
        "POST /Users",
        'GET /Users?filter=externalId eq "4711"',
        'GET /Users?filter=userName eq "ada@contoso.example"',
        "PATCH /Users/<ada>",
    ]
    made.job.provisioner.test_connection()
    assert made.lines()[-1].startswith("GET /Users?filter=externalId eq ")


@ON_ONE_DATABASE
def test_who_has_no_matching_attribute_fails(tenant):
    rules = changed(schema(), "userName", matchingPriority=0)
    rules["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"] += [
        to("externalId", "[employeeId]", matchingPriority=1)
    ]
    made = tenant(rules=read_rules(rules))
    made.cycle()

    [error] = {entry.error.message for entry in made.job.logs if entry.error}
    assert error == "externalId has no value"


@DIALECTS
def test_groups_are_mapped_and_matched_too(tenant, dialect):
    group = [
        to("displayName", 'Append("x-", [displayName])'),
        to("externalId", "[objectId]", matchingPriority=1),
    ]
    made = tenant(dialect, rules=read_rules(schema(group=group)))
    lines = made.cycle()

    assert f'externalId eq "{ENGINEERS}"' in lines[-2]
    assert made.bodies("POST /Groups")[0]["displayName"] == "x-Engineers"
    assert "members" not in made.in_app("x-Engineers")  # nothing is mapped to them


def test_mapping_of_a_file_is_the_one_that_the_api_shows(tmp_path):
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps(show_rules(default_rules("email"))))

    assert read_mapping(path) == default_rules("email")


@pytest.mark.parametrize(
    "answered", [{BADGE: "x", "ims": "x", "name": 7}, {BADGE: [], "ims": ["x"]}, {"ims": {}}]
)
def test_answer_of_another_shape_is_as_good_as_none(answered):
    targets = [f"{BADGE}:number", 'ims[type eq "aim"].value', "name.givenName"]

    assert [read(answered, target) for target in targets] == [None, None, None]


SHAPE = "the mapping has not the shape of a synchronizationSchema"
REFUSED = [
    ({}, "synchronizationRules is missing in the mapping"),
    ({"synchronizationRules": [{}]}, "objectMappings is missing in the mapping"),
    ({"synchronizationRules": []}, "must be for User and Group"),
    ({"synchronizationRules": schema()["synchronizationRules"] * 2}, "once each"),
    ({"synchronizationRules": 7}, SHAPE),
    ({"synchronizationRules": [{"objectMappings": [7]}]}, SHAPE),
    ({"synchronizationRules": [{"objectMappings": []}]}, "must be for User and Group"),
    (schema(enabled=False), "enabled False in an object mapping is not known here"),
    (schema(sourceObjectName="Device"), "Device cannot be mapped to User"),
    (schema(targetObjectName="Group"), "User cannot be mapped to Group"),
    (schema(to("title", "[shoe]")), "source of title: [shoe] is not known here"),
    (schema(to("title", "Guid()")), "source of title: the function Guid is not known here"),
    (schema(to("title", "[manager]")), "source of title: [manager] is not known here"),
    (schema(to("title", "[appRoleAssignments]")), "[appRoleAssignments] is not known here"),
    (schema(to("roles", "[jobTitle]")), f"roles of a User takes {ROLES} only"),
    (schema(to("title", ROLES)), f"roles of a User takes {ROLES} only"),
    (schema(to("title", f"ToLower({ROLES})")), "function AppRoleAssignmentsComplex is not known"),
    (schema(to("title", "Captain")), "source of title: 'Captain' is not understood"),
    (schema(to(MANAGER, "[mail]")), f"{MANAGER} takes [manager] only"),
    (schema(to("members", "[members]")), "members takes [members] only"),
    (schema(to("title", "[city]"), to("title", "[mail]")), "title is mapped twice for User"),
    (schema(to("title", "[city]", flowtype="Always")), "flowtype 'Always' in a mapping of User"),
    (schema(to("title", "[city]", flowType="Never")), "flowType Never of title is not known here"),
    (schema(to("title", "[city]", flowBehavior="FlowAlways")), "flowBehavior 'FlowAlways'"),
    (schema(to("title", "[city]", matchingPriority="1")), "matchingPriority of title"),
    (schema(to("title", "[city]", matchingPriority=-1)), "matchingPriority of title"),
    (schema(to("title", "[city]", defaultValue=7)), "defaultValue of title is not a text"),
    (schema({"targetAttributeName": "title"}), "source is missing in the mapping"),
    (schema({"targetAttributeName": "title", "source": "[city]"}), SHAPE),
    (schema({"targetAttributeName": "title", "source": {"expression": 7}}), SHAPE),
    (schema({"targetAttributeName": 7, "source": {"expression": "[city]"}}), SHAPE),
    (schema(group=[to("roles", ROLES)]), f"roles of a User takes {ROLES} only"),
    (schema(to("urn:ietf:params:scim:schemas:core:2.0:User:title", "[city]")), "of a core schema"),
    (schema(to("a b", "[city]")), "targetAttributeName a b: "),
    (schema(to("emails[type pr].value", "[mail]")), "targetAttributeName emails[type pr].value is"),
    (schema(to('emails[type eq "work"]', "[mail]")), 'targetAttributeName emails[type eq "work"]'),
    (schema(to('emails[type ne "work"].value', "[mail]")), "targetAttributeName emails[type ne"),
    (changed(schema(), "userName", matchingPriority=0), "of User needs a matchingPriority above 0"),
]


@pytest.mark.parametrize(("document", "message"), REFUSED)
def test_mapping_that_is_not_understood_is_named(document, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read_rules(document)


@ON_ONE_DATABASE
def test_refused_mapping_changes_nothing(graph):
    ask = graph()
    ask.tenant.cycle()
    error = ask("PUT", f"{JOB}/schema", schema(to("title", "[shoe]")), status=400)["error"]

    assert error["code"] == "Request_BadRequest"
    assert error["message"] == "source of title: [shoe] is not known here"
    assert ask.tenant.job.provisioner.rules == default_rules("userName")
    assert ask.tenant.cycle() == []
