"""The operations of a bulk request with their results (RFC 7644 §3.7)."""

from collections.abc import Iterator
from typing import Any

from scim.protocol.bulk import BulkOperation

from ..bodies import Reading, get

Sent = dict[str, Any]


def answered(reading: Reading) -> Iterator[tuple[BulkOperation, Any]]:
    """Yield the operations that have a result, each with it, in the order of the request.

    After ``failOnErrors`` failures the rest has no result.
    """
    found = get(reading.answered, "Operations")
    found = found if isinstance(found, list) else []
    sent = reading.operations
    index = 0
    for result in found:
        while len(found) != len(sent) and index < len(sent) and not _fits(result, sent[index]):
            index += 1
        if index < len(sent):
            yield read(index, sent[index]), result
        index += 1


def _fits(result: Any, sent: Sent) -> bool:
    if str(get(result, "method")).upper() != str(sent.get("method")).upper():
        return False
    if get(result, "bulkId") != sent.get("bulkid"):
        return False
    is_post = str(sent.get("method")).upper() == "POST"
    return is_post or str(get(result, "location")).endswith(str(sent.get("path")))


def read(index: int, sent: Sent) -> BulkOperation:
    """Return an operation of a bulk request, with its place in it."""
    known = [sent.get(name) for name in ("method", "path", "bulkid", "version", "data")]
    return BulkOperation(index, *known)
