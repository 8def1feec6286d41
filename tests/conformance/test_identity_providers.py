"""The suites of Okta and Entra ID: each check fails on a server that breaks its rule."""

import re
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from scim.conformance.checks import Client, Level, Service, Status, load, run_checks

from ..support.broken import broken_server
from .conftest import outcomes

SUITES = ("okta-spec", "entra")
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
EMPTY = {"schemas": [LIST], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []}


def answered(method, pattern, status=None, was=None, body=None):
    """Change the status of an answer, which ``was`` another one, or its body."""

    def breach(asked, serve):
        answer = serve(asked)
        is_meant = asked.method == method and re.search(pattern, asked.path)
        if not is_meant or (was and answer.status != was):
            return answer
        changed = answer.having(body(answer.json)) if body else answer
        return replace(changed, status=status or answer.status)

    return breach


def shown(change):
    """Change every resource of every list."""

    def body(page):
        return page | {"Resources": [change(each) for each in page["Resources"]]}

    return answered("GET", r"\?", was=200, body=body)


def ignored(pattern, op=""):
    """Answer a PATCH, or one with such an operation, without doing anything."""

    def breach(asked, serve):
        is_meant = asked.method == "PATCH" and re.search(pattern, asked.path)
        if is_meant and op in [""] + [each["op"] for each in asked.body["Operations"]]:
            return replace(serve(replace(asked, body=None, method="GET")), status=204, text="")
        return serve(asked)

    return breach


def without_last_operation(asked, serve):
    if asked.method != "PATCH":
        return serve(asked)
    operations = asked.body["Operations"][:-1]
    return serve(replace(asked, body=asked.body | {"Operations": operations}))


def in_capitals_nothing(asked, serve):
    answer = serve(asked)
    value = asked.path.partition('eq "')[2]
    return answer.having(EMPTY) if value and value == value.upper() else answer


def slow_groups(asked, serve):
    if asked.path.startswith("/Groups"):
        time.sleep(0.61)
    return serve(asked)


def but(**changes):
    return lambda body: body | changes


def without(*names):
    return lambda body: {name: value for name, value in body.items() if name not in names}


ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def without_manager(user):
    return user | {ENTERPRISE: without("manager")(user.get(ENTERPRISE, {}))}


def with_members(body):
    if "Resources" in body:
        return body | {"Resources": [with_members(each) for each in body["Resources"]]}
    return body | {"members": [{"value": "1"}]}


