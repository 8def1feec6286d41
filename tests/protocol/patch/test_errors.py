"""RFC 7644 §3.5.2 and §3.12: which PATCH is refused, and what the refusal says."""

import pytest

from scim.protocol.errors import (
    InvalidFilterError,
    InvalidPathError,
    InvalidSyntaxError,
    InvalidValueError,
    MutabilityError,
    NoTargetError,
    ScimError,
)
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA as E
from scim.protocol.schema import USER_SCHEMA
from scim.protocol.tolerance import STRICT, STRICT_TOLERANCE, Tolerance, Tolerated
from scim.serializers.messages import load_patch
from tests.support.scim import PATCH_OP_SCHEMA, add, patch_op, remove, replace

from .test_apply import BABS, HOME, modes, patched


@modes
@pytest.mark.parametrize(
    ("operation", "error", "detail"),
    [
        (remove(None), NoTargetError, "path"),
        ({"op": "remove"}, NoTargetError, "path"),
        (remove(""), NoTargetError, "path"),
        (remove(" "), NoTargetError, "path"),
        # mutability, whichever way the attribute is named
        (remove("userName"), MutabilityError, "userName"),
        (remove(f"{USER_SCHEMA}:username"), MutabilityError, "userName"),
        (remove("schemas"), MutabilityError, "schemas"),
        (remove("id"), MutabilityError, "id"),
        (remove("meta"), MutabilityError, "meta"),
        (remove("groups"), MutabilityError, "groups"),
        (remove('groups[value eq "1"]'), MutabilityError, "groups"),
        (add("groups", [{"value": "1"}]), MutabilityError, "groups"),
        (add("groups.display", "x"), MutabilityError, "groups"),
        (add(None, {"groups": []}), MutabilityError, "groups"),
        (replace("id", "1"), MutabilityError, "id"),
        (replace("meta.version", "1"), MutabilityError, "meta"),
        (replace(f"{USER_SCHEMA}:id", "1"), MutabilityError, "id"),
        (replace(f"{E}:manager.displayName", "x"), MutabilityError, "displayName"),
        (replace(f"{E}:manager.$ref", "x"), MutabilityError, "$ref"),
        # paths
        (add("", "x"), InvalidPathError, ""),
        (replace("", {"title": "x"}), InvalidPathError, ""),
        (replace(" ", "x"), InvalidPathError, ""),
        (add("“title”", "x"), InvalidPathError, "“"),
        (add("emails[type eq “work”].value", "x"), InvalidFilterError, "“"),
        (add("shoeSize", 42), InvalidPathError, "shoeSize"),
        (add("name.shoeSize", 42), InvalidPathError, "name.shoeSize"),
        (add("userName.first", "x"), InvalidPathError, "userName.first"),
        (add("name.givenName.first", "x"), InvalidPathError, "name.givenName.first"),
        (remove(USER_SCHEMA), InvalidPathError, USER_SCHEMA),
        (add(f"{E}:shoeSize", 42), InvalidPathError, "shoeSize"),
        (add("urn:example:Shoes:size", 42), InvalidPathError, "urn:example:Shoes:size"),
        (add("name..givenName", "x"), InvalidPathError, "name..givenName"),
        (add("emails[0]", {}), InvalidFilterError, "emails[0]"),
        (add("emails[]", {}), InvalidFilterError, "emails[]"),
        (remove('emails[type eq "work"'), InvalidFilterError, "]"),
        (remove('emails[type is "work"]'), InvalidFilterError, "is"),
        (remove('emails[shoe eq "work"]'), InvalidFilterError, "shoe"),
        (remove('emails[emails.type eq "work"]'), InvalidFilterError, "emails.type"),
        (remove('emails[type eq "work"].shoe'), InvalidPathError, "shoe"),
        (remove('userName[value eq "x"]'), InvalidPathError, "userName"),
        (remove('name.givenName[value eq "x"]'), InvalidPathError, "givenName"),
        (remove(f"{E}[department pr]"), InvalidPathError, E),
        (add(f'{E}[department eq "Tours"].manager', {"value": None}), InvalidPathError, E),
        # a value path that selects nothing
        (replace('emails[type eq "other"]', {"value": "x"}), NoTargetError, 'type eq "other"'),
        (replace('emails[type eq "other"].value', "x"), NoTargetError, 'type eq "other"'),
        (replace('ims[type eq "aim"].value', "x"), NoTargetError, 'type eq "aim"'),
        (add("emails[not (type pr)]", {"value": "x"}), NoTargetError, "compare with eq"),
        (add('emails[type sw "o"].value', "x"), NoTargetError, "compare with eq"),
        # values
        (add("title", 7.5), InvalidValueError, "title"),
        (add("title", {"value": "x", "type": "y"}), InvalidValueError, "title"),
        (add("title", ["x", "y"]), InvalidValueError, "title"),
        (add("active", 1), InvalidValueError, "active"),
        (add("active", "yes"), InvalidValueError, "active"),
        (add("name", "Barbara"), InvalidValueError, "name"),
        (add("name", {"givenName": 7.5}), InvalidValueError, "name.givenName"),
        (add("emails", 7), InvalidValueError, "emails[0]"),
        (add("emails", [{"value": "x"}, {"value": 7.5}]), InvalidValueError, "emails[1].value"),
        (add('emails[type eq "work"].value', 7.5), InvalidValueError, "value"),
        (add("emails.primary", "yes"), InvalidValueError, "primary"),
        (add("x509Certificates", [{"value": "§"}]), InvalidValueError, "x509Certificates[0]"),
        (add(E, "4130"), InvalidValueError, E),
        (add(f"{E}:manager", 7), InvalidValueError, "manager"),
        (replace('emails[type eq "work"]', [{"value": "x"}, HOME]), InvalidValueError, "one"),
        (add(None, "x"), InvalidSyntaxError, "object"),
        (add(None, None), InvalidSyntaxError, "object"),
        (replace(None, [{"title": "x"}]), InvalidSyntaxError, "object"),
        # JSON Patch
        (add("/title", "x"), InvalidPathError, "JSON Patch"),
        (add("/emails/-", {"value": "x"}), InvalidPathError, "JSON Patch"),
    ],
)
def test_operation_that_does_not_fit_is_refused(mode, operation, error, detail):
    with pytest.raises(error) as refused:
        patched(mode, BABS, add("nickName", "Babs"), operation)

    assert refused.value.status == 400
    assert refused.value.detail.startswith("Operations[1]: ")
    assert detail in refused.value.detail


