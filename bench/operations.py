"""What is measured: an operation is a function that makes up requests and says what answers them.

``number`` tells connections apart, so that no two of them change the same user or group.
"""

import json
from collections.abc import Callable
from random import randrange
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from scim.cursors import Cursor, Cursors, scope
from scim.messages import BULK_REQUEST_SCHEMA, PATCH_OP_SCHEMA
from scim.protocol.paging import SearchRequest
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA
from scim.storage import Position

from .directory import (
    CONNECTIONS,
    CURSOR_KEY,
    DIVISIONS,
    TEAM_SIZE,
    TEAMS,
    TENANT,
    USERS,
    key,
    user,
)

IN_BULK = 1000
CURSOR_SECONDS = 3600

# method, path, body; the status of the answer, and a text that is in it
Call = tuple[str, str, bytes, int, str]
Operation = Callable[[int, int], list[Call]]


def get(size: int, number: int) -> list[Call]:
    chosen = key(USERS, randrange(size))
    return [_read(f"/Users/{chosen}", chosen)]


def filter_user_name(size: int, number: int) -> list[Call]:
    chosen = randrange(size)
    name = user(chosen, size)["userName"]
    query = quote(f'userName eq "{name}"')
    return [_read(f"/Users?filter={query}", key(USERS, chosen))]


def filter_department(size: int, number: int) -> list[Call]:
    chosen = randrange(size)
    department = user(chosen, size)[ENTERPRISE_USER_SCHEMA]["department"]
    query = quote(f'{ENTERPRISE_USER_SCHEMA}:department eq "{department}"')
    return [_read(f"/Users?filter={query}", key(USERS, chosen))]


def first_page(size: int, number: int) -> list[Call]:
    return [_read("/Users?count=100", key(USERS, 99))]


def any_page(size: int, number: int) -> list[Call]:
    start = randrange(size - 99)
    return [_read(f"/Users?startIndex={start + 1}&count=100", key(USERS, start + 99))]


def cursor_page(size: int, number: int) -> list[Call]:
    start = randrange(1, size - 99)
    search = SearchRequest(cursor="", count=100)
    cursors = Cursors(CURSOR_KEY, CURSOR_SECONDS, TENANT, scope("/Users", search))
    behind = Position(None, key(USERS, start - 1))
    cursor = cursors.seal(Cursor(behind, count=100, total=size))
    return [_read(f"/Users?count=100&cursor={cursor}", key(USERS, start + 99))]


def _read(path: str, last: str) -> Call:
    return "GET", path, b"", 200, f'"id":"{last}"'


def create(size: int, number: int) -> list[Call]:
    sent = _new_user()
    return [("POST", "/Users", json.dumps(sent).encode(), 201, f'"userName":"{sent["userName"]}"')]


def bulk_create(size: int, number: int) -> list[Call]:
    post = {"method": "POST", "path": "/Users"}
    operations = [post | {"bulkId": f"{n}", "data": _new_user()} for n in range(IN_BULK)]
    message = {"schemas": [BULK_REQUEST_SCHEMA], "failOnErrors": 1, "Operations": operations}
    last = f'"bulkId":"{IN_BULK - 1}","status":"201"'
    return [("POST", "/Bulk", json.dumps(message).encode(), 200, last)]


def _new_user() -> dict[str, Any]:
    return user(randrange(10**8), 10**9) | {"userName": f"{uuid4()}@example.com"}


def patch_active(size: int, number: int) -> list[Call]:
    path = f"/Users/{key(USERS, randrange(number, size, CONNECTIONS))}"
    operation = {"op": "replace", "path": "active"}
    return [
        _patch(path, {**operation, "value": False}, '"active":false'),
        _patch(path, {**operation, "value": True}, '"active":true'),
    ]


def patch_team(size: int, number: int) -> list[Call]:
    """Put somebody of the next team but one into a team, and take them out again."""
    team = randrange(number, size // TEAM_SIZE, CONNECTIONS)
    return _patch_member(key(TEAMS, team), key(USERS, (team + 2) * TEAM_SIZE % size + number))


def patch_division(size: int, number: int) -> list[Call]:
    return _patch_member(key(DIVISIONS, number), key(USERS, randrange((1 - number) % 5, size, 5)))


def _patch_member(group: str, member: str) -> list[Call]:
    add = {"op": "add", "path": "members", "value": [{"value": member}]}
    remove = {"op": "remove", "path": f'members[value eq "{member}"]'}
    return [_patch(f"/Groups/{group}", operation, group) for operation in (add, remove)]


def _patch(path: str, operation: dict[str, Any], shown: str) -> Call:
    message = {"schemas": [PATCH_OP_SCHEMA], "Operations": [operation]}
    return "PATCH", path, json.dumps(message).encode(), 200, shown


def floor_select(size: int, number: int) -> list[Call]:
    """SELECT by key"""
    chosen = key(USERS, randrange(size))
    return [_read(f"/select/{chosen}", chosen)]


def floor_page(size: int, number: int) -> list[Call]:
    """SELECT of 100 by key"""
    start = randrange(size - 99)
    return [_read(f"/page/{key(USERS, start)}", key(USERS, start + 99))]


def floor_update(size: int, number: int) -> list[Call]:
    """UPDATE by key"""
    return [_write(f"/update/{key(USERS, randrange(number, size, CONNECTIONS))}", size)]


def floor_insert(size: int, number: int) -> list[Call]:
    """INSERT"""
    return [_write(f"/insert/{uuid4()}", size)]


def _write(path: str, size: int) -> Call:
    sent = user(randrange(size), size)
    return "POST", path, json.dumps(sent, separators=(",", ":")).encode(), 200, sent["userName"]


# Each floor, and the operations that cannot be faster than it.
MEASURED: dict[Operation, dict[str, Operation]] = {
    floor_select: {
        "get": get,
        "filter userName eq": filter_user_name,
        "filter department eq, finds 10": filter_department,
    },
    floor_page: {
        "page of 100, the first": first_page,
        "page of 100, anywhere": any_page,
        "page of 100, by cursor": cursor_page,
    },
    floor_update: {
        "PATCH active": patch_active,
        "PATCH member, group of 10": patch_team,
        "PATCH member, group of 1/5": patch_division,
    },
    floor_insert: {"create": create, f"create, {IN_BULK:,} in a bulk": bulk_create},
}

# How many operations a request is that carries several out.
CARRIED: dict[Operation, int] = {bulk_create: IN_BULK}
