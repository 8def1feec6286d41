"""PATCH: the operation replace (RFC 7644 §3.5.2.3)."""

from typing import Any

from ...outcomes import expect
from ...service import Service
from ..areas import area
from ..definitions import ENTERPRISE_USER_SCHEMA, new_employee
from ..expectations import expect_change, expect_error
from ..requests import find, patch, patched, read, values

check = area("patch", "RFC 7644 §3.5.2.3", needs=("patch",))
SINGLE = "If the target location is a single-value attribute, the attributes value is replaced."
AS_ADD = (
    "If the target location path specifies an attribute that does not exist, the service provider"
    ' SHALL treat the operation as an "add".'
)
SUB_ATTRIBUTE = "the matching sub-attribute of all matching records is replaced."
NAME = {"givenName": "Barbara", "familyName": "Jensen"}
PHONES = [
    {"value": "tel:+1", "type": "work"},
    {"value": "tel:+2", "type": "work"},
    {"value": "tel:+3", "type": "home"},
]


def replace(value: Any, path: str | None = None) -> dict[str, Any]:
    operation = {"op": "replace", "value": value}
    return operation if path is None else operation | {"path": path}


@check.each(
    "words, before, operation, after, quote",
    ("A string", {"title": "Driver"}, replace("Guide", "title"), {"title": "Guide"}, SINGLE),
    ("A boolean", {"active": True}, replace(False, "active"), {"active": False}, SINGLE),
    (
        "A sub-attribute",
        {"name": NAME},
        replace("Babs", "name.givenName"),
        {"name": {"givenName": "Babs", "familyName": "Jensen"}},
        SINGLE,
    ),
    ("A string without a value", {}, replace("Guide", "title"), {"title": "Guide"}, AS_ADD),
    (
        "A sub-attribute without a value",
        {"name": NAME},
        replace("Jane", "name.middleName"),
        {"name": NAME | {"middleName": "Jane"}},
        AS_ADD,
    ),
    (
        "A complex attribute",
        {"name": NAME},
        replace({"givenName": "Babs", "middleName": "Jane"}, "name"),
        {"name": {"givenName": "Babs", "middleName": "Jane"}},
        'a set of sub-attributes SHALL be specified in the "value" parameter, which replaces any'
        " existing values or adds where an attribute did not previously exist.",
    ),
    (
        "A part of a complex attribute",
        {"name": NAME},
        replace({"givenName": "Babs"}, "name"),
        {"name": {"givenName": "Babs", "familyName": "Jensen"}},
        'Sub-attributes that are not specified in the "value" parameter are left unchanged.',
    ),
    (
        "One attribute without a path",
        {"title": "Driver"},
        replace({"title": "Guide"}),
        {"title": "Guide"},
        'In this case, the "value" attribute SHALL contain a list of one or more attributes that'
        " are to be replaced.",
    ),
    (
        "A set of attributes without a path",
        {"title": "Driver", "nickName": "Barb"},
        replace({"title": "Guide", "nickName": "Babs"}),
        {"title": "Guide", "nickName": "Babs"},
        "The following example shows how to replace all values of one or more specific attributes"
        " of a User resource.",
    ),
    (
        "externalId",
        {"externalId": "701984"},
        replace("701985", "externalId"),
        {"externalId": "701985"},
        SINGLE,
    ),
)
def a_value_is_replaced(
    service: Service, before: dict[str, Any], operation: dict[str, Any], after: dict[str, Any]
) -> None:
    """{words} is replaced by a PATCH."""
    expect_change(service, before, operation, after)


WORK_1, WORK_2, HOME_3 = ((each["value"], each["type"]) for each in PHONES)


