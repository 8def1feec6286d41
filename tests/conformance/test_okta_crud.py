"""Okta's CRUD test: ours passes, and a server or an organization that breaks a step is found out.

Each is served by the stand-in for Okta, whose own steps tests/idp_servers has.
"""

import time
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import pytest

from scim.cli.organization import stand_in
from scim.conformance.checks import Client, Service, Status, load, run_checks
from scim.conformance.organization import Organization

from ..support.broken import Answer, broken_server
from ..support.foreign import SCIM2_TOKEN, scim2_server
from .conftest import outcomes

STEPS = load(["okta-crud"])
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
NOT_FOUND = "GET was answered 404 instead of 200"
STILL_ACTIVE = "active is True instead of False"


def run(url, token, organization, checks=STEPS):
    with closing(Client(url, token)) as client:
        return run_checks(checks, Service(client, organization))


def crud(url, token):
    with stand_in(url, token) as organization:
        return run(url, token, organization)


@contextmanager
def through(breach, organization, **options):
    """Provide the same organization with another API, or with other options."""
    place = organization.client.base_url.removesuffix("/api/v1")
    app_id = organization.app.rpartition("/")[2]
    options = {"patience": 0, "settle": organization.settle} | options
    with (
        broken_server(place, breach) as url,
    ):
        broken = Organization(url, organization.secrets[0], app_id, **options)
        with closing(broken.client):
            yield broken


def answering(method, words, status, **values):
    """Answer requests whose path has these words, and whose body sets these values, with that."""

    def sets(body):
        sent = [body, *(each.get("value") for each in (body or {}).get("Operations", []))]
        return any(values.items() <= (each or {}).items() for each in sent)

    def breach(asked, serve):
        if asked.method == method and words in asked.path and sets(asked.body):
            return Answer(status, text='{"detail": "no"}')
        return serve(asked)

    return breach


def serving(asked, serve):
    return serve(asked)


def named_otherwise(asked, serve):
    answer = serve(asked)
    if "filter" not in asked.path:
        return answer
    users = [user | {"name": {"givenName": "Eve"}} for user in answer.json["Resources"]]
    return answer.having(answer.json | {"Resources": users})


def deleting(ours, from_the):
    """Delete whoever is deactivated, from the first or second time on."""
    seen = []

    def breach(asked, serve):
        if asked.method != "PATCH" or asked.body["Operations"][0]["value"] != {"active": False}:
            return serve(asked)
        seen.append(asked)
        if len(seen) < from_the:
            return serve(asked)
        ours.session.delete(asked.path)
        return Answer(204)

    return breach


SKIPPED = "the user is not in the app, see step 4"


@pytest.mark.parametrize(
    ("breach", "failed"),
    [
        (
            lambda _: answering("POST", "/Users", 400),
            {
                "user_is_created_in_the_app": "Resources[0].userName is None instead of "
                "'{address}'; Okta says: Assign {address}: POST /Users: 400: no"
            },
        ),
        (
            lambda _: named_otherwise,
            {
                "user_is_created_in_the_app": "Resources[0].name.familyName is None instead of "
                "'Check'"
            },
        ),
        (
            lambda _: answering("PUT", "/Users", 200),
            {
                "first_name_is_changed_in_the_app": "name.givenName is 'Runscope417' instead of "
                "'Runscope418'"
            },
        ),
        (
            lambda _: answering("PATCH", "/Users", 204, active=False),
            {
                "user_is_deactivated_in_the_app": STILL_ACTIVE,
                "unassigned_user_is_inactive_in_the_app": STILL_ACTIVE,
            },
        ),
        (
            lambda _: answering("PATCH", "/Users", 204, active=True),
            {"user_is_active_again_in_the_app": "active is False instead of True"},
        ),
        (
            lambda ours: deleting(ours, from_the=1),
            {
                "user_is_deactivated_in_the_app": NOT_FOUND,
                "user_is_active_again_in_the_app": NOT_FOUND,
                "unassigned_user_is_inactive_in_the_app": NOT_FOUND,
            },
        ),
        (
            lambda ours: deleting(ours, from_the=2),
            {"unassigned_user_is_inactive_in_the_app": NOT_FOUND},
        ),
    ],
)
def test_server_that_breaks_a_step_is_noticed(ours, breach, failed):
    before = ours.session.get("/Users").json()
    with broken_server(ours.url, breach(ours)) as url, stand_in(url, ours.token) as organization:
        results = run(url, ours.token, organization)

    expected = {name: text.format(address=organization.address) for name, text in failed.items()}
    assert outcomes(results) == expected
    is_there = "user_is_created_in_the_app" not in failed or "Check" in str(failed)
    assert set(outcomes(results, Status.SKIPPED).values()) == (set() if is_there else {SKIPPED})
    assert ours.session.get("/Users").json() == before


OKTA = {
    "organization_has_the_app": ("GET", "/apps/"),
    "user_is_added_to_okta": ("POST", "/users?activate=true"),
    "user_is_assigned": ("POST", "/apps/"),
    "first_name_is_changed_in_okta": ("PUT", "/users/"),
    "user_is_deactivated_in_okta": ("POST", "/deactivate"),
    "user_is_activated_in_okta": ("POST", "/activate"),
    "user_is_assigned_again": ("POST", "/apps/"),
    "user_is_unassigned": ("DELETE", "/apps/"),
}


@pytest.mark.parametrize("name", OKTA)
def test_organization_that_breaks_a_step_is_noticed(ours, name):
    method, words = OKTA[name]
    with (
        stand_in(ours.url, ours.token) as organization,
        through(answering(method, words, 403), organization) as broken,
    ):
        results = run(ours.url, ours.token, broken)

    wanted = 204 if method == "DELETE" else 200
    assert outcomes(results)[name] == f"{method} was answered 403 instead of {wanted}"


def test_every_step_is_seen_failing():
    by_the_server = [check.name for check in STEPS if check.name.endswith("in_the_app")]

    assert {*OKTA, *by_the_server} == {check.name for check in STEPS}


def test_ours_passes(server):
    results = crud(server.url, server.token)

    assert [result.check.section for result in results] == [f"step {n}" for n in range(1, 14)]
    assert outcomes(results, *set(Status) - {Status.PASSED}) == {}


def test_scim2_server_passes(tmp_path):
    with scim2_server(tmp_path / "log") as url:
        results = crud(url, SCIM2_TOKEN)

    assert len(results) == len(STEPS)
    assert outcomes(results, *set(Status) - {Status.PASSED}) == {}


def test_without_an_organization_all_is_skipped(ours, checked):
    results = checked(ours.url, ours.token, "okta-crud")

    assert len(outcomes(results, Status.SKIPPED)) == len(STEPS)


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
    """Nobody knows when a real Okta is done: each step looks until it is."""
    with (
        stand_in(ours.url, ours.token) as organization,
        through(serving, organization, patience=20, settle=lambda: "") as other,
    ):
        results = run(ours.url, ours.token, other)

    assert outcomes(results, *set(Status) - {Status.PASSED}) == {}
    assert ours.session.get("/Users").json()["totalResults"] == 0


def test_patience_ends_and_the_last_look_is_shown(ours):
    breach = answering("PUT", "/Users", 200)
    with (
        broken_server(ours.url, breach) as url,
        stand_in(url, ours.token) as organization,
        through(serving, organization, patience=0.4, settle=lambda: "") as other,
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
