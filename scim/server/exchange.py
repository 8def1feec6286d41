"""Requests from their arrival to their answers: RSGI on Granian's side, WSGI on the application's.

1. A body is received whole before the application runs: a client that sends slowly holds no thread.
2. An answer is made whole before Granian sends it: a client that reads slowly holds no thread.
   A long answer of several parts waits on disk.
3. A body is not received if it is too large, or comes without a known token.
"""

import logging
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from io import BytesIO
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scim.protocol.errors import InternalError, ScimError
from scim.serializers.resources import to_json

from .crew import Crew
from .deadlines import Deadlines
from .reception import Receiver

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

IN_MEMORY = 1024 * 1024  # bytes of an answer in several parts; a longer one waits on disk
HANDED_OVER = 10  # seconds after which Granian has surely opened an answer on disk
CLOSING = [
    ("Content-Type", "application/scim+json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Connection", "close"),
]
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
        self.crew = Crew()
        self.deadlines = Deadlines()
        self.receiver = Receiver(self.deadlines, max_body_size, seconds)

    def take(self, watcher: Any) -> None:
        """Answer a request of Granian's, now or when its body is there."""
        self.crew.do(partial(self._begin, watcher.scope, watcher.proto))

    def _begin(self, scope: Any, proto: Any) -> None:
        try:
            headers = scope.headers
            is_chunked = "transfer-encoding" in headers
            length = 0 if is_chunked else int(headers.get("content-length", "0"))
            if (length or is_chunked) and self._wants(headers, length):
                refuse = partial(fail, scope, proto)
                self.receiver.receive(proto, length, partial(self._go_on, scope, proto), refuse)
            else:
                self._answer(scope, proto, b"")
        except Exception as error:
            fail(scope, proto, error)

    def _wants(self, headers: Any, length: int) -> bool:
        """Tell whether a body is received; otherwise the application refuses it unseen."""
        return length <= self.receiver.most and self.knows(headers.get("authorization", ""))

    def _go_on(self, scope: Any, proto: Any, body: bytes) -> None:
        self.crew.do(partial(self._answer, scope, proto, body))

    def _answer(self, scope: Any, proto: Any, body: bytes) -> None:
        """Let the application answer a request, and hand the answer to Granian; never raise."""
        try:
            status, headers, data = self._respond(scope, body)
        except Exception as error:
            fail(scope, proto, error)
            return
        if isinstance(data, bytes):
            proto.response_bytes(status, headers, data)
        else:
            headers.append(("Content-Length", str(data.tell())))
            data.seek(0)  # and write what is in the buffer
            proto.response_file(status, headers, f"/dev/fd/{data.fileno()}")
            self.deadlines.after(HANDED_OVER, data.close)

    def _respond(self, scope: Any, body: bytes) -> tuple[int, list[tuple[str, str]], Any]:
        """Return the status, the headers and the content of the application's answer."""
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[..., Any]:
            started[:] = int(status[:3]), headers
            return lambda _: None

        chunks = self.application(environ_of(scope, body), start)
        try:
            data = whole(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        status, headers = started
        return status, headers, data


def fail(scope: Any, proto: Any, error: Exception) -> None:
    """Answer with an error, close the connection, and log it in a line."""
    if not isinstance(error, ScimError):
        logger.error("A request failed unexpectedly", exc_info=error)
        error = InternalError("the server failed unexpectedly; its log has the reason")
    retry = [("Retry-After", "5")] if error.status == 503 else []
    proto.response_str(error.status, CLOSING + retry, to_json(error.body()))
    logger.info("%s %s %s", scope.method, quote(scope.path, safe="/:"), error.status)


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
        if key := key_of(name):
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    for name in headers.keys() if len(environ) < own + len(headers) else ():
        if key := key_of(name):
            environ.setdefault(key, "")  # its value is no text
    environ.setdefault("HTTP_HOST", scope.authority or "")
    return environ


@lru_cache
def key_of(name: str) -> str | None:
    """Return the name that WSGI gives to a header; cached, as it takes a third of the rest.

    A name with an underscore has none: it would pass for the name with a hyphen, which a proxy in
    front of the server may have set or removed.
    """
    if "_" in name:
        return None
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def whole(chunks: Iterable[bytes]) -> bytes | SpooledTemporaryFile[bytes]:
    """Return all chunks together: bytes, or a file on disk that was written to its end."""
    parts = iter(chunks)
    first, second = next(parts, b""), next(parts, None)
    if second is None:
        return first
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the answer closes it
    for part in chain((first, second), parts):
        file.write(part)
    if file.tell() > IN_MEMORY:
        return file
    file.seek(0)
    return file.read()
