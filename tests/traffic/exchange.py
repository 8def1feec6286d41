"""One request over a real socket, and its answer."""

import gzip
import json
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

UNTOUCHED = "/?&=%+:,$"  # a path is sent as it is written, except spaces, quotes and brackets


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: Any


def send(url: str, method: str, path: str, headers: dict[str, str], body: Any = None) -> Answer:
    """Send with the standard library, which keeps a trailing ``?``; a body that is text is sent so.

    :param url: the server's base URL
    """
    base = urlsplit(url)
    text = body if body is None or isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    connection = HTTPConnection(base.hostname or "", base.port, timeout=60)
    try:
        target = quote(base.path + path, safe=UNTOUCHED)
        connection.request(method, target, text and text.encode(), headers)
        response = connection.getresponse()
        content = _content(response.headers, response.read())
        return Answer(response.status, response.headers, content)
    finally:
        connection.close()


def _content(headers: Message, raw: bytes) -> Any:
    if headers.get("Content-Encoding") == "gzip":
        raw = gzip.decompress(raw)
    if raw and headers.get_content_subtype().endswith("json"):
        return json.loads(raw)
    return raw.decode() or None
