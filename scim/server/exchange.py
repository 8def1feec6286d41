"""Requests from their arrival to their answers: RSGI on Granian's side, WSGI on the application's.

1. Granian receives a body whole before the application runs: a client that sends slowly holds no
   thread. A body that does not arrive in time is dropped, and its connection is closed.
2. The application makes an answer whole before Granian sends it: a client that reads slowly holds
   no thread. A long answer waits on disk.
3. A body is not received if it is too large, or comes without a known token.
"""

import logging
import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Any

from scim.protocol.errors import (
    InternalError,
    PayloadTooLargeError,
    RequestTimeoutError,
    ScimError,
    UnavailableError,
)
from scim.serializers.resources import to_json

from .deadlines import Deadlines
from .gate import Gate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

SMALL = 64 * 1024  # bytes; a body of this size is received however many others are
AT_ONCE = 512 * 1024 * 1024  # bytes of all larger bodies that a worker receives together
MOST_CHUNKS = 20_000  # of a body without Content-Length; each costs as much as a small request
IN_MEMORY = 1024 * 1024  # bytes of an answer; a longer one waits on disk
HANDED_OVER = 10  # seconds after which Granian has surely opened an answer on disk
MEDIA_TYPE = "application/scim+json"
HEADERS = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
SAME = {
    "SCRIPT_NAME": "",
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}

logger = logging.getLogger("scim")


