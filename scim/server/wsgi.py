"""The application's side of a request: its environment, and the whole answer (PEP 3333)."""

import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from io import BytesIO
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from scim.logs import ARRIVED

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

IN_MEMORY = 1024 * 1024  # bytes of an answer in several parts; a longer one waits on disk
SAME = {
    "SCRIPT_NAME": "",
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}


def address_of(scope: Any) -> str:
    """Return the address of the client, or of a proxy between."""
    address: str = scope.client.rpartition(":")[0].strip("[]")
    return address


def environ_of(scope: Any, arrived: float, body: bytes) -> "WSGIEnvironment":
    """Return the WSGI environment of a request of Granian's (PEP 3333)."""
    host, _, port = scope.server.rpartition(":")
    environ: WSGIEnvironment = SAME | {
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "REMOTE_ADDR": address_of(scope),
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
        ARRIVED: arrived,
    }
    headers, own = scope.headers, len(environ)
    for name, value in headers.items():
        if key := key_of(name):
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    for name in headers.keys() if len(environ) < own + len(headers) else ():
        if key := key_of(name):
            environ.setdefault(key, "")  # its value is no text
    # RFC 9112 §3.2.2: the host of a whole URL, after the method, counts in place of Host.
    environ["HTTP_HOST"] = scope.authority or environ.get("HTTP_HOST", "")
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


def respond(
    application: "WSGIApplication", environ: "WSGIEnvironment"
) -> tuple[int, list[tuple[str, str]], Any]:
    """Return the status, the headers and the content of the application's answer."""
    started: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[..., Any]:
        started[:] = int(status[:3]), headers
        return lambda _: None

    chunks = application(environ, start)
    try:
        data = whole(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = started
    return status, headers, data


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
        file.flush()
        return file
    file.seek(0)
    return file.read()
