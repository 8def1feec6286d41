"""``/api/v1/apps/{id}``: the app, its features, its users and its tasks.

Okta has no API for its Tasks page; here it is ``tasks``.
"""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ...scim_client import Record
from ..org import App, Assignment, now
from ..profiles import app_profile
from ..service import Task
from .assignments import assign, push_profile, unassign
from .errors import OktaError, invalid, not_allowed, not_found
from .requests import body, find_app, find_user, link, member, page, service, texts

bp = Blueprint("apps", __name__)

FEATURE = "USER_PROVISIONING"
LABELS = {
    "template": ("scim2headerauth", "SCIM 2.0 Test App (Header Auth)"),
    "wizard": ("custom_saml_2_0_app", "App Integration Wizard app"),
}


@bp.get("/apps")
def list_apps() -> ResponseReturnValue:
    return page([shown(service().org.app)])


@bp.get("/apps/<app_id>")
def get_app(app_id: str) -> ResponseReturnValue:
    return shown(find_app(app_id))


@bp.get("/apps/<app_id>/features")
def list_features(app_id: str) -> ResponseReturnValue:
    return [shown_feature(find_app(app_id))]


@bp.get("/apps/<app_id>/features/<name>")
def get_feature(app_id: str, name: str) -> ResponseReturnValue:
    return shown_feature(_with_feature(app_id, name))


@bp.put("/apps/<app_id>/features/<name>")
def change_feature(app_id: str, name: str) -> ResponseReturnValue:
    app, sent = _with_feature(app_id, name), body()
    create, update = member(sent, "create"), member(sent, "update")
    app.creates = _switch(create, "lifecycleCreate", app.creates)
    app.updates = _switch(update, "profile", app.updates)
    app.deactivates = _switch(update, "lifecycleDeactivate", app.deactivates)
    app.syncs_passwords = _switch(update, "password", app.syncs_passwords)
    return shown_feature(app)


@bp.get("/apps/<app_id>/users")
def list_app_users(app_id: str) -> ResponseReturnValue:
    return page([shown_user(each) for each in find_app(app_id).assignments.values()])


@bp.post("/apps/<app_id>/users")
def assign_user(app_id: str) -> ResponseReturnValue:
    app, sent = find_app(app_id), body()
    user = find_user(str(sent.get("id") or ""))
    if user.status == "DEPROVISIONED":
        raise not_allowed()
    if user.id in app.assignments:
        app.assignments[user.id].scope = "USER"  # from now on
        return update_app_user(app_id, user.id)
    return shown_user(assign(user.id, _changed(app_profile(user.profile), sent), "USER"))


@bp.get("/apps/<app_id>/users/<user_id>")
def get_app_user(app_id: str, user_id: str) -> ResponseReturnValue:
    return shown_user(_find_assignment(app_id, user_id))


@bp.post("/apps/<app_id>/users/<user_id>")
def update_app_user(app_id: str, user_id: str) -> ResponseReturnValue:
    assignment, sent = _find_assignment(app_id, user_id), body()
    assignment.profile = _changed(assignment.profile, sent)
    assignment.last_updated = now()
    push_profile(assignment.user_id)
    return shown_user(assignment)


@bp.delete("/apps/<app_id>/users/<user_id>")
def unassign_user(app_id: str, user_id: str) -> ResponseReturnValue:
    assigned = _find_assignment(app_id, user_id).user_id
    if assigned in service().org.granted():
        raise OktaError(
            403,
            "E0000046",
            "Deactivate application for user forbidden.",
            "The application cannot be unassigned from the user while their group memberships "
            "grant them access.",
        )
    unassign(assigned)
    return "", 204


@bp.get("/apps/<app_id>/tasks")
def list_tasks(app_id: str) -> ResponseReturnValue:
    find_app(app_id)
    return page([shown_task(task) for task in list(service().tasks.values())])


@bp.post("/apps/<app_id>/tasks/<task_id>/retry")
def retry_task(app_id: str, task_id: str) -> ResponseReturnValue:
    find_app(app_id)
    if task_id not in service().tasks:
        raise not_found(task_id, "Task")
    return shown_task(service().retry(task_id)), 202


def _find_assignment(app_id: str, user_id: str) -> Assignment:
    found = find_app(app_id).assignments.get(find_user(user_id).id)
    if found is None:
        raise not_found(user_id, "AppUser")
    return found


def _changed(profile: Record, sent: Record) -> Record:
    """Return the profile of the app's user with what a request says; null removes."""
    changed = profile | texts(sent, "profile")
    changed["userName"] = member(sent, "credentials").get("userName", changed["userName"])
    if not changed["userName"] or not isinstance(changed["userName"], str):
        raise invalid("userName", "The field cannot be left blank")
    return {name: value for name, value in changed.items() if value is not None}


def _with_feature(app_id: str, name: str) -> App:
    app = find_app(app_id)
    if name != FEATURE:
        raise not_found(name, "ApplicationFeature")
    return app


def _switch(of: Record, name: str, now_on: bool) -> bool:
    status = member(of, name).get("status")
    if status not in (None, "ENABLED", "DISABLED"):
        raise invalid("status", "must be ENABLED or DISABLED")
    return now_on if status is None else bool(status == "ENABLED")


def shown(app: App) -> Record:
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


def shown_feature(app: App) -> Record:
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


def shown_user(assignment: Assignment) -> Record:
    app = service().org.app
    known = app.links.get(assignment.user_id)
    return {
        "id": assignment.user_id,
        "externalId": known.scim_id if known else None,
        "created": assignment.created,
        "lastUpdated": assignment.last_updated,
        "scope": assignment.scope,
        "status": assignment.status,
        "syncState": assignment.sync_state,
        "credentials": {"userName": assignment.profile["userName"]},
        "profile": assignment.profile,
        "_links": {
            "app": link(f"/apps/{app.id}"),
            "user": link(f"/users/{assignment.user_id}"),
        },
    }


def shown_task(task: Task) -> Record:
    return {
        "id": task.id,
        "status": task.status,
        "title": task.title,
        "userId": task.user_id,
        "error": task.error,
        "created": task.created,
    }
