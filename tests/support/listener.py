"""An HTTP server in this process that keeps what it gets and answers as a test says."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from ssl import SSLContext
from threading import Thread
from typing import Any

from .ports import free_port


@dataclass(frozen=True)
class Got:
    """A request; the names of ``headers`` are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Listener:
    """What a server got so far, and how it answers.

    ``answer`` is a status, or one with headers and a body, or what writes to the connection. The
    ``answers`` are used up before it; ``decide`` returns one for a request.
    """

    url: str
    got: list[Got] = field(default_factory=list)
    answer: Any = 204
    answers: list[Any] = field(default_factory=list)
    decide: Callable[[Got], Any] | None = None

    def answer_to(self, got: Got) -> Any:
        """Keep a request, and return the answer."""
        self.got.append(got)
        if self.decide:
            return self.decide(got)
        return self.answers.pop(0) if self.answers else self.answer


@contextmanager
def listening(tls: SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Listener]:
    """Listen on a free port of this machine, over TLS if there is a context for it."""
    port = free_port()
    listener = Listener(f"{'https' if tls else 'http'}://{host}:{port}/hooks")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionError("the sender was killed before it had sent all")
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = listener.answer_to(Got(self.path, headers, body))
            self.close_connection = True
            if callable(answer):
                write: Callable[[socket], None] = answer
                write(self.connection)
                return
            status, told, text = answer if isinstance(answer, tuple) else (answer, {}, b"")
            self.send_response(status)
            for name, value in told.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Say nothing of those who hang up."""

    with Server(("127.0.0.1", port), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield listener
        server.shutdown()
        thread.join()
