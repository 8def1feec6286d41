"""RFC 7644 §3.5.2: what PATCH operations make of a resource."""

import copy

import pytest

from scim.protocol.patch.apply import apply
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER, USER_SCHEMA
from scim.protocol.tolerance import STRICT_TOLERANCE, Tolerance, Tolerated
from scim.serializers.messages import load_patch
from scim.serializers.resources import load_value
from tests.support.scim import add, patch_op, remove, replace

E = ENTERPRISE_USER_SCHEMA
WORK = {"value": "bjensen@example.com", "type": "work", "primary": True}
HOME = {"value": "babs@jensen.org", "type": "home"}
OFFICE = {"type": "work", "streetAddress": "100 Universal City Plaza", "primary": True}
VILLA = {"type": "home", "streetAddress": "456 Hollywood Blvd", "locality": "Hollywood"}
BABS = {
    "userName": "bjensen",
    "name": {"givenName": "Barbara", "familyName": "Jensen"},
    "title": "Tour Guide",
    "emails": [WORK, HOME],
    "addresses": [OFFICE, VILLA],
    E: {"department": "Tours", "manager": {"value": "26118915"}},
}
BARE = {"userName": "bjensen"}

# What the RFC describes needs no tolerance, and a strict tenant has it too.
modes = pytest.mark.parametrize("mode", [Tolerance(), STRICT_TOLERANCE], ids=["tolerant", "strict"])


def patched(mode, resource, *operations):
    """Return the resource after the operations, and the tolerances they needed."""
    tolerated = Tolerated(mode, max_elements=100_000)

    def load(attribute, value):
        return load_value(attribute, value, tolerated)

    loaded = load_patch(patch_op(*operations), tolerated)
    result = apply(loaded, resource, USER, load, tolerated)
    return result.resource, list(tolerated.used)


def with_changes(resource, changes):
    """Return ``resource`` with attributes changed, or gone where the change is None."""
    return {name: value for name, value in (resource | changes).items() if value is not None}


@modes
@pytest.mark.parametrize(
    ("path", "value", "changes"),
    [
        # §3.5.2.1: no path, the value has the attributes
        (None, {"nickName": "Babs", "title": "Guide"}, {"nickName": "Babs", "title": "Guide"}),
        (None, {"emails": [{"value": "x"}]}, {"emails": [WORK, HOME, {"value": "x"}]}),
        (None, {"name": {"middleName": "Jane"}}, {"name": BABS["name"] | {"middleName": "Jane"}}),
        (None, {E: {"costCenter": "4130"}}, {E: BABS[E] | {"costCenter": "4130"}}),
        # a location that does not exist is made
        ("nickName", "Babs", {"nickName": "Babs"}),
        ("name.middleName", "Jane", {"name": BABS["name"] | {"middleName": "Jane"}}),
        ("phoneNumbers", [{"value": "555"}], {"phoneNumbers": [{"value": "555"}]}),
        # a single value is replaced
        ("title", "Guide", {"title": "Guide"}),
        ("name.givenName", "Babs", {"name": {"givenName": "Babs", "familyName": "Jensen"}}),
        # of a complex one, what is specified
        ("name", {"givenName": "Babs"}, {"name": {"givenName": "Babs", "familyName": "Jensen"}}),
        # a multi-valued one gets another value, given in a list or alone
        ("emails", [{"value": "x"}], {"emails": [WORK, HOME, {"value": "x"}]}),
        ("emails", {"value": "x"}, {"emails": [WORK, HOME, {"value": "x"}]}),
        # which is primary now, if it says so
        (
            "emails",
            [{"value": "x", "primary": True}],
            {"emails": [WORK | {"primary": False}, HOME, {"value": "x", "primary": True}]},
        ),
        # a value path
        ('emails[type eq "home"]', {"display": "H"}, {"emails": [WORK, HOME | {"display": "H"}]}),
        ('emails[type eq "home"].display', "H", {"emails": [WORK, HOME | {"display": "H"}]}),
        (
            'emails[type eq "home"].primary',
            True,
            {"emails": [WORK | {"primary": False}, HOME | {"primary": True}]},
        ),
        (
            "emails.display",
            "same",
            {"emails": [WORK | {"display": "same"}, HOME | {"display": "same"}]},
        ),
        # without a match, which the RFC leaves open, it is made as the filter describes it
        (
            'emails[type eq "other"].value',
            "x",
            {"emails": [WORK, HOME, {"type": "other", "value": "x"}]},
        ),
        (
            'emails[type eq "other" and display eq "X"]',
            {"value": "x"},
            {"emails": [WORK, HOME, {"type": "other", "display": "X", "value": "x"}]},
        ),
        # URNs before the name; the extension's own URN names all of it
        (f"{USER_SCHEMA}:title", "Guide", {"title": "Guide"}),
        (f"{E}:costCenter", "4130", {E: BABS[E] | {"costCenter": "4130"}}),
        (f"{E}:manager", {"value": "1"}, {E: BABS[E] | {"manager": {"value": "1"}}}),
        (f"{E}:manager.value", "1", {E: BABS[E] | {"manager": {"value": "1"}}}),
        (E, {"costCenter": "4130"}, {E: BABS[E] | {"costCenter": "4130"}}),
        (E, {"manager": {"value": None}}, {E: {"department": "Tours"}}),
        (E, {"manager": None, "costCenter": "1"}, {E: {"department": "Tours", "costCenter": "1"}}),
        # names in any case
        ("NICKNAME", "Babs", {"nickName": "Babs"}),
        (None, {"nickname": "Babs"}, {"nickName": "Babs"}),
        ('EMAILS[Type EQ "HOME"].Display', "H", {"emails": [WORK, HOME | {"display": "H"}]}),
        (f"{E.upper()}:COSTCENTER", "4130", {E: BABS[E] | {"costCenter": "4130"}}),
        # null is no value
        ("title", None, {"title": None}),
        ("name.givenName", None, {"name": {"familyName": "Jensen"}}),
        (None, {"title": None, "nickName": "Babs"}, {"title": None, "nickName": "Babs"}),
    ],
)
def test_add_gives_the_target_a_value(mode, path, value, changes):
    after, used = patched(mode, BABS, add(path, value))

    assert after == with_changes(BABS, changes)
    assert used == []


