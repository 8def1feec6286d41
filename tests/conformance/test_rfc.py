"""The suite of the RFCs: what it is made of, and that our server keeps the rules."""

import re
import subprocess
import sys
from collections import Counter
from contextlib import closing

import pytest

from scim.conformance.checks import Client, Level, Service, Status, load, run_checks

from ..support.server import ROOT, run, running_server
from .conftest import outcomes

CHECKS = load(["rfc"])
AREAS = (
    "discovery",
    "authentication",
    "errors",
    "create",
    "values",
    "read",
    "projection",
    "filter",
    "sort",
    "paging",
    "cursors",
    "put",
    "patch",
    "delete",
    "groups",
    "bulk",
    "etag",
    "search",
    "me",
    "concurrency",
)
SECTION = re.compile(r"RFC (7643|7644|9865) §\d+(\.\d+)*")

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
# See "Strict tenants" in docs/tolerances.md.
REPLACED_BY_THE_PROFILE = {
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
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Those of a server that takes small bodies, so that one which is too large is not large."""
    directory = tmp_path_factory.mktemp("rfc")
    return {
        "DATABASE_URL": f"sqlite:///{directory / 'scim.db'}",
        "WORKERS": "2",
        "MAX_BODY_SIZE": "400000",
    }


@pytest.fixture(scope="module")
def ours(settings, tmp_path_factory):
    run("manage.py", "db", "upgrade", **settings).check_returncode()
    environment = {f"SCIM_{name}": value for name, value in settings.items()}
    with running_server(tmp_path_factory.mktemp("server") / "log", **environment) as server:
        yield server


@pytest.fixture(scope="module")
def results(ours):
    with closing(Client(ours.url, ours.token)) as client:
        return run_checks(CHECKS, Service(client))


@pytest.mark.parametrize("area", AREAS)
def test_rules_of_an_area_are_kept(results, area):
    of_area = [result for result in results if result.check.area == area]

    assert of_area
    assert outcomes(of_area, Status.FAILED) == {}


def test_recommendations_are_followed_but_for_a_decision(results):
    assert outcomes(results, Status.WARNED) == WARNED


def test_what_is_skipped_has_a_reason(results):
    assert outcomes(results, Status.SKIPPED) == SKIPPED


def test_nothing_is_left_behind(results, ours):
    assert len(results) == len(CHECKS)  # or there would be a result of the cleaning
    for path in ("/Users", "/Groups"):
        assert ours.session.get(path).json()["totalResults"] == 0


def test_me_is_checked_with_a_token_that_names_a_user(ours, settings):
    user = ours.session.post(
        "/Users",
        json={"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"},
    ).json()
    token = issue_token("--subject", user["id"], **settings)
    of_me = [check for check in CHECKS if check.area == "me"]

    with closing(Client(ours.url, token)) as client:
        found = outcomes(run_checks(of_me, Service(client)), *Status)

    assert found["me_has_the_location_of_the_resource"] == ""
    assert found["me_is_the_resource_itself"] == ""
    assert found["me_is_shown_or_elsewhere_or_501"] == ""
    ours.session.delete(f"/Users/{user['id']}")


def test_strict_tenant_breaks_the_rules_of_patch_that_its_profile_replaces(ours, settings):
    for command in (("add", "strict"), ("set", "strict", "--strict")):
        run("manage.py", "tenant", *command, **settings).check_returncode()
    token = issue_token("--tenant", "strict", **settings)

    with closing(Client(ours.url, token)) as client:
        results = run_checks(CHECKS, Service(client))

    assert set(outcomes(results, Status.FAILED)) == REPLACED_BY_THE_PROFILE


def issue_token(*options, **settings):
    issued = run("manage.py", "token", "issue", options[-1], *options, **settings)
    return re.findall(r"\S{20,}", issued.stdout)[-1]


def test_every_area_has_checks():
    counts = Counter(check.area for check in CHECKS)

    assert set(counts) == set(AREAS)
    assert sum(counts.values()) >= 250


def test_checks_differ():
    for facts in (
        Counter(check.title for check in CHECKS),
        Counter(check.name for check in CHECKS),
    ):
        assert [name for name, count in facts.items() if count > 1] == []


def test_checks_name_their_rules():
    assert [check.name for check in CHECKS if not SECTION.fullmatch(check.section)] == []
    assert [check.name for check in CHECKS if len(check.quote.strip()) <= 5] == []
    assert {check.level for check in CHECKS} == set(Level)


def test_suite_needs_the_standard_library_only():
    """Nothing is loaded but the package itself and what comes with Python."""
    program = (
        "import sys; before = set(sys.modules); import scim.conformance.rfc;"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, text=True
    ).stdout.split()

    assert set(loaded) - set(sys.stdlib_module_names) <= {"scim"}
