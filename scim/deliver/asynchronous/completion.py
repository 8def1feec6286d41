"""The event that tells of the completion of an asynchronous request (RFC 9967 §2.5.1.3)."""

from datetime import datetime

from scim.protocol.etag import ENTITY_TAG
from scim.protocol.events import ASYNC_RESPONSE
from scim.protocol.values import PLACEHOLDER, Record
from scim.service import Service
from scim.storage.contents import About
from scim.storage.deferred import Completed, Deferred

from ..events.signing import issuer


def claims_of(service: Service, request: Deferred, completed: Completed) -> Record:
    """Return the claims of the event, without ``jti`` and ``aud``.

    The event of an operation of a bulk request has the operation's place in its ``txn`` (§2.5.1.2).
    Its subject is the resource, or the endpoint if there is no resource.
    """
    result = dict(completed.result)
    if location := result.get("location"):
        result["location"] = location.replace(PLACEHOLDER, request.base_url, 1)
    return {
        "iss": issuer(service),
        "iat": int(datetime.fromisoformat(completed.at).timestamp()),
        "txn": f"{request.id}:{completed.operation}" if request.is_bulk else request.id,
        "sub_id": {"format": "scim", "uri": completed.uri},
        "events": {ASYNC_RESPONSE: result},
    }


def about(service: Service, request: Deferred, completed: Completed) -> About:
    """Return the resource that an event is about, or else the request.

    So the event comes to a receiver behind that of the change itself. A membership is a change of
    its group; its own id is two ids.
    """
    endpoint, _, key = completed.uri.rpartition("/")
    known = service.definitions.by_endpoint.get(endpoint)
    version = ENTITY_TAG.fullmatch(completed.result.get("version", ""))
    if known is None or known.part_of or version is None:
        return About(known.name if known else "", request.id, 0)
    return About(known.name, key, int(version[1]))
