"""Bulk: many operations in one request, with references to new resources (RFC 7644 §3.7).

``bulkId:x`` means the id of the resource that the POST with the bulkId x creates. It may be any
string in the data, and a part of a path. Nothing here is recursive, since the client decides how
long a chain of references is and how deeply its data is nested.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .errors import (
    ConflictError,
    InvalidFilterError,
    InvalidSyntaxError,
    InvalidValueError,
)
from .etag import etag
from .filters.lexer import Token, tokens
from .values import PLACEHOLDER, Record

BULK_REQUEST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
METHODS = ("POST", "PUT", "PATCH", "DELETE")
REFERENCE = "bulkId:"

# No text of a client contains these: quotation marks are escaped within a JSON string.
LOCATION = f'"location":"{PLACEHOLDER}'
ESCAPED_LOCATION = f'"location":{json.dumps(PLACEHOLDER)[:-1]}'


@dataclass(frozen=True)
class BulkOperation:
    """An operation as it was sent, unchecked; ``index`` is its place in the request."""

    index: int
    method: Any = None
    path: Any = None
    bulk_id: Any = None
    version: Any = None
    data: Any = None

    @cached_property
    def references(self) -> frozenset[str]:
        """The bulkIds that the operation refers to, in its path and in its data."""
        asked_for: defaultdict[str, str] = defaultdict(str)
        resolve_ids(self.path, asked_for)
        for name, text in _mentions(self.data):
            _member(name, text, asked_for)
        return frozenset(asked_for)


Step = tuple[BulkOperation, ...]


def bulk_ids(operations: Sequence[BulkOperation]) -> dict[str, BulkOperation]:
    """Return which operation has which ``bulkId``: the first, if several have the same."""
    return {
        operation.bulk_id: operation
        for operation in reversed(operations)
        if isinstance(operation.bulk_id, str)
    }


def check_operation(operation: BulkOperation, owners: Mapping[str, BulkOperation]) -> None:
    """Raise unless an operation has the members of its method; ``owners`` are all ``bulk_ids``.

    :raises InvalidSyntaxError: something is missing
    :raises InvalidValueError: ``bulkId`` or ``version`` is no legal value
    """
    if operation.method not in METHODS:
        raise InvalidSyntaxError(f"method must be one of {', '.join(METHODS)}")
    if not isinstance(operation.path, str):
        raise InvalidSyntaxError("path must be a string such as /Users or /Users/2819c223")
    if operation.data is None and operation.method != "DELETE":
        raise InvalidSyntaxError(f"{operation.method} needs data")
    if not isinstance(operation.version, str | None):
        raise InvalidValueError("version must be a string, the ETag of the resource")
    _check_bulk_id(operation, owners)


def _check_bulk_id(operation: BulkOperation, owners: Mapping[str, BulkOperation]) -> None:
    if operation.bulk_id in (None, ""):
        if operation.method == "POST":
            raise InvalidSyntaxError("POST needs a bulkId")
    elif not isinstance(operation.bulk_id, str):
        raise InvalidValueError("bulkId must be a string")
    elif owners[operation.bulk_id].index != operation.index:
        raise InvalidValueError("bulkId must be unique; an earlier operation has the same")


def plan(operations: Sequence[BulkOperation]) -> tuple[Step, ...]:
    """Return the steps in which operations are carried out, each once, in the order of the request.

    An operation comes after the POSTs that it refers to. A circle of references is one step (RFC
    7644 §3.7.1).
    """
    posts = {
        bulk_id: operation.index
        for bulk_id, operation in bulk_ids(operations).items()
        if operation.method == "POST"
    }
    needed = {
        operation.index: sorted(posts[name] for name in operation.references if name in posts)
        for operation in operations
    }
    by_index = {operation.index: operation for operation in operations}
    return tuple(tuple(by_index[i] for i in sorted(circle)) for circle in _components(needed))


def is_circular(step: Step) -> bool:
    """Tell whether the operations of a step refer to each other, or the only one to itself."""
    first = step[0]
    refers_to_itself = bool(bulk_ids(step).keys() & first.references)
    return len(step) > 1 or (first.method == "POST" and refers_to_itself)


def _components(edges: Mapping[int, Iterable[int]]) -> Iterator[list[int]]:
    """Yield the strongly connected components of a graph, each after those that it leads to.

    The path-based algorithm: ``heads`` are the places in ``waiting`` where a component may begin;
    an edge back to a node that still waits makes one component of all that lies between.
    """
    ahead = {node: iter(targets) for node, targets in edges.items()}
    place: dict[int, int] = {}
    done: set[int] = set()
    waiting: list[int] = []
    heads: list[int] = []
    for start in edges:
        path = [] if start in place else [start]
        while path:
            node = path[-1]
            if node not in place:
                place[node] = len(waiting)
                heads.append(len(waiting))
                waiting.append(node)
            for target in ahead[node]:
                if target not in place:
                    path.append(target)
                    break
                while target not in done and heads[-1] > place[target]:
                    heads.pop()
            else:
                path.pop()
                if heads[-1] == place[node]:
                    component = waiting[heads.pop() :]
                    del waiting[place[node] :]
                    done.update(component)
                    yield component


def _mentions(data: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts in ``data`` that may hold a reference, each behind its name in an object."""
    pending: list[Any] = [[data]]
    while pending:
        container = pending.pop()
        named = isinstance(container, dict)
        for name, member in container.items() if named else (("", each) for each in container):
            if isinstance(member, dict | list):
                pending.append(member)
            elif isinstance(member, str) and REFERENCE in member:
                yield name, member


