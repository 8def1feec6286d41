"""Scoping filters: whom they let the stand-in Entra ID provision, and what becomes of others."""

import re
from typing import Any

import pytest

from scim.idp.entra.mapping.rules import default_rules
from scim.idp.entra.mapping.schema import read_rules, show_rules
from scim.idp.entra.mapping.scope import Clause, includes
from tests.support.databases import ON_ONE_DATABASE

from ..tenant import ADA, DIALECTS, DISABLED, ENGINEERS, GRACE, JOB
from .test_schema import schema

SOURCE = {
    "department": "Sales",
    "employeeId": "12",
    "accountEnabled": True,
    "mail": None,
    "businessPhones": ["+44 1", "+44 2"],
}


@pytest.mark.parametrize(
    ("attribute", "operator", "values", "holds"),
    [
        ("department", "EQUALS", ["Sales"], True),
        ("department", "EQUALS", ["sales"], False),
        ("department", "NOT EQUALS", ["sales"], True),
        ("department", "NOT EQUALS", ["Sales"], False),
        ("mail", "NOT EQUALS", ["a"], True),
        ("accountEnabled", "IS TRUE", [], True),
        ("accountEnabled", "IS FALSE", [], False),
        ("mail", "IS FALSE", [], False),
        ("mail", "IS NULL", [], True),
        ("department", "IS NULL", [], False),
        ("mail", "IS NOT NULL", [], False),
        ("telephoneNumber", "IS NOT NULL", [], True),
        ("telephoneNumber", "EQUALS", ["+44 1"], True),
        ("department", "REGEX MATCH", ["(Sales|Marketing)"], True),
        ("department", "REGEX MATCH", ["ale"], True),
        ("department", "REGEX MATCH", ["^ale"], False),
        ("department", "REGEX MATCH", ["^Sale$"], False),
        ("department", "REGEX MATCH", ["(?i)sales"], True),
        ("department", "NOT REGEX MATCH", ["S.*"], False),
        ("mail", "NOT REGEX MATCH", [".+"], True),
        ("department", "INCLUDES", ["ale"], True),
        ("department", "INCLUDES", ["ALE"], False),
        ("employeeId", "GREATER_THAN", ["9"], True),
        ("employeeId", "GREATER_THAN", ["12"], False),
        ("employeeId", "GREATER_THAN_OR_EQUALS", ["12"], True),
        ("employeeId", "GREATER_THAN_OR_EQUALS", ["13"], False),
        ("department", "GREATER_THAN", ["0"], False),
        ("mail", "GREATER_THAN_OR_EQUALS", ["0"], False),
    ],
)
def test_clause_holds_as_documented(attribute, operator, values, holds):
    assert Clause(attribute, operator, tuple(values)).holds(SOURCE) is holds


YES, NO = Clause("department", "IS NOT NULL"), Clause("department", "IS NULL")


@pytest.mark.parametrize(
    ("scope", "is_included"),
    [
        ((), True),
        (((YES, NO),), False),
        (((YES, YES),), True),
        (((YES, NO), (YES,)), True),
        (((NO,), (NO,)), False),
    ],
)
def test_clauses_of_a_group_are_joined_by_and_groups_by_or(scope, is_included):
    assert includes(scope, SOURCE) is is_included


def clause(attribute: str, operator: str, *values: str, **more: Any) -> dict[str, Any]:
    operand = {"targetOperand": {"values": list(values)}}
    return {"sourceOperandName": attribute, "operatorName": operator} | operand | more


def scoped(*clauses: dict[str, Any], kind: str = "User") -> dict[str, Any]:
    """Return the default mapping, with a scoping filter for users or for groups."""
    document = show_rules(default_rules("userName"))
    for each in document["synchronizationRules"][0]["objectMappings"]:
        if each["sourceObjectName"] == kind:
            each["scope"] = {
                "groups": [{"name": "some", "clauses": list(clauses)}],
                "inputFilterGroups": [],
                "categoryFilterGroups": [],
            }
    return document


