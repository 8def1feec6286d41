"""Who may call: the bearer-token decorator that guards every route (RFC 7644 §2, RFC 6750)."""

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app, request

from scim.protocol.errors import UnauthorizedError

from .wire import tolerated

P = ParamSpec("P")
R = TypeVar("R")

CHALLENGE = 'Bearer realm="SCIM", error="invalid_token"'


def bearer_required(view: Callable[P, R]) -> Callable[P, R]:
    """Let a request through to ``view`` only with the token in its Authorization header.

    :raises UnauthorizedError: the header is missing or carries another token
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        presented = hashlib.sha256(_presented(request.headers.get("Authorization", "")).encode())
        if not hmac.compare_digest(presented.digest(), current_app.extensions["scim_digest"]):
            raise UnauthorizedError("Authorization must be Bearer, a space and the token")
        return view(*args, **kwargs)

    return guarded


def _presented(header: str) -> str:
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    is_bare = scheme and not token and tolerated().allows("bare_token")
    return scheme if is_bare else ""