class Exchanges:
    """Takes the requests of a worker in, in any of its threads.

    ``knows`` tells whether an Authorization header has a valid token. A body has at most
    ``max_body_size`` bytes, and ``seconds`` to arrive.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        knows: Callable[[str], bool],
        max_body_size: int,
        seconds: float,
    ) -> None:
        self.application = application
        self.knows = knows
        self.max_body_size = max_body_size
        self.seconds = seconds
        self.gate = Gate()
        self.deadlines = Deadlines()
        self.receiving = 0
        self._lock = Lock()

    def take(self, watcher: Any) -> None:
        """Answer a request of Granian's, now or when its body is there; never raise."""
        scope, proto = watcher.scope, watcher.proto
        try:
            headers = scope.headers
            length = int(headers.get("content-length", "0"))
            has_body = length or "transfer-encoding" in headers
            if has_body and self._may_send(headers, length):
                Reception(self, scope, proto, length).begin()
            else:
                self.answer(scope, proto, b"")
        except BaseException as error:
            fail(proto, error)

    def _may_send(self, headers: Any, length: int) -> bool:
        """Tell whether a body is received; otherwise the application refuses it unseen."""
        return length <= self.max_body_size and self.knows(headers.get("authorization", ""))

    def reserve(self, size: int) -> None:
        """Count ``size`` bytes of a body that is being received; a negative size ends it.

        :raises UnavailableError: the worker receives too much already
        """
        with self._lock:
            if size > 0 and self.receiving + size > AT_ONCE:
                raise UnavailableError(
                    "the server receives too many large bodies at the moment; please try again"
                )
            self.receiving += size

    def answer(self, scope: Any, proto: Any, body: bytes) -> None:
        """Let the application answer a request, and hand the answer to Granian."""
        status, headers, data = self.gate.pass_through(lambda: self._respond(scope, body))
        if isinstance(data, bytes):
            proto.response_bytes(status, headers, data)
        else:
            headers.append(("Content-Length", str(data.tell())))
            proto.response_file(status, headers, f"/dev/fd/{data.fileno()}")
            self.deadlines.after(HANDED_OVER, data.close)

    def _respond(self, scope: Any, body: bytes) -> tuple[int, list[tuple[str, str]], Any]:
        status, headers = 500, []

        def start(line: str, given: list[tuple[str, str]], _: Any = None) -> Callable[..., Any]:
            nonlocal status, headers
            status, headers = int(line[:3]), given
            return lambda _: None

        chunks = self.application(environ_of(scope, body), start)
        try:
            data = whole(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        return status, headers, data


class Reception:
    """A body of ``length`` bytes on its way in; the length is 0 if the client does not tell it.

    Granian's futures call back in one of its threads.
    """

    def __init__(self, exchanges: Exchanges, scope: Any, proto: Any, length: int) -> None:
        self.exchanges = exchanges
        self.scope = scope
        self.proto = proto
        self.length = length
        self.reserved = 0
        self.size = 0
        self.chunks: list[bytes] = []
        self.future: Any = None

    def begin(self) -> None:
        """Wait for the body in the background, but no longer than ``seconds``."""
        self.reserve(self.length)
        self.deadline = self.exchanges.deadlines.after(self.exchanges.seconds, self.expire)
        if self.length:
            self.future = self.proto()
            self.future.add_done_callback(self.arrived)
        else:
            self.proto.__aiter__()
            self.next_chunk()

    def reserve(self, size: int) -> None:
        if size > SMALL:
            self.exchanges.reserve(size - self.reserved)
            self.reserved = size

    def next_chunk(self) -> None:
        self.future = self.proto.__anext__()
        self.future.add_done_callback(self.chunk_arrived)

    def arrived(self, future: Any) -> None:
        """Answer the request with its whole body."""
        if not future.cancelled():
            self.finish(future.result)

    def chunk_arrived(self, future: Any) -> None:
        """Wait for the next chunk; an empty one is the end."""
        if future.cancelled():
            return
        chunk = future.result()
        self.size += len(chunk)
        try:
            self.reserve(self.size)
            if len(self.chunks) == MOST_CHUNKS:
                raise PayloadTooLargeError(
                    f"the body has more than {MOST_CHUNKS} chunks; send larger ones"
                )
        except ScimError as error:
            self.end()
            fail(self.proto, error)
            return
        self.chunks.append(chunk)
        if chunk and self.size <= self.exchanges.max_body_size:
            self.next_chunk()
        else:
            self.finish(lambda: b"".join(self.chunks))

    def finish(self, body: Callable[[], bytes]) -> None:
        self.end()
        try:
            self.exchanges.answer(self.scope, self.proto, body())
        except BaseException as error:
            fail(self.proto, error)

    def end(self) -> None:
        """Stop the clock, and give back what was reserved.

        The future must go too: it holds this object by its callback, out of the sight of Python's
        garbage collector.
        """
        self.deadline.cancel()
        self.future = None
        self.exchanges.reserve(-self.reserved)
        self.reserved = 0

    def expire(self) -> None:
        """Answer 408 and let Granian close the connection, unless the body has just arrived."""
        future = self.future
        if future and future.cancel():
            self.end()
            seconds = self.exchanges.seconds
            fail(
                self.proto,
                RequestTimeoutError(
                    f"the body did not arrive in {seconds:g} seconds; send it again"
                ),
            )


def fail(proto: Any, error: BaseException) -> None:
    """Answer with an error, and close the connection, unless there was an answer."""
    if not isinstance(error, ScimError):
        logger.error("A request failed unexpectedly", exc_info=error)
        error = InternalError("the server failed unexpectedly; its log has the reason")
    headers = [("Content-Type", MEDIA_TYPE), ("Connection", "close")]
    proto.response_str(error.status, headers, to_json(error.body()))


def environ_of(scope: Any, body: bytes) -> "WSGIEnvironment":
    """Return the WSGI environment of a request (PEP 3333)."""
    host, _, port = scope.server.rpartition(":")
    environ: WSGIEnvironment = SAME | {
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
    }
    headers, own = scope.headers, len(environ)
    for name, value in headers.items():
        key = _key(name)
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    for name in headers.keys() if len(environ) < own + len(headers) else ():
        environ.setdefault(_key(name), "")  # its value is no text
    environ.setdefault("HTTP_HOST", scope.authority or "")
    return environ


def _key(name: str) -> str:
    return HEADERS.get(name) or f"HTTP_{name.upper().replace('-', '_')}"


def whole(chunks: Iterable[bytes]) -> bytes | SpooledTemporaryFile[bytes]:
    """Return all chunks together: bytes, or a file on disk that was written to its end."""
    parts = iter(chunks)
    first, second = next(parts, b""), next(parts, None)
    if second is None:
        return first
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the answer closes it
    for part in (first, second, *parts):
        file.write(part)
    if file.tell() > IN_MEMORY:
        return file
    file.seek(0)
    return file.read()
