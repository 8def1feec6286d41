"""``/metrics`` on a port of its own, which no tunnel to the SCIM port leads to."""

import logging
import socket
from collections.abc import Callable, Iterable
from threading import Thread
from typing import TYPE_CHECKING

from waitress.server import create_server

from .metrics import CONTENT_TYPE, page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

THREADS = 2


def export(place: socket.socket, failed: Callable[[], str]) -> None:
    """Serve the metrics at a listening socket, in threads that end with the process."""

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        is_page = environ["PATH_INFO"] == "/metrics"
        text = page(failed()) if is_page else b"The metrics are at /metrics.\n"
        headers = [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(text)))]
        start_response("200 OK" if is_page else "404 Not Found", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [text]

    logging.getLogger("waitress").setLevel(logging.ERROR)
    server = create_server(serve, sockets=[place], threads=THREADS, ident=None)
    Thread(target=server.run, name="exporter", daemon=True).start()
