"""PATCH: the operation add (RFC 7644 §3.5.2.1)."""

from typing import Any

from ...answers import expect_status
from ...outcomes import expect
from ...service import Service
from ..areas import area
from ..definitions import ENTERPRISE_USER_SCHEMA, need
from ..expectations import expect_change, expect_refused
from ..requests import patch, patched, read, values

check = area("patch", "RFC 7644 §3.5.2.1", needs=("patch",))
WORK = {"value": "work@example.com", "type": "work"}
HOME = {"value": "home@example.com", "type": "home"}
NEW = "If the target location does not exist, the attribute and value are added."
APPENDED = (
    "If the target location specifies a multi-valued attribute, a new value is added to the"
    " attribute."
)
EXISTING = "If the target location exists, the value is replaced."


def add(value: Any, path: str | None = None) -> dict[str, Any]:
    operation = {"op": "add", "value": value}
    return operation if path is None else operation | {"path": path}


@check.each(
    "words, before, operation, after, quote",
    ("An attribute without a value", {}, add("Guide", "title"), {"title": "Guide"}, NEW),
    (
        "An attribute with a value",
        {"title": "Driver"},
        add("Guide", "title"),
        {"title": "Guide"},
        "If the target location specifies a single-valued attribute, the existing value is"
        " replaced.",
    ),
    ("A boolean", {"active": True}, add(False, "active"), {"active": False}, EXISTING),
    (
        "A sub-attribute without a value",
        {"name": {"familyName": "Jensen"}},
        add("Barbara", "name.givenName"),
        {"name": {"familyName": "Jensen", "givenName": "Barbara"}},
        "If the target location specifies an attribute that does not exist (has no value), the"
        " attribute is added with the new value.",
    ),
    (
        "A sub-attribute with a value",
        {"name": {"familyName": "Jensen", "givenName": "Barbara"}},
        add("Babs", "name.givenName"),
        {"name": {"familyName": "Jensen", "givenName": "Babs"}},
        EXISTING,
    ),
    (
        "A complex attribute",
        {"name": {"familyName": "Jensen"}},
        add({"givenName": "Barbara"}, "name"),
        {"name": {"givenName": "Barbara"}},
        "If the target location specifies a complex attribute, a set of sub-attributes SHALL be"
        ' specified in the "value" parameter.',
    ),
    (
        "One attribute without a path",
        {},
        add({"title": "Guide"}),
        {"title": "Guide"},
        'If omitted, the target location is assumed to be the resource itself. The "value"'
        " parameter contains a set of attributes to be added to the resource.",
    ),
    (
        "A set of attributes without a path",
        {"nickName": "Barb"},
        add({"title": "Guide", "nickName": "Babs", "name": {"givenName": "Barbara"}}),
        {"title": "Guide", "nickName": "Babs", "name": {"givenName": "Barbara"}},
        "The following example shows how to add one or more attributes to a User resource without"
        ' using a "path" attribute.',
    ),
)
def a_value_is_added(
    service: Service, before: dict[str, Any], operation: dict[str, Any], after: dict[str, Any]
) -> None:
    """{words} is added or replaced by add."""
    expect_change(service, before, operation, after)


@check.each(
    "words, operation, quote",
    ("A value in a list", add([HOME], "emails"), APPENDED),
    ("A value that is there already beside a new one", add([WORK, HOME], "emails"), APPENDED),
    (
        "A value without a path",
        add({"emails": [HOME]}),
        'an additional value is added to the multi-valued attribute "emails".',
    ),
)
def a_list_is_added_to(service: Service, operation: dict[str, Any]) -> None:
    """{words} is added to a list and leaves the others."""
    shown = values(patched(service, service.new_user(emails=[WORK]), operation), "emails")
    expect(shown == ["home@example.com", "work@example.com"], f"emails has {shown!r}")


@check(NEW)
def the_first_value_of_a_list_is_added(service: Service) -> None:
    """An add to an empty list adds the value."""
    shown = patched(service, service.new_user(emails=[]), add([HOME], "emails"))
    expect(values(shown, "emails") == ["home@example.com"], f"emails is {shown.get('emails')!r}")


@check(
    "If the target location already contains the value specified, no changes SHOULD be made to the"
    " resource, and a success response SHOULD be returned."
)
def a_value_is_not_added_twice(service: Service) -> None:
    """An add of a value that the list has succeeds and changes nothing."""
    user = service.new_user(emails=[WORK])
    shown = values(patched(service, user, add([WORK], "emails")), "emails")
    expect(shown == ["work@example.com"], f"emails has {shown!r}")


@check.each(
    "words, operation",
    ("string", add("Guide", "title")),
    ("value of a list", add([WORK], "emails")),
    quote="Unless other operations change the resource, this operation SHALL NOT change the modify"
    " timestamp of the resource.",
)
def last_modified_stays(service: Service, operation: dict[str, Any]) -> None:
    """Adding a {words} that is there already leaves meta.lastModified."""
    user = service.new_user(title="Guide", emails=[WORK])
    before = read(service, user)["meta"]["lastModified"]
    after = patched(service, user, operation)["meta"]["lastModified"]
    expect(after == before, f"meta.lastModified was {before} and is {after}")


@check('The operation MUST contain a "value" member')
def add_needs_a_value(service: Service) -> None:
    """An add without a value is refused."""
    user = service.new_user(title="Guide")
    expect_refused(patch(service, user, {"op": "add", "path": "title"}))
    expect(read(service, user).get("title") == "Guide", "the title has changed")


@check('The operation MUST contain a "value" member')
def add_without_anything_is_refused(service: Service) -> None:
    """An add without a path and without a value is refused."""
    expect_refused(patch(service, service.new_user(), {"op": "add"}))


@check(
    'a PATCH operation that sets a value\'s "primary" sub-attribute to "true" SHALL cause the'
    ' server to automatically set "primary" to "false" for any other values in the array.',
    "RFC 7644 §3.5.2",
)
def a_new_primary_value_is_the_only_one(service: Service) -> None:
    """An add of a primary value makes the other values not primary."""
    user = service.new_user(emails=[WORK | {"primary": True}])
    shown = patched(service, user, add([HOME | {"primary": True}], "emails"))["emails"]
    primary = [each["value"] for each in shown if each.get("primary")]
    expect(primary == ["home@example.com"], f"the primary values are {primary!r}")
    expect(len(shown) == 2, f"there are {len(shown)} values")


@check(NEW)
def a_complex_attribute_of_an_extension_is_added(service: Service) -> None:
    """An add by the path of the extension adds the manager."""
    need(service, "manager.value", schema=ENTERPRISE_USER_SCHEMA)
    boss = service.new_user()
    path = f"{ENTERPRISE_USER_SCHEMA}:manager"
    shown = patched(service, service.new_user(), add({"value": boss["id"]}, path))
    manager = shown.get(ENTERPRISE_USER_SCHEMA, {}).get("manager", {})
    expect(manager.get("value") == boss["id"], f"manager is {manager!r}")


@check(
    "This attribute is intended to be used as a means to set, replace",
    "RFC 7643 §4.1.1",
    needs=("patch", "changePassword"),
)
def a_password_can_be_added(service: Service) -> None:
    """An add sets a password, which is not shown."""
    user = service.new_user()
    answer = patch(service, user, add("t1meMa$heen-T0ur", "password"))
    expect_status(answer, 200, 204)
    expect("t1meMa$heen" not in answer.text, "the answer has the password")
    expect("password" not in read(service, user), "a GET shows a password")
