"""PATCH: the operation remove (RFC 7644 §3.5.2.2)."""

from typing import Any

from ...outcomes import expect
from ...service import USER_SCHEMA, Service
from ..areas import area
from ..definitions import ENTERPRISE_USER_SCHEMA, new_employee
from ..expectations import expect_error
from ..requests import find, patch, patched, read, values

check = area("patch", "RFC 7644 §3.5.2.2", needs=("patch",))
SINGLE = (
    "If the target location is a single-value attribute, the attribute and its associated value is"
    " removed, and the attribute SHALL be considered unassigned."
)
MATCHES = (
    "If the target location is a complex multi-valued attribute and a complex filter is specified"
    " based on the attribute's sub-attributes, the matching records are removed."
)
SUB_ATTRIBUTES = "Sub-attributes whose values have been removed SHALL be considered unassigned."
FORBIDDEN = (
    "If an attribute is removed or becomes unassigned and is defined as a required attribute or a"
    " read-only attribute, the server SHALL return an HTTP response status code and a JSON detail"
    ' error response as defined in Section 3.12, with a "scimType" error code of "mutability".'
)
EMAILS = [
    {"value": "work@example.com", "type": "work", "primary": True},
    {"value": "home@example.org", "type": "home"},
    {"value": "other@example.com", "type": "other"},
]


def remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


def user_of(service: Service) -> Any:
    return service.new_user(title="Guide", nickName="Babs", emails=EMAILS)


@check.each(
    "words, path, name, quote",
    ("A string", "title", "title", SINGLE),
    (
        "A list",
        "emails",
        "emails",
        "If the target location is a multi-valued attribute and no filter is specified, the"
        " attribute and all values are removed, and the attribute SHALL be considered unassigned.",
    ),
    ("A complex attribute", "name", "name", SINGLE),
    ("An attribute with its URN", f"{USER_SCHEMA}:nickName", "nickName", SINGLE),
    (
        "A list of which all values match",
        "emails[value pr]",
        "emails",
        "If no other values remain after removal of the selected values, the multi-valued"
        " attribute SHALL be considered unassigned.",
    ),
    needs=("patch", "filter"),
)
def an_attribute_is_removed(service: Service, path: str, name: str) -> None:
    """{words} is removed."""
    user = user_of(service)
    shown = patched(service, user, remove(path))
    expect(not shown.get(name), f"{name} is {shown.get(name)!r}")
    others = set(user) - {name, "meta"}
    changed = [other for other in others if shown.get(other) != user[other]]
    expect(not changed, f"also changed: {', '.join(changed)}")
    found = find(service, f'userName eq "{user["userName"]}" and {name} pr')
    expect(not found, f"{name} pr finds the user")


@check.each(
    "path, left, quote",
    ('emails[type eq "home"]', ["other", "work"], MATCHES),
    (
        'emails[value eq "home@example.org"]',
        ["other", "work"],
        'a complex filter is specified comparing a "value", the values matched by the filter are'
        " removed.",
    ),
    ('emails[value ew "example.com"]', ["home"], MATCHES),
    (
        'emails[type eq "work" and value ew "example.com"]',
        ["home", "other"],
        '"path":"emails[type eq \\"work\\" and value ew \\"example.com\\"]"',
    ),
    ('emails[type eq "work" or type eq "home"]', ["other"], MATCHES),
    ('emails[not (type eq "work")]', ["work"], MATCHES),
    ("emails[primary eq true]", ["home", "other"], MATCHES),
)
def matching_values_are_removed(service: Service, path: str, left: list[str]) -> None:
    """remove of {path} removes what matches."""
    shown = values(patched(service, user_of(service), remove(path)), "emails", "type")
    expect(shown == left, f"{path} leaves {shown!r} instead of {left!r}")


@check(SUB_ATTRIBUTES)
def a_sub_attribute_is_removed(service: Service) -> None:
    """A remove of a sub-attribute keeps the others."""
    user = service.new_user(name={"givenName": "Barbara", "familyName": "Jensen"})
    name = patched(service, user, remove("name.givenName")).get("name", {})
    expect(not name.get("givenName"), f"name is {name!r}")
    expect(name.get("familyName") == "Jensen", f"name is {name!r}")


@check(SUB_ATTRIBUTES)
def a_sub_attribute_of_matching_values_is_removed(service: Service) -> None:
    """A remove of a sub-attribute of matching values keeps it in the other values."""
    phones = [{"value": "tel:+1", "type": "work"}, {"value": "tel:+2", "type": "home"}]
    user = service.new_user(phoneNumbers=phones)
    shown = patched(service, user, remove('phoneNumbers[value eq "tel:+1"].type'))["phoneNumbers"]
    types = {each["value"]: each.get("type") for each in shown}
    expect(types == {"tel:+1": None, "tel:+2": "home"}, f"the types are {types!r}")


@check(SINGLE)
def an_attribute_of_an_extension_is_removed(service: Service) -> None:
    """An attribute of an extension is removed by its URN."""
    user = new_employee(service, department="Tours", costCenter="4130")
    shown = patched(service, user, remove(f"{ENTERPRISE_USER_SCHEMA}:department"))
    left = shown.get(ENTERPRISE_USER_SCHEMA)
    expect(left == {"costCenter": "4130"}, f"the extension is {left!r}")


@check(
    'If "path" is unspecified, the operation fails with HTTP status code 400 and a "scimType"'
    ' error code of "noTarget".'
)
def remove_without_a_path_has_no_target(service: Service) -> None:
    """A remove without a path is 400 noTarget."""
    user = user_of(service)
    expect_error(patch(service, user, {"op": "remove"}), 400, "noTarget")
    expect(read(service, user) == user, "the user has changed")


@check.each(
    "path, kind",
    ("userName", "required"),
    ("id", "read-only"),
    ("meta", "read-only"),
    ("meta.created", "read-only"),
    quote=FORBIDDEN,
)
def what_users_must_have_stays(service: Service, path: str) -> None:
    """{path}, which is {kind}, cannot be removed."""
    user = user_of(service)
    expect_error(patch(service, user, remove(path)), 400, "mutability")
    expect(read(service, user) == user, "the user has changed")


@check(FORBIDDEN)
def the_name_of_a_group_cannot_be_removed(service: Service) -> None:
    """displayName of a group, which is required, cannot be removed."""
    group = service.new_group()
    answer = patch(service, group, remove("displayName"), endpoint="/Groups")
    expect_error(answer, 400, "mutability")
    shown = read(service, group, "/Groups")
    expect(shown["displayName"] == group["displayName"], "the displayName has changed")


@check(
    "Unassigned attributes, the null value, or an empty array (in the case of a multi-valued"
    ' attribute) SHALL be considered to be equivalent in "state".',
    "RFC 7643 §2.5",
)
def what_is_not_there_can_be_removed(service: Service) -> None:
    """A remove of an attribute without a value changes nothing or is 400 noTarget."""
    user = service.new_user()
    answer = patch(service, user, remove("nickName"))
    if answer.status not in (200, 204):
        expect_error(answer, 400, "noTarget")
    shown = {name: value for name, value in read(service, user).items() if name != "meta"}
    expect(all(user[name] == shown[name] for name in shown), "the user has changed")
