"""The API of the stand-in for Entra ID, in the manner of Microsoft Graph.

Nobody needs a token, because the API listens on this machine only.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from flask import Response, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from ...serving import Api
from ..errors import GraphError, bad_request
from ..service import Service
from . import app, groups, job, users
from .requests import body

MODULES = (users, groups, app, job)
VERSION = re.compile(r"^/(v1\.0|beta)(?=/)")


class GraphJson(DefaultJSONProvider):
    """Writes an answer as ``json.dumps`` does."""

    def response(self, *args: Any, **kwargs: Any) -> Response:
        [answer] = args
        return Response(json.dumps(answer), mimetype=self.mimetype)


class GraphApi(Api):
    """Takes each path below ``/v1.0`` and ``/beta``, and with slashes at the end."""

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["PATH_INFO"] = VERSION.sub("", environ["PATH_INFO"]).rstrip("/")
        return super().wsgi_app(environ, start_response)


def create_api(service: Service) -> Api:
    """Return the application. Requests and cycles take turns."""
    api = GraphApi(__name__, service.lock, _translate)
    api.json = GraphJson(api)
    api.url_map.merge_slashes = False
    api.extensions["entra"] = service
    api.before_request(_check_request)
    for module in MODULES:
        api.register_blueprint(module.bp)

    @api.after_request
    def drop_content_type(response: Response) -> Response:
        """Omit the type of a body that is not there."""
        if response.status_code == 204:
            del response.headers["Content-Type"]
        return response

    return api


def _check_request() -> None:
    """Refuse query options, and a body that is no object, also where nobody reads it."""
    if query := request.query_string.decode("latin-1"):
        raise bad_request(f"Query options are not supported: {query}")
    body()


def _translate(error: HTTPException) -> GraphError:
    """Return what Graph answers instead of an error of Flask."""
    if isinstance(error, NotFound):
        segment = request.path.rsplit("/", 1)[-1]
        message = f"Resource not found for the segment '{segment}'."
        return GraphError(400, "BadRequest", message)
    if isinstance(error, MethodNotAllowed):
        message = "Specified HTTP method is not allowed for the request target."
        return GraphError(405, "Request_BadRequest", message)
    return GraphError(error.code or 500, "InternalServerError", "An unexpected error occurred.")
