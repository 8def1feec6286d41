"""scim2-server, which is not ours: which sentences of the RFCs it does not follow is known."""

from contextlib import closing

import pytest

from scim.conformance.checks import Client, Service, Status, run_checks

from ..support.foreign import SCIM2_TOKEN, scim2_server
from .conftest import outcomes
from .test_rfc import CHECKS


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    with (
        scim2_server(tmp_path_factory.mktemp("scim2") / "log") as url,
        closing(Client(url, SCIM2_TOKEN)) as client,
    ):
        return run_checks(CHECKS, Service(client))


def test_rules_that_it_breaks_are_these(results):
    """An empty userName is taken, and a POST shows everything whatever was asked for."""
    assert set(outcomes(results, Status.FAILED)) == {
        "a_user_name_is_not_empty",
        "the_answer_to_a_post_heeds_attributes",
        "the_answer_to_a_post_heeds_excludedattributes",
    }


def test_recommendations_that_it_does_not_follow_are_these(results):
    assert set(outcomes(results, Status.WARNED)) == {
        "the_same_value_is_not_shown_twice",
        "a_user_shows_its_groups",
    }


def test_cursors_are_skipped(results):
    reason = "the server says that it does not support cursor"
    skipped = [result for result in results if result.detail == reason]

    assert {result.check.area for result in skipped} == {"cursors"}
