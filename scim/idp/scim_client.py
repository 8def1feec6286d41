"""The HTTP client of both stand-ins: it keeps one connection and repeats failures that may pass."""

import json
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import PROTOCOL_TLS_CLIENT, SSLContext, create_default_context
from urllib.parse import urlsplit

import httpx2

from .values import Record
from .waiting import Waiting
from .wire import Wire

TIMEOUT = 60  # seconds
ATTEMPTS = 5
PATIENT_ATTEMPTS = 50  # where the server says how long to wait, since others may be faster
KEPT_EXCHANGES = 1000
FAILURES = (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError)  # the last: no name for DNS


@dataclass(frozen=True)
class Exchange:
    """A request and its answer. It has no headers, because one of them is the token."""

    method: str
    path: str
    sent: Record | None
    status: int | None  # None: the server did not answer
    received: Record
    retry_after: str | None = None
    problem: str = ""

    @property
    def is_passing_failure(self) -> bool:
        """May the same request succeed later (RFC 7644 §3.12: 429, 500 and 503)?"""
        return self.status is None or self.status == 429 or self.status in (500, 502, 503, 504)

    @property
    def is_limited(self) -> bool:
        """Has the server said when it takes more requests (RFC 6585 §4)?"""
        return self.status == 429 and self.retry_after is not None

    @property
    def detail(self) -> str:
        """Why a request failed, in the server's words if it has some."""
        said = self.received.get("detail") or self.problem or "no detail"
        return f"{self.method} {self.path}: {self.status or 'no answer'}: {said}"


class ScimClient:
    """Sends requests below the base URL of a SCIM server; ``show`` gets them in lines.

    ``waiting`` is told how long a request waits for a server that limits it.

    :raises ValueError: the URL or a header cannot be sent
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        note: Callable[[Exchange], None] = lambda _: None,
        first_pause: float = 1,
        show: Callable[[str], None] | None = None,
    ) -> None:
        self.base_url = _base_url(url)
        self.http = open_http(self.base_url, headers)
        if show:
            wire = Wire(headers.get("Authorization", "").partition(" ")[2], show)
            self.http.event_hooks = {"request": [wire.sent], "response": [wire.received]}
        self.note, self.first_pause = note, first_pause
        self.waiting = Waiting(lambda _: None)
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT_EXCHANGES)

    def request(self, method: str, path: str, body: Record | None = None) -> Exchange:
        """Return the last exchange: a failure that may pass is repeated up to four times.

        A request that the server limits is repeated as often as it takes, within reason.
        """
        for attempt in range(PATIENT_ATTEMPTS):
            exchange = self._exchange(method, path, body)
            self.exchanges.append(exchange)
            self.note(exchange)
            if not exchange.is_passing_failure:
                break
            if attempt >= ATTEMPTS - 1 and not exchange.is_limited:
                break
            pause = _pause(exchange.retry_after, self.first_pause * 2 ** min(attempt, ATTEMPTS))
            if exchange.is_limited:
                self.waiting(pause)
            time.sleep(pause)
        return exchange

    def close(self) -> None:
        self.http.close()

    def _exchange(self, method: str, path: str, body: Record | None) -> Exchange:
        text = None if body is None else json.dumps(body).encode()
        try:
            answer = self.http.request(method, self.base_url + path, content=text)
        except FAILURES as error:
            return Exchange(method, path, body, None, {}, problem=str(error) or repr(error))
        received, retry_after = _object(answer.content), answer.headers.get("Retry-After")
        return Exchange(method, path, body, answer.status_code, received, retry_after)


def open_http(url: str, headers: Mapping[str, str]) -> httpx2.Client:
    """Return a client for one server, without cookies and without proxies of the environment."""
    if not all(value.isascii() and value.isprintable() for value in headers.values()):
        raise ValueError("the token has characters that no header can carry")
    # To read the certificate authorities takes 40 ms. Without them every certificate is refused.
    is_secure = url.startswith("https:")
    return httpx2.Client(
        headers={name: value.strip() for name, value in headers.items()},
        verify=create_default_context() if is_secure else SSLContext(PROTOCOL_TLS_CLIENT),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        trust_env=False,
        timeout=TIMEOUT,
        limits=httpx2.Limits(keepalive_expiry=None),
    )


def _base_url(url: str) -> str:
    """Return the part of a URL below which requests go: without user, query and fragment."""
    with suppress(ValueError, httpx2.InvalidURL):
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        if is_web and re.fullmatch("[!-~]+", url):
            base = httpx2.URL(url).copy_with(userinfo=b"", query=None, fragment=None)
            return str(base).rstrip("/")
    raise ValueError(f"{url!r} is not a URL with http or https")


def _object(text: bytes) -> Record:
    """Return the JSON object of a body, or an empty one if the body is something else."""
    try:
        answered = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        return {}
    return answered if isinstance(answered, dict) else {}


def _pause(retry_after: str | None, otherwise: float) -> float:
    """Return the seconds to wait, at most as long as for an answer.

    Retry-After is a number of seconds or a date (RFC 9110 §10.2.3). The oldest form of a date has
    no time zone (§5.6.7).
    """
    if retry_after and retry_after.isdecimal():
        return min(float(retry_after), TIMEOUT)
    try:
        until = parsedate_to_datetime(retry_after or "")
    except ValueError:
        return otherwise
    seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0), TIMEOUT)
