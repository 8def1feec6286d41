"""The bearer token: a decorator checks it before every view (RFC 7644 §2, RFC 6750)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from scim.operate.guard import PAUSED
from scim.operate.limits import Limiter
from scim.protocol.errors import (
    InsufficientScopeError,
    InvalidSyntaxError,
    NotFoundError,
    PausedError,
    ScimError,
    UnauthorizedError,
    UnavailableError,
)
from scim.protocol.headers import FOR_TENANT, PARKED
from scim.protocol.permissions import EVENTS, READ, WRITE
from scim.protocol.tokens import weakness
from scim.service import Service
from scim.settings import DEFAULT_TOKEN
from scim.storage import Access

from .call import Call, this_call
from .deferring import Accepted

R = TypeVar("R")

NO_HOST = "the Host header is missing or no host name; send the host and port of the base URL"
REALM = 'Bearer realm="SCIM", error='


def bearer_required(view: Callable[..., R]) -> Callable[..., R]:
    """Call ``view``, with the request as ``call``, only if its token permits the method.

    GET and HEAD need the scope ``read``, all other methods ``write``.
    """
    return _guarded(view, lambda call: READ if call.reads else WRITE)


def search_permitted(view: Callable[..., R]) -> Callable[..., R]:
    """Call ``view`` as ``bearer_required`` does; its POST only reads (RFC 7644 §3.4.3)."""
    return _guarded(view, lambda call: READ)


def events_permitted(view: Callable[..., R]) -> Callable[..., R]:
    """Call ``view`` as ``bearer_required`` does; it needs the scope ``events``, and no other."""
    return _guarded(view, lambda call: EVENTS)


def any_token(view: Callable[..., R]) -> Callable[..., R]:
    """Call ``view`` as ``bearer_required`` does, whatever the scopes of the token."""
    return _guarded(view, lambda call: "")


def _guarded(view: Callable[..., R], needed: Callable[[Call], str]) -> Callable[..., R]:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> R:
        call = this_call()
        check_token(call)
        check_scope(call, needed(call))
        return view(*args, call=call, **kwargs)

    return guarded


def check_scope(call: Call, scope: str) -> None:
    """Raise unless the token has a scope; an empty one needs none.

    :raises InsufficientScopeError: the token has not got it
    :raises PausedError: it is ``write``, and the tenant is paused
    """
    if scope:
        call.admitted.permission.check_scope(scope)
    if scope == WRITE and call.admitted.is_paused and call.is_first:  # or else it was accepted
        raise PausedError(PAUSED)


def challenge(error: ScimError) -> str:
    """Return the WWW-Authenticate header of an error; empty if it has none (RFC 6750 §3)."""
    if isinstance(error, InsufficientScopeError):
        return f'{REALM}"insufficient_scope"' + (f', scope="{error.scope}"' if error.scope else "")
    return f'{REALM}"invalid_token"' if error.status == 401 else ""


def check_token(call: Call) -> None:
    """Set the tenant that the token of a request opens; then check the Host header.

    A client without a token learns nothing of the second check.

    :raises Accepted: the request was accepted, and the token has expired or was revoked since
    :raises UnauthorizedError: the Authorization header is missing, or its token opens no directory,
        or it is the demo token and the request comes from elsewhere
    :raises TooManyRequestsError: the tenant has sent too many requests, or the address has guessed
    :raises NotFoundError: a slash follows the base path twice, and the tenant is strict
    :raises InvalidSyntaxError: the Host header gives no URL for the links in an answer
    """
    scheme, token = _credentials(call.environ.get("HTTP_AUTHORIZATION", ""))
    limiter = call.limiter
    access = admit(call.service, limiter, token, lambda: call.remote_addr or "")
    if access and call.environ.get(FOR_TENANT) in (None, access.tenant.name):
        call.access = access
    left = call.environ.get(PARKED)
    if not call.access and left and left.txn:
        raise Accepted(left.txn)  # the token was valid then
    if not call.access or not (scheme or call.tolerated.allows("bare_token")):
        if limiter and token:
            limiter.note_refused(call.remote_addr or "")
        raise UnauthorizedError(
            "the Authorization header must be Bearer, a space and a valid token"
        )
    if limiter and call.is_first:
        limiter.take(call.access.tenant)
    if call.has_doubled_slash and not call.tolerated.allows("doubled_slash"):
        raise NotFoundError("this endpoint does not exist; take one of the two slashes out")
    if not call.service_url:
        raise InvalidSyntaxError(NO_HOST)
    if token == DEFAULT_TOKEN:
        call.demo_token.check(call.environ, call.host_header)
    call.service.note_use(call.access)


def admit(
    service: Service, limiter: Limiter | None, token: str, address: Callable[[], str]
) -> Access | None:
    """Return what a token opens; None if it opens nothing.

    An address that has guessed too often may try no further tokens, only those that have opened a
    directory before, and those too long to guess. So a provider can go on whose address somebody
    else has, too: also with an hourly token of OAuth, and in a worker that has just started.

    :raises TooManyRequestsError: the address has guessed too often
    """
    if not limiter or not token or service.has_met(token):
        return service.admit(token)
    is_weak = weakness(token) is not None
    access = None if is_weak else service.admit(token)
    if access is None:
        limiter.check_address(address())
    return service.admit(token) if is_weak else access


def knows(
    service: Service, limiter: Limiter | None, header: str, address: Callable[[], str]
) -> bool:
    """Tell whether an Authorization header has a valid token; true if that cannot be found out.

    ``check_token`` asks again. A valid token is remembered. A wrong one costs a second look-up of
    an index, but only beside a body, and nothing but the header has to reach the application.

    :raises TooManyRequestsError: the address has guessed too often
    """
    _, token = _credentials(header)
    try:
        return admit(service, limiter, token, address) is not None
    except UnavailableError:
        return True


def _credentials(header: str) -> tuple[str, str]:
    """Return the scheme in lower case, and the token; a single word is a token without scheme."""
    scheme, _, token = header.strip().partition(" ")
    if not token:
        return "", scheme
    return scheme.lower(), token.strip() if scheme.lower() == "bearer" else ""
