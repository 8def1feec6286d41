"""An HTTP client that keeps every request and answer (RFC 7644 §3.1)."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from ssl import SSLEOFError, create_default_context
from types import EllipsisType
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from .deadline import deadline

MEDIA_TYPE = "application/scim+json"
AGENT = "scim-check"
TIMEOUT = 30.0  # seconds
MOST_SILENT = 3
MOST_WAITING = 120.0  # seconds of one request, for a server that limits requests
LONGEST_WAIT = 60.0  # seconds, until it is asked again
MOST_BYTES = 100_000_000  # of an answer; a server may send one without end
UNTOUCHED = "/?&=%+:,$;@-._~!'()*"  # characters of a path that are sent as they are


class NoAnswerError(Exception):
    """The server cannot be reached, or it broke off."""


class NotJsonError(ValueError):
    """A body is not JSON."""


def check_token(token: str) -> None:
    """Check that a header can carry a token.

    :raises ValueError: it cannot; the message does not show the token
    """
    if not (token.isascii() and token.isprintable()):
        raise ValueError("the token has characters that no header can carry")


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, whose headers have names in lower case."""

    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str | None
    status: int
    headers: Mapping[str, str]
    text: str
    milliseconds: float

    @cached_property
    def json(self) -> Any:
        """The answer's body.

        :raises NotJsonError: it is not JSON
        """
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            said = f"the answer {self.status} is not JSON: {self.text[:80]!r}"
            raise NotJsonError(said) from None


