"""The HTTP server of ``receive``: on this machine only, and one message at a time."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Lock
from typing import Any

from .arrived import Arrived, Reader, Verdict, indented, refused

HOST = "127.0.0.1"
LARGEST = 16 * 1024 * 1024  # bytes of a body
PATIENCE = 10  # seconds in which a sender sends nothing


class Inbox(ThreadingTCPServer):
    """Gives each POST to the reader of its content type, and ``say`` each line of what it says.

    :raises OSError: the port is in use
    """

    daemon_threads = allow_reuse_address = True

    def __init__(
        self, port: int, readers: Mapping[str, Reader], say: Callable[[str], None]
    ) -> None:
        super().__init__((HOST, port), _Handler)
        self.readers, self.say = readers, say
        self.lock = Lock()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}/"

    def read(self, arrived: Arrived) -> Verdict:
        """Read a message and print what it says."""
        content_type = arrived.headers.get("content-type", "").partition(";")[0].strip().lower()
        reader = self.readers.get(content_type, self._unknown)
        with self.lock:
            verdict = reader(arrived)
            for line in indented(verdict.lines):
                self.say(line)
        return verdict

    def _unknown(self, arrived: Arrived) -> Verdict:
        given = arrived.headers.get("content-type") or "missing"
        known = " and ".join(self.readers)
        reason = f"the Content-Type is {given}, and only {known} is understood"
        return refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, reason)


class _Handler(BaseHTTPRequestHandler):
    server: Inbox
    timeout = PATIENCE

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            reason = f"a Content-Length of at most {LARGEST} bytes is needed"
            self._answer(refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._answer(self.server.read(Arrived(headers, self.rfile.read(int(length)))))

    def do_GET(self) -> None:
        """Answer a person who looks what is here."""
        reason = "deliveries arrive here, each by POST"
        self._answer(refused(HTTPStatus.METHOD_NOT_ALLOWED, reason))

    def _answer(self, verdict: Verdict) -> None:
        content = verdict.text.encode()
        self.send_response(verdict.status)
        if content:
            self.send_header("Content-Type", verdict.content_type)
        if verdict.language:
            self.send_header("Content-Language", verdict.language)
        if verdict.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Print no line for a request."""
