"""Values in the forms that providers send them: what a PATCH makes of each, and a strict tenant."""

import json

import pytest

from scim.protocol.errors import (
    InvalidPathError,
    InvalidSyntaxError,
    InvalidValueError,
    MutabilityError,
    ScimError,
)
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA as E
from scim.protocol.schema import USER_SCHEMA
from scim.protocol.tolerance import STRICT_TOLERANCE, Tolerance
from tests.support.scim import add, remove, replace

from .test_apply import BABS, BARE, HOME, WORK, modes, patched, with_changes

JSON_TEXT = json.dumps({"value": "bjensen@example.com", "type": "work"})
WITHOUT_MANAGER = {E: {"department": "Tours"}}


def capital(operation):
    """Return an operation in Entra ID's dialect."""
    return operation | {"op": operation["op"].capitalize()}


def check_tolerated(operations, changes, name, before=BABS):
    """Check what operations change, that this needs a tolerance, and that a strict tenant refuses.

    :return: the error of a strict tenant, or what it makes of the resource
    """
    after, used = patched(Tolerance(), before, *operations)
    assert after == with_changes(before, changes)
    assert name in used
    try:
        return patched(STRICT_TOLERANCE, before, *operations)[0]
    except ScimError as error:
        return error


@pytest.mark.parametrize(
    "value",
    [
        {"$ref": None, "value": ""},
        {"VALUE": "", "$REF": "https://example.com/v2/Users/1"},
        {"value": "", "displayName": "Boss"},
        [{"$ref": None, "value": ""}],
        {"value": " \t"},
        "  ",
    ],
)
@pytest.mark.parametrize("path", [f"{E}:manager", "manager", E, None])
def test_manager_of_nobody_is_cleared(path, value):
    value = {None: {E: {"manager": value}}, E: {"manager": value}}.get(path, value)

    check_tolerated([add(path, value)], WITHOUT_MANAGER, "empty_for_unassigned")


@pytest.mark.parametrize("operation", [add, replace])
def test_manager_value_that_is_blank_is_cleared(operation):
    operations = [operation(f"{E}:manager.value", " ")]

    strict = check_tolerated(operations, WITHOUT_MANAGER, "empty_for_unassigned")
    assert strict[E]["manager"] == {"value": " "}


@modes
@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("title", {"title": ""}),
        ("name.givenName", {"name": {"givenName": "", "familyName": "Jensen"}}),
        (f"{E}:department", {E: BABS[E] | {"department": ""}}),
        ('addresses[type eq "work"].locality', None),
    ],
)
def test_empty_text_elsewhere_is_a_value(mode, path, changes):
    after, used = patched(mode, BABS, replace(path, ""))

    changes = changes or {
        "addresses": [BABS["addresses"][0] | {"locality": ""}, BABS["addresses"][1]]
    }
    assert (after, used) == (BABS | changes, [])


@pytest.mark.parametrize("operation", [add, replace])
@pytest.mark.parametrize(
    ("path", "value", "changes"),
    [
        ("title", [{"$ref": None, "value": "Guide"}], {"title": "Guide"}),
        ("title", {"value": "Guide"}, {"title": "Guide"}),
        ("TITLE", [{"VALUE": "Guide", "type": None}], {"title": "Guide"}),
        ("title", ["Guide"], {"title": "Guide"}),
        ("title", [], {"title": None}),
        ("title", [None], {"title": None}),
        ("title", [{"$ref": None, "value": None}], {"title": None}),
        ("title", [{"value": ""}], {"title": ""}),
        ("active", [{"value": False}], {"active": False}),
        ("active", ["False"], {"active": False}),
        ("externalId", [701984], {"externalId": "701984"}),
        ("profileUrl", ["https://example.com"], {"profileUrl": "https://example.com"}),
        (
            "name.givenName",
            [{"$ref": None, "value": "B"}],
            {"name": BABS["name"] | {"givenName": "B"}},
        ),
        ("name", {"givenName": ["B"]}, {"name": BABS["name"] | {"givenName": "B"}}),
        (f"{E}:department", [{"value": "Rides"}], {E: BABS[E] | {"department": "Rides"}}),
        (f"{E}:manager.value", ["1"], {E: BABS[E] | {"manager": {"value": "1"}}}),
        (
            'emails[type eq "home"].value',
            [{"value": "x"}],
            {"emails": [WORK, HOME | {"value": "x"}]},
        ),
        (None, {"title": ["Guide"]}, {"title": "Guide"}),
        (None, {"title": [{"$ref": None, "value": "Guide"}]}, {"title": "Guide"}),
    ],
)
def test_single_value_in_a_list_or_an_object_is_that_value(operation, path, value, changes):
    error = check_tolerated([operation(path, value)], changes, "complex_for_simple")

    assert isinstance(error, InvalidValueError)


