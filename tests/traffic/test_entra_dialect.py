"""Requests of Entra ID and of Microsoft's SCIM Validator that RFC 7644 does not have, or hardly.

What the validator sends by the book, and wants to see afterwards, is in ``scim.conformance.entra``.
"""

import pytest

from scim.conformance.entra.bodies import ENTERPRISE, MANAGER, full_group, full_user

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from .client import id_of
from .comparison import check

pytestmark = EVERYDAY_ON_ONE_DATABASE

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
ADA = full_user("ADA")
BARE = {"schemas": [USER_SCHEMA], "userName": ADA["userName"]}


@pytest.fixture
def ada(client):
    return client.create("/Users", ADA)


@pytest.fixture
def grace(client):
    return client.create("/Users", full_user("GRACE"))


@pytest.fixture
def engineers(client):
    return client.create("/Groups", full_group("QKZ"))


def paths(resource, text):
    """Yield every value of a resource with its PATCH path, booleans as text if wished."""
    for name, value in resource.items():
        if name in ("schemas", "meta"):
            continue
        if isinstance(value, list):
            for element in value:
                yield from element_paths(name, element, text)
        elif isinstance(value, dict):
            separator = ":" if name == ENTERPRISE else "."
            yield from ((f"{name}{separator}{sub}", value[sub]) for sub in value)
        else:
            yield name, boolean(value, text)


def element_paths(name, element, text):
    """Roles are found by their primary value, everything else by its type."""
    selector, selected = "type", f'"{element["type"]}"'
    if name == "roles":
        selector, selected = "primary", '"True"' if text else "true"
    for sub, value in element.items():
        if sub != selector:
            yield f"{name}[{selector} eq {selected}].{sub}", boolean(value, text)


def boolean(value, text):
    return str(value) if text and isinstance(value, bool) else value


AFTER = full_user("QKZTRW") | {"active": False}
OPERATORS = ("replace", "Replace", "add", "Add")
both = pytest.mark.parametrize("before", [ADA, BARE], ids=["full", "bare"])


def test_primary_value_is_created_in_text(client):
    path = client.create("/Users", ADA | {"roles": [ADA["roles"][0] | {"primary": "True"}]})

    client.shows(path, "userName", ADA)


@both
@pytest.mark.parametrize("op", OPERATORS)
def test_every_value_is_written_by_its_path(client, op, before):
    """One operation for each value; ``replace`` would not create a value (RFC 7644 §3.5.2.3)."""
    path = client.create("/Users", before)
    values = list(paths(AFTER, text=op.istitle()))

    answer = client.patch(path, *({"op": op, "path": p, "value": v} for p, v in values))

    if (op, before) == ("replace", BARE):
        check(answer, 400, {"scimType": "noTarget"})
        client.shows(path, "userName", BARE)
    else:
        check(answer, body=AFTER)
        client.shows(path, "userName", AFTER)


@both
@pytest.mark.parametrize("op", OPERATORS)
def test_every_value_is_written_in_one_value_whose_keys_are_paths(client, op, before):
    path = client.create("/Users", before)

    answer = client.patch(path, {"op": op, "value": dict(paths(AFTER, text=op.istitle()))})

    check(answer, body=AFTER)
    client.shows(path, "userName", AFTER)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"active": False}},
    ],
)
def test_user_is_disabled(client, ada, operation):
    check(client.patch(ada, operation), body={"active": False})

    client.shows(ada, "userName", ADA | {"active": False})


@pytest.mark.parametrize("form", [str, lambda value: {"value": value}], ids=["text", "object"])
def test_manager_is_written_as_text_or_object(client, ada, grace, form):
    edsger = client.create("/Users", full_user("EDSGER"))
    for op, manager in (("add", grace), ("replace", edsger)):
        check(client.patch(ada, {"op": op, "path": MANAGER, "value": form(id_of(manager))}))

        value = {"value": id_of(manager), "displayName": "*", "$ref": f"*{manager}"}
        client.shows(ada, "userName", ADA | {ENTERPRISE: ADA[ENTERPRISE] | {"manager": value}})


@pytest.mark.parametrize(
    "operation",
    [{"op": "replace", "path": MANAGER, "value": ""}, {"op": "remove", "path": MANAGER}],
)
def test_manager_is_removed(client, ada, grace, operation):
    check(client.patch(ada, {"op": "add", "path": MANAGER, "value": id_of(grace)}))

    check(client.patch(ada, operation))

    client.shows(ada, "userName", ADA | {ENTERPRISE: ADA[ENTERPRISE] | {"manager": None}})


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("name.givenName", {"name": ADA["name"] | {"givenName": "second"}}),
        (
            'emails[type eq "work"].value',
            {"emails": [{"type": "work", "value": "second"}, *ADA["emails"][1:]]},
        ),
    ],
)
def test_last_operation_on_a_value_decides(client, ada, path, changed):
    check(
        client.patch(
            ada,
            {"op": "remove", "path": path},
            {"op": "add", "path": path, "value": "first"},
            {"op": "replace", "path": path, "value": "second"},
        )
    )

    client.shows(ada, "userName", ADA | changed)


