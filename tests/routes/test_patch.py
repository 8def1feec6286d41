"""RFC 7644 §3.5.2 over HTTP: a PATCH is applied whole or not at all."""

import pytest

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER_SCHEMA

from ..support.bulk import carry_out, patch
from ..support.errors import check_error
from ..support.examples import FULL_ENTERPRISE_USER
from ..support.scim import add, group, path_of, remove, replace, user

E = ENTERPRISE_USER_SCHEMA


@pytest.mark.parametrize(
    ("failing", "scim_type"),
    [
        (remove(None), "noTarget"),
        (remove(""), "noTarget"),
        (replace("", "x"), "invalidPath"),
        (replace("emails[type eq “work”].value", "x"), "invalidFilter"),
        (replace("“title”", "x"), "invalidPath"),
        (remove("id"), "mutability"),
        (replace("shoeSize", 42), "invalidPath"),
        (remove('emails[type is "x"]'), "invalidFilter"),
        (replace('emails[type eq "other"]', {}), "noTarget"),
        (replace("active", "perhaps"), "invalidValue"),
        (replace(None, "x"), "invalidSyntax"),
        ({"op": "move", "path": "title"}, "invalidSyntax"),
        (replace("userName", ""), "invalidValue"),
        (remove("userName"), "mutability"),
        (replace("userName", "TAKEN"), "uniqueness"),
        (replace("userName", "x" * 2001), "invalidValue"),
    ],
)
def test_failing_operation_leaves_nothing_of_those_before_it(scim, failing, scim_type):
    scim.create(user("taken"))
    created = scim.create(FULL_ENTERPRISE_USER)

    response = scim.patch(
        path_of(created),
        replace("title", "x"),
        remove("emails"),
        add(E, {"division": "x"}),
        failing,
    )

    assert (response.status_code, response.json["scimType"]) in {
        (400, scim_type),
        (409, scim_type),
    }
    after = scim.get(path_of(created))
    assert after.json == created
    assert after.headers["ETag"] == created["meta"]["version"]


def test_remove_with_an_empty_path_is_one_without_a_path(scim):
    tours = scim.create(group("Tours", scim.create(user("babs"))))

    single = scim.patch(path_of(tours), remove(""))
    [in_bulk] = carry_out(scim, patch(path_of(tours), remove("")))

    assert check_error(single, 400, "noTarget") == in_bulk["response"]["detail"]
    assert (in_bulk["status"], in_bulk["response"]["scimType"]) == ("400", "noTarget")
    assert scim.read(tours) == tours


def test_two_primary_values_are_refused_wherever_they_come_from(scim):
    emails = [{"value": "x", "type": "work"}, {"value": "y", "type": "home"}]
    created = scim.create(user(emails=emails))

    response = scim.patch(path_of(created), replace("emails.primary", True))

    assert (response.status_code, response.json["scimType"]) == (400, "invalidValue")
    assert scim.read(created) == created


@pytest.mark.parametrize(
    ("operation", "schemas"),
    [
        (add(f"{E}:costCenter", "1"), [USER_SCHEMA, E]),
        (replace(None, {E: {"costCenter": "1"}}), [USER_SCHEMA, E]),
        (add(None, {f"{E}:costCenter": "1"}), [USER_SCHEMA, E]),
        (add("schemas", [E]), [USER_SCHEMA]),
        (add(f"{E}:manager", {}), [USER_SCHEMA]),
        (remove(E), [USER_SCHEMA]),
    ],
)
def test_schemas_list_the_extensions_that_are_there(scim, operation, schemas):
    created = scim.create(user())

    assert scim.patch(path_of(created), operation).json["schemas"] == schemas


def test_answer_to_a_patch_is_the_resource(scim):
    created = scim.create(FULL_ENTERPRISE_USER)

    answer = scim.patch(path_of(created), replace("title", "Guide"))

    assert answer.status_code == 200
    assert answer.mimetype == "application/scim+json"
    assert answer.json == scim.read(created)
    less = scim.patch(f"{path_of(created)}?attributes=title", replace("title", "x"))
    assert (less.status_code, less.json) == (
        200,
        {"schemas": created["schemas"], "id": created["id"], "title": "x"},
    )


@pytest.mark.parametrize(
    "operations",
    [
        [replace("title", "Tour Guide")],
        [add("emails", [{"value": "babs@jensen.org", "type": "home"}])],
        [remove("entitlements")],
        [remove('emails[type eq "other"]')],
        [replace("title", "x"), replace("title", "Tour Guide")],
        [remove("nickName"), add("nickName", "Babs")],
        [replace(None, {"active": True, "name": {"givenName": "Barbara"}})],
        [add("nickname", "Babs"), add(None, {})],
        [replace("schemas", [USER_SCHEMA])],
    ],
)
def test_operation_without_effect_keeps_version_and_last_modified(scim, operations):
    created = scim.create(FULL_ENTERPRISE_USER)

    response = scim.patch(path_of(created), *operations)

    assert response.json == created
    assert response.headers["ETag"] == created["meta"]["version"]


@pytest.mark.parametrize("text", ["{", "", "null", "[]", '{"schemas": 1}', "\x00", '{"a": NaN}'])
def test_body_that_is_no_message_is_refused(scim, text):
    created = scim.create(user())

    response = scim.client.patch(
        f"/scim/v2{path_of(created)}", data=text, content_type="application/scim+json"
    )

    assert (response.status_code, response.json["scimType"]) == (400, "invalidSyntax")
