"""The app as the provisioning service sees it: SCIM requests, and what their answers mean.

The provisioning service sends GET with ``filter``, POST, PATCH and DELETE (RFC 7644 §3.3 to §3.6),
never PUT.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

from ..scim_client import Exchange, ScimClient
from .directory import Record
from .mapping.rules import incompatible

MESSAGE = "urn:ietf:params:scim:api:messages:2.0:"
SCIM_ERRORS = {
    409: "EntryConflict",
    422: "UnprocessableEntity",
    429: "TooManyRequests",
    501: "NotImplemented",
}
HEADERS = {
    "User-Agent": "Microsoft Azure AD SCIM provisioning",
    "Accept": "application/scim+json",
    "Content-Type": "application/scim+json; charset=utf-8",
}
INCOMPATIBLE = "SystemForCrossDomainIdentityManagementServiceIncompatible"


class TargetError(Exception):
    """The app refuses something, or its answer makes no sense."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class UnusableTargetError(TargetError):
    """The app cannot be reached, refuses the token or is no SCIM server."""


class Target:
    """An app at a tenant URL; the query of the URL goes with every request."""

    def __init__(self, url: str, token: str, say: Callable[[str], None]) -> None:
        base, _, self.query = url.partition("?")
        headers = HEADERS | {"Authorization": f"Bearer {token}"}
        # What fails comes again with the next cycle: there is no need to wait for it now.
        self.client, self.say = ScimClient(base, headers, self._note, first_pause=0), say

    def close(self) -> None:
        self.client.close()

    def find(self, endpoint: str, sought: str, query: str = "") -> list[Record]:
        """Return the resources that match a filter (RFC 7644 §3.4.2)."""
        options = [query, f"filter={quote(sought, safe='')}"]
        if query.startswith("attributes"):
            options.reverse()
        status, found = self._send("GET", f"/{endpoint}", options)
        _expect(status, found, 200, 404)
        listed, schemas = found.get("Resources", []), found.get("schemas")
        is_list = isinstance(schemas, list) and f"{MESSAGE}ListResponse" in schemas
        if not is_list or not isinstance(listed, list):
            message = f"GET /{endpoint} with a filter answers {status} instead of a ListResponse"
            raise UnusableTargetError(INCOMPATIBLE, message)
        return [_readable(resource) for resource in listed]

    def read(self, endpoint: str, target_id: str, query: str = "") -> Record | None:
        """Return a resource, or None if it is not there (RFC 7644 §3.4.1)."""
        status, found = self._send("GET", f"/{endpoint}/{quote(target_id, safe='')}", [query])
        if status == 404:
            return None
        _expect(status, found, 200)
        return _readable(found)

    def create(self, endpoint: str, document: Record) -> str:
        """Create a resource and return its id (RFC 7644 §3.3)."""
        status, created = self._send("POST", f"/{endpoint}", body=document)
        _expect(status, created, 201)
        return str(_readable(created)["id"])

    def patch(self, endpoint: str, target_id: str, operations: list[dict[str, Any]]) -> None:
        """Change a resource (RFC 7644 §3.5.2)."""
        path = f"/{endpoint}/{quote(target_id, safe='')}"
        body = {"schemas": [f"{MESSAGE}PatchOp"], "Operations": operations}
        _expect(*self._send("PATCH", path, body=body), 200, 204)

    def delete(self, endpoint: str, target_id: str) -> None:
        """Delete a resource, which may have gone already (RFC 7644 §3.6)."""
        path = f"/{endpoint}/{quote(target_id, safe='')}"
        _expect(*self._send("DELETE", path), 200, 204, 404)

    def _send(
        self, method: str, path: str, options: list[str] | None = None, body: Record | None = None
    ) -> tuple[int, Record]:
        query = "&".join(filter(None, [self.query, *(options or [])]))
        path += f"?{query}" if query else ""
        exchange = self.client.request(method, path, body)
        if exchange.status is None:
            message = f"the app cannot be reached: {exchange.problem}"
            raise UnusableTargetError("WebExceptionProtocolError", message)
        return exchange.status, exchange.received

    def _note(self, exchange: Exchange) -> None:
        sent = exchange.sent or {}
        operations = f" {json.dumps(sent['Operations'])}" if "Operations" in sent else ""
        status = exchange.status or "no answer"
        self.say(f"  {exchange.method} {unquote(exchange.path)} {status}{operations}")


def equals(path: str, value: str) -> str:
    """Return a comparison (RFC 7644 §3.4.2.2)."""
    return f"{path} eq {json.dumps(value, ensure_ascii=False)}"


def _expect(status: int, answered: Record, *expected: int) -> None:
    if status in expected:
        return
    detail = answered.get("detail") or f"the app answers {status}"
    if status in (401, 403):
        raise UnusableTargetError("Unauthorized", str(detail))
    fallback = "InternalServerError" if status >= 500 else "WebExceptionProtocolError"
    raise TargetError(SCIM_ERRORS.get(status, fallback), f"{status} {detail}")


def _readable(resource: Any) -> Record:
    wrong = incompatible(resource) if isinstance(resource, dict) else "a resource is no object"
    if wrong:
        raise TargetError(INCOMPATIBLE, wrong)
    found: Record = resource
    return found
