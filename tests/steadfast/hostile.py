"""Requests that no client should send: malformed HTTP, headers, bodies, filters, by chance."""

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

from ..support.bulk import bulk_request, post
from ..support.scim import PATCH_OP_SCHEMA, group, user
from .conftest import figure
from .sizes import SIZE
from .target import Target

THREADS = 4
SECONDS = 30  # that an answer may take
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO", "get", "")
PATHS = (
    "/Users",
    "/Groups",
    "/Bulk",
    "/.search",
    "/Me",
    "/Schemas",
    "/openapi.json",
    "/",
    "/..",
    "//",
    "/Users/%00",
    "/Users/%ff%c3%28",
    "/Users/" + "a" * 5000,
)
AT_THE_ROOT = (
    "/",
    "/oauth/token",
    "/.well-known/x",
    "/.well-known/jwks.json",
    "/healthz",
    "/readyz",
    "/scim",
    "/scim/v2%ff",
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
NUMBERS = ("1e400", "-1e999", "9" * 5000, "0." + "1" * 5000, "-0", "NaN", "1E+2", "00")
VALUES: tuple[Any, ...] = (None, True, 10**30, -1.5, "", "x" * 3000, [], {}, [[[]]], {"value": {}})
BAD = "\xff\xfe\xc3\x28\xed\xa0\x80"  # bytes that are not UTF-8
HEADERS = (
    *("If-Match", "If-None-Match", "Prefer", "Accept", "X-Request-Id", "Content-Encoding"),
    *("X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "Cookie", "Range"),
)
RAW = (
    b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /scim/v2/Users HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /scim/v2/Users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    bytes(range(256)),
)


def send_hostile_requests(target: Target) -> None:
    """Send random requests on several connections; none is answered with a server's error."""
    shares = [SIZE.requests // THREADS] * THREADS
    with ThreadPoolExecutor(THREADS) as pool:
        parts = pool.map(lambda each: _send(target, *each), enumerate(shares))
        statuses = sum(parts, Counter[int]())
    failed = {each: count for each, count in statuses.items() if each >= 500 and each != 501}
    kind = target.server.database_url.partition(":")[0].partition("+")[0]
    figure(f"{sum(shares)} hostile requests on {kind}: {dict(statuses)}; failed: {failed}")
    assert not failed
    assert statuses[0] <= sum(shares) / 5, statuses  # malformed ones may have no answer
    assert "unexpectedly" not in target.server.log


def _send(target: Target, seed: int, number: int) -> Counter[int]:
    """Return how often each status was answered; 0 is a connection that was closed without."""
    chance, statuses = random.Random(seed), Counter[int]()
    for _ in range(number):
        is_raw = chance.random() < 0.1
        sent = chance.choice(RAW) if is_raw else _request(target, chance)
        answer = b""
        with suppress(ConnectionError), target.connect() as connection:
            connection.settimeout(SECONDS)
            connection.sendall(sent)
            if is_raw:  # the server would wait for more; to others it does not answer after this
                connection.shutdown(1)
            while part := connection.recv(65536):
                answer = answer or part
        statuses[int(answer[9:12]) if answer.startswith(b"HTTP/1.") else 0] += 1
    return statuses


def _request(target: Target, chance: random.Random) -> bytes:
    path = chance.choice((*PATHS, f"/Users/{target.victim_id}"))
    if path.endswith(target.victim_id):
        method = chance.choice(("GET", "PATCH", "PUT", "POST"))  # the victim stays
    else:
        method = chance.choice(METHODS)
    if chance.random() < 0.5:
        path += "?" + "&".join(_parameter(chance) for _ in range(chance.choice((1, 2, 3))))
    body = _text(chance)[: chance.choice((5, None, None))]
    headers = ["Connection: close", "Content-Type: application/scim+json"]
    if chance.random() < 0.3:
        headers.append(f"{chance.choice(HEADERS)}: {chance.choice((BAD, 'x,' * 4000, '', '*'))}")
    if chance.random() < 0.2:
        coding, body = "Transfer-Encoding: chunked", _chunked(chance, body)
    else:
        coding = f"Content-Length: {len(body)}"
    head = target.head(method, path.replace(" ", "+"), *headers, coding)
    if chance.random() < 0.1:
        base = urlsplit(target.server.url).path
        head = head.replace(base + path.partition("?")[0], chance.choice(AT_THE_ROOT), 1)
    return head.encode("latin-1") + b"\r\n" + body


def _parameter(chance: random.Random) -> str:
    name = chance.choice(("filter", "filter", "count", "startIndex", "attributes", "sortBy", "x"))
    words = " ".join(map(str, chance.choices((*TEXTS, "eq", "pr", "co"), k=3)))
    value = chance.choice((quote(words), chance.choice(NUMBERS), chance.choice(VALUES), "%ff%00"))
    return f"{name}={value}"


def _text(chance: random.Random) -> bytes:
    """Return a body: JSON with an odd value, or what is hardly JSON."""
    if chance.random() < 0.8:
        return json.dumps(_body(chance)).encode()
    depth = chance.choice((10, 1000, 50_000))
    odd = chance.choice(
        (chance.choice(NUMBERS), "[" * depth + "]" * depth, f'"{BAD}"', '"\\ud800"')
    )
    kept = chance.choice(("%s", '{"schemas":%s}', json.dumps(user("odd"))[:-1] + ',"name":%s}'))
    return (kept % odd).encode("latin-1")


def _chunked(chance: random.Random, body: bytes) -> bytes:
    size = chance.choice((1, 10, 4096))
    parts = [body[place : place + size] for place in range(0, len(body[:2000]), size)]
    return b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _body(chance: random.Random) -> Any:
    """Return a resource or a message with a value that does not belong there."""
    odd = {chance.choice(TEXTS): chance.choice(VALUES)}
    operation = {"op": chance.choice(("add", "remove", "x")), "path": chance.choice(TEXTS)} | odd
    patch = {"schemas": [PATCH_OP_SCHEMA], "Operations": [operation]}
    name = f"hostile{chance.randrange(1000)}"
    made = user(name) | odd, group(name) | odd
    bulk = bulk_request(post("a", chance.choice(made)), chance.choice((operation, odd, None)))
    return chance.choice((patch, *made, bulk, odd, [], 1))
