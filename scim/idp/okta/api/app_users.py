"""``/api/v1/apps/{id}/users``: the users who have the app."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ...values import Record, now
from ..org import Assignment
from ..profiles import to_app_profile
from .answers import link, page
from .errors import OktaError, blank, not_allowed, not_found
from .requests import body, find_app, find_user, member, service, texts

bp = Blueprint("app_users", __name__)


@bp.get("/apps/<app_id>/users")
def list_app_users(app_id: str) -> ResponseReturnValue:
    return page([show_app_user(each) for each in find_app(app_id).assignments.values()])


@bp.post("/apps/<app_id>/users")
def assign_user(app_id: str) -> ResponseReturnValue:
    """Assign a user individually, also one who has the app through a group."""
    app, sent = find_app(app_id), body()
    user = find_user(str(sent.get("id") or ""))
    if user.status == "DEPROVISIONED":
        raise not_allowed()
    if user.id in app.assignments:
        app.assignments[user.id].scope = "USER"
        return update_app_user(app_id, user.id)
    profile = _change_profile(to_app_profile(user.profile), sent)
    return show_app_user(service().assign(user.id, profile, "USER"))


@bp.get("/apps/<app_id>/users/<user_id>")
def get_app_user(app_id: str, user_id: str) -> ResponseReturnValue:
    return show_app_user(_find_assignment(app_id, user_id))


@bp.post("/apps/<app_id>/users/<user_id>")
def update_app_user(app_id: str, user_id: str) -> ResponseReturnValue:
    assignment, sent = _find_assignment(app_id, user_id), body()
    assignment.profile = _change_profile(assignment.profile, sent)
    assignment.last_updated = now()
    service().push_profile(assignment.user_id)
    return show_app_user(assignment)


@bp.delete("/apps/<app_id>/users/<user_id>")
def unassign_user(app_id: str, user_id: str) -> ResponseReturnValue:
    assigned = _find_assignment(app_id, user_id).user_id
    if assigned in service().org.users_of_app_groups():
        raise OktaError(
            403,
            "E0000046",
            "Deactivate application for user forbidden.",
            "The application cannot be unassigned from the user while their group memberships "
            "grant them access.",
        )
    service().unassign(assigned)
    return "", 204


def _find_assignment(app_id: str, user_id: str) -> Assignment:
    found = find_app(app_id).assignments.get(find_user(user_id).id)
    if found is None:
        raise not_found(user_id, "AppUser")
    return found


def _change_profile(profile: Record, sent: Record) -> Record:
    """Return the profile of the app's user with the values of a request; null removes one."""
    changed = profile | texts(sent, "profile")
    changed["userName"] = member(sent, "credentials").get("userName", changed["userName"])
    if not changed["userName"] or not isinstance(changed["userName"], str):
        raise blank("userName")
    return {name: value for name, value in changed.items() if value is not None}


def show_app_user(assignment: Assignment) -> Record:
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
