"""RFC 7644 §3.5.2 over HTTP: a PATCH is applied whole or not at all, and leaves what is legal."""

import json
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim.protocol.canonical import check_primary, refer
from scim.protocol.mutability import check_required
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER, USER_SCHEMA
from scim.protocol.tolerance import STRICT
from scim.protocol.values import fold
from scim.serializers import load_resource

from ..support.examples import FULL_ENTERPRISE_USER
from ..support.scim import add, group, patch_op, path_of, remove, replace, user

E = ENTERPRISE_USER_SCHEMA


@pytest.mark.parametrize(
    ("failing", "scim_type"),
    [
        (remove(None), "noTarget"),
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


TEXTS = st.sampled_from(["", "x", "Y", "é", "work", "home", "True", "a@b.c"]) | st.text(max_size=4)
BOOLEANS = st.booleans() | st.sampled_from(["True", "false"])
JUNK = st.none() | st.integers() | TEXTS | st.just([]) | st.just({}) | st.just([None])
ELEMENTS = st.fixed_dictionaries(
    {},
    optional={
        "value": TEXTS | st.none(),
        "type": st.sampled_from(["work", "home", "WORK", None]),
        "primary": BOOLEANS,
        "display": TEXTS,
        "shoe": TEXTS,
    },
)
NAMES = st.fixed_dictionaries({}, optional={"givenName": TEXTS | JUNK, "familyName": TEXTS})
MANAGERS = st.fixed_dictionaries({}, optional={"value": TEXTS, "displayName": TEXTS})
EXTENSIONS = st.fixed_dictionaries({}, optional={"department": TEXTS, "manager": MANAGERS | JUNK})
VALUES = {
    "title": TEXTS,
    "userName": st.sampled_from(["a", "b", "", "taken", "TAKEN"]),
    "active": BOOLEANS,
    "name": NAMES,
    "name.givenName": TEXTS,
    "emails": st.lists(ELEMENTS, max_size=3) | ELEMENTS,
    'emails[type eq "work"]': ELEMENTS,
    'emails[type eq "home"].value': TEXTS,
    'emails[value eq "x" or primary eq true].primary': BOOLEANS,
    "emails.primary": BOOLEANS,
    "roles": st.lists(ELEMENTS | TEXTS, max_size=2),
    'ims[type eq "aim" and value eq "x"]': ELEMENTS,
    E: EXTENSIONS,
    f"{E}:manager": MANAGERS | TEXTS,
    f"{E}:manager.value": TEXTS,
    f"{E}:department": TEXTS,
    "schemas": st.just([E]),
    "id": TEXTS,
    "groups": st.just([]),
    "shoeSize": st.integers(),
    "emails[": TEXTS,
    "name..x": TEXTS,
}


@st.composite
def operations(draw):
    op = draw(st.sampled_from(["add", "replace", "remove", "Add", "Replace", "Remove"]))
    if draw(st.integers(0, 3)) == 0:
        names = draw(st.lists(st.sampled_from(list(VALUES)), max_size=3, unique=True))
        return {"op": op, "value": {name: draw(VALUES[name] | JUNK) for name in names}}
    path = draw(st.sampled_from(list(VALUES)))
    value = draw(st.one_of(VALUES[path], VALUES[path], VALUES[path], JUNK))
    with_value = not op.lower().startswith("remove") or draw(st.integers(0, 3)) == 0
    return {"op": op, "path": path} | ({"value": value} if with_value else {})


def state(scim, created):
    response = scim.get(path_of(created))
    assert response.headers["ETag"] == response.json["meta"]["version"]
    return response.json


def without_meta(document):
    return {name: value for name, value in document.items() if name != "meta"}


def check_legal(shown, row):
    """Check that what is stored meets the schema, and what is searched is what is stored."""
    extensions = [name for name in shown if name.startswith("urn:")]
    assert shown["schemas"] == [USER_SCHEMA, *extensions]
    loaded = load_resource(shown, USER, STRICT)
    check_required({"schemas": True, **loaded}, USER.attributes)
    check_primary(loaded, USER.attributes)
    kept = {name: value for name, value in without_meta(shown).items() if name != "groups"}
    assert {"schemas": shown["schemas"], "id": shown["id"], **loaded} == kept
    search = row.search if isinstance(row.search, dict) else json.loads(row.search)
    assert search == fold(refer(kept, USER.attributes), USER.attributes)


fresh = count()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(requests=st.lists(st.lists(operations(), min_size=1, max_size=4), min_size=1, max_size=4))
def test_whatever_is_patched_what_is_stored_is_legal(scim, engine, requests):
    number = next(fresh)
    scim.post("/Users", user("taken"))
    created = scim.create(
        user(f"user{number}", emails=[{"value": "x", "type": "work", "primary": True}])
    )
    scim.create(group(f"group{number}", created))
    before = state(scim, created)
    for request in requests:
        response = scim.send("PATCH", path_of(created), patch_op(*request))
        after = state(scim, created)
        if response.status_code == 200:
            assert response.json == after
            changed = without_meta(before) != without_meta(after)
            assert changed == (before["meta"]["version"] != after["meta"]["version"])
            assert changed == (before["meta"]["lastModified"] != after["meta"]["lastModified"])
        else:
            assert response.status_code in (400, 409)
            assert response.json["detail"]
            assert after == before
        with engine.connect() as connection:
            found = sa.text("SELECT search FROM users WHERE id = :id")
            check_legal(after, connection.execute(found, {"id": created["id"]}).one())
        before = after
    scim.delete(path_of(created))
