"""Okta's CRUD test leaves no user behind, wherever it ends, and waits for Okta."""

import time
from contextlib import suppress
from dataclasses import replace

import pytest

from scim.cli.organization import stand_in
from scim.conformance.checks import Status

from ..support.broken import broken_server
from ..support.okta_crud import STEPS, answering, run, serving, through
from .conftest import outcomes


def interrupted(url, token, organization, steps):
    def interrupt(_):
        raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        run(url, token, organization, [*STEPS[:steps], replace(STEPS[0], function=interrupt)])


@pytest.mark.parametrize("steps", range(1, 14))
def test_nobody_is_left_wherever_it_is_interrupted(ours, steps):
    before = ours.session.get("/Users").json()

    with stand_in(ours.url, ours.token) as organization:
        interrupted(ours.url, ours.token, organization, steps)

        assert organization.ask("GET", f"/users/{organization.address}").status == 404
    assert ours.session.get("/Users").json() == before


def test_user_who_is_on_the_way_into_the_app_is_waited_for(ours):
    before = ours.session.get("/Users").json()

    def slow(asked, serve):
        if asked.method == "POST":
            time.sleep(0.5)
        return serve(asked)

    with (
        broken_server(ours.url, slow) as url,
        stand_in(url, ours.token) as organization,
        through(serving, organization, patience=10, settle=lambda: "") as other,
    ):
        interrupted(url, ours.token, other, steps=3)
        organization.settle()

    assert ours.session.get("/Users").json() == before


def test_user_whom_okta_keeps_is_told(ours):
    with (
        stand_in(ours.url, ours.token) as organization,
        through(answering("DELETE", "/v1/users/", 403), organization) as broken,
    ):
        *_, clean_up = run(ours.url, ours.token, broken)

    assert clean_up.status is Status.WARNED
    assert clean_up.detail == f"still there: {broken.client.base_url}/users/{broken.address}"


def test_user_whom_okta_has_added_without_an_answer_is_gone(ours):
    def lose(asked, serve):
        answer = serve(asked)
        if "?activate" in asked.path:
            raise ConnectionAbortedError
        return answer

    with (
        stand_in(ours.url, ours.token) as organization,
        through(lose, organization) as broken,
    ):
        results = run(ours.url, ours.token, broken)

        assert organization.ask("GET", f"/users/{broken.address}").status == 404
    assert "no answer to POST" in outcomes(results)["user_is_added_to_okta"]


def test_background_work_is_waited_for(ours):
    """A real Okta does not tell when it is done: each step looks until it finds the change."""
    with (
        stand_in(ours.url, ours.token) as organization,
        through(serving, organization, patience=20, settle=lambda: "") as other,
    ):
        results = run(ours.url, ours.token, other)

    assert outcomes(results, *set(Status) - {Status.PASSED}) == {}
    assert ours.session.get("/Users").json()["totalResults"] == 0


def silent(organization):
    """Wait, and tell nothing."""
    return lambda: organization.settle() and ""


def test_patience_ends_and_the_last_look_is_shown(ours):
    breach = answering("PUT", "/Users", 200)
    with (
        broken_server(ours.url, breach) as url,
        stand_in(url, ours.token) as organization,
        through(serving, organization, patience=0.4, settle=silent(organization)) as other,
    ):
        results = run(url, ours.token, other)

    [failed] = [result for result in results if result.status is Status.FAILED]
    assert failed.detail == (
        "name.givenName is 'Runscope417' instead of 'Runscope418', 0.4 seconds later"
    )
    assert len(failed.exchanges) == 1
    assert failed.seconds > 0.4


def test_secrets_are_hidden(ours):
    with stand_in(ours.url, ours.token) as organization:
        results = run(ours.url, ours.token, organization)

    said = repr([(result.detail, result.exchanges) for result in results])
    assert "/lifecycle/deactivate" in said
    for secret in (ours.token, *organization.secrets):
        assert secret not in said