OKTA = [
    ("first_page_shows_a_complete_user", shown(without("emails")), "Resources[0].emails[0].value"),
    ("first_page_shows_a_complete_user", shown(but(name={})), "name.familyName"),
    (
        "first_page_shows_a_complete_user",
        answered("GET", r"/Users\?", body=but(startIndex="1")),
        "startIndex is '1'",
    ),
    (
        "listed_user_is_found_by_id",
        answered("GET", r"/Users/\w", body=but(id="other")),
        "id is 'other'",
    ),
    (
        "unknown_user_name_gives_an_empty_list",
        answered("GET", r"filter", 404),
        "404 instead of 200",
    ),
    ("long_unknown_id_is_not_found", answered("GET", "/Users/0", body=without("detail")), "detail"),
    (
        "newcomer_is_not_there_yet",
        answered("GET", "filter", body=but(totalResults="0")),
        "totalResults is '0' instead of 0",
    ),
    (
        "newcomer_is_created_as_sent",
        answered("POST", "/Users", body=but(active="true")),
        "active is 'true' instead of True",
    ),
    (
        "newcomer_is_found_by_the_id_of_the_answer",
        answered("GET", r"/Users/\w", body=but(userName="X")),
        "userName is 'X'",
    ),
    (
        "newcomer_is_not_created_twice",
        answered("POST", "/Users", 400, was=409),
        "400 instead of 409",
    ),
    ("user_name_is_looked_up_in_capitals", answered("GET", "filter", 400), "400 instead of 200"),
    (
        "groups_are_listed_quickly",
        answered("GET", "/Groups", body=lambda _: {"totalResults": 3, "Resources": {}}),
        "not an array",
    ),
    ("wrong_token_is_unauthorized", answered("GET", "filter", 403, was=401), "403 instead of 401"),
    (
        "wrong_token_is_unauthorized",
        answered("GET", "filter", was=401, body=but(status=401)),
        "status is 401 instead of '401'",
    ),
    (
        "short_unknown_id_is_not_found",
        answered("GET", "/Users/0", body=but(schemas=[])),
        "messages:2.0:Error is not in it",
    ),
]
OKTA_WARNINGS = [
    ("user_name_is_looked_up_in_capitals", in_capitals_nothing, "caseExact"),
    ("groups_are_listed_quickly", slow_groups, "Okta allows 600 ms"),
]
ENTRA_USERS = [
    ("create_a_new_user", shown(without("timezone")), "timezone is None"),
    ("create_a_new_user", shown(but(active="True")), "active is 'True' instead of True"),
    ("create_a_duplicate_user", answered("POST", "/Users", 200, was=409), "200 instead of 409"),
    (
        "filter_for_an_existing_user",
        answered("GET", "filter", body=but(totalResults=2)),
        "totalResults is 2",
    ),
    ("filter_for_a_non_existing_user", answered("GET", "filter", 404), "404 instead of 200"),
    (
        "filter_for_an_existing_user_with_a_different_case",
        in_capitals_nothing,
        "found 0 resources",
    ),
    ("patch_user_replace_attributes", ignored("/Users"), "found 0 resources"),
    ("patch_user_replace_attributes", shown(without("addresses")), "addresses is None"),
    ("patch_user_update_user_name", ignored("/Users"), "found 0 resources"),
    ("patch_user_disable_user", ignored("/Users"), "active is True instead of False"),
    ("patch_user_add_manager", shown(without_manager), "manager is None"),
    ("patch_user_replace_manager", ignored("/Users", "replace"), "manager.value is"),
    ("patch_user_remove_manager", ignored("/Users", "replace"), "manager is still"),
    ("delete_a_user", answered("GET", r"/Users/\w", 200, was=404), "200 instead of 404"),
]
ENTRA_GROUPS = [
    ("create_a_new_group", shown(without("members")), "members is None"),
    ("create_a_duplicate_group", answered("POST", "/Groups", 200, was=409), "200 instead of 409"),
    (
        "get_group_by_id_excluding_members",
        answered("GET", "/Groups", body=with_members),
        "the answer has members",
    ),
    (
        "filter_for_an_existing_group",
        answered("GET", "filter", body=but(totalResults=2)),
        "totalResults is 2",
    ),
    (
        "filter_for_an_existing_group_excluding_members",
        answered("GET", "filter", body=with_members),
        "the answer has members",
    ),
    ("filter_for_a_non_existing_group", answered("GET", "filter", 404), "404 instead of 200"),
    (
        "filter_for_an_existing_group_with_a_different_case",
        in_capitals_nothing,
        "found 0 resources",
    ),
    ("patch_group_replace_attributes", ignored("/Groups"), "externalId is"),
    ("patch_group_update_display_name", ignored("/Groups"), "found 0 resources"),
    ("patch_group_add_member", ignored("/Groups"), "the members are []"),
    ("patch_group_remove_member", ignored("/Groups"), "the members are ["),
    ("delete_a_group", answered("GET", r"/Groups/\w", 200, was=404), "200 instead of 404"),
]
ENTRA_PREVIEW = [
    (
        "patch_user_multiple_ops_on_different_attributes",
        without_last_operation,
        "title is still",
    ),
    (
        "patch_user_multiple_ops_on_same_attribute",
        without_last_operation,
        "displayName is 'first'",
    ),
    ("delete_a_non_existent_user", answered("DELETE", "/", 204, was=404), "204 instead of 404"),
    ("delete_the_same_user_twice", answered("DELETE", "/", 204, was=404), "204 instead of 404"),
    (
        "patch_group_multiple_ops_on_different_attributes",
        without_last_operation,
        "externalId is",
    ),
    ("delete_a_non_existent_group", answered("DELETE", "/", 204, was=404), "204 instead of 404"),
    ("delete_the_same_group_twice", answered("DELETE", "/", 204, was=404), "204 instead of 404"),
]
BROKEN = [
    *((Status.FAILED, *row) for row in OKTA + ENTRA_USERS + ENTRA_GROUPS),
    *((Status.WARNED, *row) for row in OKTA_WARNINGS + ENTRA_PREVIEW),
]
ALL = load(SUITES)


@pytest.mark.parametrize(("status", "name", "breach", "words"), BROKEN)
def test_broken_rule_is_noticed_by_its_check(ours, status, name, breach, words):
    [check] = [check for check in ALL if check.name == name]
    with (
        broken_server(ours.url, breach) as url,
        closing(Client(url, ours.token)) as client,
    ):
        [result] = run_checks([check], Service(client))

    assert (result.status, words in result.detail) == (status, True), result.detail


def test_every_check_can_fail():
    assert {name for _, name, _, _ in BROKEN} == {check.name for check in ALL}


def test_unchanged_answers_pass(ours, checked):
    with broken_server(ours.url, lambda asked, serve: serve(asked)) as url:
        assert outcomes(checked(url, ours.token, *SUITES)) == {}


def test_numbers_are_those_of_okta_and_microsoft():
    counts = Counter((check.suite, check.level) for check in ALL)

    assert counts == {
        ("okta-spec", Level.MUST): 12,
        ("entra", Level.MUST): 24,
        ("entra", Level.SHOULD): 7,
    }
