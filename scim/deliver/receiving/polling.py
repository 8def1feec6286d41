"""Security event tokens are fetched by polls, as their receiver does it (RFC 8936)."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from .arrived import indented
from .events import EventReader, ReceivingError, TokenError


def fetch(reader: EventReader, url: str, token: str, say: Callable[[str], None]) -> None:
    """Poll for tokens, explain each, and acknowledge or refuse it, until this is interrupted.

    :raises httpx2.HTTPError: the server cannot be reached
    :raises ReceivingError: the server refuses the poll, or shows no keys
    """
    headers = {"Authorization": f"Bearer {token}"}
    asked: dict[str, Any] = {}
    with httpx2.Client(headers=headers, timeout=60) as client:
        while True:
            sets = _sets(client.post(url, json=asked))
            asked = {"ack": [], "setErrs": {}}
            for jti, each in sets.items():
                try:
                    lines = reader.read(each)
                    asked["ack"].append(jti)
                except TokenError as error:
                    lines = [error.line]
                    asked["setErrs"][jti] = error.told
                for line in indented(lines):
                    say(line)


def _sets(answer: httpx2.Response) -> Mapping[str, str]:
    """Return the tokens in an answer to a poll, by their jti."""
    try:
        told = answer.json()
        if answer.is_success:
            return dict(told["sets"])
        reason = str(told["detail"])
    except (ValueError, TypeError, KeyError):
        reason = "the body has no tokens" if answer.is_success else answer.reason_phrase
    raise ReceivingError(f"{answer.url} answered {answer.status_code}: {reason}")
