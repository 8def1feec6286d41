"""An exchange's request as a text to paste: for curl, for HTTPie, and as a test for pytest.

The token is never in it: it is ``$SCIM_TOKEN`` of the environment.
"""

import json
import re
from collections.abc import Iterator
from pprint import pformat
from shlex import quote
from typing import Any
from urllib.parse import urlsplit

from ..exchange import Exchange
from ..secrets.telling import MASK
from ..words import listed, plain

KEPT = ("Accept", "Content-Type", "If-Match", "If-None-Match", "Prefer")
ESCAPED = json.dumps(MASK)[1:-1]
WIDTH = 88
PYTEST = """\
import os

import httpx2


def test_{name}() -> None:
    answer = httpx2.request(
        {method!r},
        {url},
        headers={headers},{body}
    )
    assert answer.status_code == {status}, answer.text
"""


def target(exchange: Exchange) -> str:
    """Return the path behind the base URL, with the query."""
    return exchange.path + (f"?{exchange.query}" if exchange.query else "")


def url(exchange: Exchange, base_url: str) -> str:
    """Return the URL of a request; a path outside the base path follows the host."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}{exchange.base}{target(exchange)}"


def headers(exchange: Exchange) -> dict[str, str]:
    """Return the headers that the answer depends on, without the token."""
    found = {name: exchange.request.header(name) for name in KEPT}
    return {name: value for name, value in found.items() if value}


def masked(exchange: Exchange) -> list[str]:
    """Return the places in the request where a mask stands for a secret: ``password``."""
    found: dict[str, None] = {}
    if MASK in target(exchange):
        found["the URL"] = None
    if any(each in exchange.request.body for each in (MASK, ESCAPED)):
        try:
            sent = json.loads(exchange.request.body, strict=False)
            found |= dict.fromkeys(_masked(sent, ""))
        except (ValueError, RecursionError):
            found["the body"] = None
    return list(found)


def _masked(value: Any, place: str) -> Iterator[str]:
    match value:
        case dict():
            for name, member in value.items():
                yield from _masked(member, f"{place}.{name}" if place else name)
        case list():
            for member in value:
                yield from _masked(member, place)
        case str() if MASK in value:
            yield place or "the body"


def _missing(exchange: Exchange) -> str:
    """Return what has to be put in before the text can be used; empty if it is whole."""
    missing = []
    if places := masked(exchange):
        missing.append(f"put in what was masked: {listed([plain(each) for each in places])}")
    if exchange.request.is_cut:
        missing.append("the body was cut when it was recorded: complete it")
    return f"# First {' and '.join(missing)}.\n" if missing else ""


def curl(exchange: Exchange, base_url: str) -> str:
    """Return the request as a command for curl; brackets in the URL stand for themselves."""
    method = "--head" if exchange.method == "HEAD" else f"-X {quote(exchange.method)}"
    options = [quote(f"{name}: {value}") for name, value in headers(exchange).items()]
    lines = [
        f"curl -i --globoff --path-as-is {method} {quote(url(exchange, base_url))}",
        '-H "Authorization: Bearer $SCIM_TOKEN"',
        *(f"-H {each}" for each in options),
    ]
    if exchange.request.body:
        lines.append(f"--data-raw {quote(exchange.request.body)}")
    return _missing(exchange) + " \\\n  ".join(lines) + "\n"


def httpie(exchange: Exchange, base_url: str) -> str:
    """Return the request as a command for HTTPie."""
    options = [quote(f"{name}:{value}") for name, value in headers(exchange).items()]
    lines = [
        "http --ignore-stdin --path-as-is",
        f"{quote(exchange.method)} {quote(url(exchange, base_url))}",
        '"Authorization:Bearer $SCIM_TOKEN"',
        *options,
    ]
    if exchange.request.body:
        lines.insert(1, f"--raw {quote(exchange.request.body)}")
    return _missing(exchange) + " \\\n  ".join(lines) + "\n"


def pytest(exchange: Exchange) -> str:
    """Return the request as a test that expects the same status of ``SCIM_URL``."""
    words = re.findall(r"[a-z]+", f"{exchange.method} {exchange.path.split('/')[1:2]}".lower())
    place = target(exchange) if exchange.base else f"/../..{target(exchange)}"
    given = "".join(
        f"\n            {name!r}: {value!r}," for name, value in headers(exchange).items()
    )
    bearer = '\n            "Authorization": f"Bearer {os.environ[\'SCIM_TOKEN\']}",'
    return _missing(exchange) + PYTEST.format(
        name="_".join(words)[:60] or "request",
        method=exchange.method,
        url=f'os.environ["SCIM_URL"] + {place!r}',
        headers=f"{{{bearer}{given}\n        }}",
        body=_body(exchange.request.body),
        status=exchange.status,
    )


def _body(text: str) -> str:
    """Return the argument that sends a body: as Python's values, if they are the same JSON."""
    if not text:
        return ""
    try:
        value = json.loads(text, object_pairs_hook=_once)
        shown = pformat(value, width=WIDTH, sort_dicts=False)
    except (ValueError, RecursionError):
        return f"\n        content={text!r}.encode(),"
    return "\n        json=" + shown.replace("\n", f"\n{' ' * 13}") + ","


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; one with a name twice is no value of Python's."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found
