"""``/users`` and ``/directory/deletedItems``: the users of the directory."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from .requests import body, directory, referenced_id, show, show_all

bp = Blueprint("users", __name__)


@bp.get("/users")
def list_users() -> ResponseReturnValue:
    users = directory().users.values()
    return show_all([show(user) for user in users if not user["deletedDateTime"]])


@bp.post("/users")
def create_user() -> ResponseReturnValue:
    return show(directory().add_user(body())), 201


@bp.get("/users/<key>")
def get_user(key: str) -> ResponseReturnValue:
    return show(directory().find_user(key))


@bp.patch("/users/<key>")
def update_user(key: str) -> ResponseReturnValue:
    directory().update_user(key, body())
    return "", 204


@bp.delete("/users/<key>")
def delete_user(key: str) -> ResponseReturnValue:
    directory().delete_user(key)
    return "", 204


@bp.get("/users/<key>/manager")
def get_manager(key: str) -> ResponseReturnValue:
    manager = directory().find_user(key)["manager"]
    return show(directory().find_user(manager or "manager"))


@bp.put("/users/<key>/manager/$ref")
def set_manager(key: str) -> ResponseReturnValue:
    directory().set_manager(key, referenced_id())
    return "", 204


@bp.delete("/users/<key>/manager/$ref")
def clear_manager(key: str) -> ResponseReturnValue:
    directory().set_manager(key, None)
    return "", 204


@bp.get("/directory/deletedItems/microsoft.graph.user")
def list_deleted_users() -> ResponseReturnValue:
    users = directory().users.values()
    return show_all(
        [
            show(user) | {"deletedDateTime": user["deletedDateTime"]}
            for user in users
            if user["deletedDateTime"]
        ]
    )


@bp.delete("/directory/deletedItems/<key>")
def purge_user(key: str) -> ResponseReturnValue:
    directory().purge_user(key)
    return "", 204


@bp.post("/directory/deletedItems/<key>/restore")
def restore_user(key: str) -> ResponseReturnValue:
    return show(directory().restore_user(key))
