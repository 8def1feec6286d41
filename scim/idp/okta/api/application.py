"""The part of Okta's management API that provisioning needs."""

from threading import Lock

from flask import Response, request
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed

from ...serving import Api
from ..service import Service
from . import app, app_groups, app_users, group_push, groups, imports, users
from .errors import OktaError, malformed, no_endpoint

MODULES = (users, groups, app, app_users, app_groups, group_push, imports)


def create_api(service: Service, api_token: str) -> Api:
    """Return the application; each request needs the API token."""
    api = Api(__name__, Lock(), _translate)
    api.extensions["okta"] = service
    for module in MODULES:
        api.register_blueprint(module.bp, url_prefix="/api/v1")

    @api.before_request
    def check_token() -> None:
        if request.headers.get("Authorization") != f"SSWS {api_token}":
            raise OktaError(401, "E0000011", "Invalid token provided")

    @api.after_request
    def forbid_caching(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-cache, no-store"
        return response

    return api


def _translate(error: HTTPException) -> OktaError:
    """Return what Okta answers instead of an error of Flask."""
    if isinstance(error, MethodNotAllowed):
        summary = "The endpoint does not support the provided HTTP method"
        return OktaError(405, "E0000022", summary)
    if isinstance(error, BadRequest):
        return malformed()
    if error.code == 404:
        return no_endpoint()
    return OktaError(error.code or 500, "E0000009", "Internal Server Error")