@modes
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("emails", [{"value": "babs@jensen.org", "type": "home"}]),
        ("emails", [HOME, HOME]),
        ("addresses", [VILLA]),
        ("title", "Tour Guide"),
        ("emails", []),
        ("emails", None),
        ("name", {}),
        (E, {}),
        (None, {E: {}, "name": {}}),
        (None, {}),
        (E, {"department": "Tours"}),
        ('emails[type eq "work"]', {"primary": True}),
        ('emails[type eq "work"]', {}),
    ],
)
def test_add_of_what_is_there_changes_nothing(mode, path, value):
    after, used = patched(mode, BABS, add(path, value))

    assert after == BABS
    assert used == []


@modes
@pytest.mark.parametrize(
    ("added", "emails"),
    [
        ({**HOME, "type": "work"}, [WORK, HOME, {**HOME, "type": "work"}]),
        ({**HOME, "display": "H"}, [WORK, {**HOME, "display": "H"}]),
        ({**HOME, "primary": True}, [WORK | {"primary": False}, {**HOME, "primary": True}]),
    ],
    ids=["another type", "more of it", "primary now"],
)
def test_added_value_is_the_same_by_type_and_value(mode, added, emails):
    after, _ = patched(mode, BABS, add("emails", [added]))

    assert after["emails"] == emails


@modes
@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("title", {"title": None}),
        ("name", {"name": None}),
        ("name.givenName", {"name": {"familyName": "Jensen"}}),
        ("emails", {"emails": None}),
        ('emails[type eq "work"]', {"emails": [HOME]}),
        ('emails[value eq "BABS@JENSEN.ORG"]', {"emails": [WORK]}),
        ('emails[type eq "work" or type eq "home"]', {"emails": None}),
        ("emails[not (primary eq true)]", {"emails": [WORK]}),
        ('addresses[type eq "home"].locality', {"addresses": [OFFICE, VILLA | {"locality": None}]}),
        ("emails.type", {"emails": [WORK | {"type": None}, HOME | {"type": None}]}),
        (E, {E: None}),
        (f"{E}:department", {E: {"manager": {"value": "26118915"}}}),
        (f"{E}:manager", {E: {"department": "Tours"}}),
        (f"{E}:manager.value", {E: {"department": "Tours"}}),
        (f"{USER_SCHEMA}:title", {"title": None}),
        ("TITLE", {"title": None}),
    ],
)
def test_remove_leaves_the_target_without_a_value(mode, path, changes):
    after, used = patched(mode, BABS, remove(path))

    for name in ("emails", "addresses"):
        if changes.get(name):
            changes = changes | {name: [with_changes({}, item) for item in changes[name]]}
    assert after == with_changes(BABS, changes)
    assert used == []


