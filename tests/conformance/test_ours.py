"""Each suite against our server: on both databases, for a tolerant tenant and for a strict one.

Each of them every day, and all four pairs in ``make test-more``: what a tenant tolerates is decided
before the database is asked.
"""

import json
from contextlib import closing
from email.message import Message

import pytest

from scim.cli.organization import stand_in
from scim.conformance.checks import SUITES, Client, Service, Status, load, run, run_checks

from ..support.server import open_session
from ..support.tenants import new_tenant, new_token
from ..support.tries import cases
from ..traffic.comparison import WITHOUT_BODY, house_rules
from ..traffic.exchange import Answer
from .conftest import outcomes

RESIDENT = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "ada@example.com",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"value": "ada@example.com"}],
}
GROUP = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Analysts"}

# A decision of ours: see "Is the token needed for discovery?" in docs/decisions.md.
WARNED = {"authentication_schemes_are_public": "GET was answered 401 instead of 200"}
NO_SUBJECT = "/Me is 501: the server shows nobody there to this client"
SKIPPED = {
    "documentationuri_of_a_scheme_is_a_url": "no scheme has documentationUri, which is optional",
    "patch_that_is_not_supported_is_501": "the server supports patch",
    "bulk_that_is_not_supported_is_501": "the server supports bulk",
    "me_has_the_location_of_the_resource": NO_SUBJECT,
    "me_is_the_resource_itself": NO_SUBJECT,
    "me_redirects_to_the_resource": "/Me is 501, not 308",
}
# The rules that a strict tenant breaks, because the interoperability profile replaces them: see
# "Strict tenants" in docs/tolerances.md. Mostly a PATCH operation has no path.
REPLACED_BY_THE_PROFILE = {
    "okta-spec": set(),
    "okta-crud": {
        "user_is_deactivated_in_the_app",
        "unassigned_user_is_inactive_in_the_app",
    },
    "entra": {
        "patch_user_update_user_name",
        "patch_group_replace_attributes",
        "patch_group_update_display_name",
    },
    "rfc": {
        "one_attribute_without_a_path_is_added_or_replaced_by_add",
        "a_set_of_attributes_without_a_path_is_added_or_replaced_by_add",
        "a_value_without_a_path_is_added_to_a_list_and_leaves_the_others",
        "one_attribute_without_a_path_is_replaced_by_a_patch",
        "a_set_of_attributes_without_a_path_is_replaced_by_a_patch",
        "a_list_without_a_path_is_replaced_and_nothing_else",
        "remove_without_a_path_has_no_target",
        "a_part_of_a_complex_attribute_is_replaced_by_a_patch",
        "the_value_that_matches_is_replaced_and_nothing_else",
        "replace_of_a_value_that_no_filter_matches_is_400_notarget",
        "a_sub_attribute_of_all_values_that_match_is_replaced_and_nothing_else",
    },
}
NO_ETAG = "the server says that it does not support etag"  # of a strict tenant, by the profile
# Answers to which a rule for all answers does not apply.
PROJECTED = {"the_answer_to_a_post_heeds_attributes"}  # meta was not asked for


@pytest.fixture
def is_strict(request):
    return request.param == "strict"


@pytest.fixture
def token(engine, is_strict):
    tenant = new_tenant(engine, strict=is_strict, brake="0")  # suites never meet the brake
    return new_token(engine, tenant)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    ("new_database", "is_strict"),
    cases(
        [("sqlite", "strict"), ("postgresql", "tolerant")],
        [("sqlite", "tolerant"), ("postgresql", "strict")],
    ),
    indirect=True,
)
def test_suite_finds_only_what_is_known(started_server, token, is_strict, suite):
    """A user and a group are there already; they are the same afterwards, and nothing is added."""
    url = started_server.url
    with open_session(url, token) as session:
        user = session.post("/Users", json=RESIDENT).json()
        session.post("/Groups", json=GROUP | {"members": [{"value": user["id"]}]})
        before = [session.get(path).json() for path in ("/Users", "/Groups")]
        with stand_in(url, token) as organization, closing(Client(url, token)) as client:
            results = run([suite], Service(client, organization))
        after = [session.get(path).json() for path in ("/Users", "/Groups")]

    skipped = outcomes(results, Status.SKIPPED)
    same_cause = {name for name, reason in skipped.items() if reason.startswith("not checked: ")}
    assert same_cause | set(outcomes(results, Status.FAILED)) == (
        REPLACED_BY_THE_PROFILE[suite] if is_strict else set()
    )
    skipped = {name: reason for name, reason in skipped.items() if name not in same_cause}
    without_etag = {name for name, reason in skipped.items() if reason == NO_ETAG}
    assert bool(without_etag) == (is_strict and suite == "rfc")
    skipped = {name: reason for name, reason in skipped.items() if name not in without_etag}
    assert skipped == (SKIPPED if suite == "rfc" else {})
    assert outcomes(results, Status.WARNED) == (WARNED if suite == "rfc" else {})
    assert [result.check.name for result in results] == [check.name for check in load([suite])]
    assert after == before
    assert list(broken_rules(results, url)) == []


def broken_rules(results, url):
    """Yield where an answer of the server breaks a rule for all answers."""
    for result in results:
        for exchange in result.exchanges:
            is_ours = exchange.url.startswith(url) and exchange.status not in WITHOUT_BODY
            if is_ours and result.check.name not in PROJECTED:
                for problem in house_rules(answer_of(exchange)):
                    if not problem.place.endswith(".canonicalValues"):  # of a strict tenant
                        yield f"{result.check.name}: {exchange.method} {exchange.url}: {problem}"


def answer_of(exchange):
    headers = Message()
    for name, value in exchange.headers.items():
        headers[name] = value
    return Answer(exchange.status, headers, json.loads(exchange.text) if exchange.text else None)


def test_me_is_checked_with_a_token_that_names_a_user(started_server, engine):
    tenant = new_tenant(engine)
    with open_session(started_server.url, new_token(engine, tenant)) as session:
        user = session.post("/Users", json=RESIDENT).json()
    token = new_token(engine, tenant, user["id"])
    of_me = [check for check in load(["rfc"]) if check.area == "me"]

    with closing(Client(started_server.url, token)) as client:
        found = outcomes(run_checks(of_me, Service(client)), *Status)

    assert found["me_has_the_location_of_the_resource"] == ""
    assert found["me_is_the_resource_itself"] == ""
    assert found["me_is_shown_or_elsewhere_or_501"] == ""
