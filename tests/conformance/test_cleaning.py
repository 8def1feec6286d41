"""The runner deletes all that the checks have made, however a check ends."""

import re
from contextlib import closing
from dataclasses import replace

import pytest

from scim.conformance.checks import Client, Failure, Service, Status, run, run_checks
from scim.conformance.service import GROUP_SCHEMA

from ..support.broken import Answer, broken_server
from .conftest import a_check

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def in_bulk(service):
    operation = {"method": "POST", "path": "/Users", "bulkId": "1", "data": service.user()}
    body = {"schemas": [BULK], "Operations": [operation]}
    assert service.client.post("/Bulk", body).json["Operations"][0]["status"] == "201"


def by_hand(service):
    assert service.client.post("/Groups", service.group()).status == 201


def with_helpers(service):
    service.new_group(service.new_user()["id"])


def as_me(service):
    """Create through an alias: the answer names the place of the resource."""
    user = service.user()
    made = service.client.post("/Users", user)
    alias = replace(made, url=f"{service.client.base_url}/Me")
    service.client.exchanges[-1] = alias


@pytest.mark.parametrize("making", [in_bulk, by_hand, with_helpers, as_me])
@pytest.mark.parametrize("end", [None, Failure("broken"), KeyError("id"), KeyboardInterrupt()])
def test_what_was_made_is_gone_whatever_happens(service, making, end):
    def totals():
        return [service.client.get(p).json["totalResults"] for p in ("/Users", "/Groups")]

    before = totals()
    made = []

    def makes(service):
        making(service)
        made.append(totals())
        if end:
            raise end

    try:
        run_checks([a_check(makes)], service)
    except KeyboardInterrupt:
        assert isinstance(end, KeyboardInterrupt)

    assert made != [before]
    assert totals() == before


@pytest.mark.parametrize("status", [200, 202])
def test_what_was_made_with_another_status_is_gone(ours, status):
    total = ours.session.get("/Users").json()["totalResults"]

    def creates(service):
        assert service.client.post("/Users", service.user()).status == status
        assert ours.session.get("/Users").json()["totalResults"] == total + 1

    def change(asked, serve):
        answer = serve(asked)
        return replace(answer, status=status) if asked.method == "POST" else answer

    with broken_server(ours.url, change) as url, closing(Client(url, ours.token)) as client:
        [result] = run_checks([a_check(creates)], Service(client))

    assert result.status is Status.PASSED
    assert ours.session.get("/Users").json()["totalResults"] == total


def test_what_was_made_and_is_not_named_is_gone(ours):
    """The answer to a POST has neither a body nor a Location."""
    total = ours.session.get("/Users").json()["totalResults"]

    def creates(service):
        assert service.client.post("/Users", service.user()).status == 201
        assert ours.session.get("/Users").json()["totalResults"] == total + 1

    def empty(asked, serve):
        answer = serve(asked)
        return Answer(201) if asked.method == "POST" else answer

    with broken_server(ours.url, empty) as url, closing(Client(url, ours.token)) as client:
        [result] = run_checks([a_check(creates)], Service(client))

    assert result.status is Status.PASSED
    assert ours.session.get("/Users").json()["totalResults"] == total


def test_what_was_made_without_a_name_is_gone(ours):
    """The server takes a group without a displayName, and finds a name itself."""
    total = ours.session.get("/Groups").json()["totalResults"]

    def creates(service):
        assert service.client.post("/Groups", {"schemas": [GROUP_SCHEMA]}).status == 201
        assert ours.session.get("/Groups").json()["totalResults"] == total + 1

    def name(asked, serve):
        if asked.method != "POST":
            return serve(asked)
        return serve(replace(asked, body=asked.body | {"displayName": "Group 1"}))

    with broken_server(ours.url, name) as url, closing(Client(url, ours.token)) as client:
        [result] = run_checks([a_check(creates)], Service(client))

    assert result.status is Status.PASSED
    assert ours.session.get("/Groups").json()["totalResults"] == total


