"""JSON Schemas of messages: errors, lists, queries, PATCH and bulk requests (RFC 7644 §3)."""

from collections.abc import Iterator

from ..bulk import BULK_REQUEST_SCHEMA, BULK_RESPONSE_SCHEMA, METHODS
from ..delta import (
    CREATE,
    DELETE,
    DELTA_REQUEST_SCHEMA,
    DELTA_RESPONSE_SCHEMA,
    DELTA_TOKEN_SCHEMA,
    UPDATE,
)
from ..errors import ERROR_SCHEMA, ScimError
from ..patch.target import PATCH_OP_SCHEMA
from ..search import LIST, LIST_RESPONSE_SCHEMA, NUMBERS, PARAMETERS, SEARCH_REQUEST_SCHEMA
from ..values import Record

ABOUT = {
    "filter": "the filter that resources match (RFC 7644 §3.4.2.2)",
    "sortBy": "the attribute to sort by (RFC 7644 §3.4.2.3)",
    "sortOrder": "the order of sortBy",
    "startIndex": "the place of the first resource, counted from 1 (RFC 7644 §3.4.2.4)",
    "count": "the most resources on the page; 0 for the number alone",
    "cursor": "the page, by the nextCursor of another one; empty for the first (RFC 9865)",
    "attributes": "the attributes that are shown, beside id and schemas (RFC 7644 §3.9)",
    "excludedAttributes": "the attributes that are not shown (RFC 7644 §3.9)",
}
TEXT: Record = {"type": "string"}
ANYTHING: Record = {}
OBJECT: Record = {"type": "object"}
STATUS: Record = {"type": "string", "pattern": "^[1-5][0-9]{2}$"}


def parameter(name: str) -> Record:
    """Return the JSON Schema of a parameter of a query in a URL."""
    if name in NUMBERS:
        return {"type": "integer"}
    if name == "sortOrder":
        return {"type": "string", "enum": ["ascending", "descending"]}
    return TEXT


def message_schemas() -> dict[str, Record]:
    """Return the JSON Schemas of all messages by their names, without lists of resources.

    The names have a dot, which names of resource types cannot have.
    """
    return {
        "message.Error": _message(
            ERROR_SCHEMA,
            ["status", "detail"],
            status=STATUS,
            scimType={"type": "string", "enum": sorted(_scim_types(ScimError))},
            detail=TEXT,
        ),
        "message.DeltaToken": _message(DELTA_TOKEN_SCHEMA, ["value", "expiry"], **_token()),
        "message.DeltaRequest": _message(
            DELTA_REQUEST_SCHEMA, ["deltaToken"], deltaToken=TEXT, **_search()
        ),
        "message.DeltaList": _delta_list(),
        "message.SearchRequest": _message(SEARCH_REQUEST_SCHEMA, [], **_search()),
        "message.PatchOp": _message(
            PATCH_OP_SCHEMA, ["Operations"], Operations=_operations(_patch())
        ),
        "message.BulkRequest": _message(
            BULK_REQUEST_SCHEMA,
            ["Operations"],
            failOnErrors={"type": "integer", "minimum": 1},
            Operations=_operations(_bulk()),
        ),
        "message.BulkResponse": _message(
            BULK_RESPONSE_SCHEMA,
            ["Operations"],
            Operations={"type": "array", "items": _result()},
        ),
        "message.SecurityEventToken": TEXT,
        "message.Poll": {"type": "object", "properties": _poll()},
        "message.PollAnswer": _poll_answer(),
        "message.OpenAPI": {"type": "object", "required": ["openapi", "paths"]},
    }


def _poll() -> dict[str, Record]:
    """Return the members of a poll (RFC 8936 §2.4)."""
    error = {"type": "object", "properties": {"err": TEXT, "description": TEXT}}
    return {
        "maxEvents": {"type": "integer", "minimum": 0},
        "returnImmediately": {"type": "boolean"},
        "ack": {"type": "array", "items": TEXT},
        "setErrs": {"type": "object", "additionalProperties": error},
    }