@modes
@pytest.mark.parametrize(
    "path",
    [
        'emails[type eq "work"].value.x',
        'emails[type eq "work"].value[type pr]',
        'emails[type eq "work"].',
        'emails[type eq "work"] eq "x"',
        'emails[type eq "work"] x',
    ],
)
def test_what_follows_a_value_path_is_one_sub_attribute(mode, path):
    with pytest.raises((InvalidPathError, InvalidFilterError)):
        patched(mode, BABS, remove(path))


@modes
def test_required_attribute_may_not_be_removed_by_a_later_operation(mode):
    with pytest.raises(MutabilityError, match=r"Operations\[1]: userName"):
        patched(mode, BABS, replace("userName", "x"), remove("userName"), add("title", "x"))


@modes
@pytest.mark.parametrize(
    ("place", "error"),
    [
        (lambda deep: add("emails", deep), InvalidSyntaxError),
        (lambda deep: add("emails", {"value": deep}), InvalidSyntaxError),
        (lambda deep: replace('emails[type eq "work"]', deep), InvalidSyntaxError),
        (lambda deep: replace("schemas", deep), MutabilityError),
        (lambda deep: add(None, {"title": deep}), InvalidValueError),
    ],
)
@pytest.mark.parametrize("wrap", [lambda deep: [deep], lambda deep: {"value": deep}])
def test_value_nested_deeper_than_anything_is_refused(mode, place, error, wrap):
    deep = None
    for _ in range(100_000):
        deep = wrap(deep)

    with pytest.raises(error, match=r"Operations\[0]: "):
        patched(mode, BABS, place(deep))


