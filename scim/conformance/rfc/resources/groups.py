"""Groups: their members, and the groups of a user (RFC 7643 §4.2 and §4.1.2)."""

from collections.abc import Callable
from typing import Any

from ...answers import expect_status
from ...outcomes import expect, skip
from ...service import GROUP_SCHEMA, Resource, Service
from ..areas import SHOULD, area
from ..expectations import expect_refused
from ..requests import find, patch, patched, read, values

check = area("groups", "RFC 7643 §4.2")
check_of_user = area("groups", "RFC 7643 §4.1.2")


def members(service: Service, group: Resource) -> list[Any]:
    return values(read(service, group, "/Groups"), "members")


def expect_reference(service: Service, element: dict[str, Any], resource: Resource) -> None:
    """Fail unless $ref of an element leads to a resource; skip the check if it has none."""
    if "$ref" not in element:
        skip("the server shows no $ref")
    reference = element["$ref"]
    path = reference if "://" in reference else "/" + reference.lstrip("/")
    answer = service.client.get(path)
    expect_status(answer, 200)
    expect(answer.json["id"] == resource["id"], f"$ref is {reference!r}")


@check('"/Groups" will set "resourceType" to "Group".', "RFC 7644 §3.3.1")
def resource_type_is_group(service: Service) -> None:
    """meta.resourceType of a group is Group."""
    group = service.new_group()
    shown = group["meta"]["resourceType"]
    expect(shown == "Group", f"meta.resourceType is {shown!r}")
    expect(GROUP_SCHEMA in group["schemas"], f"schemas is {group['schemas']!r}")


@check('The "value" sub-attribute contains the value of an "id" attribute of a SCIM resource')
def members_are_shown(service: Service) -> None:
    """A group shows the ids of its members."""
    ids = [service.new_user()["id"] for _ in range(2)]
    group = service.new_group(*ids)
    expect(members(service, group) == sorted(ids), f"members has {members(service, group)!r}")


@check(
    'the "$ref" sub-attribute must be the URI of a SCIM resource such as a "User", or a "Group".'
)
def members_have_a_reference(service: Service) -> None:
    """$ref of a member, if shown, leads to the member."""
    user = service.new_user()
    (member,) = read(service, service.new_group(user["id"]), "/Groups")["members"]
    expect_reference(service, member, user)


@check.each(
    "kind, make, name",
    ("user", Service.new_user, "User"),
    ("group", Service.new_group, "Group"),
    section="RFC 7643 §2.4",
    quote="type A label indicating the attribute's function",
    level=SHOULD,
)
def members_have_a_type(service: Service, make: Callable[[Service], Resource], name: str) -> None:
    """A member that is a {kind} has the type {name}."""
    group = service.new_group(make(service)["id"])
    (member,) = read(service, group, "/Groups")["members"]
    shown = member.get("type")
    if shown is None:
        skip("members have no type")
    expect(shown == name, f"type of the member is {shown!r}")


@check(
    'The intention of the "Group" type is to allow the service provider to support nested groups.',
    level=SHOULD,
)
def groups_can_be_nested(service: Service) -> None:
    """A group can be a member of a group."""
    inner = service.new_group()
    answer = service.client.post("/Groups", service.group(inner["id"]))
    expect_status(answer, 201)
    expect(members(service, answer.json) == [inner["id"]], "the member is not shown")


@check("displayName A human-readable name for the Group. REQUIRED.", needs=("filter",))
def a_group_is_found_by_its_name(service: Service) -> None:
    """displayName eq finds the group, in any case."""
    group = service.new_group()
    for name in (group["displayName"], group["displayName"].upper()):
        found = find(service, f'displayName eq "{name}"', "/Groups")
        expect(found == {group["id"]}, f"{name} is not found")


@check(
    "the filter matches if any of the values of the specified attribute match the specified"
    " criterion",
    "RFC 7644 §3.4.2.2",
    needs=("filter",),
)
def a_group_is_found_by_a_member(service: Service) -> None:
    """members.value eq finds the groups of a member, and only those."""
    user, other = service.new_user(), service.new_user()
    group = service.new_group(user["id"], other["id"])
    service.new_group(other["id"])
    found = find(service, f'members.value eq "{user["id"]}"', "/Groups")
    expect(found == {group["id"]}, f"{len(found)} groups are found")


def remove(member: str) -> dict[str, Any]:
    return {"op": "remove", "path": f'members[value eq "{member}"]'}


def add(*ids: str) -> dict[str, Any]:
    return {"op": "add", "path": "members", "value": [{"value": each} for each in ids]}


