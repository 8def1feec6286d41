"""An exported audit: JSON Lines, an entry a line, and the head of the chain at the end."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from scim.protocol.values import Record
from scim.serializers.resources import to_json
from scim.storage import Cause, Change, Operation
from scim.storage.audit import EMPTY, Head
from scim.storage.seal import Entry

CUT_OFF = "the end of the file is missing: its last line must be the head"


class MalformedError(ValueError):
    """A file is not an export of an audit; the message says where."""


def lines(entries: Iterable[Entry], tenant: str) -> Iterator[str]:
    """Yield the lines of an export, each with its end."""
    head = EMPTY
    for entry in entries:
        yield _line({"tenant": tenant} | _shown(entry))
        head = Head(entry.number, entry.hash)
    yield _line({"tenant": tenant, "head": str(head)})


def _line(document: Record) -> str:
    return json.dumps(document) + "\n"


def _shown(entry: Entry) -> Record:
    shown: Record = {"number": entry.number, "at": entry.at}
    shown |= {"resource_id": entry.resource_id, "version": entry.version}
    if change := entry.change:
        shown |= {
            "resource_type": change.resource_type,
            "operation": change.operation,
            "cause": str(change.cause) if change.cause else None,
            "token": change.token,
            "request_id": change.request_id,
            "unseen": bool(change.unseen),
            "before": _body(change.before),
            "after": _body(change.after),
            "members": {**change.members},
        }
    elif entry.stub:
        shown |= {"purged": entry.purged, "stub": entry.stub.hex()}
    hashes = {"digest": entry.digest, "previous": entry.previous, "hash": entry.hash}
    return shown | {name: value.hex() for name, value in hashes.items()}


def _body(text: str | None) -> Any:
    """Return a body as an object, if that leads back to the very text, which was hashed."""
    if text is None:
        return None
    document = json.loads(text, strict=False)
    return document if to_json(document) == text else text


@dataclass
class Exported:
    """An export that is read: of which tenant it is, and its entries."""

    tenant: str
    entries: Iterator[Entry]


def read(file: Iterable[str]) -> Exported:
    """Read an export; the entries are read as they are asked for.

    :raises MalformedError: a line is none of an export, or the last ones are missing; also as the
        entries are read
    """
    documents = _documents(file)
    first = next(documents, None)
    if first is None:
        raise MalformedError(CUT_OFF)
    return Exported(str(first.get("tenant")), _entries(first, documents))


def _documents(file: Iterable[str]) -> Iterator[Record]:
    for number, line in enumerate(file, start=1):
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise MalformedError(f"line {number} is not a line of an exported audit")
        yield document


def _entries(document: Record | None, documents: Iterator[Record]) -> Iterator[Entry]:
    head, number = EMPTY, 1
    while document is not None and "head" not in document:
        try:
            entry = _entry(document)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise MalformedError(f"line {number} is not a line of an exported audit") from None
        yield entry
        head, number = Head(entry.number, entry.hash), number + 1
        document = next(documents, None)
    if document is None or document["head"] != str(head):
        raise MalformedError(CUT_OFF)
    if next(documents, None):
        raise MalformedError(f"line {number + 1} is behind the head, which ends an audit")


def _entry(document: Record) -> Entry:
    if type(document["number"]) is not int:
        raise ValueError
    return Entry(
        number=document["number"],
        at=document["at"],
        resource_id=document["resource_id"],
        version=document["version"],
        digest=bytes.fromhex(document["digest"]),
        previous=bytes.fromhex(document["previous"]),
        hash=bytes.fromhex(document["hash"]),
        purged=document.get("purged"),
        stub=bytes.fromhex(document.get("stub", "")),
        change=_change(document) if "operation" in document else None,
    )


def _change(document: Record) -> Change:
    before, after = (
        to_json(body) if isinstance(body, dict) else body
        for body in (document["before"], document["after"])
    )
    return Change(
        resource_type=document["resource_type"],
        resource_id=document["resource_id"],
        version=document["version"],
        operation=Operation(document["operation"]),
        cause=Cause.read(document["cause"]) if document["cause"] else None,
        before=before,
        after=after,
        members=dict(document["members"]),
        unseen=document["unseen"],
        at=document["at"],
        token=document["token"],
        request_id=document["request_id"],
    )
