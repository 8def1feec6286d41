"""The token endpoint of OAuth clients (RFC 6749 §3.2), and its metadata (RFC 8414)."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from scim.operate.oauth import FORM, GrantError, grant, metadata
from scim.protocol.errors import InvalidSyntaxError
from scim.protocol.headers import PREFIX, TOKEN_PATH, with_request
from scim.serializers.resources import to_json
from scim.storage import Access

from .auth import NO_HOST
from .call import Call, this_call

GUESSED = "invalid_client"  # the error of a client that may be guessing

bp = Blueprint("oauth", __name__)


@bp.get("/.well-known/oauth-authorization-server")
def describe() -> ResponseReturnValue:
    """Describe the token endpoint, to clients without a token too (RFC 8414 §3)."""
    return _answer(metadata(_issuer(this_call()), TOKEN_PATH))


@bp.post(TOKEN_PATH)
def token() -> ResponseReturnValue:
    """Give an access token to a client that proves who it is."""
    call = this_call()
    issuer = _issuer(call)
    takes_assertions = call.settings.public_url or not call.settings.is_production
    audiences = [issuer, issuer + TOKEN_PATH] if takes_assertions else []
    try:
        if call.mimetype != FORM:
            raise GrantError("invalid_request", f"the Content-Type must be {FORM}")
        call.received = call.get_data()
        authorization = call.environ.get("HTTP_AUTHORIZATION", "")
        granted = grant(call.service, call.received, authorization, audiences, _admit)
    except GrantError as refused:
        if call.limiter and refused.code == GUESSED:  # nobody guesses a secret of 256 bits
            call.limiter.check_address(call.remote_addr or "")
            call.limiter.note_refused(call.remote_addr or "")
        call.detail = str(refused)
        error = {"error": refused.code, "error_description": with_request(str(refused), call.id)}
        return _answer(error, refused.status)
    return _answer(granted.document())


def _admit(access: Access) -> None:
    """Set whose request this is, and count it.

    :raises TooManyRequestsError: the tenant has sent too many requests
    """
    call = this_call()
    call.access = access
    if call.limiter:
        call.limiter.take(access.tenant)


def _issuer(call: Call) -> str:
    """Return the URL that names this server to OAuth clients.

    :raises InvalidSyntaxError: the Host header gives none, and none is set
    """
    if call.settings.public_url:
        return f"{call.settings.public_url}{call.environ.get(PREFIX, '')}"
    if not (issuer := call.service_url.removesuffix(call.settings.base_path)):
        raise InvalidSyntaxError(NO_HOST)
    return issuer


def _answer(document: object, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="SCIM"'
    return Response(to_json(document), status, headers, mimetype="application/json")
