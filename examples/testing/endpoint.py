"""The SCIM endpoint of an application, as small as Okta and Entra ID can work with: users only.

It keeps no attributes of extensions, so nobody has a manager.
"""

import re
from typing import Any
from uuid import uuid4

from flask import Blueprint, Flask, current_app, jsonify, request
from werkzeug.exceptions import HTTPException

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
CLAUSE = re.compile(r'(\w+) eq "(.*?)"( and |$)')

User = dict[str, Any]
Answer = tuple[Any, int]

bp = Blueprint("scim", __name__, url_prefix="/scim/Users")


def create_app(token: str) -> Flask:
    """Return the application; ``users`` in its config are the users by id."""
    app = Flask(__name__)
    app.config.update(token=token, users={})
    app.register_blueprint(bp)
    app.register_error_handler(HTTPException, refuse)
    return app


def known() -> dict[str, User]:
    """Return the users by id."""
    users: dict[str, User] = current_app.config["users"]
    return users


@bp.before_request
def check_token() -> Answer | None:
    is_right = request.headers.get("Authorization") == f"Bearer {current_app.config['token']}"
    return None if is_right else error(401, "the token is wrong")


def refuse(problem: HTTPException) -> Answer:
    return error(problem.code or 500, problem.description or "")


@bp.get("")
def find() -> Answer:
    wanted = CLAUSE.findall(request.args.get("filter", ""))
    if "filter" in request.args and not wanted:
        return error(400, 'the filter must look like userName eq "amy"', "invalidFilter")
    found = [each for each in known().values() if all(has(each, *part[:2]) for part in wanted)]
    start, count = (int(request.args.get(each, 1)) for each in ("startIndex", "count"))
    count = count if "count" in request.args else len(found)
    page = list(map(shown, found))[start - 1 : start - 1 + count]
    numbers = {"totalResults": len(found), "startIndex": start, "itemsPerPage": len(page)}
    return {"schemas": [LIST], **numbers, "Resources": page}, 200


@bp.post("")
def create() -> Answer:
    name = request.get_json(force=True)["userName"]
    if any(has(each, "userName", name) for each in known().values()):
        return error(409, f"there is a user {name}", "uniqueness")
    user = {"active": True, **request.get_json(force=True), "id": str(uuid4())}
    known()[user["id"]] = user
    return shown(user), 201


@bp.get("/<key>")
def read(key: str) -> Answer:
    return (shown(known()[key]), 200) if key in known() else error(404, f"there is no user {key}")


@bp.put("/<key>")
def replace(key: str) -> Answer:
    if key in known():
        known()[key] = {"active": True, **request.get_json(force=True), "id": key}
    return read(key)


@bp.patch("/<key>")
def change(key: str) -> Answer:
    for operation in request.get_json(force=True)["Operations"] if key in known() else ():
        value, user = operation.get("value"), known()[key]
        changed = {operation["path"]: value} if "path" in operation else value
        user |= {name: changed[name] for name in changed if ":" not in name}
        user["active"] = user["active"] in (True, "True")  # Entra ID sends a text
    return read(key)


@bp.delete("/<key>")
def delete(key: str) -> Answer:
    return ("", 204) if known().pop(key, None) else read(key)


def has(user: User, name: str, value: str) -> bool:
    return str(user.get(name)).lower() == value.lower()


def shown(user: User) -> User:
    """Return a user as answers show it; the schemas and meta are the server's own."""
    place = f"{request.root_url}scim/Users/{user['id']}"
    return user | {"schemas": [USER], "meta": {"resourceType": "User", "location": place}}


def error(status: int, detail: str, kind: str | None = None) -> Answer:
    body = {"schemas": [ERROR], "status": str(status), "detail": detail}
    return jsonify(body | ({"scimType": kind} if kind else {})), status
