"""``/groups``: the groups of the directory and their members."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from .requests import body, directory, referenced_id, show, show_all

bp = Blueprint("groups", __name__)


@bp.get("/groups")
def list_groups() -> ResponseReturnValue:
    return show_all([show(group) for group in directory().groups.values()])


@bp.post("/groups")
def create_group() -> ResponseReturnValue:
    return show(directory().add_group(body())), 201


@bp.get("/groups/<key>")
def get_group(key: str) -> ResponseReturnValue:
    return show(directory().find_group(key))


@bp.patch("/groups/<key>")
def update_group(key: str) -> ResponseReturnValue:
    directory().update_group(key, body())
    return "", 204


@bp.delete("/groups/<key>")
def delete_group(key: str) -> ResponseReturnValue:
    directory().delete_group(key)
    return "", 204


@bp.get("/groups/<key>/members")
def list_members(key: str) -> ResponseReturnValue:
    members = map(directory().find_member, directory().find_group(key)["members"])
    return show_all([show(member) for member in members if not member.get("deletedDateTime")])


@bp.post("/groups/<key>/members/$ref")
def add_member(key: str) -> ResponseReturnValue:
    directory().add_member(key, referenced_id())
    return "", 204


@bp.delete("/groups/<key>/members/<member>/$ref")
def remove_member(key: str, member: str) -> ResponseReturnValue:
    directory().remove_member(key, member)
    return "", 204