@modes
@pytest.mark.parametrize(
    "value",
    [
        ["a", "b"],
        [["a"]],
        [{"value": {"value": "a"}}],
        [{"value": ["a"]}],
        [{"value": "a", "type": "work"}],
        {"value": "a", "$ref": "https://example.com"},
        [{}],
        {},
        {"$ref": None},
        [{"display": "a"}],
    ],
)
def test_several_values_are_not_a_single_one(mode, value):
    with pytest.raises(InvalidValueError, match="title"):
        patched(mode, BABS, replace("title", value))


@pytest.mark.parametrize(
    ("path", "value", "changes"),
    [
        ("externalId", 157663, {"externalId": "157663"}),
        ("externalId", 0, {"externalId": "0"}),
        ("externalId", -(2**63), {"externalId": str(-(2**63))}),
        ("userName", 157663, {"userName": "157663"}),
        (f"{E}:employeeNumber", 701984, {E: BABS[E] | {"employeeNumber": "701984"}}),
        (f"{E}:manager", {"value": 7}, {E: BABS[E] | {"manager": {"value": "7"}}}),
        ("name", {"givenName": 7}, {"name": BABS["name"] | {"givenName": "7"}}),
        ("phoneNumbers", [{"value": 5551234}], {"phoneNumbers": [{"value": "5551234"}]}),
        ('emails[type eq "home"].display', 1, {"emails": [WORK, HOME | {"display": "1"}]}),
    ],
)
def test_number_for_a_text_is_its_digits(path, value, changes):
    error = check_tolerated([replace(path, value)], changes, "number_for_text")

    assert isinstance(error, InvalidValueError)


@modes
@pytest.mark.parametrize(
    ("path", "value"),
    [("externalId", 1.5), ("externalId", True), ("profileUrl", 7), ("active", 1)],
)
def test_what_has_no_digits_of_its_own_is_no_text(mode, path, value):
    with pytest.raises(InvalidValueError, match=path):
        patched(mode, BABS, replace(path, value))


@modes
@pytest.mark.parametrize("name", ["emails", "phoneNumbers", "ims", "photos"])
@pytest.mark.parametrize("text", [JSON_TEXT, f"  {JSON_TEXT}", f"[{JSON_TEXT}]"])
def test_address_is_no_object_in_a_text(mode, name, text):
    before = BARE | {name: [{"value": "a", "type": "work"}]}
    operations = [
        replace(f'{name}[value eq "a"].value', text),
        add(f"{name}.value", text),
        add(name, [{"value": text}]),
        replace(name, [{"value": text}]),
        add(f'{name}[type eq "home"].value', text),
    ]
    if mode.simple_for_complex:
        operations += [replace(f'{name}[value eq "a"]', text), replace(name, text)]
    for operation in operations:
        with pytest.raises(InvalidValueError, match=r"JSON in a text; send the address"):
            patched(mode, before, operation)


@modes
@pytest.mark.parametrize("name", ["roles", "entitlements"])
def test_role_may_be_an_object_in_a_text(mode, name):
    """Entra ID's AppRoleAssignmentsComplex sends it so."""
    assert patched(mode, BARE, add(name, [{"value": JSON_TEXT}]))[0][name] == [{"value": JSON_TEXT}]


