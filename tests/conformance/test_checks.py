"""How checks are run, and the result of each outcome."""

from contextlib import closing
from dataclasses import replace

import pytest

from scim.conformance.checks import (
    Client,
    Level,
    Service,
    Status,
    expect,
    run_checks,
    skip,
)

from ..support.broken import Answer, broken_server
from ..support.ports import free_port
from .conftest import a_check


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
        (
            takes_for_granted,
            Level.MUST,
            Status.FAILED,
            "unexpected answer to GET /ServiceProviderConfig: there is no 'missing'",
        ),
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
