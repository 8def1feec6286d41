"""A server that breaks one rule: a proxy before ours, which changes requests or answers."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Asked:
    """A request; ``path`` is below the base URL and has its query, decoded."""

    method: str
    path: str
    body: Any


@dataclass(frozen=True)
class Answer:
    """An answer of the server, whose headers have names in lower case; ``text`` may be JSON."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.text) if self.text else None

    def having(self, body: Any) -> "Answer":
        """Return the answer with another body."""
        return replace(self, text=json.dumps(body))


# Answers a request. Most serve it, changed or not, and change the answer. A breach that raises a
# ConnectionAbortedError gives no answer.
Breach = Callable[[Asked, Callable[[Asked], Answer]], Answer]


@contextmanager
def broken_server(url: str, breach: Breach, context: SSLContext | None = None) -> Iterator[str]:
    """Run a proxy before the server at ``url`` until the block ends, and yield its URL."""
    base = urlsplit(url)

    class Handler(_Proxy):
        server_base = base
        change = staticmethod(breach)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{base.path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body go out together, or the client waits for 40 ms
    server_base: Any
    change: Breach

    def _forward(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(self.path.removeprefix(self.server_base.path))
        asked = Asked(self.command, path, _json(raw))
        try:
            answer = self.change(asked, lambda new: self._ask(raw if new == asked else _bytes(new)))
        except ConnectionError:  # of a breach, or of the server
            self.close_connection = True
            return
        content = b"" if answer.status == 204 else answer.text.encode()
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @cached_property
    def _server(self) -> HTTPConnection:
        """The connection to the server, which is kept as long as the client keeps its own."""
        return HTTPConnection(self.server_base.hostname, self.server_base.port, timeout=30)

    def _ask(self, body: bytes) -> Answer:
        headers = {n: v for n, v in self.headers.items() if n.lower() not in HOP_BY_HOP}
        is_whole = False
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # a body that is too large
                self._server.request(self.command, self.path, body or None, headers)
                is_whole = True
            response = self._server.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            kept = {name: value for name, value in headers.items() if name not in HOP_BY_HOP}
            return Answer(response.status, kept, response.read().decode())
        finally:
            if not is_whole or sys.exception():
                self._server.close()

    def finish(self) -> None:
        self._server.close()
        super().finish()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _forward

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _bytes(asked: Asked) -> bytes:
    return json.dumps(asked.body).encode()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