@modes
@pytest.mark.parametrize("text", ["{ada}", "[::1]", "{", "[" * 100_000])
def test_text_that_only_begins_like_an_object_is_an_address(mode, text):
    assert patched(mode, BARE, add("ims", [{"value": text}]))[0]["ims"] == [{"value": text}]


@pytest.mark.parametrize(
    ("operation", "emails"),
    [
        (replace('emails[type eq "work"]', "x"), [WORK | {"value": "x"}, HOME]),
        (replace('emails[type eq "work"]', ["x"]), [WORK | {"value": "x"}, HOME]),
        (add('emails[type eq "work"]', "x"), [WORK | {"value": "x"}, HOME]),
        (replace("emails[primary eq true]", "x"), [WORK | {"value": "x"}, HOME]),
        (replace(None, {'emails[type eq "work"]': "x"}), [WORK | {"value": "x"}, HOME]),
        (
            capital(replace('emails[type eq "other"]', "x")),
            [WORK, HOME, {"type": "other", "value": "x"}],
        ),
        (replace('emails[type eq "work"]', ""), [HOME]),
    ],
)
def test_text_for_one_element_is_its_value(operation, emails):
    error = check_tolerated([operation], {"emails": emails}, "simple_for_complex")

    assert isinstance(error, InvalidValueError | InvalidSyntaxError)


def test_text_for_one_element_is_written_in_place():
    after, _ = patched(
        Tolerance(),
        BABS,
        replace('emails[type eq "work"]', "x"),
        capital(add('emails[type eq "work"].value', "y")),
    )

    assert after["emails"] == [WORK | {"value": "y"}, HOME]


@modes
def test_object_for_one_element_replaces_all_of_it(mode):
    after, _ = patched(mode, BABS, replace('emails[type eq "work"]', {"value": "x"}))

    assert after["emails"] == [{"value": "x"}, HOME]


WORK_HUSK = {"type": "work", "primary": True}


@pytest.mark.parametrize(
    ("operations", "emails", "strict"),
    [
        ([remove('emails[type eq "work"].value')], [HOME], [WORK_HUSK, HOME]),
        ([replace('emails[type eq "work"].value', "")], [HOME], [{**WORK, "value": ""}, HOME]),
        ([replace('emails[type eq "work"].value', None)], [HOME], [WORK_HUSK, HOME]),
        ([replace('emails[type eq "work"]', {"type": "work"})], [HOME], [{"type": "work"}, HOME]),
        ([remove("emails.value")], None, [WORK_HUSK, {"type": "home"}]),
        ([add("emails", [{"type": "other"}])], [WORK, HOME], [WORK, HOME, {"type": "other"}]),
        ([replace("emails", [{"type": "other"}, HOME])], [HOME], [{"type": "other"}, HOME]),
        (
            [add('emails[type eq "other"].value', "")],
            [WORK, HOME],
            [WORK, HOME, {"type": "other", "value": ""}],
        ),
        (
            [add('emails[type eq "other"].display', "x")],
            [WORK, HOME],
            [WORK, HOME, {"type": "other", "display": "x"}],
        ),
    ],
)
def test_element_left_without_a_value_is_dropped(operations, emails, strict):
    assert check_tolerated(operations, {"emails": emails}, "empty_elements") == BABS | {
        "emails": strict
    }


@pytest.mark.parametrize("name", ["phoneNumbers", "ims", "photos", "roles", "x509Certificates"])
def test_nothing_is_made_to_hold_nothing(name):
    operation = capital(replace(f'{name}[type eq "mobile"].value', ""))

    check_tolerated([operation], {}, "empty_elements", before=BARE)


