"""Bulk requests, made of the operations that they carry (RFC 7644 §3.7)."""

from typing import Any

from scim.protocol.bulk import BULK_REQUEST_SCHEMA, BULK_RESPONSE_SCHEMA
from scim.protocol.schema import GROUP_SCHEMA

from .errors import ERROR_SCHEMA
from .scim import Record, Scim, patch_op

BASE = "http://localhost/scim/v2"


def post(bulk_id: str, body: Record, **others: Any) -> Record:
    path = "/Groups" if GROUP_SCHEMA in body["schemas"] else "/Users"
    return {"method": "POST", "path": path, "bulkId": bulk_id, "data": body, **others}


def put(path: str, body: Record, **others: Any) -> Record:
    return {"method": "PUT", "path": path, "data": body, **others}


def patch(path: str, *operations: Record, **others: Any) -> Record:
    return {"method": "PATCH", "path": path, "data": patch_op(*operations), **others}


def delete(path: str, **others: Any) -> Record:
    return {"method": "DELETE", "path": path, **others}


def refer(*bulk_ids: str) -> list[Record]:
    """Return what is created under these bulkIds as the members of a group."""
    return [{"value": f"bulkId:{bulk_id}"} for bulk_id in bulk_ids]


def bulk_request(*operations: Any, **attributes: Any) -> Record:
    return {"schemas": [BULK_REQUEST_SCHEMA], **attributes, "Operations": list(operations)}


def carry_out(scim: Scim, *operations: Record, **attributes: Any) -> list[Record]:
    """Send a bulk request; return the results, having checked what each of them has to have."""
    response = scim.post("/Bulk", bulk_request(*operations, **attributes))
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/scim+json"
    assert response.json.keys() == {"schemas", "Operations"}
    assert response.json["schemas"] == [BULK_RESPONSE_SCHEMA]
    results: list[Record] = response.json["Operations"]
    for result in results:
        check_result(result)
    return results


def check_result(result: Record) -> None:
    """Check a result (RFC 7644 §3.7, §3.7.3)."""
    names = {"location", "method", "bulkId", "version", "status", "response"}
    assert result.keys() <= names
    assert isinstance(result["status"], str)
    if failed(result):
        assert result["response"]["schemas"] == [ERROR_SCHEMA]
        assert result["response"]["status"] == result["status"]
        assert result["response"]["detail"]
        assert "version" not in result
        assert ("location" in result) == (result.get("method") != "POST") or "method" not in result
    else:
        assert "response" not in result
        assert result["location"].startswith(f"{BASE}/")
        assert ("version" in result) == (result["method"] != "DELETE")


def failed(result: Record) -> bool:
    return not result["status"].startswith("2")


def statuses(results: list[Record]) -> list[str]:
    return [result["status"] for result in results]


def details(results: list[Record]) -> list[str]:
    """Return why operations failed; nothing for those that did not."""
    return [result.get("response", {}).get("detail", "") for result in results]
