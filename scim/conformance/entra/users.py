"""The cases about users."""

from ..answers import expect_shown, expect_status
from ..checks import Area, Level, Resource, Service, expect
from .bodies import ENTERPRISE, MANAGER, full_user, replacements
from .directory import (
    UNKNOWN,
    expect_deleted,
    expect_found,
    find,
    find_one,
    patch,
)

USERS = "/Users"
case = Area("entra", "Users", "required", needs=("filter",))
preview = Area("entra", "Users (preview)", "preview", needs=("filter",))
PATCHING = ("patch", "filter")


def created(service: Service) -> tuple[str, Resource]:
    """Create a user and return its path, and what was sent."""
    sent = full_user(service.unique("validator"))
    return path_of(service.create(USERS, sent)), sent


def path_of(user: Resource) -> str:
    return f"{USERS}/{user['id']}"


@case("201; then the filter finds the user with every attribute that was sent")
def create_a_new_user(service: Service) -> None:
    """Create a new User."""
    _, sent = created(service)
    expect_found(service, USERS, sent)


@case("409, as there may be one user of a userName only", needs=())
def create_a_duplicate_user(service: Service) -> None:
    """Create a duplicate User."""
    path, sent = created(service)
    expect_status(service.client.post(USERS, sent), 409)
    expect_shown(sent, service.client.get(path).json)


@case("200 with that user alone, and every attribute")
def filter_for_an_existing_user(service: Service) -> None:
    """Filter for an existing user."""
    created(service)
    path, sent = created(service)
    found = expect_found(service, USERS, sent)
    expect(path_of(found) == path, f"the filter found {path_of(found)} instead of {path}")


@case("200 with an empty list")
def filter_for_a_non_existing_user(service: Service) -> None:
    """Filter for a non-existing user."""
    created(service)
    found = find(service, USERS, UNKNOWN)
    expect(not found, f"the filter found {len(found)} users instead of none")


@case("200 with the user, whose userName differs in case alone")
def filter_for_an_existing_user_with_a_different_case(service: Service) -> None:
    """Filter for an existing user with a different case."""
    path, sent = created(service)
    found = find_one(service, USERS, sent["userName"].upper())
    expect(path_of(found) == path, f"the filter found {path_of(found)} instead of {path}")


@case("200 or 204; then the filter shows every value as replaced", needs=PATCHING)
def patch_user_replace_attributes(service: Service) -> None:
    """Patch User - Replace Attributes."""
    path, _ = created(service)
    changed = full_user(service.unique("validator"))
    patch(service, path, *replacements(changed))
    expect_found(service, USERS, changed)


@case("200 or 204; then the user is found by the new userName alone", needs=PATCHING)
def patch_user_update_user_name(service: Service) -> None:
    """Patch User - Update userName."""
    path, sent = created(service)
    user_name = f"{service.unique('renamed')}@example.com"
    patch(service, path, {"op": "replace", "value": {"userName": user_name}})
    expect_found(service, USERS, sent | {"userName": user_name})
    expect(not find(service, USERS, sent["userName"]), "the user is found by the old userName, too")


@case("200 or 204; then the user is still found, with active false", needs=PATCHING)
def patch_user_disable_user(service: Service) -> None:
    """Patch User - Disable User."""
    path, sent = created(service)
    patch(service, path, {"op": "replace", "path": "active", "value": False})
    expect_found(service, USERS, sent | {"active": False})


@case("200 or 204; then the user has that manager", needs=PATCHING)
def patch_user_add_manager(service: Service) -> None:
    """Patch User - Add Manager."""
    path, sent = created(service)
    expect_manager_after(service, path, sent, "add")


@case("200 or 204; then the user has the other manager", needs=PATCHING)
def patch_user_replace_manager(service: Service) -> None:
    """Patch User - Replace Manager."""
    path, sent = created(service)
    expect_manager_after(service, path, sent, "add")
    expect_manager_after(service, path, sent, "replace")


def expect_manager_after(service: Service, path: str, sent: Resource, op: str) -> None:
    """Set a new manager; fail unless the user has that manager and everything it had before."""
    manager = {"value": service.new_user()["id"]}
    patch(service, path, {"op": op, "path": MANAGER, "value": manager})
    expect_found(service, USERS, sent | {ENTERPRISE: sent[ENTERPRISE] | {"manager": manager}})


@case("200 or 204; then the user has no manager", needs=PATCHING)
def patch_user_remove_manager(service: Service) -> None:
    """Patch User - Remove Manager."""
    path, sent = created(service)
    expect_manager_after(service, path, sent, "add")
    patch(service, path, {"op": "replace", "path": MANAGER, "value": {"value": ""}})
    found = expect_found(service, USERS, sent)
    manager = found[ENTERPRISE].get("manager") or {}
    expect(not manager.get("value"), f"the manager is still {manager!r}")


@case("204; then 404, and the filter finds nobody")
def delete_a_user(service: Service) -> None:
    """Delete a User."""
    _, kept = created(service)
    path, sent = created(service)
    expect_deleted(service, path)
    expect_status(service.client.get(path), 404)
    expect(not find(service, USERS, sent["userName"]), "the filter still finds the user")
    expect_found(service, USERS, kept)


@preview("200 or 204; then every operation has taken effect", level=Level.SHOULD, needs=PATCHING)
def patch_user_multiple_ops_on_different_attributes(service: Service) -> None:
    """Patch User - Multiple Ops on different attributes."""
    path, sent = created(service)
    patch(
        service,
        path,
        {"op": "remove", "path": 'emails[type eq "home"]'},
        {"op": "add", "path": "phoneNumbers", "value": [{"type": "home", "value": "1234"}]},
        {"op": "replace", "path": "displayName", "value": "changed"},
        {"op": "remove", "path": "title"},
    )
    kept = {name: value for name, value in sent.items() if name != "title"}
    emails = [email for email in sent["emails"] if email["type"] != "home"]
    phones = [*sent["phoneNumbers"], {"type": "home", "value": "1234"}]
    changed = {"displayName": "changed", "emails": emails, "phoneNumbers": phones}
    found = expect_found(service, USERS, kept | changed)
    expect(not found.get("title"), f"title is still {found.get('title')!r}")
    expect(len(found["emails"]) == len(emails), f"there are {len(found['emails'])} emails")


@preview(
    "200 or 204; then the last operation has the last word", level=Level.SHOULD, needs=PATCHING
)
def patch_user_multiple_ops_on_same_attribute(service: Service) -> None:
    """Patch User - Multiple Ops on same attribute."""
    path, sent = created(service)
    patch(
        service,
        path,
        {"op": "remove", "path": "displayName"},
        {"op": "add", "path": "displayName", "value": "first"},
        {"op": "replace", "path": "displayName", "value": "second"},
    )
    expect_found(service, USERS, sent | {"displayName": "second"})


@preview("404, as nothing was there", level=Level.SHOULD, needs=())
def delete_a_non_existent_user(service: Service) -> None:
    """Delete a non-existent User."""
    expect_status(service.client.delete(f"{USERS}/{UNKNOWN}"), 404)


@preview("204, then 404", level=Level.SHOULD, needs=())
def delete_the_same_user_twice(service: Service) -> None:
    """Delete the same User twice."""
    path, _ = created(service)
    expect_deleted(service, path)
    expect_status(service.client.delete(path), 404)
