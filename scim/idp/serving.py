"""Serve the API of a stand-in on this machine.

Werkzeug's server and not granian: everything is kept in memory, which takes one process.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import create_server
from threading import Lock, Thread

from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from scim.printing import printable

from .values import Record

HOST = "127.0.0.1"


class ApiError(Exception, ABC):
    """A request that an API refuses."""

    status: int

    @abstractmethod
    def show(self) -> Record:
        """Return the body of the answer, as the identity provider writes it."""


class UnsortedJson(DefaultJSONProvider):
    """Keeps the members of an object in the order of the provider."""

    sort_keys = False


class Api(Flask):
    """The API of a stand-in. ``lock`` lets one request at a time use the memory."""

    def __init__(
        self, name: str, lock: Lock, translate: Callable[[HTTPException], ApiError]
    ) -> None:
        super().__init__(name, static_folder=None)
        self.lock, self.translate = lock, translate
        self.json = UnsortedJson(self)
        self.register_error_handler(ApiError, self._show_error)
        self.register_error_handler(HTTPException, self._show_http_error)

    def full_dispatch_request(self) -> Response:
        """Answer a request. Its body is read first: a slow client must not hold the lock."""
        request.get_data()
        with self.lock:
            return super().full_dispatch_request()

    def _show_error(self, error: ApiError) -> ResponseReturnValue:
        return error.show(), error.status

    def _show_http_error(self, error: HTTPException) -> ResponseReturnValue:
        return self._show_error(self.translate(error))


class QuietHandler(WSGIRequestHandler):
    """Prints no line for a request: people watch the lines of the provisioning."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def create_api_server(api: Flask, port: int) -> BaseWSGIServer:
    """Return a server that listens on this machine only; port 0 is any free one.

    :raises OSError: the port is in use; the message says what to do. Werkzeug itself would print
        lines of its own and exit
    """
    try:
        listener = create_server((HOST, port))
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]  # Python repeats the address there
        raise OSError(f"cannot listen on port {port}: {reason}; --port takes another") from None
    with listener:
        return make_server(
            HOST,
            listener.getsockname()[1],
            api,
            threaded=True,
            request_handler=QuietHandler,
            fd=listener.fileno(),
        )


@contextmanager
def run_in_thread(server: BaseWSGIServer) -> Iterator[BaseWSGIServer]:
    """Serve until the block ends."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()


def say(line: str) -> None:
    """Print a line to people who watch; stdout stays free."""
    print(printable(line), file=sys.stderr, flush=True)
