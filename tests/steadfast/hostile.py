"""Requests that no client should send: malformed HTTP, bodies, filters and PATCHes, by chance."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from ..support.scim import PATCH_OP_SCHEMA, group, user
from .sizes import SIZE
from .target import Target

THREADS = 4
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "G\x00T", "")
PATHS = (
    "/Users",
    "/Groups",
    "/Bulk",
    "/.search",
    "/Me",
    "/Schemas",
    "/",
    "/..",
    "//",
    "/Users/%00",
)
TEXTS = (
    "userName",
    "emails",
    "members",
    "members[value eq",
    '"',
    "(",
    "null",
    "\u202e",
    "%",
    "a.b.c",
)
VALUES: tuple[Any, ...] = (None, True, 10**30, -1.5, "", "x" * 3000, [], {}, [[[]]], {"value": {}})
RAW = (
    b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /scim/v2/Users HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /scim/v2/Users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    bytes(range(256)),
)


def send_hostile_requests(target: Target) -> None:
    """Send random requests on several connections; none is answered with a server's error."""
    shares = [SIZE.requests // THREADS] * THREADS
    with ThreadPoolExecutor(THREADS) as pool:
        for statuses in pool.map(lambda each: _send(target, *each), enumerate(shares)):
            assert statuses
            assert not {status for status in statuses if status >= 500} - {501}
    assert "unexpectedly" not in target.server.log


def _send(target: Target, seed: int, number: int) -> set[int]:
    chance, statuses = random.Random(seed), set()
    for _ in range(number):
        sent = chance.choice(RAW) if chance.random() < 0.1 else _request(target, chance)
        with suppress(OSError), target.connect() as connection:
            connection.settimeout(10)
            connection.sendall(sent)
            connection.shutdown(1)  # nothing more comes
            answer = connection.recv(65536)
            if answer.startswith(b"HTTP/1.1 "):
                statuses.add(int(answer[9:12]))
    return statuses


def _request(target: Target, chance: random.Random) -> bytes:
    path = chance.choice((*PATHS, f"/Users/{target.victim_id}"))
    if path.endswith(target.victim_id):
        method = chance.choice(("GET", "PATCH", "PUT", "POST"))  # the victim stays
    else:
        method = chance.choice(METHODS)
    if chance.random() < 0.5:
        path += (
            f"?filter={quote(' '.join(chance.choices(TEXTS, k=3)))}&count={chance.choice(VALUES)}"
        )
    body = json.dumps(_body(chance)).encode()[: chance.choice((5, None, None))]
    head = target.head(method, path.replace(" ", "+"), f"Content-Length: {len(body)}")
    return head.encode() + b"Content-Type: application/scim+json\r\n\r\n" + body


def _body(chance: random.Random) -> Any:
    """Return a resource or a message with a value that does not belong there."""
    odd = {chance.choice(TEXTS): chance.choice(VALUES)}
    operation = {"op": chance.choice(("add", "remove", "x")), "path": chance.choice(TEXTS)} | odd
    patch = {"schemas": [PATCH_OP_SCHEMA], "Operations": [operation]}
    return chance.choice((patch, user("hostile") | odd, group("hostile") | odd, odd, [], 1))
