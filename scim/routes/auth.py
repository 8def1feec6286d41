"""Who may call: the bearer-token decorator that guards every route (RFC 7644 §2, RFC 6750)."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import request

from scim.protocol.errors import UnauthorizedError

from .wire import admit, tolerated

P = ParamSpec("P")
R = TypeVar("R")

CHALLENGE = 'Bearer realm="SCIM", error="invalid_token"'


def bearer_required(view: Callable[P, R]) -> Callable[P, R]:
    """Let a request through to ``view`` only with the token in its Authorization header.

    :raises UnauthorizedError: the header is missing or carries another token
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        scheme, token = _credentials(request.headers.get("Authorization", ""))
        if not admit(token) or not (scheme or tolerated().allows("bare_token")):
            raise UnauthorizedError("Authorization must be Bearer, a space and the token")
        return view(*args, **kwargs)

    return guarded


def _credentials(header: str) -> tuple[str, str]:
    """Return the scheme, in lower case, and the token; without a scheme all of it is the token."""
    scheme, _, token = header.strip().partition(" ")
    if not token:
        return "", scheme
    return scheme.lower(), token.strip() if scheme.lower() == "bearer" else ""
