"""draft-zollner-scim-interop-profile-01: what it makes of PATCH and discovery, beside RFC 7644."""

from dataclasses import replace as changed

import pytest

from scim.protocol.attributes import read_attributes
from scim.protocol.definitions.assembly import BUILT_IN, Definitions
from scim.protocol.discovery import (
    resource_type_documents,
    schema_documents,
    service_provider_config,
)
from scim.protocol.errors import (
    InvalidFilterError,
    InvalidPathError,
    InvalidSyntaxError,
    InvalidValueError,
    MutabilityError,
    NoTargetError,
)
from scim.protocol.patch.apply import apply
from scim.protocol.patch.members import MemberOperation, member_ids
from scim.protocol.profile import INTEROP_PROFILE, NO_PROFILE
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA as E
from scim.protocol.schema import GROUP, GROUP_SCHEMA, SCHEMAS, USER, USER_SCHEMA, Schema
from scim.protocol.tolerance import STRICT, STRICT_TOLERANCE, Tolerance, Tolerated
from scim.serializers.messages import load_patch
from scim.serializers.resources import load_value

from ..support.scim import add, patch_op, remove, replace
from .patch.test_apply import BABS, HOME, WORK, with_changes
from .test_discovery import OFFER

PROFILE = changed(OFFER, profile=INTEROP_PROFILE)
SECOND = {"value": "b@example.com", "type": "work"}
TWO_AT_WORK = BABS | {"emails": [WORK, SECOND, HOME]}
SINGULAR_SIMPLE = [
    ("title", "Guide"),
    ("userName", "babs"),
    ("active", False),
    ("externalId", "701984"),
    ("profileUrl", "https://example.com/babs"),
    ("name.givenName", "Babs"),
    ("name.middleName", "Jane"),
    (f"{E}:department", "Rides"),
    (f"{E}:costCenter", "4130"),
    (f"{E}:manager.value", "1"),
    ("title", None),
]


def conforming():
    return Tolerated(STRICT_TOLERANCE, profile=INTEROP_PROFILE)


def patched(resource, *operations, resource_type=USER, tolerated=None):
    """Return what the operations make of a resource where the profile is kept."""
    tolerated = tolerated or conforming()
    loaded = load_patch(patch_op(*operations), tolerated)

    def load(attribute, value):
        return load_value(attribute, value, tolerated)

    return apply(loaded, resource, resource_type, load, tolerated)


def patched_as_rfc(resource, *operations, resource_type=USER):
    return patched(resource, *operations, resource_type=resource_type, tolerated=STRICT)


@pytest.mark.parametrize(
    "operation",
    [
        add(None, {"title": "Guide"}),
        replace(None, {"title": "Guide"}),
        {"op": "replace", "value": {"active": False}},
        {"op": "Replace", "value": {"name.givenName": "Babs"}},
        add(None, "Guide"),
        remove(None),
        {"op": "remove"},
    ],
)
def test_every_operation_has_a_path(operation):
    with pytest.raises(InvalidSyntaxError, match=r"Operations\[1]: .* needs a path"):
        patched(BABS, replace("title", "x"), operation)


@pytest.mark.parametrize(("path", "value"), SINGULAR_SIMPLE)
def test_add_is_replace_for_a_singular_simple_attribute(path, value):
    added = patched(BABS, add(path, value)).resource

    assert added == patched(BABS, replace(path, value)).resource
    assert added == patched_as_rfc(BABS, replace(path, value)).resource


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        (replace("name", {"givenName": "B"}), {"name": {"givenName": "B"}}),
        (replace("NAME", {"GIVENNAME": "B"}), {"name": {"givenName": "B"}}),
        (replace("name", {"givenName": "B", "familyName": None}), {"name": {"givenName": "B"}}),
        (replace("name", {}), {"name": None}),
        (replace("name", None), {"name": None}),
        (replace(E, {"costCenter": "4130"}), {E: {"costCenter": "4130"}}),
        (
            replace(f"{E}:manager", {"value": "1"}),
            {E: {"department": "Tours", "manager": {"value": "1"}}},
        ),
        (add("name", {"givenName": "B"}), {"name": {"givenName": "B", "familyName": "Jensen"}}),
        (add("name", {}), {}),
        (add(E, {"costCenter": "4130"}), {E: BABS[E] | {"costCenter": "4130"}}),
        (replace("name.givenName", "B"), {"name": {"givenName": "B", "familyName": "Jensen"}}),
    ],
)
def test_complex_attribute_is_replaced_as_a_whole_and_added_to_in_part(operation, changes):
    assert patched(BABS, operation).resource == with_changes(BABS, changes)


def test_value_of_a_complex_attribute_is_kept_in_part_by_rfc_7644_alone():
    operation = replace("name", {"givenName": "B"})

    assert patched_as_rfc(BABS, operation).resource["name"] == BABS["name"] | {"givenName": "B"}


