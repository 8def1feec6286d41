"""Answers at the edges of the rules, each of which was wrong once."""

from urllib.parse import quote

import pytest

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA

from ..support.errors import check_error
from ..support.scim import add, group, patch_op, path_of, replace, user


@pytest.fixture
def ada(scim):
    return scim.create(user("ada"))


@pytest.fixture
def bob(scim):
    return scim.create(user("bob"))


@pytest.mark.parametrize(
    "value",
    ["x%22 or userName sw %22", "nobody%22 or active eq %22true", "%22 or userName pr or %22"],
)
def test_quotation_mark_that_was_encoded_twice_does_not_end_its_value(scim, ada, bob, value):
    found = scim.get("/Users?filter=" + quote(f'userName eq "{value}"')).json

    assert found["totalResults"] == 0


def test_empty_filter_is_no_filter_for_everybody(scim, ada):
    check_error(scim.get("/Users?filter="), 400, "invalidFilter")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/Groups", group("x") | {"members": [{"value": "a", "Value": "b"}]}),
        ("/Users", user("x") | {"shoe": 1, "SHOE": 2}),
    ],
)
def test_name_twice_in_different_case_is_refused(scim, path, body):
    check_error(scim.post(path, body), 400, "invalidSyntax")


def test_name_twice_in_different_case_in_a_patch_is_refused(scim, ada):
    twice = {"op": "add", "value": {"nickName": "a", "NICKNAME": "b"}}

    check_error(scim.patch(path_of(ada), twice), 400, "invalidSyntax")


@pytest.mark.parametrize(
    "name",
    [
        "urn:scim:schemas:extension:enterprise:1.0:department",
        "urn:scim:schemas:extension:enterprise:1.0",
        "department",
    ],
)
def test_legacy_and_bare_names_are_projected(scim, name):
    sent = scim.create(user("x") | {ENTERPRISE_USER_SCHEMA: {"department": "R&D"}})

    shown = scim.get(f"{path_of(sent)}?attributes={name}").json

    assert shown[ENTERPRISE_USER_SCHEMA] == {"department": "R&D"}


def test_sub_attribute_that_does_not_exist_shows_nothing(scim, ada):
    shown = scim.get(f"{path_of(ada)}?attributes=userName.value").json

    assert shown.keys() == {"schemas", "id"}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("header", ["*", 'W/"1"'])
def test_change_whose_if_none_match_names_the_version_is_refused(scim, ada, method, header):
    body = patch_op() if method == "PATCH" else user("eve")

    response = scim.send(method, path_of(ada), body, If_None_Match=header)

    check_error(response, 412)
    assert scim.read(ada) == ada


def test_read_whose_if_match_does_not_fit_is_refused(scim, ada):
    response = scim.get(path_of(ada), If_Match='W/"7"')

    check_error(response, 412)


def test_bare_enterprise_attributes_are_created_in_their_extension(scim):
    sent = user("x") | {"department": "Q", "manager": {"value": "z"}}

    made = scim.create(sent)

    assert made[ENTERPRISE_USER_SCHEMA] == {"department": "Q", "manager": {"value": "z"}}


def test_empty_manager_is_none(scim):
    made = scim.create(user("x") | {ENTERPRISE_USER_SCHEMA: {"manager": {"value": ""}}})

    assert ENTERPRISE_USER_SCHEMA not in made


def test_value_that_differs_in_case_only_is_there_already(scim):
    made = scim.create(user("x") | {"emails": [{"value": "a@x", "type": "work", "display": "d"}]})

    answer = scim.patch(path_of(made), add("emails", [{"value": "A@X", "type": "WORK"}])).json

    assert answer == made


def test_conditions_that_nothing_meets_create_nothing(scim, ada):
    path = 'emails[type eq "work" and type eq "home"].value'

    check_error(scim.patch(path_of(ada), add(path, "x")), 400, "noTarget")


@pytest.mark.parametrize("tail", [".value.x", ".value[x eq 1]", "[value pr]", "x"])
def test_tail_that_is_no_path_is_an_invalid_path(scim, ada, tail):
    check_error(
        scim.patch(path_of(ada), replace(f'emails[type eq "work"]{tail}', "x")), 400, "invalidPath"
    )


def test_order_without_anything_to_sort_by_is_that_of_creation(scim, ada, bob):
    listed = scim.get("/Users?sortOrder=descending").json["Resources"]

    assert [shown["userName"] for shown in listed] == ["ada", "bob"]


@pytest.mark.parametrize("path", ["///Users", "/Users//"])
def test_doubled_slash_is_no_endpoint(scim, path):
    check_error(scim.get(path), 404)


@pytest.mark.parametrize("value", ["Q", "QUJD=", "QU=I", "***"])
def test_certificate_that_is_no_base64_is_refused(scim, value):
    sent = user("x") | {"x509Certificates": [{"value": value}]}

    check_error(scim.post("/Users", sent), 400, "invalidValue")