@modes
@pytest.mark.parametrize(
    "path",
    [
        "nickName",
        "name.middleName",
        "ims",
        'ims[type eq "aim"]',
        'emails[type eq "other"]',
        'emails[type eq "other"].value',
        f"{E}:costCenter",
    ],
)
def test_remove_of_what_is_not_there_changes_nothing(mode, path):
    after, _ = patched(mode, BABS, remove(path))

    assert after == BABS


@modes
def test_last_value_of_an_extension_takes_the_extension_along(mode):
    resource = {"userName": "bjensen", E: {"manager": {"value": "1"}}}

    assert patched(mode, resource, remove(f"{E}:manager.value"))[0] == {"userName": "bjensen"}


@modes
@pytest.mark.parametrize(
    ("path", "value", "changes"),
    [
        # §3.5.2.3: no path, the value has the attributes
        (None, {"title": "Guide", "nickName": "Babs"}, {"title": "Guide", "nickName": "Babs"}),
        (None, {"emails": [HOME]}, {"emails": [HOME]}),
        (None, {"name": {"givenName": "B"}}, {"name": {"givenName": "B", "familyName": "Jensen"}}),
        (None, {E: {"department": "Rides"}}, {E: BABS[E] | {"department": "Rides"}}),
        # a single value, a sub-attribute, one that is not there
        ("title", "Guide", {"title": "Guide"}),
        ("name.givenName", "B", {"name": {"givenName": "B", "familyName": "Jensen"}}),
        ("nickName", "Babs", {"nickName": "Babs"}),
        ("ims", [{"value": "babs"}], {"ims": [{"value": "babs"}]}),
        # all values of a multi-valued attribute
        ("emails", [{"value": "x"}], {"emails": [{"value": "x"}]}),
        ("emails", [], {"emails": None}),
        # what is not specified of a complex one stays
        ("name", {"givenName": "B"}, {"name": {"givenName": "B", "familyName": "Jensen"}}),
        ("name", {"givenName": "B", "familyName": None}, {"name": {"givenName": "B"}}),
        ("name", {"givenName": None}, {"name": {"familyName": "Jensen"}}),
        (None, {"name": {"givenName": None}}, {"name": {"familyName": "Jensen"}}),
        ("name", {"givenName": None, "familyName": None}, {"name": None}),
        ("name", {}, {}),
        ("name", None, {"name": None}),
        # of values that match, the whole or a part
        ('emails[type eq "home"]', {"value": "x"}, {"emails": [WORK, {"value": "x"}]}),
        ('emails[type eq "home"]', [{"value": "x"}], {"emails": [WORK, {"value": "x"}]}),
        ('emails[type eq "home"].value', "x", {"emails": [WORK, HOME | {"value": "x"}]}),
        ('emails[type eq "home"]', None, {"emails": [WORK]}),
        ("emails.value", "x", {"emails": [WORK | {"value": "x"}, HOME | {"value": "x"}]}),
        ("emails[type pr].value", "x", {"emails": [WORK | {"value": "x"}, HOME | {"value": "x"}]}),
        # one that becomes primary takes over
        (
            'emails[type eq "home"].primary',
            True,
            {"emails": [WORK | {"primary": False}, HOME | {"primary": True}]},
        ),
        (
            'addresses[type eq "home"]',
            {"type": "home", "locality": "LA", "primary": True},
            {
                "addresses": [
                    OFFICE | {"primary": False},
                    {"type": "home", "locality": "LA", "primary": True},
                ]
            },
        ),
        # the examples of the RFC
        (
            'addresses[type eq "work"]',
            {"type": "work", "country": "US", "primary": True},
            {"addresses": [{"type": "work", "country": "US", "primary": True}, VILLA]},
        ),
        (
            'addresses[type eq "work"].streetAddress',
            "1010 Broadway Ave",
            {"addresses": [OFFICE | {"streetAddress": "1010 Broadway Ave"}, VILLA]},
        ),
        # extensions
        (E, {"costCenter": "4130"}, {E: {"costCenter": "4130"}}),
        (E, {"costCenter": "4130", "department": None}, {E: {"costCenter": "4130"}}),
        (E, {}, {E: None}),
        (f"{E}:department", "Rides", {E: BABS[E] | {"department": "Rides"}}),
        (f"{E}:manager", {"value": "1"}, {E: BABS[E] | {"manager": {"value": "1"}}}),
        (f"{E}:manager", None, {E: {"department": "Tours"}}),
        (None, {E: {"manager": None}}, {E: {"department": "Tours"}}),
        (None, {E: None}, {E: None}),
        (f"{USER_SCHEMA}:title", "Guide", {"title": "Guide"}),
    ],
)
def test_replace_changes_what_the_target_is(mode, path, value, changes):
    after, used = patched(mode, BABS, replace(path, value))

    assert after == with_changes(BABS, changes)
    assert used == []


