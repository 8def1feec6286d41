"""Resources from a client's JSON to a row, and from a row to an answer.

A stored body is JSON text with a placeholder for the base URL, and marks for references.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scim.protocol import etag
from scim.protocol.canonical import check_primary, spread
from scim.protocol.constraints import check_required
from scim.protocol.patch.members import MemberOperation, member_ids
from scim.protocol.projection import EVERYTHING, Names, Projection, project, with_unreturned
from scim.protocol.references import gone, mark, resolve_marks, take_out, without_marks
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import PLACEHOLDER, Record
from scim.storage import Stored, kind_of

from .resources import dump_resource, load_resource, to_json
from .user_names import check_user_name


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked resource from a client; a group's members are apart from the document."""

    document: Record
    member_ids: tuple[str, ...] = ()

    def replaced_members(self, resource_type: ResourceType) -> tuple[MemberOperation, ...]:
        """Return the operation that gives a group these members only; nothing for other types."""
        replaced = MemberOperation("replace", self.member_ids)
        return (replaced,) if resource_type.has_members else ()


def load_draft(
    resource_type: ResourceType, sent: Any, tolerated: Tolerated, is_whole: bool = True
) -> Draft:
    """Return the resource in a POST or PUT; a PUT is not ``is_whole``: it keeps some attributes.

    :raises ScimError: the body is not a resource of that type
    """
    ids: tuple[str, ...] = ()
    if isinstance(sent, dict):
        sent = spread(sent, resource_type, tolerated)
    if resource_type.has_members and isinstance(sent, dict):
        listed = [value for name, value in sent.items() if name.lower() == "members"]
        ids = member_ids(listed[0], tolerated) if listed else ()
        sent = {name: value for name, value in sent.items() if name.lower() != "members"}
    document = load_resource(sent, resource_type, tolerated)
    if is_whole:
        check_whole(resource_type, document)
        check_user_name(resource_type, document, {})
    return Draft(document, ids)


def check_whole(resource_type: ResourceType, document: Record) -> None:
    """Check the rules for a whole resource, after a POST, PUT or PATCH.

    :raises InvalidValueError: a required attribute is missing, or two values are primary
    """
    check_required({"schemas": True, **document}, resource_type.attributes)
    check_primary(document, resource_type.attributes)


def read_body(body: str) -> Record:
    """Return a body as other programs read it: links to resources begin with their endpoint."""
    text = without_marks(body).replace(PLACEHOLDER, "")
    document: Record = json.loads(text, strict=False)
    return document


def arrange(resource_type: ResourceType, resource_id: str, document: Record) -> Record:
    """Return the document with marks, and with ``schemas`` and ``id`` made by the server."""
    document = mark(document, resource_type.attributes)
    extensions = [a.name for a in resource_type.extension_attributes if a.name in document]
    own = [schema.id for schema in resource_type.own_schemas]
    made = {"schemas": [*own, *extensions], "id": resource_id}
    return {**made, **{name: value for name, value in document.items() if name not in made}}


def make_document(
    resource_type: ResourceType, resource_id: str, document: Record
) -> tuple[Record, str]:
    """Return a document as it is stored, and its text, the body."""
    document = arrange(resource_type, resource_id, document)
    return document, dump_resource(document, resource_type)


def read_document(stored: Stored) -> Record:
    """Return the document of a locked resource, with the attributes that are never returned."""
    document: Record = json.loads(without_marks(stored.body), strict=False)
    return with_unreturned(document, json.loads(stored.hidden)) if stored.hidden else document


def _without(resource_type: ResourceType, stored: Stored, keys: list[str]) -> str:
    """Return a body without the references that the ``keys`` name."""
    document: Record = json.loads(without_marks(stored.body), strict=False)
    for key in keys:
        take_out(resource_type.references[key], document)
    return make_document(resource_type, stored.id, document)[1]


@dataclass(frozen=True, slots=True)
class Representation:
    """A resource as an answer shows it; ``members`` are texts that follow ``text``."""

    text: str
    version: int
    location: str
    members: Iterator[str] | None = None

    def parts(self) -> Iterator[str]:
        """Yield the text piece by piece, with all members."""
        yield f'{self.text[:-1]},"members":['
        for number, members in enumerate(self.members or ()):
            yield f",{members}" if number else members
        yield "]}"


def location(resource_type: ResourceType, resource_id: str) -> str:
    """Return the URL of a resource, with the placeholder for the base URL."""
    return f"{PLACEHOLDER}{resource_type.endpoint}/{resource_id}"


def represent(
    resource_type: ResourceType,
    stored: Stored,
    projection: Projection = EVERYTHING,
    written: Names = frozenset(),
) -> Representation:
    """Return a stored resource as an answer shows it; its body is parsed only for a projection.

    ``written`` are the attributes returned on request that the client has just written.
    """
    place = location(resource_type, stored.id)
    version = etag.etag(stored.version).replace('"', r"\"")
    instants = (
        f'"created":"{stored.created}","lastModified":"{stored.last_modified}",'
        if stored.created
        else ""
    )
    meta = (
        f'{{"resourceType":"{resource_type.name}",{instants}"location":"{place}",'
        f'"version":"{version}"}}'
    )
    related = f',"{kind_of(resource_type).related}":[{stored.related}]' if stored.related else ""
    body = stored.body
    if resource_type.references:
        if keys := gone(stored.references):
            body = _without(resource_type, stored, keys)
        body = resolve_marks(body, stored.references)
    text = f'{body[:-1]}{related},"meta":{meta}}}'
    if projection or resource_type.shows_on_request:
        shown = project(
            json.loads(text, strict=False),
            resource_type.attributes,
            projection.wanted,
            projection.unwanted,
            written,
        )
        text = to_json(shown)
    return Representation(text, stored.version, place)
