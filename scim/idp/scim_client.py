"""A client of a SCIM server that keeps its connection and asks again after a passing failure."""

import json
import re
import time
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from select import select
from typing import Any
from urllib.parse import SplitResult, urlsplit

Record = dict[str, Any]

TIMEOUT = 60
ATTEMPTS = 5
KEPT_EXCHANGES = 1000


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, without headers, for one of those is the token."""

    method: str
    path: str
    sent: Record | None
    status: int | None  # None: there was no answer
    received: Record
    retry_after: str | None = None
    problem: str = ""

    @property
    def is_passing_failure(self) -> bool:
        """May the same request succeed later (RFC 7644 §3.12: 429, 500 and 503)?"""
        return self.status is None or self.status == 429 or self.status in (500, 502, 503, 504)

    @property
    def detail(self) -> str:
        """Why a request failed, in the server's words if it has some."""
        said = self.received.get("detail") or self.problem or "no detail"
        return f"{self.method} {self.path}: {self.status or 'no answer'}: {said}"


class ScimClient:
    """Sends requests below the base URL of a SCIM server.

    :raises ValueError: there can be no such URL, or no such header
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        note: Callable[[Exchange], None] = lambda _: None,
        first_pause: float = 1,
    ) -> None:
        parts = _parts(url)
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise ValueError("the token has characters that no header can carry")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.http = kind(str(parts.hostname), parts.port, timeout=TIMEOUT)
        self.base_path = parts.path.rstrip("/")
        self.headers, self.note, self.first_pause = dict(headers), note, first_pause
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT_EXCHANGES)

    def request(self, method: str, path: str, body: Record | None = None) -> Exchange:
        """Return what the server answers, at last."""
        for attempt in range(ATTEMPTS):
            exchange = self._exchange(method, path, body)
            self.exchanges.append(exchange)
            self.note(exchange)
            if not exchange.is_passing_failure or attempt == ATTEMPTS - 1:
                break
            time.sleep(_pause(exchange.retry_after, self.first_pause * 2**attempt))
        return exchange

    def close(self) -> None:
        self.http.close()

    def _exchange(self, method: str, path: str, body: Record | None) -> Exchange:
        text = None if body is None else json.dumps(body).encode()
        if self.http.sock and select([self.http.sock], [], [], 0)[0]:
            self.http.close()  # the server has hung up meanwhile
        try:
            self.http.request(method, self.base_path + path, text, self.headers)
            response = self.http.getresponse()
            answered = response.read()
            if response.headers["Content-Encoding"] in ("gzip", "deflate"):
                answered = zlib.decompress(answered, wbits=47)  # whichever of the two it is
        except (OSError, HTTPException, zlib.error) as error:
            self.http.close()
            return Exchange(method, path, body, None, {}, problem=str(error) or repr(error))
        retry_after = response.headers["Retry-After"]
        return Exchange(method, path, body, response.status, _object(answered), retry_after)


def _parts(url: str) -> SplitResult:
    with suppress(ValueError):
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        if is_web and re.fullmatch("[!-~]+", url):
            return parts
    raise ValueError(f"{url!r} is not a URL with http or https")


def _object(text: bytes) -> Record:
    try:
        answered = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        return {}
    return answered if isinstance(answered, dict) else {}


def _pause(retry_after: str | None, otherwise: float) -> float:
    """Return the seconds to wait, not longer than for an answer.

    Retry-After is seconds or a date (RFC 9110 §10.2.3), whose oldest form names no time zone
    (§5.6.7).
    """
    if retry_after and retry_after.isdecimal():
        return min(float(retry_after), TIMEOUT)
    try:
        until = parsedate_to_datetime(retry_after or "")
    except ValueError:
        return otherwise
    seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0), TIMEOUT)
