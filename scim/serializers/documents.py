"""Resources on their way to and from the rows: what is checked and made of every document."""

import json
from dataclasses import dataclass
from typing import Any

from scim.protocol.canonical import check_primary
from scim.protocol.constraints import check_required
from scim.protocol.patch.members import MemberOperation, member_ids
from scim.protocol.projection import with_unreturned
from scim.protocol.references import mark, without_marks
from scim.protocol.schema import ResourceType
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import Record
from scim.storage import Stored

from .resources import dump_resource, load_resource


@dataclass(frozen=True, slots=True)
class Draft:
    """A resource that a client sent, checked; a group's members are kept apart."""

    document: Record
    member_ids: tuple[str, ...] = ()

    def replaced_members(self, resource_type: ResourceType) -> tuple[MemberOperation, ...]:
        """Return the operation that leaves a group these members; nothing for other types."""
        replaced = MemberOperation("replace", self.member_ids)
        return (replaced,) if resource_type.has_members else ()


def load(
    resource_type: ResourceType, sent: Any, tolerated: Tolerated, is_whole: bool = True
) -> Draft:
    """Return the resource in a POST or PUT; not ``is_whole`` if it keeps some of what is there.

    :raises ScimError: the body is not a resource of that type
    """
    ids: tuple[str, ...] = ()
    if resource_type.has_members and isinstance(sent, dict):
        listed = [value for name, value in sent.items() if name.lower() == "members"]
        ids = member_ids(listed[0], tolerated) if listed else ()
        sent = {name: value for name, value in sent.items() if name.lower() != "members"}
    document = load_resource(sent, resource_type, tolerated)
    if is_whole:
        check(resource_type, document)
    return Draft(document, ids)


def check(resource_type: ResourceType, document: Record) -> None:
    """Check what must be true of a whole resource, whichever way it was reached.

    :raises InvalidValueError: something required is missing, or two values are primary
    """
    check_required({"schemas": True, **document}, resource_type.attributes)
    check_primary(document, resource_type.attributes)


def arranged(resource_type: ResourceType, resource_id: str, document: Record) -> Record:
    """Return the document with ``schemas`` and ``id`` as the server makes them."""
    document = mark(document, resource_type.attributes)
    extensions = [a.name for a in resource_type.extension_attributes if a.name in document]
    made = {"schemas": [resource_type.schema.id, *extensions], "id": resource_id}
    return {**made, **{name: value for name, value in document.items() if name not in made}}


def written(resource_type: ResourceType, resource_id: str, document: Record) -> tuple[Record, str]:
    """Return a document as it is stored, and its body."""
    document = arranged(resource_type, resource_id, document)
    return document, dump_resource(document, resource_type)


def read(stored: Stored) -> Record:
    """Return a locked resource as it was written, with what no answer shows."""
    document: Record = json.loads(without_marks(stored.body), strict=False)
    return with_unreturned(document, json.loads(stored.hidden)) if stored.hidden else document
