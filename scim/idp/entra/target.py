"""The SCIM requests of the provisioning service to the app, and the meaning of the answers.

The provisioning service sends GET with ``filter``, POST, PATCH and DELETE (RFC 7644 §3.3 to §3.6),
never PUT.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

from ..scim_client import Exchange, ScimClient
from ..values import Record
from ..waiting import Waiting
from .mapping.values import find_incompatibility

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
    "Accept-Encoding": "identity",
    "Content-Type": "application/scim+json; charset=utf-8",
}
INCOMPATIBLE = "SystemForCrossDomainIdentityManagementServiceIncompatible"


class TargetError(Exception):
    """The app refuses a request, or its answer cannot be used."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class UnusableTargetError(TargetError):
    """The app cannot be reached, refuses the token, or is not a SCIM server."""


class Target:
    """An app at a tenant URL. Every request has the query of the URL; ``show`` gets it in full.

    :raises ValueError: the URL or the token cannot be sent
    """

    def __init__(
        self,
        url: str,
        token: str,
        say: Callable[[str], None],
        show: Callable[[str], None] | None = None,
    ) -> None:
        base, _, self.query = url.partition("?")
        headers = HEADERS | {"Authorization": f"Bearer {token}"}
        # No pause before a request is repeated: a failed object comes again in the next cycle.
        self.client = ScimClient(base, headers, self._note, first_pause=0, show=show)
        self.client.waiting = Waiting(say)
        self.say, self.show = say, show

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
        return [_check_resource(resource) for resource in listed]

    def read(self, endpoint: str, target_id: str, query: str = "") -> Record | None:
        """Return a resource, or None if the app does not have it (RFC 7644 §3.4.1)."""
        status, found = self._send("GET", f"/{endpoint}/{quote(target_id, safe='')}", [query])
        if status == 404:
            return None
        _expect(status, found, 200)
        return _check_resource(found)

    def create(self, endpoint: str, document: Record) -> str:
        """Create a resource and return its id (RFC 7644 §3.3)."""
        status, created = self._send("POST", f"/{endpoint}", body=document)
        _expect(status, created, 201)
        return str(_check_resource(created)["id"])

    def patch(self, endpoint: str, target_id: str, operations: list[Record]) -> None:
        """Change a resource (RFC 7644 §3.5.2)."""
        path = f"/{endpoint}/{quote(target_id, safe='')}"
        body = {"schemas": [f"{MESSAGE}PatchOp"], "Operations": operations}
        _expect(*self._send("PATCH", path, body=body), 200, 204)

    def delete(self, endpoint: str, target_id: str) -> None:
        """Delete a resource, unless it is gone already (RFC 7644 §3.6)."""
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


def _check_resource(resource: Any) -> Record:
    is_object = isinstance(resource, dict)
    wrong = find_incompatibility(resource) if is_object else "a resource is no object"
    if wrong:
        raise TargetError(INCOMPATIBLE, wrong)
    found: Record = resource
    return found
