"""The form that every error answer has (RFC 7644 §3.12)."""

import json
from typing import Any

from scim.protocol.headers import without_request

ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


def check_error(response: Any, status: int, scim_type: str | None = None) -> str:
    """Check an error answer of the application and return its detail."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/scim+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    body = response.json
    assert body["schemas"] == [ERROR_SCHEMA]
    assert body["status"] == str(status)
    assert body.get("scimType") == scim_type
    assert body.keys() <= {"schemas", "status", "scimType", "detail"}
    detail: str = body["detail"]
    text, _, told = detail.rpartition(" [request ")
    assert told == f"{response.headers['X-Request-Id']}]"
    assert text
    return text


def detail_of(response: Any) -> str:
    """Return the detail of an error answer without the id of its request."""
    return without_request(json.loads(response.text).get("detail", ""))
