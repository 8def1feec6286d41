"""``/api/v1/apps/{id}/import``: the users and groups of the app. Okta has a page for them.

An imported user matches the Okta user with the same login or address exactly, or nobody.
"""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ...values import Record
from ..org import Assignment, Group, Link, User
from ..profiles import to_okta_profile
from .app_users import show_app_user
from .errors import OktaError, invalid, not_found
from .requests import body, find_app, service
from .users import check_profile

bp = Blueprint("imports", __name__)


@bp.post("/apps/<app_id>/import")
def start_import(app_id: str) -> ResponseReturnValue:
    find_app(app_id)
    service().do("Import", service().provisioner.import_all)
    return {}, 202


@bp.get("/apps/<app_id>/import")
def get_import(app_id: str) -> ResponseReturnValue:
    """Show what the last import found, and its users who are not confirmed yet."""
    find_app(app_id)
    imported, users = service().provisioner.imported, _list_unconfirmed()
    return {
        "finished": imported.finished,
        "usersScanned": len(imported.users),
        "usersMatched": sum(each["match"] == "EXACT" for each in users),
        "groupsScanned": len(imported.groups),
        "users": users,
        "groups": [{"id": each["id"], "name": each["name"]} for each in imported.groups],
    }


@bp.post("/apps/<app_id>/import/confirm")
def confirm_import(app_id: str) -> ResponseReturnValue:
    """Confirm the users with some ``ids``, or all without a problem. Nothing is sent to the app."""
    find_app(app_id)
    wanted, confirmed = body().get("ids"), []
    if not isinstance(wanted, list | None):
        raise invalid("ids", "must be a list of ids")
    profiles = {found["id"]: found["profile"] for found in _list_unconfirmed()}
    for unknown in [each for each in wanted or [] if each not in list(profiles)]:
        raise not_found(str(unknown), "imported user")
    for scim_id, profile in profiles.items():
        found = _examine(scim_id, profile)  # again: the user before may have taken the same login
        if (wanted is None or scim_id in wanted) and not found["problem"]:
            confirmed.append(_confirm(found))
    _take_groups()
    service().push_groups()
    return [show_app_user(each) for each in confirmed]


@bp.before_app_request
def take_new_groups() -> None:
    """Take over the groups of a finished import before any request, not in the midst of one."""
    imported = service().provisioner.imported
    if not imported.is_taken:
        imported.is_taken = True
        _take_groups()


def _take_groups() -> None:
    """Add the app's groups to the organization, with those members whom Okta knows."""
    org, imported = service().org, service().provisioner.imported
    known = {group.source_id: group for group in org.groups.values() if group.source_id}
    links = org.app.links.items()
    users = {each.scim_id: user_id for user_id, each in links if user_id in org.users}
    for found in imported.groups:
        group = known.pop(found["id"], None) or Group({}, source_id=found["id"])
        group.profile = {"name": found["name"]}
        group.members = [users[each] for each in found["members"] if each in users]
        org.groups[group.id] = group
    for gone in known.values():
        org.drop_group(gone.id)
    service().follow_groups()


def _list_unconfirmed() -> list[Record]:
    imported, app = service().provisioner.imported, service().org.app
    known = {app.links[user_id].scim_id for user_id in app.assignments if user_id in app.links}
    users = imported.users.items()
    return [_examine(scim_id, profile) for scim_id, profile in users if scim_id not in known]


def _examine(scim_id: str, profile: Record) -> Record:
    """Return an imported user with the match, and with the problem that prevents a confirmation."""
    user = _match(profile)
    return {
        "id": scim_id,
        "profile": profile,
        "match": "EXACT" if user else "NONE",
        "userId": user.id if user else None,
        "problem": _find_problem(user, profile),
    }


def _match(profile: Record) -> User | None:
    users = service().org.users.values()
    for name, attribute in (("login", "userName"), ("email", "email")):
        for user in users:
            if user.profile[name].lower() == profile.get(attribute, "").lower():
                return user
    return None


def _find_problem(user: User | None, profile: Record) -> str | None:
    if user is None:
        try:
            check_profile(to_okta_profile(profile))
        except OktaError as error:
            return error.causes[0]
    elif user.id in service().org.app.assignments:
        return f"{user.profile['login']} has the app already"
    elif user.status == "DEPROVISIONED":
        return f"{user.profile['login']} is deactivated"
    return None


def _confirm(found: Record) -> Assignment:
    """Assign the app to the matching user, or to a new one who is not activated yet."""
    org, profile = service().org, found["profile"]
    user = org.users.get(found["userId"]) or User(to_okta_profile(profile), None, "STAGED")
    org.users[user.id] = user
    org.app.links[user.id] = Link(found["id"], profile)
    assignment = Assignment(user.id, profile, "USER", "PROVISIONED", "SYNCHRONIZED")
    org.app.assignments[user.id] = assignment
    return assignment
