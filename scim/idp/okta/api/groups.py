"""``/api/v1/groups``: the groups of the organization and their members."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ...values import Record, now
from ..org import Group
from .answers import link, page
from .errors import OktaError, blank, taken
from .requests import body, find_group, find_user, service, texts
from .users import show_user

bp = Blueprint("groups", __name__)


@bp.post("/groups")
def create_group() -> ResponseReturnValue:
    group = Group(_check_profile(texts(body(), "profile")))
    service().org.groups[group.id] = group
    return show_group(group)


@bp.get("/groups")
def list_groups() -> ResponseReturnValue:
    prefix = request.args.get("q", "").lower()
    groups = service().org.groups.values()
    return page([show_group(each) for each in groups if _name(each).startswith(prefix)])


@bp.get("/groups/<group_id>")
def get_group(group_id: str) -> ResponseReturnValue:
    return show_group(find_group(group_id))


@bp.put("/groups/<group_id>")
def replace_group(group_id: str) -> ResponseReturnValue:
    group = _find_own_group(group_id)
    group.profile = _check_profile(texts(body(), "profile"), group)
    group.last_updated = now()
    service().push_groups()
    return show_group(group)


@bp.delete("/groups/<group_id>")
def delete_group(group_id: str) -> ResponseReturnValue:
    """Delete a group. As in Okta, a pushed group stays in the app."""
    service().org.drop_group(find_group(group_id).id)
    service().follow_groups()
    return "", 204


@bp.get("/groups/<group_id>/users")
def list_members(group_id: str) -> ResponseReturnValue:
    return page([show_user(find_user(key)) for key in find_group(group_id).members])


@bp.put("/groups/<group_id>/users/<key>")
def add_member(group_id: str, key: str) -> ResponseReturnValue:
    group, user = _find_own_group(group_id), find_user(key)
    if user.id not in group.members:
        group.members.append(user.id)
        _spread_membership(group)
    return "", 204


@bp.delete("/groups/<group_id>/users/<key>")
def remove_member(group_id: str, key: str) -> ResponseReturnValue:
    group, user = _find_own_group(group_id), find_user(key)
    if user.id in group.members:
        group.members.remove(user.id)
        _spread_membership(group)
    return "", 204


def _spread_membership(group: Group) -> None:
    """Assign or unassign users, and push groups, after the members of a group have changed."""
    group.membership_updated = now()
    service().follow_groups()
    service().push_groups()


def _find_own_group(group_id: str) -> Group:
    """Return a group of the organization. Groups of the app can be changed in the app only."""
    group = find_group(group_id)
    if group.source_id:
        summary = "You do not have permission to perform the requested action"
        raise OktaError(403, "E0000006", summary)
    return group


def _name(group: Group) -> str:
    return str(group.profile["name"]).lower()


def _check_profile(profile: Record, group: Group | None = None) -> Record:
    """Return the profile, whose name no other group of the organization may have."""
    if not profile.get("name"):
        raise blank("name")
    for other in service().org.groups.values():
        if other is not group and not other.source_id and _name(other) == profile["name"].lower():
            raise taken("name")
    return profile


def show_group(group: Group) -> Record:
    path = f"/groups/{group.id}"
    return {
        "id": group.id,
        "created": group.created,
        "lastUpdated": group.last_updated,
        "lastMembershipUpdated": group.membership_updated,
        "objectClass": ["okta:user_group"],
        "type": "APP_GROUP" if group.source_id else "OKTA_GROUP",
        "profile": group.profile,
        **({"source": {"id": service().org.app.id}} if group.source_id else {}),
        "_links": {"self": link(path), "users": link(f"{path}/users")},
    }
