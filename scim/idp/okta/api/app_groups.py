"""``/api/v1/apps/{id}/groups``: the groups whose members have the app."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ...values import Record
from ..org import AppGroup
from .answers import link, page
from .errors import invalid, not_found
from .requests import body, find_app, find_group, service

bp = Blueprint("app_groups", __name__)

LEAST_PRIORITY = 100


@bp.get("/apps/<app_id>/groups")
def list_app_groups(app_id: str) -> ResponseReturnValue:
    groups = sorted(find_app(app_id).groups.values(), key=lambda each: each.priority)
    return page([show_app_group(each) for each in groups])


@bp.get("/apps/<app_id>/groups/<group_id>")
def get_app_group(app_id: str, group_id: str) -> ResponseReturnValue:
    return show_app_group(_find_app_group(app_id, group_id))


@bp.put("/apps/<app_id>/groups/<group_id>")
def assign_group(app_id: str, group_id: str) -> ResponseReturnValue:
    app, sent = find_app(app_id), body()
    find_group(group_id)
    if sent.get("profile"):
        raise invalid("profile", "The stand-in gives members of a group no attributes")
    priority = sent.get("priority", len(app.groups))
    if type(priority) is not int or not 0 <= priority <= LEAST_PRIORITY:
        raise invalid("priority", f"must be a number from 0 to {LEAST_PRIORITY}")
    app.groups[group_id] = AppGroup(group_id, priority)
    service().follow_groups()
    return show_app_group(app.groups[group_id])


@bp.delete("/apps/<app_id>/groups/<group_id>")
def unassign_group(app_id: str, group_id: str) -> ResponseReturnValue:
    del find_app(app_id).groups[_find_app_group(app_id, group_id).group_id]
    service().follow_groups()
    return "", 204


def _find_app_group(app_id: str, group_id: str) -> AppGroup:
    if (found := find_app(app_id).groups.get(group_id)) is None:
        raise not_found(group_id, "ApplicationGroupAssignment")
    return found


def show_app_group(group: AppGroup) -> Record:
    path = f"/apps/{service().org.app.id}"
    return {
        "id": group.group_id,
        "lastUpdated": group.last_updated,
        "priority": group.priority,
        "profile": {},
        "_links": {
            "app": link(path),
            "self": link(f"{path}/groups/{group.group_id}"),
            "group": link(f"/groups/{group.group_id}"),
        },
    }
