"""The SCIM endpoint of an application, as small as Okta and Entra ID can work with: users only.

It keeps no attributes of extensions, so nobody has a manager.
"""

import re
from typing import Any
from uuid import uuid4

from flask import Flask, jsonify, request
from werkzeug.exceptions import HTTPException

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
CLAUSE = re.compile(r'(\w+) eq "(.*?)"( and |$)')

Answer = tuple[Any, int]


def create_app(token: str) -> Flask:
    """Return the application; ``users`` in its config are the users by id."""
    app = Flask(__name__)
    users: dict[str, dict[str, Any]] = {}
    app.config["users"] = users

    @app.before_request
    def check_token() -> Answer | None:
        is_right = request.headers.get("Authorization") == f"Bearer {token}"
        return None if is_right else error(401, "the token is wrong")

    @app.errorhandler(HTTPException)
    def refuse(problem: HTTPException) -> Answer:
        return error(problem.code or 500, problem.description or "")

    @app.get("/scim/Users")
    def find() -> Answer:
        wanted = CLAUSE.findall(request.args.get("filter", ""))
        if "filter" in request.args and not wanted:
            return error(400, 'the filter must look like userName eq "amy"', "invalidFilter")
        found = [each for each in users.values() if all(has(each, *part[:2]) for part in wanted)]
        start, count = (int(request.args.get(each, 1)) for each in ("startIndex", "count"))
        count = count if "count" in request.args else len(found)
        page = list(map(shown, found))[start - 1 : start - 1 + count]
        numbers = {"totalResults": len(found), "startIndex": start, "itemsPerPage": len(page)}
        return {"schemas": [LIST], **numbers, "Resources": page}, 200

    @app.post("/scim/Users")
    def create() -> Answer:
        name = request.get_json(force=True)["userName"]
        if any(has(each, "userName", name) for each in users.values()):
            return error(409, f"there is a user {name}", "uniqueness")
        user = {"active": True, **request.get_json(force=True), "id": str(uuid4())}
        users[user["id"]] = user
        return shown(user), 201

    @app.get("/scim/Users/<key>")
    def read(key: str) -> Answer:
        return (shown(users[key]), 200) if key in users else error(404, f"there is no user {key}")

    @app.put("/scim/Users/<key>")
    def replace(key: str) -> Answer:
        if key in users:
            users[key] = {"active": True, **request.get_json(force=True), "id": key}
        return read(key)

    @app.patch("/scim/Users/<key>")
    def change(key: str) -> Answer:
        for operation in request.get_json(force=True)["Operations"] if key in users else ():
            value = operation.get("value")
            changed = {operation["path"]: value} if "path" in operation else value
            users[key] |= {name: changed[name] for name in changed if ":" not in name}
            users[key]["active"] = users[key]["active"] in (True, "True")  # Entra ID sends a text
        return read(key)

    @app.delete("/scim/Users/<key>")
    def delete(key: str) -> Answer:
        return ("", 204) if users.pop(key, None) else read(key)

    return app


def has(user: dict[str, Any], name: str, value: str) -> bool:
    return str(user.get(name)).lower() == value.lower()


def shown(user: dict[str, Any]) -> dict[str, Any]:
    """Return a user as answers show it; the schemas and meta are the server's own."""
    place = f"{request.root_url}scim/Users/{user['id']}"
    return user | {"schemas": [USER], "meta": {"resourceType": "User", "location": place}}


def error(status: int, detail: str, kind: str | None = None) -> Answer:
    body = {"schemas": [ERROR], "status": str(status), "detail": detail}
    return jsonify(body | ({"scimType": kind} if kind else {})), status
