"""Exchanges in the HTTP Archive format, HAR 1.2, which browsers and other tools open."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from ..exchange import Exchange, Message
from ..sentences.sentence import sentence
from .copying import url

CREATOR = {"name": "SCIM console", "version": "1"}
PHRASES = {each.value: each.phrase for each in HTTPStatus}


def entry(exchange: Exchange, base_url: str) -> dict[str, Any]:
    """Return an exchange as an entry; what is this server's own begins with ``_``."""
    query = parse_qsl(exchange.query, keep_blank_values=True, errors="replace")
    sent, answered = exchange.request, exchange.answer
    took = round(exchange.milliseconds, 3)
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": url(exchange, base_url),
        **_common(sent),
        "queryString": _pairs(query),
    }
    if sent.body:
        mime = sent.header("Content-Type")
        request["postData"] = {"mimeType": mime, "text": sent.body, **_cut(sent)}
    content = {"size": answered.size, "mimeType": answered.header("Content-Type")}
    return {
        "startedDateTime": exchange.at,
        "time": took,
        "request": request,
        "response": {
            "status": exchange.status,
            "statusText": PHRASES.get(exchange.status, ""),
            **_common(answered),
            "content": content | {"text": answered.body} | _cut(answered),
            "redirectURL": answered.header("Location") if 300 <= exchange.status < 400 else "",
        },
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "comment": sentence(exchange),
        "_requestId": exchange.id,
        "_tenant": exchange.tenant,
        "_provider": exchange.provider,
        "_tolerances": list(exchange.tolerated),
    }


def _common(message: Message) -> dict[str, Any]:
    """Return what requests and answers have both; -1 is for sizes that nobody knows."""
    return {
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(message.headers),
        "headersSize": -1,
        "bodySize": message.size,
    }


def _cut(message: Message) -> dict[str, str]:
    return {"comment": f"cut; it had {message.size} bytes"} if message.is_cut else {}


def _pairs(found: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in found]