@modes
@pytest.mark.parametrize("op", ["add", "Add", "replace", "Replace"])
def test_value_that_goes_and_comes_back_keeps_type_and_primary(mode, op):
    path = 'emails[type eq "work"].value'
    after, used = patched(mode, BABS, remove(path), {"op": op, "path": path, "value": "x"})

    assert after["emails"] == [WORK | {"value": "x"}, HOME]
    assert "empty_elements" not in used


@modes
def test_element_that_had_no_value_before_may_stay(mode):
    before = BARE | {"emails": [{"type": "work", "primary": True}, HOME]}
    after, used = patched(mode, before, add("emails", [{"value": "x", "primary": True}]))

    assert after["emails"] == [
        {"type": "work", "primary": False},
        HOME,
        {"value": "x", "primary": True},
    ]
    assert used == []


@modes
def test_postal_address_needs_no_value(mode):
    after, _ = patched(mode, BARE, add('addresses[type eq "work"].locality', "LA"))

    assert after["addresses"] == [{"type": "work", "locality": "LA"}]


@modes
@pytest.mark.parametrize(
    "operations",
    [
        [remove("active")],
        [remove(f"{USER_SCHEMA}:ACTIVE")],
        [replace("active", None)],
        [add("active", None)],
        [add(None, {"active": None})],
        [replace("active", False), remove("active"), replace("title", "x")],
    ],
)
@pytest.mark.parametrize("before", [BABS | {"active": False}, BABS])
def test_active_may_not_be_removed(mode, operations, before):
    with pytest.raises(MutabilityError, match=r"Operations\[[01]]: active"):
        patched(mode, before, *operations)


@modes
def test_active_may_go_if_it_comes_back(mode):
    before = BABS | {"active": False}
    after, _ = patched(mode, before, remove("active"), add("active", False))

    assert after == before


@modes
@pytest.mark.parametrize("operation", [add, replace])
@pytest.mark.parametrize(
    ("value", "emails"),
    [
        (
            [{"value": "x", "type": "work"}, {"value": "X", "type": "Work", "primary": True}],
            [{"value": "x", "type": "work", "primary": True}],
        ),
        (
            [
                {"value": "x", "primary": False},
                {"value": "y"},
                {"value": "X", "display": "d", "primary": True},
                {"value": "x", "display": "e"},
            ],
            [{"value": "x", "display": "d", "primary": True}, {"value": "y"}],
        ),
        ([{"value": "x", "type": "work"}, {"value": "x"}], None),
        ([{"value": "x", "type": "work"}, {"value": "x", "type": "home"}], None),
    ],
)
def test_elements_of_one_value_and_type_are_one(mode, operation, value, emails):
    after, used = patched(mode, BARE, operation("emails", value))

    assert after["emails"] == (emails or value)
    assert used == []


@modes
def test_elements_that_become_equal_are_one(mode):
    before = BARE | {"emails": [{"value": "x", "type": "home", "display": "d"}, WORK]}
    after, _ = patched(mode, before, replace('emails[type eq "home"].type', "work"))
    assert len(after["emails"]) == 2

    after, _ = patched(
        mode, before, replace('emails[type eq "work"].value', "X"), replace("emails.type", "work")
    )
    assert after["emails"] == [
        {"value": "x", "type": "work", "display": "d", "primary": True},
    ]


@modes
def test_elements_without_a_value_are_one_if_they_are_copies(mode):
    offices = [{"type": "work", "locality": "LA"}, {"type": "work", "locality": "la"}]
    after, _ = patched(mode, BARE, replace("addresses", [*offices, offices[0]]))

    assert after["addresses"] == offices


@pytest.mark.parametrize("operation", [add, replace])
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (None, {f"{E}.costCenter": "4130"}),
        (f"{E}.costCenter", "4130"),
        (f"{E.upper()}.COSTCENTER", "4130"),
    ],
)
def test_dot_behind_a_urn_is_a_colon(operation, path, value):
    operations = [operation(path, value)]
    error = check_tolerated(operations, {E: BABS[E] | {"costCenter": "4130"}}, "dotted_urns")

    assert isinstance(error, InvalidPathError)


