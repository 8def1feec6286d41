"""A POST to a URL that an operator named, as safe as it can be for the network of the server.

The address that is connected to is the one that was checked: a name is resolved once. There are no
redirects, no proxies of the environment, no cookies. The whole exchange ends after ``SECONDS``.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore2

from scim.addresses import is_public
from scim.explain.words import plain
from scim.settings import Settings

SECONDS = 20.0  # for all: name, connection, request, answer. A slow name server may add to them.
CONNECT_SECONDS = 5.0  # for one of several addresses
BODY_SECONDS = 2.0  # for the body of the answer, of which the status says enough
MOST_READ = 4096  # bytes of the body of an answer
MOST_RECEIVED = 65_536  # bytes of all answers to a request: 100 comes before the one that counts
MOST_SENT = 16_384  # bytes in a turn: a turn has no time limit but the deadline of all
LONGEST_URL = 2000
LONGEST_ERROR = 200  # characters of what is said about an answer, which may quote all of it
FAILURES = (OSError, httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError)


class OutgoingError(Exception):
    """A request was not sent, or not answered; the text is for the operator, without secrets."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: the names of ``headers`` are in lower case, ``text`` is cut at MOST_READ."""

    status: int
    headers: Mapping[str, str]
    text: str


def check_url(settings: Settings, url: str) -> SplitResult:
    """Return the parts of a URL that may be called, as far as the URL itself tells.

    :raises OutgoingError: it may not
    """
    if not url.isascii() or not url.isprintable() or set(url) & set(" \\") or "#" in url:
        raise OutgoingError("the URL must be ASCII without spaces, backslashes and `#`")
    if len(url) > LONGEST_URL:
        raise OutgoingError(f"the URL must have {LONGEST_URL} characters or fewer")
    parts = _split(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "%" in parts.hostname:
        raise OutgoingError("the URL must look like https://app.example.com/hooks")
    if "@" in parts.netloc:
        raise OutgoingError("the URL must have no user name and no password in it")
    if settings.is_production and parts.scheme != "https":
        raise OutgoingError("with SCIM_ENV=production the URL must begin with https://")
    return parts


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises unless it is a number
    except ValueError as error:
        raise OutgoingError(f"the URL cannot be used: {error}") from None
    return parts


def check_place(settings: Settings, url: str) -> None:
    """Check a URL and the addresses of its host as they are now.

    :raises OutgoingError: it may not be called
    """
    parts = check_url(settings, url)
    default = 443 if parts.scheme == "https" else 80
    _addresses(parts.hostname or "", parts.port or default, settings.webhook_allow_private)


def shown(url: str) -> str:
    """Return a URL as people may see it: a query can have a secret in it."""
    place, mark, _ = url.partition("?")
    return f"{place}{mark}…" if mark else place


def post(settings: Settings, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send a POST and return the answer, whatever its status.

    :raises OutgoingError: the URL may not be called, or there was no answer
    """
    parts = check_url(settings, url)
    port = f":{parts.port}" if parts.port else ""
    called = httpcore2.URL(
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port,
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    line = _Line(time.monotonic() + SECONDS, settings.webhook_allow_private)
    sent = [*headers.items(), ("Host", f"{host}{port}"), ("User-Agent", "scim-server")]
    with httpcore2.ConnectionPool(_tls(), network_backend=line) as pool:
        try:
            with pool.stream("POST", called, headers=sent, content=body) as answer:
                names = {name.decode("latin-1").lower(): value for name, value in answer.headers}
                told = {name: value.decode("latin-1") for name, value in names.items()}
                return Answer(answer.status, told, _beginning(line, answer))
        except FAILURES as error:
            raise OutgoingError(_words(error)) from None


@cache
def _tls() -> ssl.SSLContext:
    """Return how certificates are checked; to read those of the authorities takes 10 ms."""
    return httpcore2.default_ssl_context()


def _beginning(line: "_Line", answer: httpcore2.Response) -> str:
    """Return the beginning of the body of an answer, as far as it comes soon."""
    line.ends = min(line.ends, time.monotonic() + BODY_SECONDS)
    read = b""
    with suppress(*FAILURES):
        for part in answer.iter_stream():
            read += part
            if len(read) >= MOST_READ:
                break
    return read[:MOST_READ].decode(errors="replace")


def _words(error: Exception) -> str:
    """Return why there was no answer."""
    if isinstance(error, TimeoutError | httpcore2.TimeoutException):
        return "it did not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate cannot be trusted: {error.verify_message}"
    if isinstance(error, httpcore2.ProtocolError):
        return f"its answer is not HTTP: {plain(error, LONGEST_ERROR)}"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or "no answer"


def _addresses(host: str, port: int, allows_private: bool) -> Sequence[tuple[int, Any]]:
    """Return the family and the address of each place that a host may be called at.

    :raises OutgoingError: there is none
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutgoingError(f"the name {host} leads to no address") from None
    known = [(family, address) for family, *_, address in found]
    chosen = [each for each in known if allows_private or is_public(str(each[1][0]))]
    if not chosen:
        listed = ", ".join(dict.fromkeys(str(address[0]) for _, address in known))
        reason = f"{host} leads to {listed}, which" if listed != host else host
        raise OutgoingError(
            f"{reason} is no public address; the setting SCIM_WEBHOOK_ALLOW_PRIVATE=true allows it"
        )
    return chosen


class _Line(httpcore2.NetworkBackend):
    """Connects to checked addresses only; all that it connects ends at the instant ``ends``."""

    def __init__(self, ends: float, allows_private: bool) -> None:
        self.ends = ends
        self.allows_private = allows_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failed: OSError = ConnectionError("it cannot be reached")
        for family, address in _addresses(host, port, self.allows_private):
            try:
                return _Stream(self._connected(family, address), self)
            except OSError as error:
                failed = error
        raise failed

    def _connected(self, family: int, address: Any) -> socket.socket:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(min(CONNECT_SECONDS, self.left()))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            connection.close()
            raise
        return connection

    def left(self) -> float:
        """Return the seconds until the end.

        :raises TimeoutError: there are none
        """
        seconds = self.ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class _Stream(httpcore2.NetworkStream):
    """A connection that ends with its line: time limits of single reads are of no use.

    A receiver that sends a byte in a second would meet all of them.
    """

    def __init__(self, connection: socket.socket, line: _Line) -> None:
        self.connection = connection
        self.line = line
        self.left = MOST_RECEIVED

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if not self.left:
            raise httpcore2.ReadError("its answer is too long")
        self.connection.settimeout(self.line.left())
        received = self.connection.recv(min(max_bytes, self.left))
        self.left -= len(received)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = memoryview(buffer)
        while left:
            self.connection.settimeout(self.line.left())
            try:
                left = left[self.connection.send(left[:MOST_SENT]) :]
            except (BrokenPipeError, ConnectionResetError) as error:
                raise httpcore2.WriteError(str(error)) from None  # there may be an answer, still

    def close(self) -> None:
        self.connection.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        self.connection.settimeout(self.line.left())
        self.connection = ssl_context.wrap_socket(self.connection, server_hostname=server_hostname)
        return self


def wait_of(answer: Answer) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110 §10.2.3)."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)
    return max(seconds.total_seconds(), 0.0)
