"""scim2-server, which is not ours: what Okta and Microsoft would say about it is known."""

from collections.abc import Iterator

import pytest

from scim.conformance.checks import SUITES, Status

from ..support.foreign import SCIM2_TOKEN, scim2_server
from ..support.server import open_session
from .conftest import outcomes


@pytest.fixture(scope="module")
def theirs(tmp_path_factory) -> Iterator[str]:
    with scim2_server(tmp_path_factory.mktemp("scim2") / "log") as url:
        yield url


def test_okta_spec_passes(theirs, checked):
    results = checked(theirs, SCIM2_TOKEN, "okta-spec")

    assert outcomes(results, *set(Status) - {Status.PASSED}) == {}


def test_entra_misses_one_rule(theirs, checked):
    """Two groups may have the same displayName there, as RFC 7643 §4.2 allows."""
    results = checked(theirs, SCIM2_TOKEN, "entra")

    assert outcomes(results, *set(Status) - {Status.PASSED}) == {
        "create_a_duplicate_group": "POST was answered 201 instead of 409"
    }


def test_nothing_is_left_there(theirs, checked):
    checked(theirs, SCIM2_TOKEN, *SUITES)

    with open_session(theirs, SCIM2_TOKEN) as session:
        for path in ("/Users", "/Groups"):
            assert session.get(path).json()["totalResults"] == 0
