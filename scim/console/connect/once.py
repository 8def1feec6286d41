"""New tokens, which a session is shown once and which are in no URL."""

from flask import session

MOST = 100  # that wait to be shown

_waiting: dict[str, tuple[str, str]] = {}


def keep(name: str, token: str) -> None:
    """Keep a token for the next page of this session."""
    if len(_waiting) >= MOST:
        _waiting.clear()
    _waiting[session["csrf"]] = name, token


def take() -> tuple[str, str]:
    """Return the name and the token to show, and forget them; both are empty if there is none."""
    return _waiting.pop(session["csrf"], ("", ""))
