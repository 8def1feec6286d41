"""The cases about groups."""

from ..answers import expect_shown, expect_status
from ..checks import Area, Level, Resource, Service, expect
from .bodies import full_group
from .directory import (
    UNKNOWN,
    expect_deleted,
    expect_found,
    find,
    find_one,
    patch,
)

GROUPS = "/Groups"
case = Area("entra", "Groups", "required", needs=("filter",))
preview = Area("entra", "Groups (preview)", "preview", needs=("filter",))
PATCHING = ("patch", "filter")


def created(service: Service, *members: str) -> tuple[str, Resource]:
    """Create a group and return its path, and what was sent."""
    sent = full_group(service.unique("validator"), *members)
    return path_of(service.create(GROUPS, sent)), sent


def path_of(group: Resource) -> str:
    return f"{GROUPS}/{group['id']}"


def without_members(group: Resource) -> Resource:
    return {name: value for name, value in group.items() if name != "members"}


@case("201; then the filter finds the group with every attribute that was sent")
def create_a_new_group(service: Service) -> None:
    """Create a new Group."""
    _, sent = created(service, service.new_user()["id"])
    expect_found(service, GROUPS, sent)


@case("409, as there may be one group of a displayName only", needs=())
def create_a_duplicate_group(service: Service) -> None:
    """Create a duplicate Group."""
    path, sent = created(service)
    expect_status(service.client.post(GROUPS, sent), 409)
    expect_shown(without_members(sent), service.client.get(path).json)


@case("200 with the group, without members", needs=())
def get_group_by_id_excluding_members(service: Service) -> None:
    """Get group by id excluding members."""
    path, sent = created(service, service.new_user()["id"])
    answer = service.client.get(path, query={"excludedAttributes": "members"})
    expect_status(answer, 200)
    expect_shown(without_members(sent), answer.json)
    expect("members" not in answer.json, "the answer has members")


@case("200 with that group alone, and every attribute")
def filter_for_an_existing_group(service: Service) -> None:
    """Filter for an existing group."""
    created(service)
    path, sent = created(service)
    found = expect_found(service, GROUPS, sent)
    expect(path_of(found) == path, f"the filter found {path_of(found)} instead of {path}")


@case("200 with the group, without members")
def filter_for_an_existing_group_excluding_members(service: Service) -> None:
    """Filter for an existing group excluding members."""
    _, sent = created(service, service.new_user()["id"])
    excluding = {"excludedAttributes": "members"}
    found = expect_found(service, GROUPS, without_members(sent), **excluding)
    expect("members" not in found, "the answer has members")


@case("200 with an empty list")
def filter_for_a_non_existing_group(service: Service) -> None:
    """Filter for a non-existing group."""
    created(service)
    found = find(service, GROUPS, UNKNOWN)
    expect(not found, f"the filter found {len(found)} groups instead of none")


@case("200 with the group, whose displayName differs in case alone")
def filter_for_an_existing_group_with_a_different_case(service: Service) -> None:
    """Filter for an existing group with a different case."""
    path, sent = created(service)
    found = find_one(service, GROUPS, sent["displayName"].upper())
    expect(path_of(found) == path, f"the filter found {path_of(found)} instead of {path}")


@case("200 or 204; then the filter shows the new value", needs=PATCHING)
def patch_group_replace_attributes(service: Service) -> None:
    """Patch Group - Replace Attributes."""
    path, sent = created(service)
    external_id = service.unique("b8f3c1de")
    patch(service, path, {"op": "replace", "value": {"externalId": external_id}})
    expect_found(service, GROUPS, sent | {"externalId": external_id})


@case("200 or 204; then the group is found by the new displayName alone", needs=PATCHING)
def patch_group_update_display_name(service: Service) -> None:
    """Patch Group - Update displayName."""
    path, sent = created(service)
    name = service.unique("renamed")
    patch(service, path, {"op": "replace", "value": {"displayName": name}})
    expect_found(service, GROUPS, sent | {"displayName": name})
    former = find(service, GROUPS, sent["displayName"])
    expect(not former, "the group is found by the old displayName, too")


@case("200 or 204; then the group has the member", needs=PATCHING)
def patch_group_add_member(service: Service) -> None:
    """Patch Group - Add Member."""
    path, sent = created(service)
    member = service.new_user()["id"]
    patch(service, path, {"op": "add", "path": "members", "value": [{"value": member}]})
    expect_members(service, sent, member)


@case("200 or 204; then the group has the other member alone", needs=PATCHING)
def patch_group_remove_member(service: Service) -> None:
    """Patch Group - Remove Member."""
    removed, kept = service.new_user()["id"], service.new_user()["id"]
    path, sent = created(service, removed, kept)
    patch(service, path, {"op": "remove", "path": f'members[value eq "{removed}"]'})
    expect_members(service, sent, kept)


def expect_members(service: Service, sent: Resource, *members: str) -> None:
    """Fail unless the group has exactly these members, and everything else it had before."""
    found = expect_found(service, GROUPS, without_members(sent))
    real = sorted(str(member["value"]) for member in found.get("members") or [])
    expect(real == sorted(members), f"the members are {real} instead of {sorted(members)}")


@case("204; then 404, and the filter finds nothing")
def delete_a_group(service: Service) -> None:
    """Delete a Group."""
    path, sent = created(service)
    expect_deleted(service, path)
    expect_status(service.client.get(path), 404)
    expect(not find(service, GROUPS, sent["displayName"]), "the filter still finds the group")


@preview("200 or 204; then every operation has taken effect", level=Level.SHOULD, needs=PATCHING)
def patch_group_multiple_ops_on_different_attributes(service: Service) -> None:
    """Patch Group - Multiple Ops on different attributes."""
    former, newcomer = service.new_user()["id"], service.new_user()["id"]
    path, sent = created(service, former)
    external_id = service.unique("b8f3c1de")
    patch(
        service,
        path,
        {"op": "add", "path": "members", "value": [{"value": newcomer}]},
        {"op": "remove", "path": f'members[value eq "{former}"]'},
        {"op": "replace", "path": "externalId", "value": external_id},
    )
    expect_members(service, sent | {"externalId": external_id}, newcomer)


@preview("404, as nothing was there", level=Level.SHOULD, needs=())
def delete_a_non_existent_group(service: Service) -> None:
    """Delete a non-existent Group."""
    expect_status(service.client.delete(f"{GROUPS}/{UNKNOWN}"), 404)


@preview("204, then 404", level=Level.SHOULD, needs=())
def delete_the_same_group_twice(service: Service) -> None:
    """Delete the same Group twice."""
    path, _ = created(service)
    expect_deleted(service, path)
    expect_status(service.client.delete(path), 404)
