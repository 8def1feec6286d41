"""Stored resources as answers show them: JSON text with a placeholder for the base URL."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from scim.protocol import etag
from scim.protocol.projection import EVERYTHING, Names, Projection, project
from scim.protocol.schema import ResourceType
from scim.protocol.values import PLACEHOLDER
from scim.storage import Stored
from scim.storage.relations import RELATED, SEPARATOR

from .resources import to_json

# What stands in a body beside the id in a reference, until a read tells whom it leads to.
MARK = re.compile(rf',"\$ref":"{PLACEHOLDER}([^"/][^"]*)"')


@dataclass(frozen=True, slots=True)
class Representation:
    """A resource as an answer shows it; ``members`` are those that are not in the text yet."""

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


def refers(body: str) -> bool:
    """Tell whether a resource refers to others."""
    return MARK.search(body) is not None


def location(resource_type: ResourceType, resource_id: str) -> str:
    """Return the URL of a resource, with the placeholder for the base URL."""
    return f"{PLACEHOLDER}{resource_type.endpoint}/{resource_id}"


def represent(
    resource_type: ResourceType,
    stored: Stored,
    projection: Projection = EVERYTHING,
    written: Names = frozenset(),
) -> Representation:
    """Return a stored resource as an answer shows it; parsed only if not all of it is shown.

    ``written`` are the attributes that are shown although nobody asked, as the client wrote them.
    """
    place = location(resource_type, stored.id)
    version = etag.etag(stored.version).replace('"', r"\"")
    meta = (
        f'{{"resourceType":"{resource_type.name}","created":"{stored.created}",'
        f'"lastModified":"{stored.last_modified}","location":"{place}",'
        f'"version":"{version}"}}'
    )
    related = f',"{RELATED[resource_type.name]}":[{stored.related}]' if stored.related else ""
    text = f'{_resolved(resource_type, stored)[:-1]}{related},"meta":{meta}}}'
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


def unmarked(body: str) -> str:
    """Return a body as it was written, without what stands for whom it refers to."""
    return MARK.sub("", body)


def _resolved(resource_type: ResourceType, stored: Stored) -> str:
    """Return the body with what the server says of those that it refers to."""
    if not resource_type.references or PLACEHOLDER not in stored.body:
        return stored.body
    parts = stored.references.split(SEPARATOR) if stored.references else []
    known = dict(zip(parts[::2], parts[1::2], strict=True))
    return MARK.sub(lambda mark: f",{known[mark[1]]}" if mark[1] in known else "", stored.body)
