"""``/api/v1/apps/{id}``: the app, its features and its tasks.

Okta has a page for tasks, but no API. Here they are ``tasks``.
"""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ...values import Record
from ..org import App
from ..service import Task
from .answers import link, page
from .errors import invalid, not_found
from .requests import body, find_app, member, service

bp = Blueprint("app", __name__)

FEATURE = "USER_PROVISIONING"
LABELS = {
    "template": ("scim2headerauth", "SCIM 2.0 Test App (Header Auth)"),
    "wizard": ("custom_saml_2_0_app", "App Integration Wizard app"),
}


@bp.get("/apps")
def list_apps() -> ResponseReturnValue:
    return page([show_app(service().org.app)])


@bp.get("/apps/<app_id>")
def get_app(app_id: str) -> ResponseReturnValue:
    return show_app(find_app(app_id))


@bp.get("/apps/<app_id>/features")
def list_features(app_id: str) -> ResponseReturnValue:
    return [show_feature(find_app(app_id))]


@bp.get("/apps/<app_id>/features/<name>")
def get_feature(app_id: str, name: str) -> ResponseReturnValue:
    return show_feature(_find_app_of_feature(app_id, name))


@bp.put("/apps/<app_id>/features/<name>")
def change_feature(app_id: str, name: str) -> ResponseReturnValue:
    app, sent = _find_app_of_feature(app_id, name), body()
    create, update = member(sent, "create"), member(sent, "update")
    app.creates = _read_switch(create, "lifecycleCreate", app.creates)
    app.updates = _read_switch(update, "profile", app.updates)
    app.deactivates = _read_switch(update, "lifecycleDeactivate", app.deactivates)
    app.syncs_passwords = _read_switch(update, "password", app.syncs_passwords)
    return show_feature(app)


@bp.get("/apps/<app_id>/tasks")
def list_tasks(app_id: str) -> ResponseReturnValue:
    find_app(app_id)
    return page([show_task(task) for task in list(service().tasks.values())])


@bp.post("/apps/<app_id>/tasks/<task_id>/retry")
def retry_task(app_id: str, task_id: str) -> ResponseReturnValue:
    find_app(app_id)
    if task_id not in service().tasks:
        raise not_found(task_id, "Task")
    return show_task(service().retry(task_id)), 202


def _find_app_of_feature(app_id: str, name: str) -> App:
    app = find_app(app_id)
    if name != FEATURE:
        raise not_found(name, "ApplicationFeature")
    return app


def _read_switch(of: Record, name: str, is_on: bool) -> bool:
    """Return the position of a switch, which stays as it is without a status."""
    status = member(of, name).get("status")
    if status not in (None, "ENABLED", "DISABLED"):
        raise invalid("status", "must be ENABLED or DISABLED")
    return is_on if status is None else bool(status == "ENABLED")


def show_app(app: App) -> Record:
    switched = {
        "PUSH_NEW_USERS": app.creates,
        "PUSH_PROFILE_UPDATES": app.updates,
        "PUSH_USER_DEACTIVATION": app.deactivates,
        "PUSH_PASSWORD_UPDATES": app.syncs_passwords,
    }
    name, label = LABELS[app.kind]
    path = f"/apps/{app.id}"
    return {
        "id": app.id,
        "name": name,
        "label": label,
        "status": "ACTIVE",
        "created": app.created,
        "lastUpdated": app.created,
        "features": ["GROUP_PUSH", "IMPORT_NEW_USERS", *(key for key in switched if switched[key])],
        "signOnMode": "AUTO_LOGIN" if app.kind == "template" else "SAML_2_0",
        "_links": {
            "self": link(path),
            "users": link(f"{path}/users"),
            "groups": link(f"{path}/groups"),
            "features": link(f"{path}/features"),
        },
    }


def show_feature(app: App) -> Record:
    def status(is_on: bool) -> Record:
        return {"status": "ENABLED" if is_on else "DISABLED"}

    return {
        "name": FEATURE,
        "status": "ENABLED",
        "description": "User provisioning settings from Okta to a downstream application",
        "capabilities": {
            "create": {"lifecycleCreate": status(app.creates)},
            "update": {
                "profile": status(app.updates),
                "lifecycleDeactivate": status(app.deactivates),
                "password": status(app.syncs_passwords),
            },
        },
        "_links": {"self": link(f"/apps/{app.id}/features/{FEATURE}", "GET", "PUT")},
    }


def show_task(task: Task) -> Record:
    return {
        "id": task.id,
        "status": task.status,
        "title": task.title,
        "userId": task.user_id,
        "error": task.error,
        "created": task.created,
    }