@pytest.mark.parametrize(
    ("operation", "emails"),
    [
        (replace("emails", [{"value": "x"}]), [{"value": "x"}]),
        (replace("emails", []), None),
        (replace("emails", None), None),
        (add("emails", [{"value": "x"}]), [WORK, HOME, {"value": "x"}]),
        (add("emails", [HOME]), [WORK, HOME]),
        (replace('emails[type eq "home"].value', "x"), [WORK, HOME | {"value": "x"}]),
        (add('emails[type eq "home"].display', "H"), [WORK, HOME | {"display": "H"}]),
        # what it says nothing of
        (add('emails[type eq "other"].value', "x"), [WORK, HOME, {"type": "other", "value": "x"}]),
        (remove('emails[type eq "work"]'), [HOME]),
        (remove('emails[type eq "other"]'), [WORK, HOME]),
        (remove("emails[value pr]"), None),
        (remove("emails"), None),
        (remove('emails[type eq "home"].type'), [WORK, {"value": HOME["value"]}]),
    ],
)
def test_values_of_a_list_are_changed_as_a_whole_or_in_one_part(operation, emails):
    assert patched(BABS, operation).resource == with_changes(BABS, {"emails": emails})


@pytest.mark.parametrize(
    ("operation", "error", "detail"),
    [
        # §6.5.2.2: a value path names a sub-attribute
        (add('emails[type eq "home"]', {"display": "H"}), InvalidPathError, "sub-attribute"),
        (replace('emails[type eq "home"]', HOME), InvalidPathError, "sub-attribute"),
        (replace('emails[type eq "home"]', [HOME]), InvalidPathError, "sub-attribute"),
        (replace('emails[type eq "other"]', HOME), InvalidPathError, "sub-attribute"),
        (replace(f'{E}:manager[value eq "1"]', {"value": "2"}), InvalidPathError, "sub-attribute"),
        # §6.5.3: and means one value
        (replace('emails[type eq "work"].value', "x"), InvalidFilterError, "2 values"),
        (add('emails[type eq "work"].display', "x"), InvalidFilterError, "2 values"),
        (remove('emails[type eq "work"].display'), InvalidFilterError, "2 values"),
        (replace("emails[value pr].display", "x"), InvalidFilterError, "3 values"),
        # RFC 7644 §3.5.2.3: one that there is
        (replace('emails[type eq "other"].value', "x"), NoTargetError, 'type eq "other"'),
        (
            {"op": "Replace", "path": 'emails[type eq "other"].value', "value": "x"},
            NoTargetError,
            'type eq "other"',
        ),
        # §6.5.2.2: all values are a list
        (add("emails", HOME), InvalidValueError, "must be a list"),
        (replace("emails", HOME), InvalidValueError, "must be a list"),
        (replace("emails", "x"), InvalidValueError, "must be a list"),
        (replace("schemas", USER_SCHEMA), InvalidValueError, "must be a list"),
        (remove("emails") | {"value": [HOME]}, InvalidSyntaxError, "no value"),
        # §5.3: what nobody defined
        (add("shoeSize", 42), InvalidSyntaxError, "shoeSize"),
        (remove("shoeSize"), InvalidSyntaxError, "shoeSize"),
        (replace("name.shoeSize", 42), InvalidSyntaxError, "shoeSize"),
        (replace("department", "Rides"), InvalidSyntaxError, "department"),
        (replace("urn:example:Shoes:size", 42), InvalidSyntaxError, "urn:example:Shoes"),
        (replace(f"{E}:shoeSize", 42), InvalidSyntaxError, "shoeSize"),
        (replace('emails[type eq "home"].shoe', 42), InvalidSyntaxError, "shoe"),
        (replace("name", {"shoeSize": 42}), InvalidSyntaxError, "shoeSize"),
        (replace(E, {"shoeSize": 42}), InvalidSyntaxError, "shoeSize"),
        (add("emails", [{"value": "x", "shoe": 42}]), InvalidSyntaxError, "shoe"),
        (add("schemas", ["urn:example:Shoes"]), InvalidSyntaxError, "schemas"),
        (replace("title", "x") | {"name": "title"}, InvalidSyntaxError, "'name'"),
        (remove("emails") | {"filter": 'type eq "work"'}, InvalidSyntaxError, "'filter'"),
        (replace('emails[shoe eq "x"].value', "y"), InvalidFilterError, "shoe"),
        # RFC 7644: what stays as it is
        (replace("active", "False"), InvalidValueError, "active"),
        (replace("name", "Babs"), InvalidValueError, "name"),
        (replace(f"{E}:manager", "1"), InvalidValueError, "manager"),
        (replace("id", "1"), MutabilityError, "id"),
        (remove("schemas"), MutabilityError, "schemas"),
        (remove("userName"), MutabilityError, "userName"),
        (replace("", "x"), InvalidPathError, ""),
        (replace("name..givenName", "x"), InvalidPathError, "name..givenName"),
        (replace("/title", "x"), InvalidPathError, "JSON Patch"),
    ],
)
def test_operation_outside_the_profile_is_refused(operation, error, detail):
    with pytest.raises(error) as refused:
        patched(TWO_AT_WORK, operation)

    assert type(refused.value) is error
    assert refused.value.status == 400
    assert "Operations[0]" in refused.value.detail
    assert detail in refused.value.detail


