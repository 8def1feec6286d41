"""A client that takes little CPU time, since it shares the cores with the server."""

import socket
import time
from collections.abc import Generator, Iterator
from typing import NamedTuple

from scim.settings import DEFAULT_TOKEN

PATIENCE = 300  # seconds


class Call(NamedTuple):
    """A request, the expected status, and a text that the answer contains.

    A call that is not ``timed`` has no latency in the sample; its CPU time counts. A ``closing``
    call undoes a change, and is sent even when the time is up.
    """

    method: str
    path: str
    body: bytes
    status: int
    text: str
    timed: bool = True
    closing: bool = False


# Yields requests, and is sent the answers.
Calls = Generator[Call, bytes, None]


class WrongAnswerError(Exception):
    """The server sent another answer than expected, or none."""


class Connection:
    """A kept-alive connection.

    An exchange takes 0.05 ms of CPU time. ``http.client`` takes 0.25 ms, as much as a bare Flask
    route.
    """

    def __init__(self, port: int, token: str = DEFAULT_TOKEN) -> None:
        self.headers = (
            f"Host: localhost\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/scim+json\r\n"
        )
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def send(self, call: Call) -> None:
        """Send a request; ``receive`` waits for its answer."""
        self.call = call
        head = f"{call.method} /scim/v2{call.path} HTTP/1.1\r\n{self.headers}"
        self.started = time.perf_counter()
        self.socket.sendall(f"{head}Content-Length: {len(call.body)}\r\n\r\n".encode() + call.body)

    def receive(self) -> tuple[float, bytes]:
        """Return the seconds until the answer was complete, and its body.

        :raises WrongAnswerError: the status or the body is not the expected one
        """
        line = self.file.readline()
        if not line:
            raise WrongAnswerError(f"{self.call._replace(body=b'')} was not answered")
        status = int(line.split()[1])
        headers = dict(line.lower().split(b": ", 1) for line in iter(self.file.readline, b"\r\n"))
        if b"chunked" in headers.get(b"transfer-encoding", b""):
            answer = b"".join(self._chunks())
        else:
            answer = self.file.read(int(headers.get(b"content-length", 0)))
        latency = time.perf_counter() - self.started
        if status != self.call.status or self.call.text.encode() not in answer:
            said = f"{status} {answer[:1000]!r}"
            raise WrongAnswerError(f"{self.call._replace(body=b'')} was answered {said}")
        return latency, answer

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.file.readline().split(b";")[0], 16):
            yield self.file.read(size)
            self.file.readline()
        while self.file.readline() != b"\r\n":  # trailers end with an empty line
            continue

    def close(self) -> None:
        self.file.close()
        self.socket.close()
