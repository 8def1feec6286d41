"""PATCH: the operation remove (RFC 7644 §3.5.2.2)."""

from collections.abc import Callable
from typing import Any

from ..common import (
    ENTERPRISE_USER_SCHEMA,
    USER_SCHEMA,
    Service,
    expect,
    expect_error,
    find,
    need,
    patch,
    patched,
    read,
    rfc,
    row,
    values,
)

AREA = "patch"
SECTION = "RFC 7644 §3.5.2.2"
NEEDS = ("patch",)
SINGLE = (
    "If the target location is a single-value attribute, the attribute and its associated value is"
    " removed, and the attribute SHALL be considered unassigned."
)
LIST = (
    "If the target location is a multi-valued attribute and no filter is specified, the"
    " attribute and"
    " all values are removed, and the attribute SHALL be considered unassigned."
)
MATCHES = (
    "If the target location is a complex multi-valued attribute and a complex filter is specified"
    " based on the attribute's sub-attributes, the matching records are removed."
)
VALUE = (
    'a complex filter is specified comparing a "value", the values matched by the filter are'
    " removed."
)
NONE_LEFT = (
    "If no other values remain after removal of the selected values, the multi-valued attribute"
    " SHALL"
    " be considered unassigned."
)
SUB_ATTRIBUTES = "Sub-attributes whose values have been removed SHALL be considered unassigned."
FORBIDDEN = (
    "If an attribute is removed or becomes unassigned and is defined as a required attribute or a"
    " read-only attribute, the server SHALL return an HTTP response status code and a JSON"
    " detail error"
    ' response as defined in Section 3.12, with a "scimType" error code of "mutability".'
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


def is_removed(path: str, name: str) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        user = user_of(service)
        shown = patched(service, user, remove(path))
        expect(not shown.get(name), f"{name} is {shown.get(name)!r}")
        others = set(user) - {name, "meta"}
        changed = [other for other in others if shown.get(other) != user[other]]
        expect(not changed, f"changed, too: {', '.join(changed)}")
        found = find(service, f'userName eq "{user["userName"]}" and {name} pr')
        expect(not found, f"{name} pr finds the user")

    return run


for _title, _path, _name, _quote in (
    ("A string", "title", "title", SINGLE),
    ("A list", "emails", "emails", LIST),
    ("A complex attribute", "name", "name", SINGLE),
    ("An attribute with its URN", f"{USER_SCHEMA}:nickName", "nickName", SINGLE),
    ("A list of which all values match", "emails[value pr]", "emails", NONE_LEFT),
):
    row(
        f"{_title} is removed",
        AREA,
        SECTION,
        _quote,
        is_removed(_path, _name),
        needs=("patch", "filter"),
    )


def leaves(path: str, *left: str) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        shown = values(patched(service, user_of(service), remove(path)), "emails", "type")
        expect(shown == sorted(left), f"{path} leaves {shown!r} instead of {sorted(left)!r}")

    return run


for _path, _left, _quote in (
    ('emails[type eq "home"]', ("work", "other"), MATCHES),
    ('emails[value eq "home@example.org"]', ("work", "other"), VALUE),
    ('emails[value ew "example.com"]', ("home",), MATCHES),
    (
        'emails[type eq "work" and value ew "example.com"]',
        ("home", "other"),
        '"path":"emails[type eq \\"work\\" and value ew \\"example.com\\"]"',
    ),
    ('emails[type eq "work" or type eq "home"]', ("other",), MATCHES),
    ('emails[not (type eq "work")]', ("work",), MATCHES),
    ("emails[primary eq true]", ("home", "other"), MATCHES),
):
    row(
        f"remove of {_path} removes what matches".replace('"', ""),
        AREA,
        SECTION,
        _quote,
        leaves(_path, *_left),
        needs=NEEDS,
    )


@rfc(AREA, SECTION, SUB_ATTRIBUTES, needs=NEEDS)
def a_sub_attribute_is_removed(service: Service) -> None:
    """A sub-attribute is removed and leaves the others."""
    user = service.new_user(name={"givenName": "Barbara", "familyName": "Jensen"})
    name = patched(service, user, remove("name.givenName")).get("name", {})
    expect(not name.get("givenName"), f"name is {name!r}")
    expect(name.get("familyName") == "Jensen", f"name is {name!r}")


@rfc(AREA, SECTION, SUB_ATTRIBUTES, needs=NEEDS)
def a_sub_attribute_of_matching_values_is_removed(service: Service) -> None:
    """A sub-attribute of the values that match is removed, and of no others."""
    phones = [{"value": "tel:+1", "type": "work"}, {"value": "tel:+2", "type": "home"}]
    user = service.new_user(phoneNumbers=phones)
    shown = patched(service, user, remove('phoneNumbers[value eq "tel:+1"].type'))["phoneNumbers"]
    types = {each["value"]: each.get("type") for each in shown}
    expect(types == {"tel:+1": None, "tel:+2": "home"}, f"the types are {types!r}")


@rfc(AREA, SECTION, SINGLE, needs=NEEDS)
def an_attribute_of_an_extension_is_removed(service: Service) -> None:
    """An attribute of an extension is removed by its URN."""
    need(service, "department", "costCenter", schema=ENTERPRISE_USER_SCHEMA)
    job = {"department": "Tours", "costCenter": "4130"}
    both = {"schemas": [USER_SCHEMA, ENTERPRISE_USER_SCHEMA], ENTERPRISE_USER_SCHEMA: job}
    user = service.new_user(**both)
    shown = patched(service, user, remove(f"{ENTERPRISE_USER_SCHEMA}:department"))
    left = shown.get(ENTERPRISE_USER_SCHEMA)
    expect(left == {"costCenter": "4130"}, f"the extension is {left!r}")


@rfc(
    AREA,
    SECTION,
    'If "path" is unspecified, the operation fails with HTTP status code 400 and a "scimType" error'
    ' code of "noTarget".',
    needs=NEEDS,
)
def remove_without_a_path_has_no_target(service: Service) -> None:
    """A remove without a path is 400 noTarget."""
    user = user_of(service)
    expect_error(patch(service, user, {"op": "remove"}), 400, "noTarget")
    expect(read(service, user) == user, "the user has changed")


def cannot_be_removed(path: str) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        user = user_of(service)
        answer = patch(service, user, remove(path))
        expect_error(answer, 400, "mutability")
        expect(read(service, user) == user, "the user has changed")

    return run


for _path, _kind in (
    ("userName", "required"),
    ("id", "read-only"),
    ("meta", "read-only"),
    ("meta.created", "read-only"),
):
    row(
        f"{_path}, which is {_kind}, cannot be removed",
        AREA,
        SECTION,
        FORBIDDEN,
        cannot_be_removed(_path),
        needs=NEEDS,
    )


@rfc(AREA, SECTION, FORBIDDEN, needs=NEEDS)
def the_name_of_a_group_cannot_be_removed(service: Service) -> None:
    """displayName of a group, which is required, cannot be removed."""
    group = service.new_group()
    answer = patch(service, group, remove("displayName"), endpoint="/Groups")
    expect_error(answer, 400, "mutability")
    shown = read(service, group, "/Groups")
    expect(shown["displayName"] == group["displayName"], "the displayName has changed")


@rfc(
    AREA,
    "RFC 7643 §2.5",
    "Unassigned attributes, the null value, or an empty array (in the case of a multi-valued"
    ' attribute) SHALL be considered to be equivalent in "state".',
    needs=NEEDS,
)
def what_is_not_there_can_be_removed(service: Service) -> None:
    """Removing an attribute without a value changes nothing, or has no target."""
    user = service.new_user()
    answer = patch(service, user, remove("nickName"))
    if answer.status not in (200, 204):
        expect_error(answer, 400, "noTarget")
    shown = {name: value for name, value in read(service, user).items() if name != "meta"}
    expect(all(user[name] == shown[name] for name in shown), "the user has changed")
