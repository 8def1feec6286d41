"""SCIMMY, a SCIM library of the npm registry, as a server: the rules that it breaks are known.

It is made by other people in another language than scim2-server, and misses more. A person has
read all exchanges behind this list: the server breaks the rule each time, the check is right.
"""

from collections import Counter
from contextlib import closing

import pytest

from scim.cli.organization import stand_in
from scim.conformance.checks import SUITES, Client, Service, Status, run

from ..support.foreign import SCIMMY_TOKEN, scimmy_server
from ..support.server import open_session
from .conftest import outcomes

BROKEN = {
    "The case of names and values matters to it": """
        a_group_is_found_by_its_name
        a_string_that_is_not_case_exact_a_filter_decides_by_it
        a_user_name_is_found_in_any_case
        attributes_with_name_familyname_in_capitals_shows_only_that_sub_attribute
        paths_are_case_insensitive
    """,
    "It does not know attributes by their URN": """
        an_attribute_of_an_extension_a_filter_decides_by_it
        an_attribute_with_its_urn_a_filter_decides_by_it
        an_attribute_with_its_urn_in_another_case_a_filter_decides_by_it
        an_attribute_with_its_urn_in_attributes_only_that_is_shown
        an_attribute_with_its_urn_is_removed
        an_extended_attribute_can_be_asked_for
        attributes_with_name_givenname_and_its_urn_shows_only_that_sub_attribute
        excludedattributes_with_a_urn
        paths_may_have_a_urn
    """,
    "A filter that is none finds nobody, or is an internal error": """
        a_function_nobody_knows_is_400_invalidfilter
        a_value_alone_is_400_invalidfilter
        an_attribute_alone_is_400_invalidfilter
        an_operator_without_a_value_is_400_invalidfilter
        an_operator_without_an_attribute_is_400_invalidfilter
        and_without_a_right_side_is_400_invalidfilter
        brackets_around_nothing_is_400_invalidfilter
        ge_of_a_binary_value_is_400_invalidfilter
        ge_of_a_boolean_is_400_invalidfilter
        gt_of_a_binary_value_is_400_invalidfilter
        gt_of_a_boolean_is_400_invalidfilter
        le_of_a_binary_value_is_400_invalidfilter
        le_of_a_boolean_is_400_invalidfilter
        lt_of_a_binary_value_is_400_invalidfilter
        lt_of_a_boolean_is_400_invalidfilter
        not_without_parentheses_is_400_invalidfilter
        or_without_a_left_side_is_400_invalidfilter
        parentheses_around_nothing_is_400_invalidfilter
        two_operators_is_400_invalidfilter
    """,
    "It misreads parentheses, escapes and what is asked of lists": """
        a_multi_valued_attribute_without_value_a_filter_decides_by_it
        an_empty_list_is_not_present
        escaped_characters_in_a_string_the_filter_finds_the_user
        escaped_unicode_in_a_string_the_filter_finds_the_user
        not_of_not_is_as_before
        parentheses_around_everything_the_filter_finds_the_user
        parentheses_bind_most_tightly
        parentheses_may_be_nested
        pr_of_a_complex_attribute_looks_for_a_value_below
        schemas_a_filter_decides_by_it
        the_schema_of_an_extension_a_filter_decides_by_it
        two_criteria_may_be_met_by_two_values_a_filter_decides_by_it
    """,
    "It shows pages beyond the end, and counts what it does not show": """
        a_page_beyond_the_end_is_empty
        a_page_far_beyond_the_end_is_empty
        a_search_with_count_0_shows_nobody
        itemsperpage_is_the_number_of_resources
    """,
    "It does not sort by what is in lists": """
        by_the_first_of_several_values_users_are_sorted
        by_the_primary_of_several_values_users_are_sorted
    """,
    "It lets several values be primary": """
        a_new_primary_value_is_the_only_one
        a_replaced_primary_is_the_only_one
        one_value_stays_primary
        only_one_value_is_primary
    """,
    "It adds what is there already": """
        a_member_who_is_one_already_is_not_added_again
        a_value_is_not_added_twice
        a_value_that_is_there_already_beside_a_new_one_is_added_to_a_list_and_leaves_the_others
        adding_a_string_that_is_there_already_leaves_meta_lastmodified
        adding_a_value_of_a_list_that_is_there_already_leaves_meta_lastmodified
    """,
    "replace adds to lists, drops siblings, and finds no part of a value": """
        a_list_without_a_path_is_replaced_and_nothing_else
        a_part_of_a_complex_attribute_is_replaced_by_a_patch
        a_path_with_two_dots_is_400
        a_sub_attribute_of_all_values_that_match_is_replaced_and_nothing_else
        a_sub_attribute_of_the_value_that_matches_is_replaced_and_nothing_else
        a_sub_attribute_of_what_matches_two_criteria_is_replaced_and_nothing_else
        replace_of_a_value_that_no_filter_matches_is_400_notarget
    """,
    "PATCH of what is read-only is answered 204, of what is required with another scimType": """
        groups_which_is_read_only_cannot_be_replaced
        meta_created_which_is_read_only_cannot_be_removed
        meta_created_which_is_read_only_cannot_be_replaced
        meta_resourcetype_which_is_read_only_cannot_be_replaced
        the_name_of_a_group_cannot_be_removed
        username_which_is_required_cannot_be_removed
    """,
    "Some values of attributes are internal errors": """
        attributes_with_meta_location_shows_only_that_sub_attribute
        the_answer_to_a_patch_heeds_attributes
    """,
    "It forgets a bulkId, takes one twice, and does not name its limit": """
        a_bulk_id_is_there_once
        several_bulk_ids_are_told_apart
        too_much_payload_is_413
    """,
    "Headers are missing, and values are not looked at": """
        a_401_names_the_schemes
        a_user_name_is_not_empty
        create_has_a_location_header
        create_has_meta_location
        what_is_not_base64_is_no_binary_value
    """,
}
NOT_FOLLOWED = """
    a_count_that_is_no_number_is_refused
    a_start_index_that_is_no_number_is_refused
    a_user_shows_its_groups
    authentication_schemes_are_public
    references_are_case_exact
    the_same_value_is_not_shown_twice
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """The results of each suite."""
    with (
        scimmy_server(tmp_path_factory.mktemp("scimmy") / "log") as url,
        stand_in(url, SCIMMY_TOKEN) as organization,
        closing(Client(url, SCIMMY_TOKEN)) as client,
        open_session(url, SCIMMY_TOKEN) as session,
    ):
        service = Service(client, organization)
        results = {suite: run([suite], service) for suite in SUITES}
        left = [session.get(path).json()["totalResults"] for path in ("/Users", "/Groups")]
        assert left == [0, 0]
        return results


def test_okta_s_tests_pass(theirs):
    """Okta would only create a user twice whose name has changed its case."""
    assert outcomes(theirs["okta-spec"]) == {
        "user_name_is_looked_up_in_capitals": "totalResults is 0: userName is caseExact"
    }
    assert outcomes(theirs["okta-crud"], *set(Status) - {Status.PASSED}) == {}


def test_entra_misses_those_whose_case_differs(theirs):
    assert set(outcomes(theirs["entra"])) == {
        "filter_for_an_existing_user_with_a_different_case",
        "filter_for_an_existing_group_with_a_different_case",
    }


def test_rules_that_it_breaks_are_these(theirs):
    expected = " ".join(BROKEN.values()).split()

    assert sorted(outcomes(theirs["rfc"], Status.FAILED)) == sorted(expected)


def test_recommendations_that_it_does_not_follow_are_these(theirs):
    assert set(outcomes(theirs["rfc"], Status.WARNED)) == set(NOT_FOLLOWED.split())


def test_what_it_does_not_offer_is_skipped(theirs):
    reasons = Counter(outcomes(theirs["rfc"], Status.SKIPPED).values())

    for feature in ("etag", "cursor", "changePassword"):
        assert reasons[f"the server says that it does not support {feature}"]
    assert reasons.total() < len(theirs["rfc"]) / 8