@modes
@pytest.mark.parametrize(
    ("path", "value", "after"),
    [
        ("name.givenName", "B", {"name": {"givenName": "B"}}),
        ("name", {"givenName": "B"}, {"name": {"givenName": "B"}}),
        ("emails.value", "x", {"emails": [{"value": "x"}]}),
        (f"{E}:department", "Rides", {E: {"department": "Rides"}}),
        (f"{E}:manager.value", "1", {E: {"manager": {"value": "1"}}}),
        (E, {"department": "Rides"}, {E: {"department": "Rides"}}),
    ],
)
@pytest.mark.parametrize("operation", [add, replace])
def test_replace_of_what_does_not_exist_is_an_add(mode, operation, path, value, after):
    assert patched(mode, BARE, operation(path, value))[0] == BARE | after


@modes
@pytest.mark.parametrize(
    ("operations", "after"),
    [
        (
            [add("ims", [{"value": "a"}]), replace("ims.type", "aim")],
            [{"value": "a", "type": "aim"}],
        ),
        ([add("ims", [{"value": "a"}]), remove('ims[value eq "a"]')], None),
        (
            [add("ims", [{"value": "a"}]), add("ims", [{"value": "b"}])],
            [{"value": "a"}, {"value": "b"}],
        ),
        (
            [replace("ims", [{"value": "a"}]), replace('ims[value eq "a"].value', "b")],
            [{"value": "b"}],
        ),
        (
            [add("ims", [{"value": "a"}]), remove("ims"), add("ims", [{"value": "b"}])],
            [{"value": "b"}],
        ),
    ],
)
def test_operation_sees_what_the_one_before_it_left(mode, operations, after):
    assert patched(mode, BARE, *operations)[0] == with_changes(BARE, {"ims": after})


@modes
def test_required_attribute_may_go_if_it_comes_back(mode):
    after, _ = patched(mode, BARE, remove("userName"), add("userName", "babs"))

    assert after == {"userName": "babs"}


@modes
@pytest.mark.parametrize(
    "operations",
    [
        [
            add("emails", [{"value": "x", "primary": True}]),
            add("emails", [{"value": "y", "primary": True}]),
        ],
        [add("emails", [{"value": "x"}, {"value": "y", "primary": True}])],
        [
            replace('emails[type eq "home"].primary', True),
            remove('emails[type eq "home"]'),
            add("emails", {"value": "y", "primary": True}),
        ],
    ],
)
def test_the_last_value_to_become_primary_is_the_primary_one(mode, operations):
    after, _ = patched(mode, BABS, *operations)

    assert [item["value"] for item in after["emails"] if item.get("primary")] == ["y"]


@modes
@pytest.mark.parametrize(
    ("operations", "number"),
    [
        ([add("roles", [{"value": str(n)} for n in range(10_000, 20_000)])], 20_000),
        ([add("roles", [{"value": str(n), "display": "x"} for n in range(10_000)])], 10_000),
        ([replace("roles[value pr].display", "x")], 10_000),
        ([remove('roles[value pr and not (value sw "1")]')], 1_111),
        ([add("roles.value", "x")], 1),
    ],
)
def test_cost_of_an_operation_grows_with_the_values_not_with_their_square(mode, operations, number):
    before = BARE | {"roles": [{"value": str(n)} for n in range(10_000)]}

    assert len(patched(mode, before, *operations)[0]["roles"]) == number


@modes
@pytest.mark.parametrize("operation", [add, replace])
def test_value_path_makes_no_value_twice(mode, operation):
    before = BARE | {"ims": [{"value": "a", "type": "aim"}, {"value": "b", "type": "aim"}]}

    after, _ = patched(mode, before, operation('ims[value eq "a"].value', "b"))

    assert after["ims"] == [{"value": "b", "type": "aim"}]


@modes
def test_operations_leave_the_resource_they_are_given_alone(mode):
    resource = copy.deepcopy(BABS)

    patched(mode, resource, replace('emails[type eq "home"].primary', True), remove(E))

    assert resource == BABS
