"""The API of the stand-in for Entra ID: its directory, its app and its job."""

import pytest

from scim.idp.entra.api.app import SERVICE_PRINCIPAL_ID
from scim.idp.entra.api.job import JOB_ID
from tests.support.databases import ON_ONE_DATABASE

from .tenant import ADA, APP, EDSGER, ENGINEERS, GRACE, HENRY, JOB, NOBODY, reference


def test_user_is_created_read_changed_deleted_and_restored(graph_alone):
    ask = graph_alone()
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


def test_manager_is_set_read_and_cleared(graph_alone):
    ask = graph_alone()
    assert ask("GET", f"/users/{ADA}/manager")["id"] == GRACE

    ask("PUT", f"/users/{ADA}/manager/$ref", reference(EDSGER), status=204)
    assert ask("GET", f"/users/{ADA}/manager")["id"] == EDSGER

    ask("DELETE", f"/users/{ADA}/manager/$ref", status=204)
    ask("GET", f"/users/{ADA}/manager", status=404)


def test_group_is_created_filled_changed_and_deleted(graph_alone):
    ask = graph_alone()
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


@ON_ONE_DATABASE
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


@ON_ONE_DATABASE
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


@ON_ONE_DATABASE
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

    secrets = {"BaseAddress": ask.tenant.server.url, "SecretToken": "123456789"}
    pairs = [{"key": key, "value": value} for key, value in secrets.items()]
    ask("PUT", f"{APP}/synchronization/secrets", {"value": pairs}, status=204)
    ask("POST", f"{JOB}/validateCredentials", status=204)
    ask.tenant.cycle()

    status = ask("GET", JOB)["status"]
    assert (status["code"], status["quarantine"]) == ("Active", None)


@ON_ONE_DATABASE
def test_connection_is_tested_with_a_search_for_nobody(graph):
    ask = graph()
    ask("POST", f"{JOB}/validateCredentials", status=204)

    [line] = ask.tenant.lines()
    assert line.startswith('GET /Users?filter=userName eq "')
    assert len(line.split('"')[1]) == len(NOBODY)


def test_job_is_paused_and_started(graph_alone):
    ask = graph_alone()
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
@ON_ONE_DATABASE
def test_restart_forgets_what_its_scope_says(graph, body, first):
    ask = graph()
    ask.tenant.cycle()
    ask("POST", f"{JOB}/restart", body, status=204)

    lines = ask.tenant.cycle()

    assert lines[0].startswith(first) if first else lines == []


@ON_ONE_DATABASE
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


def test_schema_shows_the_attribute_mapping(graph_alone):
    ask = graph_alone()
    [rule] = ask("GET", f"{JOB}/schema")["synchronizationRules"]
    shown = {
        (each["sourceObjectName"], mapping["targetAttributeName"]): mapping["source"]["expression"]
        for each in rule["objectMappings"]
        for mapping in each["attributeMappings"]
    }

    assert shown["User", "name.formatted"] == 'Join(" ", [givenName], [surname])'
    assert shown["User", "userName"] == "[userPrincipalName]"
    assert shown["Group", "externalId"] == "[objectId]"


@pytest.mark.parametrize("path", ["/v1.0/users", "/beta/users", "/users", "/v1.0/users//"])
def test_both_versions_of_graph_are_there(graph_alone, path):
    answer = graph_alone().client.get(path)

    assert [user["id"] for user in answer.json["value"]] == [ADA, GRACE, EDSGER]


def test_answer_is_written_as_python_writes_json(graph_alone):
    answer = graph_alone().client.get(f"/v1.0{APP}")

    assert answer.text.startswith(f'{{"id": "{SERVICE_PRINCIPAL_ID}", "appId": "')
    assert answer.text.endswith('"appRoles": []}')


def test_name_that_was_given_up_can_be_taken(graph_alone):
    ask = graph_alone()
    old_name = {"userPrincipalName": "ada@contoso.example"}
    ask("PATCH", f"/users/{ADA}", {"userPrincipalName": "king@contoso.example"}, status=204)
    taken = ask("POST", "/users", HENRY | old_name, status=201)
    ask("DELETE", f"/users/{taken['id']}", status=204)
    ask("POST", "/users", HENRY | old_name, status=400)
    ask("DELETE", f"/directory/deletedItems/{taken['id']}", status=204)

    assert ask("POST", "/users", HENRY | old_name, status=201)["id"] != taken["id"]
