"""Stored resources as answers show them: JSON text with a placeholder for the base URL."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from scim.protocol import etag
from scim.protocol.projection import EVERYTHING, Names, Projection, project
from scim.protocol.references import resolve_marks
from scim.protocol.schema import ResourceType
from scim.protocol.values import PLACEHOLDER
from scim.storage import Stored, kind_of

from .resources import to_json


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
    related = f',"{kind_of(resource_type).related}":[{stored.related}]' if stored.related else ""
    body = stored.body
    if resource_type.references:
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
