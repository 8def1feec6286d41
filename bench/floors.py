"""Requests to the routes of the floor. The report shows their docstrings as names."""

import json
from random import randrange
from uuid import uuid4

from .client import Call, Calls
from .directory import COMPANY, CONNECTIONS, USERS, in_company, key, user


def floor_constant(size: int, number: int) -> Calls:
    """a constant"""
    yield Call("GET", "/constant", b"", 200, "always the same")


def floor_select(size: int, number: int) -> Calls:
    """SELECT by key"""
    chosen = key(USERS, randrange(size))
    yield Call("GET", f"/select/{chosen}", b"", 200, chosen)


def floor_page(size: int, number: int) -> Calls:
    """SELECT of 100 by key"""
    start = randrange(size - 99)
    yield Call("GET", f"/page/{key(USERS, start)}", b"", 200, key(USERS, start + 99))


def floor_members(size: int, number: int) -> Calls:
    """members as one JSON text"""
    last = key(USERS, in_company(size)[-1])
    yield Call("GET", f"/members/{COMPANY}", b"", 200, last)


def floor_update(size: int, number: int) -> Calls:
    """UPDATE by key"""
    yield _write(f"/update/{key(USERS, randrange(number, size, CONNECTIONS))}", size)


def floor_insert(size: int, number: int) -> Calls:
    """INSERT"""
    yield _write(f"/insert/{uuid4()}", size)


def _write(path: str, size: int) -> Call:
    sent = user(randrange(size), size)
    body = json.dumps(sent, separators=(",", ":")).encode()
    return Call("POST", path, body, 200, sent["userName"])
