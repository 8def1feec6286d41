"""``/api/v1/groups``: groups of the stand-in's organization and their members."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ...scim_client import Record
from ..org import Group, now
from . import users
from .assignments import follow_groups
from .errors import OktaError, invalid
from .requests import body, find_group, find_user, link, page, service, texts

bp = Blueprint("groups", __name__)


@bp.post("/groups")
def create_group() -> ResponseReturnValue:
    group = Group(_checked(texts(body(), "profile")))
    service().org.groups[group.id] = group
    return shown(group)


@bp.get("/groups")
def list_groups() -> ResponseReturnValue:
    prefix = request.args.get("q", "").lower()
    groups = service().org.groups.values()
    return page([shown(each) for each in groups if _name(each).startswith(prefix)])


@bp.get("/groups/<group_id>")
def get_group(group_id: str) -> ResponseReturnValue:
    return shown(find_group(group_id))


@bp.put("/groups/<group_id>")
def replace_group(group_id: str) -> ResponseReturnValue:
    group = _own(group_id)
    group.profile = _checked(texts(body(), "profile"), group)
    group.last_updated = now()
    service().push_groups()
    return shown(group)


@bp.delete("/groups/<group_id>")
def delete_group(group_id: str) -> ResponseReturnValue:
    """Delete a group; one that is pushed stays with the app, as in Okta."""
    service().org.drop_group(find_group(group_id).id)
    follow_groups()
    return "", 204


@bp.get("/groups/<group_id>/users")
def list_members(group_id: str) -> ResponseReturnValue:
    return page([users.shown(find_user(key)) for key in find_group(group_id).members])


@bp.put("/groups/<group_id>/users/<key>")
def add_member(group_id: str, key: str) -> ResponseReturnValue:
    group, user = _own(group_id), find_user(key)
    if user.id not in group.members:
        group.members.append(user.id)
        _membership_changed(group)
    return "", 204


@bp.delete("/groups/<group_id>/users/<key>")
def remove_member(group_id: str, key: str) -> ResponseReturnValue:
    group, user = _own(group_id), find_user(key)
    if user.id in group.members:
        group.members.remove(user.id)
        _membership_changed(group)
    return "", 204


def _membership_changed(group: Group) -> None:
    group.membership_updated = now()
    follow_groups()
    service().push_groups()


def _own(group_id: str) -> Group:
    """Return a group that is no app's, for those can be changed in the app only."""
    group = find_group(group_id)
    if group.source_id:
        summary = "You do not have permission to perform the requested action"
        raise OktaError(403, "E0000006", summary)
    return group


def _name(group: Group) -> str:
    return str(group.profile["name"]).lower()


def _checked(profile: Record, group: Group | None = None) -> Record:
    if not profile.get("name"):
        raise invalid("name", "The field cannot be left blank")
    for other in service().org.groups.values():
        if other is not group and not other.source_id and _name(other) == profile["name"].lower():
            raise invalid(
                "name", "An object with this field already exists in the current organization"
            )
    return profile


def shown(group: Group) -> Record:
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
