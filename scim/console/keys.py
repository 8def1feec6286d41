"""Access to the console: a link with a key opens a session (docs/console.md)."""

import secrets
from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, Response, abort, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from scim.storage import digest

from .state import State

ONLY_LOOKS = "You opened the console with a link that only lets you look."
METRICS = "health.metrics"  # the endpoint of /metrics
READING = ("GET", "HEAD")
KEEPING_NOTHING = ("lab.payload",)  # endpoints that take a POST also of who may only look
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def register(app: Flask, state: State) -> None:
    """Guard every page of ``app``, and let the holder of a key in."""
    app.secret_key = secrets.token_bytes(32)  # every session ends with the process
    app.config.update(
        SESSION_COOKIE_NAME=f"scim_console_{state.port}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
    )

    @app.before_request
    def guard() -> ResponseReturnValue | None:
        if request.endpoint == "static" or _has_scrape_key(state):
            return None
        if key := request.args.get("key"):
            return _enter(state, key, _without_key())
        if request.endpoint == "enter":
            return None
        if "csrf" not in session:
            return render_template("closed.html", is_wrong=False), 401
        if request.method not in READING:
            _check_write()
        return None

    @app.post("/enter", endpoint="enter")
    def enter() -> ResponseReturnValue:
        return _enter(state, request.form.get("key", ""), "/")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint == "static":
            response.headers["Cache-Control"] = "no-cache"
        return response


def is_read_only() -> bool:
    """Tell whether the session may only look."""
    return bool(session.get("read_only"))


def new_key() -> str:
    """Return a key that nobody can guess."""
    return secrets.token_urlsafe(18)


def for_writers(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Return a view of a form that is refused to who may only look."""

    @wraps(view)
    def guarded(**values: Any) -> ResponseReturnValue:
        if is_read_only():
            abort(403, ONLY_LOOKS)
        return view(**values)

    return guarded


def link(origin: str, key: str) -> str:
    """Return the link that opens a console."""
    return f"{origin}/?{urlencode({'key': key})}"


def _enter(state: State, key: str, target: str) -> ResponseReturnValue:
    """Open a session for the holder of a key."""
    read_only = _opened(state, key)
    if read_only is None:
        return render_template("closed.html", is_wrong=True), 401
    session.clear()
    session.update(csrf=secrets.token_urlsafe(16), read_only=read_only)
    return redirect(target, 303)


def _has_scrape_key(state: State) -> bool:
    """Tell whether a request for the metrics has a key with it, for a client without cookies.

    It needs one on this machine, too: what comes through a tunnel looks the same.
    """
    if request.endpoint != METRICS:
        return False
    bearer = request.authorization.token if request.authorization else None
    key = bearer or request.args.get("key", "")
    return bool(key) and _opened(state, key) is not None


def _opened(state: State, key: str) -> bool | None:
    """Tell whether a key only lets its holder look; None if it opens nothing."""
    shown = digest(key.strip().rpartition("key=")[2])  # a pasted link will do as well
    if compare_digest(shown, state.key):  # this key lasts, even if the file is lost
        return False
    return state.recordings.link(state.origin, shown)


def _without_key() -> str:
    """Return the path and query of the request without the key."""
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != "key"]
    path = "/" + quote(request.path.lstrip("/"))  # "//host" would lead elsewhere
    return f"{path}?{urlencode(rest)}" if rest else path


def _check_write() -> None:
    """Refuse what no form of these pages has sent, and what a visitor may not do."""
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
    if not compare_digest(sent.encode(), session["csrf"].encode()):
        abort(400, "The page is out of date. Load it again, and repeat what you did.")
    if is_read_only() and request.endpoint not in KEEPING_NOTHING:
        abort(403, ONLY_LOOKS)