@pytest.mark.parametrize(
    ("path", "value", "changes"),
    [
        (f"{E}.manager.value", "1", {E: BABS[E] | {"manager": {"value": "1"}}}),
        (
            f'{USER_SCHEMA}.emails[type eq "home"].display',
            "H",
            {"emails": [WORK, HOME | {"display": "H"}]},
        ),
        (f"{USER_SCHEMA}.name.givenName", "B", {"name": BABS["name"] | {"givenName": "B"}}),
    ],
)
def test_dot_behind_a_urn_is_a_colon_before_any_path(path, value, changes):
    check_tolerated([replace(path, value)], changes, "dotted_urns")
    check_tolerated([replace(None, {path: value})], changes, "dotted_urns")


@pytest.mark.parametrize("operation", [add, replace])
@pytest.mark.parametrize(
    "path", [None, USER_SCHEMA, USER_SCHEMA.upper(), "urn:scim:schemas:core:1.0"]
)
def test_attributes_in_an_object_named_by_the_core_urn_are_those_of_the_resource(operation, path):
    value = {"title": "Guide", "name": {"givenName": "B"}, E: {"costCenter": "1"}}
    value = value if path else {USER_SCHEMA: value, "nickName": "Babs"}
    changes = {
        "title": "Guide",
        "name": {"givenName": "B", "familyName": "Jensen"},
        E: BABS[E] | {"costCenter": "1"},
    }
    changes |= {} if path else {"nickName": "Babs"}

    error = check_tolerated([operation(path, value)], changes, "core_schema_object")
    assert isinstance(error, InvalidPathError | InvalidSyntaxError)


@modes
@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (remove(USER_SCHEMA), InvalidPathError),
        (replace(USER_SCHEMA, "x"), ScimError),
        (replace(None, {USER_SCHEMA: "x"}), ScimError),
        (replace(None, {USER_SCHEMA: {"title": "x"}, "TITLE": "y"}), ScimError),
        (replace(None, {f"{E}:shoeSize": 42}), InvalidPathError),
        (replace(None, {f"{E}.shoeSize": 42}), InvalidPathError),
        (replace(None, {f"{USER_SCHEMA}:shoeSize": 42}), InvalidPathError),
        (replace(None, {f"{USER_SCHEMA}:name.shoeSize": 42}), InvalidPathError),
        (replace(None, {f"{E.upper()}:manager.shoeSize": 42}), InvalidPathError),
        (replace(None, {"urn:scim:schemas:core:1.0:shoeSize": 42}), InvalidPathError),
        (replace(f"{E}.shoeSize", 42), InvalidPathError),
        (replace(f"{E}.", 42), InvalidPathError),
        (replace(f"{E}:", 42), InvalidPathError),
    ],
)
def test_path_that_is_not_understood_is_refused(mode, operation, error):
    with pytest.raises(error):
        patched(mode, BABS, operation)


@pytest.mark.parametrize("path", [E, None])
def test_unknown_sub_attribute_of_an_extension_is_ignored(path):
    value = {"shoeSize": 42, "costCenter": "1"}
    operations = [add(path, value if path else {E: value})]

    check_tolerated(operations, {E: BABS[E] | {"costCenter": "1"}}, "unknown_attributes")


@pytest.mark.parametrize("value", [{"address": "b@example.com"}, [{"address": "b"}, {"kind": "x"}]])
@pytest.mark.parametrize(
    "path", ["emails", 'emails[type eq "work"]', "name", E, f"{E}:manager", None]
)
@pytest.mark.parametrize("operation", [add, replace])
def test_value_of_which_nothing_is_known_clears_nothing(operation, path, value):
    value = value[0] if isinstance(value, list) and path != "emails" else value
    value = value if path else {"emails": value, "name": value, E: value}

    error = check_tolerated([operation(path, value)], {}, "unknown_attributes")

    assert isinstance(error, InvalidSyntaxError)
