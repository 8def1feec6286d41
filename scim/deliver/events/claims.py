"""Changes as SCIM events: what the tokens for a receiver say of each (RFC 9967).

A message keeps the claims as JSON, without those that depend on the moment of sending: ``iss``,
``aud`` and ``jti``. So a token is signed by the key of that moment, however old the message is.
"""

import json
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from scim.protocol.etag import etag
from scim.protocol.events import DELETE as DELETED
from scim.protocol.events import FULL, NOTICE, PREFIX, Events, Told, all_names, events_of, subject
from scim.protocol.filters.parser import parse_filter
from scim.protocol.filters.resolve import Condition, resolve
from scim.protocol.references import without_marks
from scim.protocol.schema import ResourceType
from scim.protocol.values import PLACEHOLDER, Record
from scim.serializers.resources import to_json
from scim.service import Service
from scim.storage import Change, Connection, Operation
from scim.storage.changes import BEGINNINGS
from scim.storage.contents import Content
from scim.storage.outbox import Message
from scim.storage.receivers import Receiver
from scim.storage.timeline import Timeline

from ..happenings import Happening, happenings
from .signing import issuer

VERBS = {
    Operation.CREATE: "create",
    Operation.RESTORE: "create",
    Operation.REPLACE: "put",
    Operation.REVERT: "put",
    Operation.PATCH: "patch",
    Operation.DELETE: "delete",
}
SWITCHES = {Happening.ACTIVATED: True, Happening.DEACTIVATED: False}


def is_full(receiver: Receiver) -> bool:
    """Tell whether a receiver gets data, not only the names of attributes."""
    return bool(receiver.options.get("mode") == FULL)


def audience(service: Service, receiver: Receiver) -> str:
    """Return the name of a receiver in tokens: its own choice, or a URL of this server's."""
    chosen: str = receiver.options.get("audience") or f"{issuer(service)}/Feeds/{receiver.id}"
    return chosen


def complete(service: Service, receiver: Receiver, message: Message) -> Record:
    """Return all claims of a token (RFC 8417 §2.2)."""
    kept: Record = json.loads(message.content or "{}")
    named = {"jti": message.id, "iss": issuer(service), "iat": kept.pop("iat")}
    return named | {"aud": audience(service, receiver)} | kept


@lru_cache(maxsize=256)
def condition(text: str, resource_type: ResourceType) -> Condition:
    """Return what a filter means.

    :raises InvalidFilterError: it is none, or does not fit the attributes
    """
    return resolve(parse_filter(text), resource_type)


class Teller:
    """Tells one receiver of changes; ``connection`` reads what a change alone does not say."""

    def __init__(self, service: Service, connection: Connection, receiver: Receiver) -> None:
        self.connection = connection
        self.is_full = is_full(receiver)
        self.base_url = issuer(service) + service.settings.base_path

    def tell(
        self, resource_type: ResourceType, message: Message, change: Change | None
    ) -> list[Content]:
        """Return what tells of a change, or what its message knows if history has it no more."""
        made = self._events(resource_type, change) if change else [_lost(resource_type, message)]
        sub_id = subject(resource_type, message.resource_id, self._external_id(message, change))
        return [Content(claims(message.txn, sub_id, each)) for each in made]

    def document(self, body: str | None) -> Record | None:
        """Return a stored body as a document with whole URLs, without links to other resources."""
        if body is None:
            return None
        escaped = json.dumps(self.base_url)[1:-1]
        found: Record = json.loads(without_marks(body).replace(PLACEHOLDER, escaped), strict=False)
        return found

    def meta(self, resource_type: ResourceType, key: str, version: int, **known: str) -> Record:
        """Return the ``meta`` of a resource (RFC 7643 §3.1)."""
        place = f"{self.base_url}{resource_type.endpoint}/{key}"
        named = {"resourceType": resource_type.name, **known}
        return named | {"location": place, "version": etag(version)}

    def _events(self, resource_type: ResourceType, change: Change) -> Sequence[Events]:
        verb = VERBS[change.operation]
        if verb == "put" and (resource_type.has_members or change.after is None):
            verb = "patch"  # all members of a group can be too many
        switches = [SWITCHES[each] for each in happenings(change) if each in SWITCHES]
        created = {"created": change.at} if change.operation is Operation.CREATE else {}
        known = created | {"lastModified": change.at}
        told = Told(
            resource_type=resource_type,
            verb=verb,
            version=change.version,
            before=self.document(change.before),
            after=self.document(change.after),
            members=change.members,
            unseen=change.unseen,
            switched=switches[0] if switches else None,
            meta=self.meta(resource_type, change.resource_id, change.version, **known),
        )
        return events_of(told, self.is_full)

    def _external_id(self, message: Message, change: Change | None) -> Any:
        body = change and (change.after or change.before)
        if not body:
            timeline = Timeline(self.connection, message.tenant_id, message.resource_id)
            body = timeline.body_at(message.version)
        return external_id(body)


def claims(txn: str, sub_id: Mapping[str, Any], events: Events) -> str:
    """Return the claims that a message keeps, about a subject."""
    kept = {"iat": int(time.time()), "txn": txn, "sub_id": sub_id, "events": events}
    return to_json(kept)


def _lost(resource_type: ResourceType, message: Message) -> Events:
    """Return what a message itself knows of a change that history has no more."""
    verb = VERBS[Operation(message.operation)]
    if verb == "delete":
        return {DELETED: {}}
    told = {"attributes": all_names(resource_type), "version": etag(message.version)}
    return {f"{PREFIX}prov:{verb}:{NOTICE}": told}


def external_id(body: str | None) -> Any:
    """Return the client's id in a stored body; None if there is none."""
    if not body or '"externalId"' not in body:
        return None
    return json.loads(body, strict=False).get("externalId")


def is_beginning(change: Change | None) -> bool:
    """Tell whether a change created its resource."""
    return change is not None and change.operation in BEGINNINGS
