"""Provisioning on demand."""

import json

import pytest

from tests.support.databases import ON_ONE_DATABASE

from .tenant import ADA, EDSGER, ENGINEERS, GRACE, HENRY, JOB, on_demand, reference


@ON_ONE_DATABASE
def test_user_is_provisioned_on_demand_step_by_step(graph):
    ask = graph()
    answer = ask("POST", f"{JOB}/provisionOnDemand", on_demand(GRACE))

    assert ask.tenant.lines() == [
        'GET /Users?filter=userName eq "grace@contoso.example"',
        "POST /Users",
    ]
    assert json.loads(answer["key"]) == {"result": "Success", "details": {}}
    value = json.loads(answer["value"])
    assert value["provisioningAction"] == "create"
    assert value["targetIdentity"]["id"] == ask.tenant.target_id(GRACE)
    assert [(step["name"], step["status"]) for step in value["provisioningSteps"]] == [
        ("EntryImport", "success"),
        ("EntryExportCreate", "success"),
    ]
    assert ask.tenant.job.watermark is None  # the next cycle is the first one still


@ON_ONE_DATABASE
def test_flag_does_not_reach_what_is_provisioned_on_demand(graph):
    ask = graph("aadOptscim062020")
    ask.tenant.cycle()
    ask.tenant.client.exchanges.clear()
    ask("PATCH", f"/users/{GRACE}", {"displayName": "Amazing Grace"}, status=204)
    ask("POST", f"{JOB}/provisionOnDemand", on_demand(GRACE))

    assert ask.tenant.lines()[-1] == "PATCH /Users/<grace>?aadOptscim062020"
    assert ask.tenant.operations() == [
        [{"op": "Replace", "path": "displayName", "value": "Amazing Grace"}]
    ]
    assert ask.tenant.in_app("grace@contoso.example")["displayName"] == "Amazing Grace"


@pytest.mark.parametrize(
    ("provisioned", "subject", "result", "details"),
    [
        (False, EDSGER, "Skipped", {}),  # not assigned
        (True, GRACE, "Skipped", {}),  # nothing to do
    ],
)
@ON_ONE_DATABASE
def test_nothing_to_provision_on_demand_is_skipped(graph, provisioned, subject, result, details):
    ask = graph()
    if provisioned:
        ask.tenant.cycle()

    answer = ask("POST", f"{JOB}/provisionOnDemand", on_demand(subject))

    assert json.loads(answer["key"]) == {"result": result, "details": details}


@ON_ONE_DATABASE
def test_failure_on_demand_is_explained(graph):
    ask = graph(token="wrong")
    answer = ask("POST", f"{JOB}/provisionOnDemand", on_demand(GRACE))

    key = json.loads(answer["key"])
    assert key["result"] == "Failure"
    assert key["details"]["errorCode"] == "Unauthorized"
    assert ask.tenant.job.quarantine is None


@ON_ONE_DATABASE
def test_group_is_provisioned_on_demand_with_the_members_that_are_named(graph):
    ask = graph()
    ask("POST", f"/groups/{ENGINEERS}/members/$ref", reference(GRACE), status=204)
    for user in (ADA, GRACE):
        ask("POST", f"{JOB}/provisionOnDemand", on_demand(user))
    ask("POST", f"{JOB}/provisionOnDemand", on_demand(ENGINEERS, "Group", GRACE))

    [member] = ask.tenant.in_app("Engineers")["members"]
    assert member["value"] == ask.tenant.target_id(GRACE)


def test_more_than_five_members_on_demand_are_refused(graph_alone):
    ask = graph_alone()
    members = [
        ask("POST", "/users", HENRY | {"userPrincipalName": f"henry{n}@x.example"}, status=201)[
            "id"
        ]
        for n in range(6)
    ]

    error = ask(
        "POST", f"{JOB}/provisionOnDemand", on_demand(ENGINEERS, "Group", *members), status=400
    )
    assert "five members" in error["error"]["message"]