@check.each(
    "words, operations, left, section, quote",
    (
        "A member is added",
        lambda first, second: [add(second)],
        [0, 1],
        "RFC 7644 §3.5.2.1",
        "The following example shows how to add a member to a group.",
    ),
    (
        "A member who is one already is not added again",
        lambda first, second: [add(first)],
        [0],
        "RFC 7644 §3.5.2.1",
        "If the user was already a member of this group, no changes should be made to the"
        " resource, and a success response should be returned.",
    ),
    (
        "A member is removed",
        lambda first, second: [remove(first)],
        [],
        "RFC 7644 §3.5.2.2",
        "The following example shows how to remove a member from a group.",
    ),
    (
        "Somebody who is no member can be removed",
        lambda first, second: [remove(second)],
        [0],
        "RFC 7644 §3.5.2.2",
        "If the user was not a member of this group, no changes should be made to the resource,"
        " and a success response should be returned.",
    ),
    (
        "All members are removed",
        lambda first, second: [{"op": "remove", "path": "members"}],
        [],
        "RFC 7644 §3.5.2.2",
        "Remove all members of a group:",
    ),
    (
        "A member is removed and another one added",
        lambda first, second: [remove(first), add(second)],
        [1],
        "RFC 7644 §3.5.2.2",
        "Example request to remove and add a member.",
    ),
    (
        "All members are removed and others added",
        lambda first, second: [{"op": "remove", "path": "members"}, add(second)],
        [1],
        "RFC 7644 §3.5.2.2",
        "The following example shows how to replace all of the members of a group with a different"
        " members list.",
    ),
    (
        "All members are replaced",
        lambda first, second: [add(second) | {"op": "replace"}],
        [1],
        "RFC 7644 §3.5.2.3",
        "The following example shows how to replace all of the members of a group with a different"
        " members list in a single replace operation.",
    ),
    needs=("patch",),
)
def members_change(
    service: Service, operations: Callable[[str, str], list[dict[str, Any]]], left: list[int]
) -> None:
    """{words}."""
    ids = [service.new_user()["id"] for _ in range(2)]
    group = service.new_group(ids[0])
    patched(service, group, *operations(*ids), endpoint="/Groups")
    wanted = sorted(ids[number] for number in left)
    shown = members(service, group)
    expect(shown == wanted, f"{len(shown)} members, {len(wanted)} expected: {shown!r}")


@check("Any values provided SHALL replace the existing attribute values.", "RFC 7644 §3.5.1")
def members_are_replaced_by_a_put(service: Service) -> None:
    """A PUT replaces the members."""
    first, second = service.new_user()["id"], service.new_user()["id"]
    group = service.new_group(first)
    body = service.group(second, displayName=group["displayName"])
    expect_status(service.client.put(f"/Groups/{group['id']}", body), 200)
    expect(members(service, group) == [second], "the members are not replaced")


@check(
    'While values MAY be added or removed, sub-attributes of members are "immutable".',
    needs=("patch",),
)
def a_member_cannot_be_changed_within(service: Service) -> None:
    """The value of a member is immutable."""
    first, second = service.new_user()["id"], service.new_user()["id"]
    group = service.new_group(first)
    operation = {"op": "replace", "path": f'members[value eq "{first}"].value', "value": second}
    expect_refused(patch(service, group, operation, endpoint="/Groups"))
    expect(members(service, group) == [first], "the member has changed")


def groups_of(service: Service, user: Resource) -> list[dict[str, Any]]:
    return read(service, user).get("groups") or []


def only_group_of(service: Service, user: Resource) -> dict[str, Any]:
    shown = groups_of(service, user)
    if not shown:
        skip("users do not show their groups")
    expect(len(shown) == 1, f"groups has {shown!r}")
    return shown[0]


@check_of_user(
    "A list of groups to which the user belongs, either through direct membership", level=SHOULD
)
def a_user_shows_its_groups(service: Service) -> None:
    """A user shows the groups that it is in, and no others."""
    user = service.new_user()
    group = service.new_group(user["id"])
    service.new_group()
    shown = [each.get("value") for each in groups_of(service, user)]
    expect(shown == [group["id"]], f"groups has {shown!r}")


@check_of_user(
    'the "$ref" sub-attribute must be the URI of the corresponding "Group" resources to which the'
    " user belongs."
)
def groups_of_a_user_have_a_reference(service: Service) -> None:
    """$ref of a user's group, if shown, leads to the group."""
    user = service.new_user()
    group = service.new_group(user["id"])
    expect_reference(service, only_group_of(service, user), group)


@check_of_user(
    'The canonical types "direct" and "indirect" are defined to describe how the group membership'
    " was derived.",
    level=SHOULD,
)
def groups_of_a_user_are_direct(service: Service) -> None:
    """The type of a user's group, if shown, is direct for a direct membership."""
    user = service.new_user()
    service.new_group(user["id"])
    shown = only_group_of(service, user)
    if "type" not in shown:
        skip("groups have no type")
    expect(shown["type"] == "direct", f"type is {shown['type']!r}")


@check_of_user(
    'group membership changes MUST be applied via the "Group" Resource', needs=("patch",)
)
def who_leaves_a_group_does_not_show_it(service: Service) -> None:
    """A user who was removed from a group no longer shows it."""
    user = service.new_user()
    group = service.new_group(user["id"])
    only_group_of(service, user)
    patched(service, group, remove(user["id"]), endpoint="/Groups")
    expect(not groups_of(service, user), "the group is shown")


@check("MUST return a 404 (Not Found) error code for all operations", "RFC 7644 §3.6")
def a_deleted_group_is_not_shown(service: Service) -> None:
    """A user does not show a deleted group."""
    user = service.new_user()
    group = service.new_group(user["id"])
    only_group_of(service, user)
    expect_status(service.client.delete(f"/Groups/{group['id']}"), 204)
    expect(not groups_of(service, user), "the group is shown")


@check("excludedAttributes A multi-valued list of strings", "RFC 7644 §3.4.2.5")
def members_can_be_left_out(service: Service) -> None:
    """excludedAttributes=members leaves the members out."""
    group = service.new_group(service.new_user()["id"])
    shown = read(service, group, "/Groups", excludedAttributes="members")
    expect("members" not in shown, "the members are shown")
    expect(shown["displayName"] == group["displayName"], "displayName is not shown")
