"""A server that gives the answers of a test, in order."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

EMPTY = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "Resources": []}


@dataclass
class Scripted:
    """``answers`` are a status, headers and a body each; the last one is given for ever.

    Status 0 closes the connection without an answer.
    """

    url: str
    answers: list[tuple[int, dict[str, str], Any]]
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    clients: set[tuple[str, int]] = field(default_factory=set)
    hangs_up: bool = False  # close each connection after the answer, without a word
    hung_up: Event = field(default_factory=Event)


class ScriptedServer(ThreadingHTTPServer):
    """Tells when it has closed a connection."""

    script: Scripted

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.script.hung_up.set()


@contextmanager
def scripted(*answers: tuple[int, dict[str, str], Any]) -> Iterator[Scripted]:
    """Serve answers until the block ends; a body of bytes is sent as it is."""
    script = Scripted("", list(answers))
    server = ScriptedServer(("127.0.0.1", 0), _handler(script))
    server.script = script
    script.url = f"http://127.0.0.1:{server.server_port}/scim/v2"
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()


def _handler(script: Scripted) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one piece, which nobody waits 40 ms to acknowledge

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            script.requests.append(f"{self.command} {self.path}")
            script.headers.append(dict(self.headers))
            script.clients.add(self.client_address)
            answers = script.answers
            status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
            if status == 0:
                self.close_connection = True
                return
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            self.close_connection = self.close_connection or script.hangs_up

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    return Handler