class Client:
    """A client of the server at ``base_url``.

    ``exchanges`` are the requests that were answered so far. ``unanswered`` are the URLs and bodies
    of POST requests without an answer, which the server may have carried out all the same.
    A request that is answered 429 is sent again when the server allows it, and ``on_wait`` is told
    how long that takes. ``timeout`` are the seconds to wait for an answer. ``ca`` is the file of
    the certificates to trust; without it, those of the system.

    :raises OSError: the certificates cannot be read
    :raises ValueError: there can be no such URL, or no such token
    """

    def __init__(
        self, base_url: str, token: str | None, timeout: float = TIMEOUT, ca: str | None = None
    ) -> None:
        base = urlsplit(base_url)
        if base.scheme not in ("http", "https") or not base.hostname:
            raise ValueError(f"{base_url!r} is not the URL of a server")
        check_token(token or "")
        place = base.netloc.rpartition("@")[2]  # without the user's password
        self.base_url = f"{base.scheme}://{place}{base.path.rstrip('/')}"
        self.base_query = base.query  # Entra ID repeats the one of its tenant URL
        self.token = token
        self.exchanges: list[Exchange] = []
        self.unanswered: list[tuple[str, str]] = []
        self.silent = 0  # requests without an answer, since the last one with an answer
        self.timeout = timeout
        self.on_wait: Callable[[float], object] = lambda _: None
        self._connection = _connection(base.scheme, base.hostname, base.port, timeout, ca)

    @property
    def is_given_up(self) -> bool:
        """Whether so many requests in a row had no answer that no more are sent."""
        return self.silent >= MOST_SILENT

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        token: str | EllipsisType | None = ...,
    ) -> Exchange:
        """Send one request.

        ``path`` is below the base URL, or an absolute URL of the same server. A ``body`` that is
        a string is sent as it is, anything else as JSON. A header of None is left out.

        :raises NoAnswerError: the server cannot be reached, or it broke off
        :raises ValueError: the URL is on another server
        """
        url = self._url(path, query)
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        sent = self._headers(text, self.token if token is ... else token) | dict(headers or {})
        named = {name: value for name, value in sent.items() if value is not None}
        response, content, begin = self._send_patiently(method, url, text, named)
        exchange = Exchange(
            method=method,
            url=url,
            request_headers=named,
            request_body=text,
            status=response.status,
            headers=_joined(response),
            text=content.decode(errors="replace"),
            milliseconds=(time.perf_counter() - begin) * 1000,
        )
        self.exchanges.append(exchange)
        return exchange

    def get(self, path: str, **options: Any) -> Exchange:
        return self.request("GET", path, **options)

    def follow(self, location: str) -> Exchange:
        """GET the resource at a location, which may be relative (RFC 7643 §2.3.7)."""
        return self.get(urljoin(f"{self.base_url}/", location))

    def post(self, path: str, body: Any = None, **options: Any) -> Exchange:
        return self.request("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> Exchange:
        return self.request("PUT", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> Exchange:
        return self.request("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> Exchange:
        return self.request("DELETE", path, **options)

    def close(self) -> None:
        self._connection.close()

    def _url(self, path: str, query: Mapping[str, Any] | None) -> str:
        """Return the absolute URL; the token must not be sent to another server."""
        if path.startswith(("http://", "https://")):
            if urlsplit(path)[:2] != urlsplit(self.base_url)[:2]:
                raise ValueError(f"{path} is not on the server that is checked")
            url = path
        else:
            url = self.base_url + quote(path, safe=UNTOUCHED)
        parts = [self.base_query, urlencode(query or {}, quote_via=quote)]
        asked = "&".join(part for part in parts if part)
        return f"{url}{'&' if '?' in url else '?'}{asked}" if asked else url

    def _headers(self, text: str | None, token: str | None) -> dict[str, str | None]:
        return {
            "Accept": MEDIA_TYPE,
            "User-Agent": AGENT,
            "Content-Type": None if text is None else MEDIA_TYPE,
            "Authorization": None if token is None else f"Bearer {token}",
        }

    def _send_patiently(
        self, method: str, url: str, text: str | None, headers: dict[str, str]
    ) -> tuple[HTTPResponse, bytes, float]:
        """Send a request, as often as the server limits it; return also when it was sent last."""
        waited = 0.0
        while True:
            begin = time.perf_counter()
            response, content = self._send(method, url, text, headers)
            if response.status != 429 or waited >= MOST_WAITING:
                return response, content, begin
            pause = _pause(response.headers.get("Retry-After", ""))
            self.on_wait(pause)
            time.sleep(pause)
            waited += max(pause, 0.1)

    def _send(
        self, method: str, url: str, text: str | None, headers: dict[str, str]
    ) -> tuple[HTTPResponse, bytes]:
        """Send a request; once more if the server has closed the connection while it was idle."""
        is_old = self._connection.sock is not None
        try:
            return self._send_once(method, url, text, headers)
        except BaseException as error:
            self.unanswered += [(url, text)] if method == "POST" and text else []
            if not (is_old and isinstance(error.__cause__, ConnectionError)):
                raise
        return self._send_once(method, url, text, headers)

    def _send_once(
        self, method: str, url: str, text: str | None, headers: dict[str, str]
    ) -> tuple[HTTPResponse, bytes]:
        target = url.removeprefix("{0.scheme}://{0.netloc}".format(urlsplit(url)))
        if self.is_given_up:
            raise NoAnswerError(f"no answer to {self.silent} requests in a row; no more are sent")
        try:
            with deadline(self.timeout) as watch:
                is_heard = self._say(method, target, text, headers)
                watch(self._connection.sock)
                response = self._connection.getresponse()
                content = _read(response)
        except BaseException as error:
            self._connection.close()  # also after Ctrl+C: cleaning up sends more requests
            if not isinstance(error, OSError | HTTPException):
                raise
            self.silent += 1
            raise NoAnswerError(f"no answer to {method} {url}: {self._reason(error)}") from error
        self.silent = 0
        if not is_heard:
            self._connection.close()
        return response, content

    def _reason(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"none, or not the whole of it, came within {self.timeout:g} seconds"
        return getattr(error, "strerror", None) or str(error) or type(error).__name__

    def _say(self, method: str, target: str, text: str | None, headers: dict[str, str]) -> bool:
        """Send a request; return False if the server answered before all of it was sent."""
        try:
            self._connection.request(method, target, text and text.encode(), headers)
        except (BrokenPipeError, ConnectionResetError, SSLEOFError):
            return False
        return True


def _connection(
    scheme: str, host: str, port: int | None, timeout: float, ca: str | None
) -> HTTPConnection:
    if scheme == "http":
        return HTTPConnection(host, port, timeout=timeout)
    return HTTPSConnection(host, port, timeout=timeout, context=create_default_context(cafile=ca))


def _pause(retry_after: str) -> float:
    """Return the seconds of a Retry-After header, which may be a date (RFC 9110 §10.2.3)."""
    if retry_after.isdecimal():
        return min(float(retry_after), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 1.0
    left = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(left, 0.0), LONGEST_WAIT)


def _read(response: HTTPResponse) -> bytes:
    content = response.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise HTTPException(f"it has more than {MOST_BYTES:,} bytes")
    if response.length:
        raise IncompleteRead(content, response.length)
    return content


def _joined(response: HTTPResponse) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in response.getheaders():
        before = joined.get(name.lower())
        joined[name.lower()] = value if before is None else f"{before}, {value}"
    return joined