ENGINES = scoped(clause("department", "EQUALS", "Engines"))


@DIALECTS
@ON_ONE_DATABASE
def test_only_whom_the_filter_includes_is_provisioned_and_then_disabled(tenant, dialect):
    made = tenant(dialect, rules=read_rules(ENGINES))
    made.cycle()
    assert [body["userName"] for body in made.bodies("POST /Users")] == ["ada@contoso.example"]
    assert made.job.provisioner.links.keys() == {ADA, ENGINEERS}

    made.directory.update_user(ADA, {"department": "Poetry"})
    made.cycle()
    assert made.operations()[0] == DISABLED[dialect]
    assert made.in_app("ada@contoso.example")["active"] is False
    assert ADA not in made.job.provisioner.links

    made.directory.update_user(ADA, {"department": "Engines"})
    made.cycle()
    assert made.in_app("ada@contoso.example")["active"] is True


@ON_ONE_DATABASE
def test_changed_filter_disables_who_drops_out_and_creates_who_comes_in(graph):
    ask = graph(rules=read_rules(ENGINES))
    ask.tenant.cycle()
    others = scoped(clause("department", "IS NULL"))
    ask("PUT", f"{JOB}/schema", others, status=204)
    ask.tenant.cycle()

    assert ask.tenant.in_app("ada@contoso.example")["active"] is False
    assert ask.tenant.in_app("grace@contoso.example")["active"] is True
    [user, _] = ask("GET", f"{JOB}/schema")["synchronizationRules"][0]["objectMappings"]
    assert user["scope"] == {"groups": [{"clauses": [clause("department", "IS NULL")]}]}
    assert GRACE in ask.tenant.job.provisioner.links


@ON_ONE_DATABASE
def test_group_that_drops_out_is_deleted(tenant):
    rules = scoped(clause("displayName", "Includes", "Engine"), kind="Group")
    made = tenant(rules=read_rules(rules))
    made.cycle()
    target_id = made.target_id(ENGINEERS)
    made.directory.update_group(ENGINEERS, {"displayName": "Poets"})

    assert made.cycle() == [f"DELETE /Groups/{target_id}"]
    assert ENGINEERS not in made.job.provisioner.links


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        ({"groups": [7]}, "the mapping has not the shape of a synchronizationSchema"),
        ({"groups": [{}]}, "clauses is missing in the mapping"),
        ({"group": []}, "group [] in the scope of User is not known here"),
        ({"inputFilterGroups": [{}]}, "inputFilterGroups [{}] in the scope of User"),
        ({"groups": [{"clauses": [], "or": 1}]}, "or 1 in a group of the scope of User"),
        (clause("shoe", "IS NULL"), "shoe in a clause of the scope of User is not known here"),
        (clause("IsSoftDeleted", "IS TRUE"), "IsSoftDeleted in a clause of the scope of User"),
        (clause("mail", "IsMemberOf", "x"), "IsMemberOf in a clause of the scope of User"),
        (clause("mail", "EQUALS"), "EQUALS in a clause of the scope of User takes one text"),
        (clause("mail", "EQUALS", "a", "b"), "takes one text as its values"),
        (clause("mail", "EQUALS", targetOperand={"values": [7]}), "takes one text as its values"),
        (clause("mail", "IS NULL", "a"), "takes nothing as its values"),
        (clause("mail", "REGEX MATCH", "(a"), "REGEX MATCH '(a' in a clause"),
        (clause("mail", "GREATER_THAN", "x"), "GREATER_THAN 'x' in a clause of the scope of User"),
        ({"operatorName": "IS NULL"}, "sourceOperandName is missing in the mapping"),
    ],
)
def test_filter_that_is_not_understood_is_named(scope, message):
    if "operatorName" in scope:
        scope = {"groups": [{"clauses": [scope]}]}

    with pytest.raises(ValueError, match=re.escape(message)):
        read_rules(schema(scope=scope))