def resolve_ids(value: Any, ids: Mapping[str, str]) -> Any:
    """Return an operation's path or data with ids in place of references (RFC 7644 §3.7.2).

    :raises ConflictError: nothing was created with a bulkId that is referred to
    """
    if isinstance(value, str):
        endpoint, found, bulk_id = value.partition(f"/{REFERENCE}")
        return f"{endpoint}/{_id(bulk_id, ids)}" if found else value

    def with_ids(container: Any) -> Any:
        if isinstance(container, dict):
            return {name: _member(name, member, ids) for name, member in container.items()}
        return [_member("", member, ids) for member in container]

    return _rebuilt(value, with_ids)


def _member(name: str, member: Any, ids: Mapping[str, str]) -> Any:
    if not isinstance(member, str) or REFERENCE not in member or name.lower() == "password":
        return member
    if name.lower() == "path":
        return _patch_path(member, ids)
    return _id(member.removeprefix(REFERENCE), ids) if member.startswith(REFERENCE) else member


def _patch_path(path: str, ids: Mapping[str, str]) -> str:
    """Return the path of a PATCH operation with ids: ``members[value eq "bulkId:x"]``."""
    pieces: list[str] = []
    end = 0
    try:
        for token in tokens(path):
            start = token.position - 1
            pieces += path[end:start], _operand(token, ids)
            end = start + len(token.text)
    except InvalidFilterError:  # the operation itself will say so
        return path
    return "".join(pieces)


def _operand(token: Token, ids: Mapping[str, str]) -> str:
    quote = token.text[0] if token.kind == "string" else ""
    text = token.text.removeprefix(quote).removesuffix(quote)
    if quote == '"':
        try:
            text = json.loads(token.text, strict=False)
        except ValueError:  # the operation itself will say so
            return token.text
    if not text.startswith(REFERENCE):
        return token.text
    return f"{quote}{_id(text.removeprefix(REFERENCE), ids)}{quote}"


def _id(bulk_id: str, ids: Mapping[str, str]) -> str:
    try:
        return ids[bulk_id]
    except KeyError:
        raise ConflictError(
            f"{REFERENCE}{bulk_id[:80]} names nothing that this request created; look at its POST"
        ) from None


def exchange(data: Any, ids: Mapping[str, str]) -> Any:
    """Return ``data`` with other texts in place of those that are keys of ``ids``."""

    def exchanged(member: Any) -> Any:
        return ids.get(member, member) if isinstance(member, str) else member

    def with_ids(container: Any) -> Any:
        if isinstance(container, dict):
            return {name: exchanged(member) for name, member in container.items()}
        return [exchanged(member) for member in container]

    return _rebuilt(data, with_ids)


def _rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return ``value`` after ``change`` of each list and object in it, from the outside in."""
    root = [value]
    pending: list[Any] = [root]
    while pending:
        container = pending.pop()
        items = container.items() if isinstance(container, dict) else enumerate(container)
        for key, member in items:
            if isinstance(member, dict | list):
                container[key] = change(member)
                pending.append(container[key])
    return root[0]


def succeeded(
    operation: BulkOperation, status: int, location: str | None = None, version: int | None = None
) -> Record:
    """Return the result of an operation; one that is no POST has the location that it names."""
    result = _result(operation, status, location or _location(operation))
    return result if version is None else result | {"version": etag(version)}


def failed(operation: BulkOperation, status: int, response: Record) -> Record:
    """Return the result of an operation that ended in an error, its response (RFC 7644 §3.7.3)."""
    location = None if operation.method == "POST" else _location(operation)
    return _result(operation, status, location) | {"response": response}


def _result(operation: BulkOperation, status: int, location: str | None) -> Record:
    result = {
        "location": location,
        "method": operation.method,
        "bulkId": operation.bulk_id,
        "status": str(status),
    }
    return {name: value for name, value in result.items() if isinstance(value, str)}


def _location(operation: BulkOperation) -> str | None:
    if not isinstance(operation.path, str):
        return None
    return f"{PLACEHOLDER}/{operation.path.removeprefix('/')}"


def bulk_response(results: Iterable[Record]) -> str:
    """Return the JSON text of a BulkResponse, with the placeholder unescaped in locations."""
    response = {"schemas": [BULK_RESPONSE_SCHEMA], "Operations": list(results)}
    return json.dumps(response, separators=(",", ":")).replace(ESCAPED_LOCATION, LOCATION)
