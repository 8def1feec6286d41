"""The bearer token: a decorator checks it before every view (RFC 7644 §2, RFC 6750)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from scim.protocol.errors import (
    InvalidSyntaxError,
    NotFoundError,
    UnauthorizedError,
    UnavailableError,
)
from scim.service import Service

from .call import Call, this_call

R = TypeVar("R")

NO_HOST = "the Host header is missing or no host name; send the host and port of the base URL"
CHALLENGE = 'Bearer realm="SCIM", error="invalid_token"'


def bearer_required(view: Callable[..., R]) -> Callable[..., R]:
    """Call ``view``, with the request as ``call``, only if the request has a valid token."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> R:
        call = this_call()
        check_token(call)
        return view(*args, call=call, **kwargs)

    return guarded


def check_token(call: Call) -> None:
    """Set the tenant that the token of a request opens; then check the Host header.

    A client without a token learns nothing of the second check.

    :raises UnauthorizedError: the Authorization header is missing, or its token opens no directory
    :raises NotFoundError: a slash follows the base path twice, and the tenant is strict
    :raises InvalidSyntaxError: the Host header gives no URL for the links in an answer
    """
    scheme, token = _credentials(call.environ.get("HTTP_AUTHORIZATION", ""))
    call.access = call.service.admit(token)
    if not call.access or not (scheme or call.tolerated.allows("bare_token")):
        raise UnauthorizedError(
            "the Authorization header must be Bearer, a space and a valid token"
        )
    if call.has_doubled_slash and not call.tolerated.allows("doubled_slash"):
        raise NotFoundError("this endpoint does not exist; take one of the two slashes out")
    if not call.service_url:
        raise InvalidSyntaxError(NO_HOST)


def knows(service: Service, header: str) -> bool:
    """Tell whether an Authorization header has a valid token; true if that cannot be found out.

    ``check_token`` asks again. A valid token is remembered. A wrong one costs a second look-up of
    an index, but only beside a body, and nothing but the header has to reach the application.
    """
    _, token = _credentials(header)
    try:
        return service.admit(token) is not None
    except UnavailableError:
        return True


def _credentials(header: str) -> tuple[str, str]:
    """Return the scheme in lower case, and the token; a single word is a token without scheme."""
    scheme, _, token = header.strip().partition(" ")
    if not token:
        return "", scheme
    return scheme.lower(), token.strip() if scheme.lower() == "bearer" else ""
