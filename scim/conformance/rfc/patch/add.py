"""PATCH: the operation add (RFC 7644 §3.5.2.1)."""

from collections.abc import Callable
from typing import Any

from ..common import (
    ENTERPRISE_USER_SCHEMA,
    Service,
    expect,
    expect_refused,
    expect_status,
    leads_to,
    need,
    patch,
    patched,
    read,
    rfc,
    row,
    values,
)

AREA = "patch"
SECTION = "RFC 7644 §3.5.2.1"
NEEDS = ("patch",)
WORK = {"value": "work@example.com", "type": "work"}
HOME = {"value": "home@example.com", "type": "home"}
NEW = "If the target location does not exist, the attribute and value are added."
REPLACED = (
    "If the target location specifies a single-valued attribute, the existing value is replaced."
)
APPENDED = (
    "If the target location specifies a multi-valued attribute, a new value is added to the"
    " attribute."
)
UNASSIGNED = (
    "If the target location specifies an attribute that does not exist (has no value), the"
    " attribute"
    " is added with the new value."
)
EXISTING = "If the target location exists, the value is replaced."
WITHOUT_PATH = (
    'If omitted, the target location is assumed to be the resource itself.  The "value" parameter'
    " contains a set of attributes to be added to the resource."
)
COMPLEX = (
    "If the target location specifies a complex attribute, a set of sub-attributes SHALL be"
    " specified"
    ' in the "value" parameter.'
)
ALREADY = (
    "If the target location already contains the value specified, no changes SHOULD be made to the"
    " resource, and a success response SHOULD be returned."
)


def add(value: Any, path: str | None = None) -> dict[str, Any]:
    operation = {"op": "add", "value": value}
    return operation if path is None else operation | {"path": path}


# What the user has before, the operation, what it has after, and the words for that.
Case = tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]
CASES: dict[str, Case] = {
    "An attribute without a value": ({}, add("Guide", "title"), {"title": "Guide"}, NEW),
    "An attribute with a value": (
        {"title": "Driver"},
        add("Guide", "title"),
        {"title": "Guide"},
        REPLACED,
    ),
    "A boolean": ({"active": True}, add(False, "active"), {"active": False}, EXISTING),
    "A sub-attribute without a value": (
        {"name": {"familyName": "Jensen"}},
        add("Barbara", "name.givenName"),
        {"name": {"familyName": "Jensen", "givenName": "Barbara"}},
        UNASSIGNED,
    ),
    "A sub-attribute with a value": (
        {"name": {"familyName": "Jensen", "givenName": "Barbara"}},
        add("Babs", "name.givenName"),
        {"name": {"familyName": "Jensen", "givenName": "Babs"}},
        EXISTING,
    ),
    "A complex attribute": (
        {"name": {"familyName": "Jensen"}},
        add({"givenName": "Barbara"}, "name"),
        {"name": {"givenName": "Barbara"}},
        COMPLEX,
    ),
    "One attribute without a path": ({}, add({"title": "Guide"}), {"title": "Guide"}, WITHOUT_PATH),
    "A set of attributes without a path": (
        {"nickName": "Barb"},
        add({"title": "Guide", "nickName": "Babs", "name": {"givenName": "Barbara"}}),
        {"title": "Guide", "nickName": "Babs", "name": {"givenName": "Barbara"}},
        "The following example shows how to add one or more attributes to a User resource without"
        ' using a "path" attribute.',
    ),
}

for _title, (_before, _operation, _after, _quote) in CASES.items():
    row(
        f"{_title} is added or replaced by add",
        AREA,
        SECTION,
        _quote,
        leads_to(_before, _operation, _after),
        needs=NEEDS,
    )


def has_emails(operation: dict[str, Any]) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        shown = values(patched(service, service.new_user(emails=[WORK]), operation), "emails")
        expect(shown == ["home@example.com", "work@example.com"], f"emails has {shown!r}")

    return run


for _title, _operation, _quote in (
    ("A value in a list", add([HOME], "emails"), APPENDED),
    ("A value that is there already beside a new one", add([WORK, HOME], "emails"), APPENDED),
    (
        "A value without a path",
        add({"emails": [HOME]}),
        'an additional value is added to the multi-valued attribute "emails".',
    ),
):
    row(
        f"{_title} is added to a list and leaves the others",
        AREA,
        SECTION,
        _quote,
        has_emails(_operation),
        needs=NEEDS,
    )


