"""Errors become SCIM Error messages, those of Flask too (RFC 7644 §3.12)."""

import logging
from collections.abc import Iterable

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from scim.protocol import errors
from scim.protocol.errors import ScimError
from scim.protocol.headers import RESPOND_ASYNC, SET_TXN, TOKEN_PATH
from scim.protocol.openapi import OPENAPI
from scim.serializers.answers import dump_error
from scim.serializers.resources import to_json

from .answers import Empty
from .auth import challenge, check_token
from .body import too_large
from .call import Call, this_call
from .deferring import RESULTS, Accepted
from .nearby import STANDARD, is_below, nearby, repeated

logger = logging.getLogger("scim")

FRAMEWORK = {
    404: (errors.NotFoundError, "this endpoint does not exist; check the base URL and the path"),
    405: (
        errors.MethodNotAllowedError,
        "this endpoint does not take the method; the Allow header has those that it takes",
    ),
}


def register(app: Flask) -> None:
    """Answer every error that a view raises with a SCIM Error message, and say what is accepted."""
    app.register_error_handler(Accepted, render_accepted)
    app.register_error_handler(ScimError, render_error)
    app.register_error_handler(HTTPException, _framework_error)
    app.register_error_handler(Exception, _unexpected_error)


def render_accepted(accepted: Accepted) -> Response:
    """Answer that a request is carried out later (RFC 9967 §2.5.1.1)."""
    call = this_call()
    call.applied = RESPOND_ASYNC
    place = f"{call.service_url}{RESULTS}/{accepted.txn}"
    return Empty(status=202, headers={"Location": place, SET_TXN: accepted.txn})


def render_error(error: ScimError) -> Response:
    """Answer with the Error message, and with the headers that its status requires."""
    call = this_call()
    call.detail = error.detail
    response = call.answer(to_json(dump_error(error, call.id)), error.status)
    if asked := challenge(error):
        response.headers["WWW-Authenticate"] = asked
    if isinstance(error, errors.UnsupportedCodingError):
        response.headers["Accept-Encoding"] = "identity"  # RFC 9110 §12.5.3
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _framework_error(error: HTTPException) -> Response:
    """Answer an error of Flask, but only to a client with a token: others learn no endpoints.

    Everybody knows the token endpoint, since the metadata names it.
    """
    call = this_call()
    is_known = error.code == 405 and call.path == TOKEN_PATH
    try:
        if call.access is None and not is_known:  # no view was reached
            check_token(call)
    except ScimError as refused:
        hint = _hint(call, STANDARD) if error.code == 404 and call.access is None else None
        is_hidden = is_below(call.path, call.settings.base_path)
        return render_error(errors.NotFoundError(hint) if hint and not is_hidden else refused)
    if error.code == 413:
        return render_error(too_large(call.settings.max_body_size))
    kind, detail = FRAMEWORK.get(error.code or 500, (errors.InvalidSyntaxError, error.description))
    if error.code == 404:
        of_types = [each.endpoint for each in call.definitions.served]
        detail = _hint(call, (*of_types, *STANDARD, OPENAPI)) or detail
    response = render_error(kind(detail or error.name))
    for name, value in error.get_headers():
        if name in ("Allow", "Location"):
            response.headers[name] = value
    return response


def _hint(call: Call, endpoints: Iterable[str]) -> str | None:
    """Return the detail of a 404 that names the endpoint meant, or None."""
    meant = nearby(call.path, call.settings.base_path, endpoints)
    twice = repeated(call.path, call.settings.base_path)
    fault = f"; {twice} is twice in the path" if twice else ""
    return meant and f"this endpoint does not exist{fault}; did you mean {call.root_path}{meant}?"


def _unexpected_error(error: Exception) -> Response:
    logger.error("Request %s failed unexpectedly", this_call().id, exc_info=error)
    return render_error(errors.InternalError())