def _poll_answer() -> Record:
    """Return the JSON Schema of the answer to a poll (RFC 8936 §2.5)."""
    sets = {"type": "object", "additionalProperties": TEXT}
    members = {"sets": sets, "moreAvailable": {"type": "boolean"}}
    return {"type": "object", "required": ["sets"], "properties": members}


def list_of(*names: str) -> Record:
    """Return the JSON Schema of a list of resources (RFC 7644 §3.4.2, RFC 9865 §2)."""
    kinds = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    whole = {"type": "integer", "minimum": 0}
    return _message(
        LIST_RESPONSE_SCHEMA,
        ["totalResults", "Resources"],
        totalResults=whole,
        startIndex={"type": "integer", "minimum": 1},
        itemsPerPage=whole,
        previousCursor=TEXT,
        nextCursor=TEXT,
        Resources={"type": "array", "items": kinds[0] if len(kinds) == 1 else {"anyOf": kinds}},
    )


def _message(urn: str, required: list[str], **properties: Record) -> Record:
    schemas = {"type": "array", "items": TEXT, "contains": {"const": urn}, "minItems": 1}
    return {
        "type": "object",
        "required": ["schemas", *required],
        "properties": {"schemas": schemas, **properties},
    }


def _scim_types(kind: type[ScimError]) -> Iterator[str]:
    """Yield the scimType of a kind of error and of those below it (RFC 7644, Table 9)."""
    if kind.scim_type:
        yield kind.scim_type
    for each in kind.__subclasses__():
        yield from _scim_types(each)


def _search() -> dict[str, Record]:
    names: Record = {"type": "array", "items": TEXT}
    return {
        name: (names if known.metadata == LIST else parameter(name)) | {"description": ABOUT[name]}
        for name, known in PARAMETERS.items()
    }


def _token() -> dict[str, Record]:
    return {"value": TEXT, "expiry": {"type": "string", "format": "date-time"}}


def _delta_list() -> Record:
    """Return the JSON Schema of a page of changes (draft-sehgal-scim-delta-query)."""
    whole = {"type": "integer", "minimum": 0}
    changed = _message(
        DELTA_RESPONSE_SCHEMA,
        ["resourceType", "changeType", "changedResourceId"],
        resourceType=TEXT,
        changeType={"type": "string", "enum": [CREATE, UPDATE, DELETE]},
        changedResourceId=TEXT,
        data=OBJECT,
        operations=_operations(OBJECT),
    )
    return _message(
        LIST_RESPONSE_SCHEMA,
        ["totalResults", "Resources"],
        totalResults=whole,
        itemsPerPage=whole,
        nextCursor=TEXT,
        nextDeltaToken={"type": "object", "properties": _token()},
        Resources={"type": "array", "items": changed},
    )


def _operations(operation: Record) -> Record:
    return {"type": "array", "items": operation, "minItems": 1}


def _patch() -> Record:
    """Return the JSON Schema of an operation of a PATCH (RFC 7644 §3.5.2)."""
    return {
        "type": "object",
        "required": ["op"],
        "properties": {
            "op": {"type": "string", "enum": ["add", "remove", "replace"]},
            "path": TEXT,
            "value": ANYTHING,
        },
        "if": {"properties": {"op": {"const": "remove"}}},
        "then": {"required": ["path"]},
        "else": {"required": ["value"]},
    }


def _bulk() -> Record:
    """Return the JSON Schema of an operation of a bulk request (RFC 7644 §3.7)."""
    return {
        "type": "object",
        "required": ["method", "path"],
        "properties": {
            "method": {"type": "string", "enum": list(METHODS)},
            "path": TEXT,
            "bulkId": TEXT,
            "version": TEXT,
            "data": OBJECT,
        },
    }


def _result() -> Record:
    """Return the JSON Schema of the result of an operation of a bulk request (RFC 7644 §3.7)."""
    return {
        "type": "object",
        "required": ["status"],
        "properties": {
            "method": ANYTHING,
            "location": TEXT,
            "bulkId": ANYTHING,
            "version": TEXT,
            "status": STATUS,
            "response": {"$ref": "#/components/schemas/message.Error"},
        },
    }
