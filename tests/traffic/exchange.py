"""One request over a real socket, and what came back."""

import gzip
import json
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
UNTOUCHED = "/?&=%+:,$"  # a path goes out as it is written, but for spaces, quotes and brackets


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: Any


def send(server: Any, method: str, path: str, headers: dict[str, str], body: Any = None) -> Answer:
    """Send with the standard library, which leaves a trailing ``?`` where it is."""
    url = urlsplit(server.url)
    connection = HTTPConnection(url.hostname or "", url.port, timeout=60)
    text = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    try:
        connection.request(method, quote(url.path + path, safe=UNTOUCHED), text, headers)
        response = connection.getresponse()
        return Answer(
            response.status, response.headers, _content(response.headers, response.read())
        )
    finally:
        connection.close()


def _content(headers: Message, raw: bytes) -> Any:
    if headers.get("Content-Encoding") == "gzip":
        raw = gzip.decompress(raw)
    if raw and headers.get_content_subtype().endswith("json"):
        return json.loads(raw)
    return raw.decode() or None


@dataclass(frozen=True)
class Client:
    """A provider's client: the headers it sends with everything, and shorthands."""

    server: Any
    headers: dict[str, str]

    def get(self, path: str) -> Answer:
        return send(self.server, "GET", path, self.headers)

    def post(self, path: str, body: Any) -> Answer:
        return send(self.server, "POST", path, self.headers, body)

    def patch(self, path: str, *operations: Any) -> Answer:
        body = {"schemas": [PATCH_OP], "Operations": operations}
        return send(self.server, "PATCH", path, self.headers, body)

    def delete(self, path: str) -> Answer:
        return send(self.server, "DELETE", path, self.headers)