@pytest.mark.parametrize(
    ("operation", "planned"),
    [
        (add("members", [{"value": "1"}, {"value": "2"}]), ("add", ("1", "2"))),
        (replace("members", [{"value": "1"}]), ("replace", ("1",))),
        (replace("members", []), ("replace", ())),
        (remove("members"), ("remove", None)),
    ],
)
def test_members_are_added_and_replaced_by_lists(operation, planned):
    result = patched({"displayName": "Tours"}, operation, resource_type=GROUP)

    assert result.members == (MemberOperation(*planned),)


@pytest.mark.parametrize("path", ['members[value eq "1"]', 'members[type eq "User"]'])
def test_members_are_removed_by_a_value_path(path):
    (planned,) = patched({"displayName": "Tours"}, remove(path), resource_type=GROUP).members

    assert planned.op == "remove"
    assert planned.condition is not None


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (add("members", {"value": "1"}), InvalidValueError),
        (replace("members", {"value": "1"}), InvalidValueError),
        (add("members", ["1"]), InvalidValueError),
        (replace('members[value eq "1"]', {"value": "2"}), InvalidPathError),
        (replace('members[value eq "1"].value', "2"), MutabilityError),
        (remove("members") | {"value": [{"value": "1"}]}, InvalidSyntaxError),
        (add("members", [{"value": "1", "displayName": "Babs"}]), InvalidSyntaxError),
        (add(None, {"members": [{"value": "1"}]}), InvalidSyntaxError),
    ],
)
def test_operation_on_members_outside_the_profile_is_refused(operation, error):
    with pytest.raises(error):
        patched({"displayName": "Tours"}, operation, resource_type=GROUP)


@pytest.mark.parametrize("name", ["value", "VALUE"])
def test_member_may_have_what_a_member_has_in_any_case(name):
    member = {name: "1", "DISPLAY": "Babs", "type": "User", "$Ref": "https://example.com/1"}

    assert member_ids([member], STRICT) == ("1",)


def test_unknown_attribute_of_a_member_is_tolerated_by_name():
    tolerated = Tolerated(Tolerance())

    assert member_ids([{"value": "1", "displayName": "Babs"}], tolerated) == ("1",)
    assert list(tolerated.used) == ["unknown_attributes"]


def test_unknown_attribute_of_an_operation_is_tolerated_by_name():
    tolerated = Tolerated(Tolerance())

    load_patch(patch_op(remove("title") | {"name": "title"}), tolerated)

    assert list(tolerated.used) == ["unknown_attributes"]


@pytest.mark.parametrize(
    ("offer", "shown"),
    [
        ({}, True),
        ({"default_page_size": 99}, None),
        ({"max_results": 100}, True),
        ({"max_results": 99, "default_page_size": 99}, None),
        ({"profile": NO_PROFILE}, None),
    ],
)
def test_profile_is_announced_where_it_is_kept_and_pages_are_large_enough(offer, shown):
    config = service_provider_config(changed(PROFILE, **offer))

    assert config.get("interopProfileConformant") is shown


@pytest.mark.parametrize(("profile", "supported"), [(INTEROP_PROFILE, False), (NO_PROFILE, True)])
def test_entity_tags_are_announced_outside_the_profile(profile, supported):
    config = service_provider_config(changed(OFFER, profile=profile))

    assert config["etag"] == {"supported": supported}


def test_id_of_a_resource_type_is_its_name():
    for key, document in resource_type_documents(BUILT_IN).items():
        assert document["id"] == document["name"] == key


def typed(documents):
    """Return the ``type`` of each multi-valued complex attribute that has one."""
    return {
        (urn, attribute["name"]): below
        for urn, document in documents.items()
        for attribute in document["attributes"]
        for below in attribute.get("subAttributes", ())
        if attribute["multiValued"] and below["name"] == "type"
    }


def test_every_type_declares_its_values():
    shoes = {
        "name": "shoes",
        "type": "complex",
        "multiValued": True,
        "subAttributes": [{"name": "type", "type": "string", "multiValued": False}],
    }
    document = {"id": "urn:example:Shoes", "attributes": [shoes]}
    own = Schema("urn:example:Shoes", "Shoes", read_attributes([shoes]), document)
    shown = typed(schema_documents(Definitions(schemas=(*SCHEMAS, own)), PROFILE))

    assert all("canonicalValues" in below for below in shown.values())
    assert shown[USER_SCHEMA, "emails"]["canonicalValues"] == ["work", "home", "other"]
    assert shown[GROUP_SCHEMA, "members"]["canonicalValues"] == ["User", "Group"]
    assert shown[own.id, "shoes"]["canonicalValues"] == []


def test_schemas_differ_in_nothing_else():
    plain, shown = schema_documents(BUILT_IN, OFFER), schema_documents(BUILT_IN, PROFILE)

    for below in typed(shown).values():
        if below["canonicalValues"] == []:
            del below["canonicalValues"]
    assert shown == plain


@pytest.mark.parametrize(
    ("name", "exact"), [("id", True), ("externalId", True), ("userName", False)]
)
def test_case_counts_where_rfc_7643_says_so(name, exact):
    (attribute,) = USER.locate(name)

    assert attribute.case_exact is exact
