"""Secrets are hidden in whatever a report shows."""

from collections.abc import Iterable
from dataclasses import replace

from .client import Exchange

HIDDEN = "(hidden)"
SECRET_LENGTH = 6  # a shorter text is no secret, and occurs anywhere by chance


def hide(secrets: Iterable[str], text: str) -> str:
    """Return the text with all secrets in it hidden."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN) if len(secret) >= SECRET_LENGTH else text
    return text


def without(secrets: Iterable[str], exchange: Exchange) -> Exchange:
    """Return the exchange with all secrets in it hidden."""

    def hidden(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        return {name: hide(secrets, value) for name, value in headers}

    sent = hidden(exchange.request_headers.items())
    return replace(
        exchange,
        url=hide(secrets, exchange.url),
        request_headers={
            name: HIDDEN if name.lower() == "authorization" else value
            for name, value in sent.items()
        },
        request_body=exchange.request_body and hide(secrets, exchange.request_body),
        headers=hidden(exchange.headers.items()),
        text=hide(secrets, exchange.text),
    )
