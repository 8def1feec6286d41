"""Requests that create and change users and groups."""

import json
from random import randrange
from typing import Any
from uuid import uuid4

from scim.protocol.bulk import BULK_REQUEST_SCHEMA
from scim.protocol.patch.target import PATCH_OP_SCHEMA
from scim.protocol.schema import GROUP_SCHEMA

from .client import Call, Calls
from .directory import (
    COMPANY,
    CONNECTIONS,
    DIVISIONS,
    TEAM_SIZE,
    TEAMS,
    USERS,
    in_company,
    in_division,
    key,
    user,
)

IN_BULK = 1000
MEMBERS = 10_000


def create(size: int, number: int) -> Calls:
    sent = _new_user()
    body = json.dumps(sent).encode()
    yield Call("POST", "/Users", body, 201, f'"userName":"{sent["userName"]}"')


def bulk_create(size: int, number: int) -> Calls:
    post = {"method": "POST", "path": "/Users"}
    operations = [post | {"bulkId": f"{n}", "data": _new_user()} for n in range(IN_BULK)]
    message = {"schemas": [BULK_REQUEST_SCHEMA], "failOnErrors": 1, "Operations": operations}
    last = f'"bulkId":"{IN_BULK - 1}","status":"201"'
    yield Call("POST", "/Bulk", json.dumps(message).encode(), 200, last)


def _new_user() -> dict[str, Any]:
    return user(randrange(10**8), 10**9) | {"userName": f"{uuid4()}@example.com"}


def create_group(size: int, number: int) -> Calls:
    """Create a group of 10,000 users, or of all if there are fewer, and delete it again."""
    first, name = number * size // CONNECTIONS, f"{uuid4()}"
    chosen = range(first, first + min(MEMBERS, size))
    members = [{"value": key(USERS, n % size)} for n in chosen]
    sent = {"schemas": [GROUP_SCHEMA], "displayName": name, "members": members}
    answer = yield Call("POST", "/Groups", json.dumps(sent).encode(), 201, name)
    path = f"/Groups/{json.loads(answer)['id']}"
    yield Call("DELETE", path, b"", 204, "", timed=False, closing=True)


def patch_active(size: int, number: int) -> Calls:
    path = f"/Users/{key(USERS, randrange(number, size, CONNECTIONS))}"
    operation = {"op": "replace", "path": "active"}
    yield _patch(path, {**operation, "value": False}, '"active":false')
    yield _patch(path, {**operation, "value": True}, '"active":true')._replace(closing=True)


def patch_team(size: int, number: int) -> Calls:
    """Add a user of the next team but one to a team, and remove the user again."""
    team = randrange(number, size // TEAM_SIZE, CONNECTIONS)
    member = key(USERS, (team + 2) * TEAM_SIZE % size + number)
    yield from _patch_member(key(TEAMS, team), member, "add", "remove")


def patch_division(size: int, number: int) -> Calls:
    """Add a user of the next division to the connection's own, and remove the user again."""
    strangers = in_division(number + 1, size)
    member = key(USERS, strangers[randrange(len(strangers) - 1)])
    yield from _patch_member(key(DIVISIONS, number), member, "add", "remove")


def patch_company(size: int, number: int) -> Calls:
    """Remove a user from the group with the most members, and add the user again."""
    member = key(USERS, randrange(number, len(in_company(size)), CONNECTIONS))
    yield from _patch_member(COMPANY, member, "remove", "add")


def _patch_member(group: str, member: str, first: str, second: str) -> Calls:
    operations: dict[str, dict[str, Any]] = {
        "add": {"op": "add", "path": "members", "value": [{"value": member}]},
        "remove": {"op": "remove", "path": f'members[value eq "{member}"]'},
    }
    yield _patch(f"/Groups/{group}", operations[first], group)
    yield _patch(f"/Groups/{group}", operations[second], group)._replace(closing=True)


def _patch(path: str, operation: dict[str, Any], shown: str) -> Call:
    message = {"schemas": [PATCH_OP_SCHEMA], "Operations": [operation]}
    return Call("PATCH", path, json.dumps(message).encode(), 200, shown)
