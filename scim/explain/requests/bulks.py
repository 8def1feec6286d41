"""A bulk request as its operations, in the order in which they ran (RFC 7644 §3.7)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scim.protocol.bulk import BulkOperation, bulk_ids, is_circular, plan

from ..bodies import Reading, get
from ..exchange import Exchange, Message
from ..sentences.results import answered, read
from ..sentences.sentence import sentence
from ..words import plain


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a bulk request; ``index`` is its place in the request, from 0.

    ``needs`` are the operations whose ``bulkId`` it refers to, with ``is_circular`` in a circle.
    ``status`` is empty if it was not carried out, since others had failed, or nobody knows.
    """

    index: int
    method: str
    path: str
    bulk_id: str
    sentence: str
    needs: Sequence[int]
    is_circular: bool
    status: str
    detail: str

    @property
    def is_failed(self) -> bool:
        return self.status[:1] in ("4", "5")


def operations(exchange: Exchange, names: Mapping[str, str] | None = None) -> list[Operation]:
    """Return the operations of a bulk request, in the order in which they ran.

    An operation comes after those that it refers to. Of a body that was cut the first ones are
    known. ``names`` has names of resources by their ids.
    """
    reading = Reading(exchange, names)
    asked = [read(index, sent) for index, sent in enumerate(reading.operations)]
    results = {operation.index: result for operation, result in answered(reading)}
    owners = {name: operation.index for name, operation in bulk_ids(asked).items()}
    return [
        _ran(reading, operation, owners, results.get(operation.index), is_circular(step))
        for step in plan(asked)
        for operation in step
    ]


def _ran(
    reading: Reading,
    operation: BulkOperation,
    owners: Mapping[str, int],
    result: Any,
    in_circle: bool,
) -> Operation:
    status = plain(get(result, "status") or "", 10)
    detail = get(get(result, "response"), "detail")
    return Operation(
        index=operation.index,
        method=plain(operation.method or "", 10),
        path=plain(operation.path or "", 200),
        bulk_id=plain(operation.bulk_id or "", 100),
        sentence=sentence(alone(reading.exchange, operation, result), reading.known),
        needs=sorted(owners[name] for name in operation.references if name in owners),
        is_circular=in_circle,
        status=status,
        detail=plain(detail or "", 300),
    )


def alone(exchange: Exchange, operation: BulkOperation, result: Any) -> Exchange:
    """Return an operation of a bulk request as an exchange of its own."""
    status = get(result, "status")
    response = get(result, "response")
    return replace(
        exchange,
        method=str(operation.method or ""),
        path=str(operation.path or ""),
        query="",
        status=int(status) if str(status) in STATUSES else 200,
        request=Message(exchange.request.headers, _text(operation.data)),
        answer=Message(body=_text(response)),
        detail=str(get(response, "detail") or ""),
        tolerated=(),
        statements=(),
        made=(),
    )


STATUSES = {str(status) for status in range(200, 600)}


def _text(value: Any) -> str:
    return "" if value is None else json.dumps(value)