@rfc(AREA, SECTION, NEW, needs=NEEDS)
def the_first_value_of_a_list_is_added(service: Service) -> None:
    """A value is added to a list that has none."""
    shown = patched(service, service.new_user(emails=[]), add([HOME], "emails"))
    expect(values(shown, "emails") == ["home@example.com"], f"emails is {shown.get('emails')!r}")


@rfc(AREA, SECTION, ALREADY, needs=NEEDS)
def a_value_is_not_added_twice(service: Service) -> None:
    """A value that is in the list already is not added again, nor an error."""
    user = service.new_user(emails=[WORK])
    shown = values(patched(service, user, add([WORK], "emails")), "emails")
    expect(shown == ["work@example.com"], f"emails has {shown!r}")


def leaves_last_modified(operation: dict[str, Any]) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        user = service.new_user(title="Guide", emails=[WORK])
        before = read(service, user)["meta"]["lastModified"]
        after = patched(service, user, operation)["meta"]["lastModified"]
        expect(after == before, f"meta.lastModified was {before} and is {after}")

    return run


for _title, _operation in (
    ("string", add("Guide", "title")),
    ("value of a list", add([WORK], "emails")),
):
    row(
        f"Adding a {_title} that is there already leaves meta.lastModified",
        AREA,
        SECTION,
        "Unless other operations change the resource, this operation SHALL NOT change the modify"
        " timestamp of the resource.",
        leaves_last_modified(_operation),
        needs=NEEDS,
    )


@rfc(AREA, SECTION, 'The operation MUST contain a "value" member', needs=NEEDS)
def add_needs_a_value(service: Service) -> None:
    """An add without a value is refused."""
    user = service.new_user(title="Guide")
    expect_refused(patch(service, user, {"op": "add", "path": "title"}))
    expect(read(service, user).get("title") == "Guide", "the title has changed")


@rfc(AREA, SECTION, 'The operation MUST contain a "value" member', needs=NEEDS)
def add_without_anything_is_refused(service: Service) -> None:
    """An add without a path and a value is refused."""
    expect_refused(patch(service, service.new_user(), {"op": "add"}))


@rfc(
    AREA,
    "RFC 7644 §3.5.2",
    'a PATCH operation that sets a value\'s "primary" sub-attribute to "true" SHALL cause the'
    " server"
    ' to automatically set "primary" to "false" for any other values in the array.',
    needs=NEEDS,
)
def a_new_primary_value_is_the_only_one(service: Service) -> None:
    """Adding a primary value makes all others not primary."""
    user = service.new_user(emails=[WORK | {"primary": True}])
    shown = patched(service, user, add([HOME | {"primary": True}], "emails"))["emails"]
    primary = [each["value"] for each in shown if each.get("primary")]
    expect(primary == ["home@example.com"], f"primary: {primary!r}")
    expect(len(shown) == 2, f"there are {len(shown)} values")


@rfc(AREA, SECTION, NEW, needs=NEEDS)
def a_complex_attribute_of_an_extension_is_added(service: Service) -> None:
    """The manager is added by the path of the extension."""
    need(service, "manager.value", schema=ENTERPRISE_USER_SCHEMA)
    boss = service.new_user()
    path = f"{ENTERPRISE_USER_SCHEMA}:manager"
    shown = patched(service, service.new_user(), add({"value": boss["id"]}, path))
    manager = shown.get(ENTERPRISE_USER_SCHEMA, {}).get("manager", {})
    expect(manager.get("value") == boss["id"], f"manager is {manager!r}")


@rfc(
    AREA,
    "RFC 7643 §4.1.1",
    "This attribute is intended to be used as a means to set, replace",
    needs=("patch", "changePassword"),
)
def a_password_can_be_added(service: Service) -> None:
    """A password can be set, and is not shown."""
    user = service.new_user()
    answer = patch(service, user, add("t1meMa$heen-T0ur", "password"))
    expect_status(answer, 200, 204)
    expect("t1meMa$heen" not in answer.text, "the answer has the password")
    expect("password" not in read(service, user), "there is a password")
