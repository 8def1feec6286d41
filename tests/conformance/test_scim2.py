"""scim2-server, which is not ours: the rules that it breaks are known."""

from contextlib import closing

import pytest

from scim.cli.organization import stand_in
from scim.conformance.checks import SUITES, Client, Service, Status, run

from ..support.foreign import SCIM2_TOKEN, scim2_server
from ..support.server import open_session
from .conftest import outcomes


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """The results of each suite, which leaves nothing there."""
    with (
        scim2_server(tmp_path_factory.mktemp("scim2") / "log") as url,
        stand_in(url, SCIM2_TOKEN) as organization,
        closing(Client(url, SCIM2_TOKEN)) as client,
        open_session(url, SCIM2_TOKEN) as session,
    ):
        service = Service(client, organization)
        results = {suite: run([suite], service) for suite in SUITES}
        left = [session.get(path).json()["totalResults"] for path in ("/Users", "/Groups")]
        assert left == [0, 0]
        return results


@pytest.mark.parametrize(("suite", "steps"), [("okta-spec", 12), ("okta-crud", 13)])
def test_okta_s_tests_pass(theirs, suite, steps):
    assert len(outcomes(theirs[suite], Status.PASSED)) == len(theirs[suite]) == steps


def test_entra_misses_one_rule(theirs):
    """Two groups may have the same displayName there, as RFC 7643 §4.2 allows."""
    assert outcomes(theirs["entra"], *set(Status) - {Status.PASSED}) == {
        "create_a_duplicate_group": "POST was answered 201 instead of 409"
    }


def test_rules_that_it_breaks_are_these(theirs):
    """It takes an empty userName, and a POST shows everything whatever was asked for."""
    assert set(outcomes(theirs["rfc"], Status.FAILED)) == {
        "a_user_name_is_not_empty",
        "the_answer_to_a_post_heeds_attributes",
        "the_answer_to_a_post_heeds_excludedattributes",
    }


def test_recommendations_that_it_does_not_follow_are_these(theirs):
    assert set(outcomes(theirs["rfc"], Status.WARNED)) == {
        "the_same_value_is_not_shown_twice",
        "a_user_shows_its_groups",
    }


def test_cursors_are_skipped(theirs):
    reason = "the server says that it does not support cursor"
    skipped = [result for result in theirs["rfc"] if result.detail == reason]

    assert {result.check.area for result in skipped} == {"cursors"}
