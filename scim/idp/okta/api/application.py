"""The part of Okta's management API that provisioning needs, on a port of its own.

Werkzeug's server and not granian: all is kept in memory, which takes one process, and one request
at a time needs no locks.
"""

from socket import create_server

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ..service import Service
from . import app, app_groups, group_push, groups, imports, users
from .errors import OktaError

MODULES = (users, groups, app, app_groups, group_push, imports)


class QuietHandler(WSGIRequestHandler):
    """Prints nothing: the lines of the provisioning are what people watch."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def api_server(service: Service, api_token: str, port: int) -> BaseWSGIServer:
    """Return a server of the API on this machine; port 0 is any that is free.

    :raises OSError: the port is in use, of which werkzeug would tell in lines of its own, and exit
    """
    with create_server(("127.0.0.1", port)) as listener:
        return make_server(
            "127.0.0.1",
            listener.getsockname()[1],
            create_api(service, api_token),
            request_handler=QuietHandler,
            fd=listener.fileno(),
        )


def create_api(service: Service, api_token: str) -> Flask:
    """Return the application."""
    api = Flask(__name__, static_folder=None)
    api.json.sort_keys = False  # type: ignore[attr-defined]
    api.extensions["okta"] = service
    for module in MODULES:
        api.register_blueprint(module.bp, url_prefix="/api/v1")

    @api.before_request
    def check_token() -> None:
        if request.headers.get("Authorization") != f"SSWS {api_token}":
            raise OktaError(401, "E0000011", "Invalid token provided")

    @api.errorhandler(OktaError)
    def show(error: OktaError) -> ResponseReturnValue:
        return error.shown(), error.status

    @api.errorhandler(HTTPException)
    def show_http(error: HTTPException) -> ResponseReturnValue:
        return show(_as_okta_says(error))

    @api.after_request
    def no_cache(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-cache, no-store"
        return response

    return api


def _as_okta_says(error: HTTPException) -> OktaError:
    if isinstance(error, MethodNotAllowed):
        summary = "The endpoint does not support the provided HTTP method"
        return OktaError(405, "E0000022", summary)
    if isinstance(error, BadRequest):
        return OktaError(400, "E0000003", "The request body was not well-formed.")
    if error.code == 404:
        return OktaError(404, "E0000022", "The endpoint does not exist")
    return OktaError(error.code or 500, "E0000009", "Internal Server Error")
