"""The management API of the stand-in Entra ID, in the manner of Microsoft Graph.

Every answer has the shape that Graph gives it, errors too. Nobody needs a token: it is meant to
listen on this machine only.
"""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from ..directory import DirectoryError, Record, bad_request, not_found, now
from ..service import Answer, Service
from . import directory, job
from .job import JOB_ID, SERVICE_PRINCIPAL_ID

ROUTES = [*directory.routes, *job.routes]


def api_server(service: Service, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server of the API; port 0 is any that is free."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one piece, which nobody waits 40 ms to acknowledge

        def handle_request(self) -> None:
            try:
                status, answered = answer(service, self.command, *self._read())
            except DirectoryError as error:
                status, answered = error.status, shown_error(error)
            payload = b"" if answered is None else json.dumps(answered).encode()
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_request

        def _read(self) -> tuple[str, Record]:
            """Return the path and the body of the request."""
            text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = urlsplit(self.path)
            if url.query:
                raise bad_request(f"Query options are not supported: {url.query}")
            try:
                body = json.loads(text or b"{}")
            except ValueError:
                body = None
            if not isinstance(body, dict):
                raise DirectoryError(400, "BadRequest", "Unable to read JSON request payload.")
            return unquote(url.path), body

        def log_message(self, *_: Any) -> None:
            """Print nothing: the lines of the cycles are what people watch."""

    return ThreadingHTTPServer((host, port), Handler)


def shown_error(error: DirectoryError) -> Record:
    request_id = str(uuid4())
    inner = {"date": now(), "request-id": request_id, "client-request-id": request_id}
    return {"error": {"code": error.code, "message": error.message, "innerError": inner}}


def answer(service: Service, method: str, path: str, body: Record) -> Answer:
    """Return the status and the body of the answer to a request."""
    path = re.sub(r"^/(v1\.0|beta)(?=/)", "", path).rstrip("/")
    found = [(verb, at, view) for verb, pattern, view in ROUTES if (at := pattern.fullmatch(path))]
    if not found:
        segment = path.rsplit("/", 1)[-1]
        raise DirectoryError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
    for verb, at, view in found:
        if verb == method:
            names = at.groupdict()
            _check_principal_and_job(names)
            with service.lock:
                answered: Answer = view(service, body, **names)
            return answered
    raise DirectoryError(
        405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."
    )


def _check_principal_and_job(names: dict[str, str]) -> None:
    for name, known in (("principal_id", SERVICE_PRINCIPAL_ID), ("job_id", JOB_ID)):
        if (asked := names.pop(name, known)) != known:
            raise not_found(asked)
