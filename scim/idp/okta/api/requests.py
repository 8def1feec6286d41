"""Read requests to the management API, and find what they name."""

from typing import Any

from flask import current_app, request

from ...values import Record
from ..org import App, Group, User
from ..service import Service
from .errors import invalid, malformed, not_found


def service() -> Service:
    found: Service = current_app.extensions["okta"]
    return found


def body() -> Record:
    """Return the JSON object of the body; no body counts as an empty object."""
    sent: Any = request.get_json(force=True) if request.get_data() else {}
    if not isinstance(sent, dict):
        raise malformed()
    return sent


def member(of: Record, name: str) -> Record:
    """Return an object inside of another; a missing one counts as empty."""
    found = of.get(name) or {}
    if not isinstance(found, dict):
        raise invalid(name, "must be an object")
    return found


def texts(of: Record, name: str) -> Record:
    """Return a profile, whose values must be strings or null."""
    found = member(of, name)
    for key, value in found.items():
        if not isinstance(value, str | None):
            raise invalid(key, "must be a string")
    return found


def flag(name: str, otherwise: bool) -> bool:
    """Return a query parameter that is true or false."""
    return request.args.get(name, str(otherwise)).lower() == "true"


def find_user(key: str) -> User:
    """Return the user with an id or a login."""
    users = service().org.users
    if key in users:
        return users[key]
    for user in users.values():
        if user.profile["login"].lower() == key.lower():
            return user
    raise not_found(key, "User")


def find_group(group_id: str) -> Group:
    if (group := service().org.groups.get(group_id)) is None:
        raise not_found(group_id, "UserGroup")
    return group


def find_app(app_id: str) -> App:
    app = service().org.app
    if app.id != app_id:
        raise not_found(app_id, "AppInstance")
    return app
