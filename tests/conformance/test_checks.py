"""How checks are run: what becomes of each outcome, and what is left on the server."""

from contextlib import closing
from dataclasses import replace

import pytest

from scim.conformance.checks import (
    Check,
    Client,
    Failure,
    Level,
    Service,
    Status,
    expect,
    run_checks,
    skip,
)

from ..support.broken import Answer, broken_server
from ..support.ports import free_port


def a_check(function, level=Level.MUST, needs=()):
    return Check("suite", "area", "§1", "the rule", level, needs, function)


@pytest.fixture
def service(ours):
    with closing(Client(ours.url, ours.token)) as client:
        yield Service(client)


def fails(service):
    expect(False, "broken")


def fails_a_little(service):
    expect(False, "broken", Level.SHOULD)


def has_nothing_to_check(service):
    skip("nothing here")


def takes_for_granted(service):
    service.client.get("/ServiceProviderConfig").json["patch"]["missing"]


def expects_json(service):
    service.client.delete(f"/Users/{service.new_user()['id']}").json["id"]


def passes(service):
    """It passes. All else is a second sentence."""


@pytest.mark.parametrize(
    ("function", "level", "status", "detail"),
    [
        (passes, Level.MUST, Status.PASSED, ""),
        (fails, Level.MUST, Status.FAILED, "broken"),
        (fails, Level.SHOULD, Status.WARNED, "broken"),
        (fails_a_little, Level.MUST, Status.WARNED, "broken"),
        (has_nothing_to_check, Level.MUST, Status.SKIPPED, "nothing here"),
        (takes_for_granted, Level.MUST, Status.FAILED, "unexpected answer: KeyError: 'missing'"),
        (expects_json, Level.MUST, Status.FAILED, "the answer 204 is not JSON: ''"),
    ],
)
def test_outcome_decides_the_status(service, function, level, status, detail):
    [result] = run_checks([a_check(function, level)], service)

    assert result.status is status
    assert detail in result.detail


def test_what_the_server_does_not_support_is_skipped(ours):
    def without_patch(asked, serve):
        answer = serve(asked)
        if asked.path != "/ServiceProviderConfig":
            return answer
        return answer.having(answer.json | {"patch": {"supported": False}})

    with (
        broken_server(ours.url, without_patch) as url,
        closing(Client(url, ours.token)) as client,
    ):
        [result] = run_checks([a_check(fails, needs=("patch", "filter"))], Service(client))

    assert result.status is Status.SKIPPED
    assert result.detail == "the server says that it does not support patch"


@pytest.mark.parametrize(
    ("config", "supported"),
    [
        ({}, {"patch", "filter", "index"}),
        ({"patch": {"supported": False}, "bulk": {"supported": True}}, {"filter", "index", "bulk"}),
        (
            {"patch": "no", "pagination": {"cursor": True, "index": False}},
            {"patch", "filter", "cursor"},
        ),
        ({"pagination": None, "filter": None}, {"patch", "filter", "index"}),
    ],
)
def test_silence_means_what_identity_providers_need(ours, config, supported):
    with (
        broken_server(ours.url, lambda asked, serve: serve(asked).having(config)) as url,
        closing(Client(url, ours.token)) as client,
    ):
        service = Service(client)
        names = ("patch", "bulk", "filter", "sort", "etag", "changePassword", "cursor", "index")

        assert {name for name in names if service.supports(name)} == supported


@pytest.mark.parametrize(
    "answer", [Answer(404), Answer(200, text="<p>hello"), Answer(200, text="[]")]
)
def test_missing_configuration_is_empty(ours, answer):
    with (
        broken_server(ours.url, lambda asked, serve: answer) as url,
        closing(Client(url, ours.token)) as client,
    ):
        assert Service(client).config == {}


def test_each_result_has_its_own_exchanges(service):
    def looks(service):
        service.client.get("/Users")

    results = run_checks([a_check(looks), a_check(passes), a_check(looks)], service)

    assert [len(result.exchanges) for result in results] == [1, 0, 1]


def test_failing_creation_fails_the_check(ours):
    def creates(service):
        service.new_group(service.new_user()["id"])

    def refuse(asked, serve):
        return Answer(500) if asked.method == "POST" else serve(asked)

    with broken_server(ours.url, refuse) as url, closing(Client(url, ours.token)) as client:
        [result] = run_checks([a_check(creates)], Service(client))

    assert result.status is Status.FAILED
    assert result.detail == "nothing to check with: POST /Users was answered 500 instead of 201"


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
    """Create through an alias: the resource is where the answer says that it is."""
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
    """An answer gets lost, and whoever looks for the user by name is shown all users."""

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


def test_token_is_hidden_wherever_it_comes_back(ours):
    def echoes(service):
        answer = service.client.post("/Users", {"secret": ours.token}, query={"t": ours.token})
        expect(False, f"said {answer.text}")

    def echo(asked, serve):
        return Answer(400, {"x-token": ours.token}, f"your token is {ours.token}")

    with broken_server(ours.url, echo) as url, closing(Client(url, ours.token)) as client:
        [result] = run_checks([a_check(echoes)], Service(client))

    assert ours.token not in repr(replace(result, check=None))
    assert result.exchanges[0].request_headers["Authorization"] == "(hidden)"
    assert result.detail == "said your token is (hidden)"


def test_detail_can_be_written_whatever_the_server_says(service):
    def quotes(service):
        expect(False, "\ud800 is half a character")

    [result] = run_checks([a_check(quotes)], service)

    assert result.detail == "? is half a character"


def test_silent_server_fails_the_check(ours):
    def looks(service):
        service.client.get("/Users")

    with closing(Client(f"http://127.0.0.1:{free_port()}", "t")) as client:
        service = Service(client)
        service.config = {}
        [result] = run_checks([a_check(looks)], service)

    assert result.status is Status.FAILED
    assert "no answer to GET http://127.0.0.1" in result.detail


def test_title_is_the_first_line_of_the_docstring():
    assert a_check(passes).title == "It passes. All else is a second sentence"
    assert a_check(fails).title == "fails"
