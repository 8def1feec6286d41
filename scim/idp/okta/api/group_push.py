"""``/api/v1/apps/{id}/group-push/mappings``: the groups that are pushed to the app."""

from functools import partial

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ...values import Record, now
from ..org import Mapping
from .answers import link, page
from .errors import blank, invalid, not_found
from .requests import body, find_app, find_group, flag, service

bp = Blueprint("group_push", __name__)

MAPPINGS = "/apps/<app_id>/group-push/mappings"
STATUSES = ("ACTIVE", "INACTIVE")


@bp.post(MAPPINGS)
def create_mapping(app_id: str) -> ResponseReturnValue:
    """Push a group, also to one that an import found in the app."""
    app, sent = find_app(app_id), body()
    group_id = sent.get("sourceGroupId")
    if not isinstance(group_id, str):
        raise blank("sourceGroupId")
    find_group(group_id)
    if any(each.group_id == group_id for each in app.mappings.values()):
        raise invalid("sourceGroupId", "The group is pushed already")
    target_id, name = _read_text(sent, "targetGroupId"), _read_text(sent, "targetGroupName")
    imported = service().org.groups.get(target_id or "")
    if imported and imported.source_id:
        target_id = imported.source_id
    mapping = Mapping(group_id, target_id, name, _read_status(sent, "ACTIVE"))
    app.mappings[mapping.id] = mapping
    if mapping.status == "ACTIVE":
        service().push_group(mapping)
    return show_mapping(mapping)


@bp.get(MAPPINGS)
def list_mappings(app_id: str) -> ResponseReturnValue:
    return page([show_mapping(mapping) for mapping in find_app(app_id).mappings.values()])


@bp.get(f"{MAPPINGS}/<mapping_id>")
def get_mapping(app_id: str, mapping_id: str) -> ResponseReturnValue:
    return show_mapping(_find_mapping(app_id, mapping_id))


@bp.patch(f"{MAPPINGS}/<mapping_id>")
def change_mapping(app_id: str, mapping_id: str) -> ResponseReturnValue:
    mapping = _find_mapping(app_id, mapping_id)
    mapping.status, mapping.last_updated = _read_status(body(), mapping.status), now()
    if mapping.status == "ACTIVE":
        service().push_group(mapping)
    return show_mapping(mapping)


@bp.delete(f"{MAPPINGS}/<mapping_id>")
def delete_mapping(app_id: str, mapping_id: str) -> ResponseReturnValue:
    """Stop pushing a group; ``deleteTargetGroup=true`` deletes it in the app, too."""
    mapping = _find_mapping(app_id, mapping_id)
    if mapping.status != "INACTIVE":
        raise invalid("status", "A mapping must be INACTIVE to be deleted")
    del find_app(app_id).mappings[mapping_id]
    if flag("deleteTargetGroup", False) and mapping.target_id:
        step = partial(service().provisioner.remove_group, mapping.target_id)
        service().do(f"Delete group {mapping.target_id}", step)
    return "", 204


def _find_mapping(app_id: str, mapping_id: str) -> Mapping:
    if (found := find_app(app_id).mappings.get(mapping_id)) is None:
        raise not_found(mapping_id, "GroupPushMapping")
    return found


def _read_text(sent: Record, name: str) -> str | None:
    value = sent.get(name)
    if not isinstance(value, str | None):
        raise invalid(name, "must be a string")
    return value


def _read_status(sent: Record, otherwise: str) -> str:
    status = sent.get("status", otherwise)
    if status not in STATUSES:
        raise invalid("status", "must be ACTIVE or INACTIVE")
    return str(status)


def show_mapping(mapping: Mapping) -> Record:
    app_id = service().org.app.id
    return {
        "id": mapping.id,
        "status": "ERROR" if mapping.error else mapping.status,
        "sourceGroupId": mapping.group_id,
        "targetGroupId": mapping.target_id,
        "created": mapping.created,
        "lastUpdated": mapping.last_updated,
        "lastPush": mapping.last_push,
        "errorSummary": mapping.error,
        "_links": {
            "app": link(f"/apps/{app_id}"),
            "sourceGroup": link(f"/groups/{mapping.group_id}"),
        },
    }