@check.each(
    "words, operation, after, quote",
    (
        "A list",
        replace([{"value": "tel:+9", "type": "home"}], "phoneNumbers"),
        [("tel:+9", "home")],
        "If the target location is a multi-valued attribute and no filter is specified, the"
        " attribute and all values are replaced.",
    ),
    (
        "A list without a path",
        replace({"phoneNumbers": [{"value": "tel:+9", "type": "home"}]}),
        [("tel:+9", "home")],
        "Note that other attributes are unaffected.",
    ),
    (
        "The value that matches",
        replace({"value": "tel:+9", "type": "home"}, 'phoneNumbers[type eq "home"]'),
        [WORK_1, WORK_2, ("tel:+9", "home")],
        "then all matching record values SHALL be replaced.",
    ),
    (
        "A sub-attribute of the value that matches",
        replace("tel:+9", 'phoneNumbers[value eq "tel:+1"].value'),
        [("tel:+9", "work"), WORK_2, HOME_3],
        SUB_ATTRIBUTE,
    ),
    (
        "A sub-attribute of all values that match",
        replace("mobile", 'phoneNumbers[type eq "work"].type'),
        [("tel:+1", "mobile"), ("tel:+2", "mobile"), HOME_3],
        SUB_ATTRIBUTE,
    ),
    (
        "A sub-attribute of what matches two criteria",
        replace("mobile", 'phoneNumbers[type eq "work" and value eq "tel:+2"].type'),
        [WORK_1, ("tel:+2", "mobile"), HOME_3],
        SUB_ATTRIBUTE,
    ),
)
def only_some_phones_are_replaced(
    service: Service, operation: dict[str, Any], after: list[tuple[str, str]]
) -> None:
    """{words} is replaced, and nothing else."""
    user = service.new_user(phoneNumbers=PHONES)
    shown = patched(service, user, operation).get("phoneNumbers") or []
    pairs = sorted((each["value"], each.get("type")) for each in shown)
    expect(pairs == sorted(after), f"phoneNumbers is {pairs!r}")


@check.each(
    "words, operation",
    ("value", replace({"value": "tel:+9", "type": "fax"}, 'phoneNumbers[type eq "fax"]')),
    ("sub-attribute", replace("tel:+9", 'phoneNumbers[type eq "fax"].value')),
    quote="no record match was made, the service provider SHALL indicate failure by returning HTTP"
    ' status code 400 and a "scimType" error code of "noTarget".',
)
def a_filter_without_a_match_has_no_target(service: Service, operation: dict[str, Any]) -> None:
    """replace of a {words} that no filter matches is 400 noTarget."""
    user = service.new_user(phoneNumbers=PHONES)
    expect_error(patch(service, user, operation), 400, "noTarget")
    expect(read(service, user) == user, "the user has changed")


@check(AS_ADD)
def a_list_without_values_is_replaced(service: Service) -> None:
    """A replace of a list without values adds them."""
    user = service.new_user(emails=[])
    email = {"value": "new@example.com", "type": "work"}
    shown = values(patched(service, user, replace([email], "emails")), "emails")
    expect(shown == ["new@example.com"], f"emails has {shown!r}")


@check(
    'by setting "primary" to "true", the service provider will reset "primary" to "false" for any'
    ' other existing values of "addresses".'
)
def a_replaced_primary_is_the_only_one(service: Service) -> None:
    """A replace that makes a value primary makes the others not primary."""
    emails = [
        {"value": "work@example.com", "type": "work", "primary": True},
        {"value": "home@example.com", "type": "home"},
    ]
    user = service.new_user(emails=emails)
    shown = patched(service, user, replace(True, 'emails[type eq "home"].primary'))["emails"]
    primary = [each["value"] for each in shown if each.get("primary")]
    expect(primary == ["home@example.com"], f"the primary values are {primary!r}")


@check(SINGLE, needs=("patch", "filter"))
def a_renamed_user_is_found_by_the_new_name(service: Service) -> None:
    """A replaced userName finds the user, and the old one finds nobody."""
    user, name = service.new_user(), service.unique("renamed")
    patched(service, user, replace(name, "userName"))
    expect(find(service, f'userName eq "{name}"') == {user["id"]}, "the new name is not found")
    expect(not find(service, f'userName eq "{user["userName"]}"'), "the old name is found")


@check(SINGLE)
def an_attribute_of_an_extension_is_replaced(service: Service) -> None:
    """A replace by URN changes only that attribute of the extension."""
    user = new_employee(service, department="Tours", costCenter="4130")
    shown = patched(service, user, replace("Sales", f"{ENTERPRISE_USER_SCHEMA}:department"))
    after = shown.get(ENTERPRISE_USER_SCHEMA, {})
    expect(after.get("department") == "Sales", f"the extension is {after!r}")
    expect(after.get("costCenter") == "4130", f"the extension is {after!r}")


@check('has the effect of making the attribute "unassigned".', "RFC 7643 §2.5")
def null_in_a_replace_clears(service: Service) -> None:
    """A replace with null clears the attribute."""
    shown = patched(service, service.new_user(title="Guide"), replace(None, "title"))
    expect(not shown.get("title"), f"title is {shown.get('title')!r}")