def test_what_was_made_without_an_answer_is_gone(ours):
    """The server creates the user, and the answer gets lost."""
    total = ours.session.get("/Users").json()["totalResults"]
    totals = []

    def creates(service):
        service.new_user()

    def lose(asked, serve):
        answer = serve(asked)
        totals.append(ours.session.get("/Users").json()["totalResults"])
        if asked.method == "POST":
            raise ConnectionAbortedError
        return answer

    with broken_server(ours.url, lose) as url, closing(Client(url, ours.token)) as client:
        [result] = run_checks([a_check(creates)], Service(client))

    assert result.status is Status.FAILED
    assert "no answer to POST" in result.detail
    assert max(totals) > total
    assert ours.session.get("/Users").json()["totalResults"] == total


def test_what_was_made_by_a_bulk_that_says_otherwise_is_gone(ours):
    """The server creates the user, and says that it has refused the operation."""
    total = ours.session.get("/Users").json()["totalResults"]

    def creates(service):
        operation = {"method": "POST", "path": "/Users", "bulkId": "1", "data": service.user()}
        service.client.post("/Bulk", {"schemas": [BULK], "Operations": [operation]})
        assert ours.session.get("/Users").json()["totalResults"] == total + 1

    def deny(asked, serve):
        answer = serve(asked)
        if asked.path != "/Bulk":
            return answer
        done = [{"method": "POST", "bulkId": "1", "status": "409", "response": {}}]
        return answer.having(answer.json | {"Operations": done})

    with broken_server(ours.url, deny) as url, closing(Client(url, ours.token)) as client:
        [result] = run_checks([a_check(creates)], Service(client))

    assert result.status is Status.PASSED
    assert ours.session.get("/Users").json()["totalResults"] == total


def test_server_that_finds_everybody_keeps_who_was_there(ours):
    """An answer gets lost, and a search for the user by name shows all users."""

    def everybody():
        return ours.session.get("/Users").json()

    def creates(service):
        service.new_user()

    def lose(asked, serve):
        if asked.method == "POST":
            serve(asked)
            raise ConnectionAbortedError
        answer = serve(asked)
        return answer.having(everybody()) if "filter" in asked.path else answer

    ada = ours.session.post("/Users", json={"schemas": [USER], "userName": "ada"}).json()
    with broken_server(ours.url, lose) as url, closing(Client(url, ours.token)) as client:
        run_checks([a_check(creates)], Service(client))

    assert ada["id"] in [user["id"] for user in everybody()["Resources"]]
    assert not [user for user in everybody()["Resources"] if "scim-check" in user["userName"]]
    ours.session.delete(f"/Users/{ada['id']}")


def test_what_will_not_go_is_told_once_for_all_suites(ours):
    made = []

    def keep(asked, serve):
        if asked.method == "DELETE":
            return Answer(403)
        answer = serve(asked)
        if (asked.method, answer.status) == ("POST", 201):
            made.append(f"{asked.path}/{answer.json['id']}")
        return answer

    with broken_server(ours.url, keep) as url, closing(Client(url, ours.token)) as client:
        results = run(["okta-spec", "entra"], Service(client))

    [clean_up] = [each for each in results if each.check.suite == "clean-up"]
    assert results[-1] == clean_up
    assert set(made) <= set(re.findall("/[^,]+", clean_up.detail))
    for path in made:
        ours.session.delete(path)


def test_what_will_not_go_is_told(ours):
    kept = []

    def creates(service):
        kept.append(f"/Users/{service.new_user()['id']}")

    def keep(asked, serve):
        return Answer(500) if asked.method == "DELETE" else serve(asked)

    with broken_server(ours.url, keep) as url, closing(Client(url, ours.token)) as client:
        _, clean_up = run_checks([a_check(creates)], Service(client))

    assert clean_up.status is Status.WARNED
    assert clean_up.detail == f"still there: {kept[0]}"
    ours.session.delete(kept[0])