def test_unknown_value_nested_deeper_than_anything_is_passed_over():
    deep = None
    for _ in range(100_000):
        deep = {"": deep}

    assert patched(Tolerance(), BABS, add(None, deep))[0] == BABS


@pytest.mark.parametrize("key", ["shoeSize", "name.shoeSize"])
def test_unknown_attribute_in_a_value_is_refused_in_strict_mode(key):
    with pytest.raises(InvalidSyntaxError, match=r"Operations\[0].*shoeSize"):
        patched(STRICT_TOLERANCE, BABS, replace(None, {key: "x"}))


@pytest.mark.parametrize("op", ["add", "Add", "ADD", "aDd"])
def test_op_is_case_insensitive(op):
    loaded = load_patch(patch_op({"op": op, "path": "title", "value": "x"}), STRICT)

    assert [operation.op for operation in loaded] == ["add"]


@pytest.mark.parametrize(
    "body",
    [
        {"schemas": [PATCH_OP_SCHEMA], "operations": [remove("title")]},
        {"SCHEMAS": [PATCH_OP_SCHEMA.upper()], "OPERATIONS": [{"Op": "remove", "PATH": "title"}]},
        patch_op(remove("title") | {"name": "a name"}) | {"comment": "none"},
    ],
)
def test_names_in_a_message_are_case_insensitive_and_others_are_ignored(body):
    assert [operation.path for operation in load_patch(body, STRICT)] == ["title"]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"Operations": [remove("title")]}, "schemas"),
        ({"schemas": [], "Operations": [remove("title")]}, "schemas"),
        ({"schemas": [USER_SCHEMA], "Operations": [remove("title")]}, PATCH_OP_SCHEMA),
        ({"schemas": PATCH_OP_SCHEMA, "Operations": [remove("title")]}, "schemas"),
        ({"schemas": [None], "Operations": [remove("title")]}, "schemas"),
        ({"schemas": [PATCH_OP_SCHEMA]}, "Operations"),
        (patch_op() | {"Operations": None}, "Operations"),
        (patch_op() | {"Operations": remove("title")}, "Operations"),
        (patch_op(), "Operations"),
        (patch_op("remove"), "Operations[0]"),
        (patch_op(None), "Operations[0]"),
        (patch_op({"path": "title"}), "Operations[0].op"),
        (patch_op({"op": 1, "path": "title"}), "Operations[0].op"),
        (patch_op({"op": None, "path": "title"}), "Operations[0].op"),
        (patch_op({"op": "", "path": "title"}), "Operations[0]"),
        (patch_op({"op": "update", "path": "title", "value": "x"}), "add, remove or replace"),
        (patch_op(remove("title"), {"op": "add", "path": "title"}), "Operations[1]: add needs"),
        (patch_op({"op": "replace", "path": "title"}), "replace needs"),
        (patch_op({"op": "add", "path": 1, "value": "x"}), "Operations[0].path"),
        (patch_op({"op": "add", "path": ["title"], "value": "x"}), "Operations[0].path"),
        # JSON Patch
        ([{"op": "add", "path": "/title", "value": "x"}], "JSON Patch"),
        (patch_op({"op": "test", "path": "/title", "value": "x"}), "JSON Patch"),
        (patch_op({"op": "move", "from": "/title", "path": "/nickName"}), "JSON Patch"),
        (patch_op({"op": "copy", "from": "/title", "path": "/nickName"}), "JSON Patch"),
        (None, "JSON object"),
        ("patch", "JSON object"),
    ],
)
def test_message_that_is_not_a_patch_is_refused(body, detail):
    with pytest.raises(ScimError) as refused:
        load_patch(body, STRICT)

    assert (refused.value.status, refused.value.scim_type) == (400, "invalidSyntax")
    assert detail in refused.value.detail


@pytest.mark.parametrize("operation", [add("title", None), replace("title", None)])
def test_null_is_a_value(operation):
    assert patched(STRICT_TOLERANCE, BABS, operation)[0].get("title") is None


def test_same_operation_key_in_two_cases_is_one_too_many():
    body = patch_op(remove("title")) | {"operations": [remove("name")]}

    with pytest.raises(InvalidSyntaxError):
        load_patch(body, Tolerated())
