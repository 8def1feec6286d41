"""Okta's CRUD test: each step fails on a server or an organization that breaks it.

Each organization is the stand-in for Okta, which tests/idp/okta tests.
"""

import pytest

from scim.cli.organization import stand_in
from scim.conformance.checks import Status

from ..support.broken import Answer, broken_server
from ..support.okta_crud import STEPS, answering, run, through
from .conftest import outcomes

NOT_FOUND = "GET was answered 404 instead of 200"
STILL_ACTIVE = "active is True instead of False"


def named_otherwise(asked, serve):
    answer = serve(asked)
    if "filter" not in asked.path:
        return answer
    users = [user | {"name": {"givenName": "Eve"}} for user in answer.json["Resources"]]
    return answer.having(answer.json | {"Resources": users})


def deleting(ours, from_the):
    """Delete a user who is deactivated, from the first or second time on."""
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


# The breach of the server, and the steps that fail, each with its words.
SERVER = [
    (
        lambda _: answering("POST", "/Users", 400),
        {"user_is_created_in_the_app": "Resources[0].userName is None instead of '{address}'"},
    ),
    (
        lambda _: named_otherwise,
        {"user_is_created_in_the_app": "Resources[0].name.familyName is None instead of 'Check'"},
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
]


@pytest.mark.parametrize(("breach", "failed"), SERVER)
def test_server_that_breaks_a_step_is_noticed(ours, breach, failed):
    before = ours.session.get("/Users").json()
    with broken_server(ours.url, breach(ours)) as url, stand_in(url, ours.token) as organization:
        results = run(url, ours.token, organization)

    said = {name: text.partition("; Okta ")[0] for name, text in outcomes(results).items()}
    assert said == {n: text.format(address=organization.address) for n, text in failed.items()}
    skipped = {SKIPPED} if "userName is None" in str(failed) else set()
    assert set(outcomes(results, Status.SKIPPED).values()) == skipped
    assert ours.session.get("/Users").json() == before


@pytest.mark.parametrize(
    ("breach", "told"),
    [
        (
            answering("POST", "/Users", 400),
            'Okta sent GET /Users?filter=userName eq "{address}"&startIndex=1&count=100: 200, '
            "POST /Users: 400; Assign {address} failed: POST /Users: 400: no",
        ),
        (answering("PATCH", "/Users", 204, active=False), "Okta sent PATCH /Users/{id}: 204"),
    ],
)
def test_what_okta_sent_is_told(ours, breach, told):
    with broken_server(ours.url, breach) as url, stand_in(url, ours.token) as organization:
        first, *_ = outcomes(run(url, ours.token, organization)).values()

    told = told.format(address=organization.address, id=organization.scim_id)
    assert first.partition("; ")[2] == told


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
    by_the_server = {name for _, failed in SERVER for name in failed}

    assert by_the_server | set(OKTA) == {check.name for check in STEPS}


def test_steps_are_those_of_okta():
    assert [check.section for check in STEPS] == [f"step {number}" for number in range(1, 14)]


def test_without_an_organization_all_is_skipped(ours, checked):
    results = checked(ours.url, ours.token, "okta-crud")

    assert len(outcomes(results, Status.SKIPPED)) == len(STEPS)
