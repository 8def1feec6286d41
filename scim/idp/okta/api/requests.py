"""What the views of the management API share."""

from typing import Any

from flask import current_app, jsonify, request
from flask.typing import ResponseReturnValue

from ...scim_client import Record
from ..org import App, Group, User
from ..service import Service
from .errors import OktaError, invalid, not_found

MAX_LIMIT = 200


def service() -> Service:
    found: Service = current_app.extensions["okta"]
    return found


def body() -> Record:
    """Return the JSON object that was sent; nothing is an empty one."""
    sent: Any = request.get_json(force=True) if request.get_data() else {}
    if not isinstance(sent, dict):
        raise OktaError(400, "E0000003", "The request body was not well-formed.")
    return sent


def member(of: Record, name: str) -> Record:
    """Return an object inside of another; one that is not there is empty."""
    found = of.get(name) or {}
    if not isinstance(found, dict):
        raise invalid(name, "must be an object")
    return found


def texts(of: Record, name: str) -> Record:
    """Return a profile, whose values are text here."""
    found = member(of, name)
    for key, value in found.items():
        if not isinstance(value, str | None):
            raise invalid(key, "must be a string")
    return found


def flag(name: str, otherwise: bool) -> bool:
    return request.args.get(name, str(otherwise)).lower() == "true"


def find_user(key: str) -> User:
    """Return the user of that id or login."""
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


def url(path: str) -> str:
    return f"{request.host_url}api/v1{path}"


def link(path: str, *methods: str) -> Record:
    hints = {"hints": {"allow": list(methods)}} if methods else {}
    return {"href": url(path), **hints}


def page(records: list[Record]) -> ResponseReturnValue:
    """Answer with a part of a list, and links to it and to the next one, as Okta's pages are."""
    limit = _limit()
    after = request.args.get("after")
    ids = [record["id"] for record in records]
    if after and after not in ids:
        raise invalid("after", "unknown cursor")
    start = ids.index(after) + 1 if after else 0
    shown = records[start : start + limit]
    response = jsonify(shown)
    response.headers.add("Link", f'<{request.url}>; rel="self"')
    if start + limit < len(records):
        arguments = request.args.to_dict() | {"limit": str(limit), "after": shown[-1]["id"]}
        following = current_app.url_for(
            str(request.endpoint), **(request.view_args or {}), **arguments, _external=True
        )
        response.headers.add("Link", f'<{following}>; rel="next"')
    return response


def _limit() -> int:
    text = request.args.get("limit", str(MAX_LIMIT))
    if not text.isdecimal() or int(text) == 0:
        raise invalid("limit", "must be a positive number")
    return min(int(text), MAX_LIMIT)
