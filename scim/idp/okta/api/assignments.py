"""Who has the app, by himself or through a group, and what the SCIM server is told of it."""

from functools import partial

from ...scim_client import Record
from ..org import Assignment
from ..profiles import app_profile
from .requests import service


def assign(user_id: str, profile: Record, scope: str) -> Assignment:
    """Give the app to a user, which creates or reactivates the user there."""
    app = service().org.app
    assignment = app.assignments[user_id] = Assignment(user_id, profile, scope)
    if app.creates:
        title = f"Assign {profile['userName']}"
        service().do(title, partial(service().provisioner.assign, user_id), user_id)
    return assignment


def unassign(user_id: str) -> None:
    """Take the app from a user, which deactivates the user there."""
    app = service().org.app
    if app.assignments.pop(user_id, None) and app.deactivates:
        title = f"Deactivate {service().org.users[user_id].profile['login']}"
        service().do(title, partial(service().provisioner.deactivate, user_id), user_id)


def follow_groups() -> None:
    """Give the app to whom an assigned group has come to have, take it from whom none has left.

    Okta leaves those alone who were assigned by themselves, until somebody converts them.
    """
    org = service().org
    granted = org.granted()
    for user_id, assignment in list(org.app.assignments.items()):
        if assignment.scope == "GROUP" and user_id not in granted:
            unassign(user_id)
    for user_id in granted:
        if user_id not in org.app.assignments:
            assign(user_id, app_profile(org.users[user_id].profile), "GROUP")


def push_profile(user_id: str) -> None:
    """Send the profile of an assigned user, if the app is updated."""
    app = service().org.app
    if app.updates:
        title = f"Update {app.assignments[user_id].profile['userName']}"
        service().do(title, partial(service().provisioner.update, user_id), user_id)


def push_password(user_id: str) -> None:
    """Send the password of an assigned user, if passwords are synchronized."""
    app = service().org.app
    if user_id in app.assignments and app.syncs_passwords:
        title = f"Synchronize the password of {app.assignments[user_id].profile['userName']}"
        service().do(title, partial(service().provisioner.change_password, user_id), user_id)
