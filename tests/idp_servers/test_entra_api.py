"""The Graph-like API of the stand-in Entra ID: its directory, its app, its job and its errors."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Thread
from typing import Any

import httpx2
import pytest

from scim.idp.entra_api import api_server
from scim.idp.entra_jobs_api import JOB_ID, SERVICE_PRINCIPAL_ID

from .entra_tenant import ADA, EDSGER, ENGINEERS, GRACE, Tenant, entra

APP = f"/servicePrincipals/{SERVICE_PRINCIPAL_ID}"
JOB = f"{APP}/synchronization/jobs/{JOB_ID}"
HENRY = {
    "accountEnabled": True,
    "displayName": "Henry Babbage",
    "mailNickname": "henry",
    "userPrincipalName": "henry@contoso.example",
    "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"},
}
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass
class Graph:
    """A client of the API, and the tenant behind it."""

    tenant: Tenant
    client: httpx2.Client

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.client.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        if status == 204:
            assert answer.content == b""
            return None
        assert answer.headers["Content-Type"] == "application/json"
        return answer.json()


@pytest.fixture
def graph(server) -> Iterator[Callable[..., Graph]]:
    with ExitStack() as stack:

        def make(*dialect: str, **options: Any) -> Graph:
            tenant = stack.enter_context(entra(server, *dialect, **options))
            api = stack.enter_context(api_server(tenant.service, "127.0.0.1", 0))
            thread = Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(api.shutdown)
            url = f"http://127.0.0.1:{api.server_port}/v1.0"
            client = httpx2.Client(base_url=url, trust_env=False)
            return Graph(tenant, stack.enter_context(client))

        yield make


def reference(object_id: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{object_id}"}


def test_user_is_created_read_changed_deleted_and_restored(graph):
    ask = graph()
    henry = ask("POST", "/users", HENRY, status=201)
    url = f"/users/{henry['id']}"
    assert "passwordProfile" not in henry
    assert ask("GET", url) == ask("GET", "/users/HENRY@contoso.example") == henry

    ask("PATCH", url, {"jobTitle": "Major", "businessPhones": ["+44 1"]}, status=204)
    assert ask("GET", url) == henry | {"jobTitle": "Major", "businessPhones": ["+44 1"]}

    ask("DELETE", url, status=204)
    ask("GET", url, status=404)
    [deleted] = ask("GET", "/directory/deletedItems/microsoft.graph.user")["value"]
    assert deleted["id"] == henry["id"]
    assert deleted["deletedDateTime"].endswith("Z")

    ask("POST", f"/directory/deletedItems/{henry['id']}/restore")
    assert ask("GET", url)["jobTitle"] == "Major"

    ask("DELETE", url, status=204)
    ask("DELETE", f"/directory/deletedItems/{henry['id']}", status=204)
    assert ask("GET", "/directory/deletedItems/microsoft.graph.user") == {"value": []}
    ids = [user["id"] for user in ask("GET", "/users")["value"]]
    assert ids == [ADA, GRACE, EDSGER]


def test_manager_is_set_read_and_cleared(graph):
    ask = graph()
    assert ask("GET", f"/users/{ADA}/manager")["id"] == GRACE

    ask("PUT", f"/users/{ADA}/manager/$ref", reference(EDSGER), status=204)
    assert ask("GET", f"/users/{ADA}/manager")["id"] == EDSGER

    ask("DELETE", f"/users/{ADA}/manager/$ref", status=204)
    ask("GET", f"/users/{ADA}/manager", status=404)


def test_group_is_created_filled_changed_and_deleted(graph):
    ask = graph()
    group = ask("POST", "/groups", {"displayName": "Poets", "securityEnabled": True}, status=201)
    url = f"/groups/{group['id']}"
    ask("POST", f"{url}/members/$ref", reference(ADA), status=204)
    ask("POST", f"{url}/members/$ref", reference(GRACE), status=204)
    ask("DELETE", f"{url}/members/{ADA}/$ref", status=204)
    assert [member["id"] for member in ask("GET", f"{url}/members")["value"]] == [GRACE]

    ask("PATCH", url, {"displayName": "Bards"}, status=204)
    assert ask("GET", url) == group | {"displayName": "Bards"}
    assert ask("GET", "/groups")["value"][-1] == ask("GET", url)

    ask("DELETE", url, status=204)
    ask("GET", url, status=404)


def test_what_is_assigned_over_the_api_is_provisioned(graph):
    ask = graph()
    ask.tenant.cycle()
    assignment = ask("POST", f"{APP}/appRoleAssignedTo", {"principalId": EDSGER}, status=201)
    assert assignment["principalType"] == "User"
    assert assignment in ask("GET", f"{APP}/appRoleAssignedTo")["value"]

    ask.tenant.cycle()
    assert ask.tenant.in_app("edsger@contoso.example")["active"] is True

    ask("DELETE", f"{APP}/appRoleAssignedTo/{assignment['id']}", status=204)
    ask.tenant.cycle()
    assert ask.tenant.in_app("edsger@contoso.example")["active"] is False


def test_job_tells_what_it_has_done(graph):
    ask = graph()
    [job] = ask("GET", f"{APP}/synchronization/jobs")["value"]
    assert job["status"]["code"] == "NotRun"
    assert job["schedule"] == {"interval": "PT40S", "state": "Active"}

    ask.tenant.cycle()
    status = ask("GET", JOB)["status"]
    assert status["code"] == "Active"
    assert status["quarantine"] is None
    assert status["synchronizedEntryCountByType"] == [
        {"key": "User", "value": 2},
        {"key": "Group", "value": 1},
    ]
    counts = {name: value for name, value in status["lastExecution"].items() if "count" in name}
    assert counts == {"countImported": 4, "countExported": 5, "countEscrowed": 0}
    assert status["lastExecution"]["state"] == "Succeeded"
    assert status["lastSuccessfulExecution"] == status["lastExecution"]


def test_quarantine_is_shown_and_ended_by_other_secrets(graph):
    ask = graph(token="wrong")
    ask.tenant.cycle()
    status = ask("GET", JOB)["status"]
    assert status["code"] == "Quarantine"
    assert status["quarantine"]["reason"] == "EncounteredQuarantineException"
    assert status["quarantine"]["error"]["code"] == "Unauthorized"
    assert status["lastExecution"]["state"] == "Failed"
    error = ask("POST", f"{JOB}/validateCredentials", status=400)["error"]
    assert error["code"] == "Unauthorized"

    secrets = {"BaseAddress": ask.tenant.recorder.url, "SecretToken": "123456789"}
    pairs = [{"key": key, "value": value} for key, value in secrets.items()]
    ask("PUT", f"{APP}/synchronization/secrets", {"value": pairs}, status=204)
    ask("POST", f"{JOB}/validateCredentials", status=204)
    ask.tenant.cycle()

    status = ask("GET", JOB)["status"]
    assert (status["code"], status["quarantine"]) == ("Active", None)


def test_connection_is_tested_with_a_search_for_nobody(graph):
    ask = graph()
    ask("POST", f"{JOB}/validateCredentials", status=204)

    [line] = ask.tenant.lines()
    assert line.startswith('GET /Users?filter=userName eq "')
    assert len(line.split('"')[1]) == len(NOBODY)


def test_job_is_paused_and_started(graph):
    ask = graph()
    ask("POST", f"{JOB}/pause", status=204)
    job = ask("GET", JOB)
    assert (job["status"]["code"], job["schedule"]["state"]) == ("Paused", "Disabled")

    ask("POST", f"{JOB}/start", status=204)
    assert ask("GET", JOB)["schedule"]["state"] == "Active"
    assert ask.tenant.service.asked.is_set()


@pytest.mark.parametrize(
    ("body", "first"),
    [
        (None, "GET /Users/<ada>"),
        ({"criteria": {"resetScope": "Watermark"}}, "GET /Users/<ada>"),
        ({"criteria": {"resetScope": "Escrows, QuarantineState"}}, None),
        ({"criteria": {"resetScope": "Full"}}, 'GET /Users?filter=userName eq "ada@contoso.exa'),
    ],
)
def test_restart_forgets_what_its_scope_says(graph, body, first):
    ask = graph()
    ask.tenant.cycle()
    ask("POST", f"{JOB}/restart", body, status=204)

    lines = ask.tenant.cycle()

    assert lines[0].startswith(first) if first else lines == []


def on_demand(object_id: str, kind: str = "User", *members: str) -> dict[str, Any]:
    links = {"members": [{"objectId": each, "objectTypeName": "User"} for each in members]}
    subject = {"objectId": object_id, "objectTypeName": kind, "links": links}
    return {"parameters": [{"ruleId": "any", "subjects": [subject]}]}


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


def test_flag_does_not_reach_what_is_provisioned_on_demand(graph):
    ask = graph("aadOptscim062020")
    ask.tenant.cycle()
    ask.tenant.recorder.requests.clear()
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
def test_nothing_to_provision_on_demand_is_skipped(graph, provisioned, subject, result, details):
    ask = graph()
    if provisioned:
        ask.tenant.cycle()

    answer = ask("POST", f"{JOB}/provisionOnDemand", on_demand(subject))

    assert json.loads(answer["key"]) == {"result": result, "details": details}


def test_failure_on_demand_is_explained(graph):
    ask = graph(token="wrong")
    answer = ask("POST", f"{JOB}/provisionOnDemand", on_demand(GRACE))

    key = json.loads(answer["key"])
    assert key["result"] == "Failure"
    assert key["details"]["errorCode"] == "Unauthorized"
    assert ask.tenant.job.quarantine is None


def test_group_is_provisioned_on_demand_with_the_members_that_are_named(graph):
    ask = graph()
    ask("POST", f"/groups/{ENGINEERS}/members/$ref", reference(GRACE), status=204)
    for user in (ADA, GRACE):
        ask("POST", f"{JOB}/provisionOnDemand", on_demand(user))
    ask("POST", f"{JOB}/provisionOnDemand", on_demand(ENGINEERS, "Group", GRACE))

    [member] = ask.tenant.in_app("Engineers")["members"]
    assert member["value"] == ask.tenant.target_id(GRACE)


def test_log_has_the_newest_entry_first(graph):
    ask = graph()
    ask.tenant.cycle()
    entries = ask("GET", "/auditLogs/provisioning")["value"]

    actions = [(each["provisioningAction"], each["sourceIdentity"]["id"]) for each in entries]
    assert actions == [
        ("update", ENGINEERS),
        ("update", ADA),
        ("create", ENGINEERS),
        ("create", GRACE),
        ("create", ADA),
        ("other", EDSGER),
    ]
    assert {each["cycleId"] for each in entries} == {ask.tenant.job.cycle.cycle_id}
    assert entries[0]["jobId"] == JOB_ID
    names = [each["displayName"] for each in entries[3]["modifiedProperties"]]
    assert names == ["userName", "active", "displayName", "externalId"]


def test_schema_shows_the_attribute_mapping(graph):
    ask = graph()
    [rule] = ask("GET", f"{JOB}/schema")["synchronizationRules"]
    shown = {
        (each["sourceObjectName"], mapping["targetAttributeName"]): mapping["source"]["expression"]
        for each in rule["objectMappings"]
        for mapping in each["attributeMappings"]
    }

    assert shown["User", "name.formatted"] == 'Join(" ", [givenName], [surname])'
    assert shown["User", "userName"] == "[userPrincipalName]"
    assert shown["Group", "externalId"] == "[objectId]"


@pytest.mark.parametrize("prefix", ["v1.0", "beta"])
def test_both_versions_of_graph_are_there(graph, prefix):
    ask = graph()
    url = str(ask.client.base_url).replace("v1.0", prefix)

    assert ask.client.get(f"{url}servicePrincipals").json()["value"][0]["id"] == (
        SERVICE_PRINCIPAL_ID
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "message"),
    [
        ("GET", f"/users/{NOBODY}", None, 404, "Request_ResourceNotFound", f"'{NOBODY}'"),
        ("PATCH", f"/groups/{NOBODY}", {}, 404, "Request_ResourceNotFound", "does not exist"),
        ("GET", f"/servicePrincipals/{NOBODY}/synchronization/jobs", None, 404, None, NOBODY),
        ("GET", f"{APP}/synchronization/jobs/scim.2", None, 404, None, "'scim.2'"),
        ("DELETE", f"{APP}/appRoleAssignedTo/x", None, 404, None, "'x'"),
        ("DELETE", f"/directory/deletedItems/{ADA}", None, 404, None, ADA),
        ("DELETE", f"/groups/{ENGINEERS}/members/{GRACE}/$ref", None, 404, None, GRACE),
        ("GET", "/nonsense", None, 400, "BadRequest", "the segment 'nonsense'"),
        ("PUT", "/users", {}, 405, "Request_BadRequest", "method is not allowed"),
        ("GET", "/users?$filter=x", None, 400, "Request_BadRequest", "not supported"),
        ("POST", "/users", [], 400, "BadRequest", "Unable to read JSON"),
        ("POST", "/users", {}, 400, "Request_BadRequest", "property 'accountEnabled'"),
        ("POST", "/users", HENRY | {"shoe": 1}, 400, None, "Invalid property 'shoe'"),
        ("POST", "/users", HENRY | {"mail": 1}, 400, None, "Invalid value specified"),
        (
            "POST",
            "/users",
            HENRY | {"userPrincipalName": "ADA@contoso.example"},
            400,
            None,
            "userPrincipalName already exists",
        ),
        (
            "PATCH",
            f"/users/{ADA}",
            {"userPrincipalName": "grace@contoso.example"},
            400,
            None,
            "already exists",
        ),
        ("PATCH", f"/users/{ADA}", {"displayName": None}, 400, None, "'displayName'"),
        ("POST", "/groups", {}, 400, None, "'displayName' of resource 'Group'"),
        ("PUT", f"/users/{ADA}/manager/$ref", {}, 400, None, "@odata.id"),
        ("PUT", f"/users/{ADA}/manager/$ref", reference(NOBODY), 404, None, NOBODY),
        ("POST", f"/groups/{ENGINEERS}/members/$ref", reference(ADA), 400, None, "already exist"),
        ("POST", f"{APP}/appRoleAssignedTo", {}, 400, None, "'principalId'"),
        ("POST", f"{APP}/appRoleAssignedTo", {"principalId": GRACE}, 400, None, "already exists"),
        ("PUT", f"{APP}/synchronization/secrets", {"value": []}, 400, None, "BaseAddress"),
        (
            "PUT",
            f"{APP}/synchronization/secrets",
            {
                "value": [
                    {"key": "BaseAddress", "value": "ftp://x"},
                    {"key": "SecretToken", "value": "t"},
                ]
            },
            400,
            None,
            "BaseAddress",
        ),
        ("POST", f"{JOB}/restart", {"criteria": {"resetScope": "All"}}, 400, None, "'All'"),
        ("POST", f"{JOB}/provisionOnDemand", {}, 400, None, "one subject"),
        ("POST", f"{JOB}/provisionOnDemand", on_demand(NOBODY), 404, None, NOBODY),
    ],
)
def test_error_has_the_shape_of_graph(graph, method, path, body, status, code, message):
    error = graph()(method, path, body, status=status)["error"]

    assert error["code"] == (
        code or {400: "Request_BadRequest", 404: "Request_ResourceNotFound"}[status]
    )
    assert message in error["message"]
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}


def test_more_than_five_members_on_demand_are_refused(graph):
    ask = graph()
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