@pytest.mark.parametrize(
    "path",
    [
        "emails.value",
        "phoneNumbers.value",
        "addresses.formatted",
        "addresses.streetAddress",
        "addresses.locality",
        "addresses.region",
        "addresses.postalCode",
        "addresses.country",
        "roles.display",
    ],
)
@pytest.mark.parametrize(("op", "primary"), [("replace", "true"), ("Replace", '"True"')])
def test_primary_value_is_changed_in_place(client, ada, op, primary, path):
    name, sub = path.split(".")
    operation = {"op": op, "path": f"{name}[primary eq {primary}].{sub}", "value": "QKZTRW"}
    first, *others = ADA[name]
    expected = ADA | {name: [first | {sub: "QKZTRW"}, *others]}

    check(client.patch(ada, operation), body=expected)

    client.shows(ada, "userName", expected)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ('emails[type eq "other"].value', "x@y.example", {"type": "other", "value": "x@y.example"}),
        (
            'emails[type eq "other"]',
            {"value": "x@y.example"},
            {"type": "other", "value": "x@y.example"},
        ),
        ('phoneNumbers[type eq "home"].value', "95-1", {"type": "home", "value": "95-1"}),
        ('phoneNumbers[type eq "home"]', {"value": "95-1"}, {"type": "home", "value": "95-1"}),
        ("emails[primary eq true].value", "x@y.example", {"primary": True, "value": "x@y.example"}),
        ("phoneNumbers[primary eq true].value", "95-1", {"primary": True, "value": "95-1"}),
        ("addresses[primary eq true].country", "Turkey", {"primary": True, "country": "Turkey"}),
    ],
)
@pytest.mark.parametrize("op", ["add", "Add", "Replace"])
def test_value_path_without_a_match_creates_the_value(client, op, path, value, expected):
    bare = client.create("/Users", BARE)
    expected = BARE | {f"={path.partition('[')[0]}": [expected]}

    check(client.patch(bare, {"op": op, "path": path, "value": value}), body=expected)

    client.shows(bare, "userName", expected)


@pytest.mark.parametrize("op", ["add", "Add"])
@pytest.mark.parametrize("joining", ["displayName", "externalId"])
def test_user_is_added_to_a_group_by_its_member_type(client, engineers, ada, joining, op):
    operation = {"op": op, "path": 'members[type eq "User"].value', "value": id_of(ada)}
    member = {"value": id_of(ada), "type": "User", "$ref": f"*{ada}"}

    check(client.patch(engineers, operation), body={"members": [member]})

    client.shows(engineers, joining, full_group("QKZ") | {"members": [member]})


@pytest.mark.parametrize("op", OPERATORS)
def test_member_is_added_in_any_spelling(client, engineers, ada, op):
    operation = {"op": op, "path": "members", "value": [{"value": id_of(ada)}]}

    check(client.patch(engineers, operation))

    client.shows(engineers, "displayName", full_group("QKZ", id_of(ada)))


def test_member_is_removed_in_capitals(client, ada, grace):
    path = client.create("/Groups", full_group("QKZ", id_of(ada), id_of(grace)))

    check(client.patch(path, {"op": "Remove", "path": f'members[value eq "{id_of(ada)}"]'}))

    client.shows(path, "displayName", full_group("QKZ", id_of(grace)))


def test_group_is_joined_by_external_id(client, ada, grace):
    """The cases of the validator about groups, where externalId is the joining property."""
    group = full_group("QKZ", id_of(ada))
    path = client.create("/Groups", group)
    excluding = "&excludedAttributes=members"

    client.shows(path, "externalId", group)
    other = client.create("/Groups", full_group("OTHER") | {"externalId": group["externalId"]})
    found = client.find("/Groups", "externalId", group["externalId"], excluding)
    assert [(each["id"], "members" in each) for each in found] == [
        (id_of(path), False),
        (id_of(other), False),
    ]
    check(client.delete(other), 204)
    assert client.find("/Groups", "externalId", "nobody") == []

    for changes in ({"externalId": "b8f3c1de"}, {"displayName": "Programmers"}):
        group |= changes
        check(client.patch(path, {"op": "replace", "value": changes}))
        client.shows(path, "externalId", group)
    added = {"op": "add", "path": "members", "value": [{"value": id_of(grace)}]}
    removed = {"op": "remove", "path": f'members[value eq "{id_of(ada)}"]'}
    check(client.patch(path, added, removed))
    client.shows(path, "externalId", group | {"members": [{"value": id_of(grace)}]})

    check(client.delete(path), 204)
    assert client.find("/Groups", "externalId", "b8f3c1de") == []


def test_patch_without_operations_changes_nothing(client, ada):
    version = check(client.get(ada))["meta"]["version"]

    check(client.patch(ada), body=ADA)

    client.shows(ada, "userName", ADA | {"meta": {"version": version}})
