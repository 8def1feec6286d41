"""Streams of security event tokens: pushed to a receiver (RFC 8935), or fetched by it (RFC 8936).

Options: ``mode``, ``full`` or ``notice``; ``audience``, a text; ``filter``, which users the feed
has; ``completions``, true to tell of asynchronous requests. The secret ``authorization`` is the
header that a receiver of pushes wants.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from scim.printing import printable
from scim.protocol.errors import UnavailableError
from scim.protocol.events import ASYNC_RESPONSE, EVENT_URIS, FEED_ADD, FEED_REMOVE, FULL
from scim.protocol.values import Record
from scim.serializers.resources import to_json
from scim.service import Service
from scim.storage import Change, Connection, Database
from scim.storage.contents import About, Content, put_made
from scim.storage.keys import new_id
from scim.storage.outbox import Message
from scim.storage.receivers import FRESH, MOST_KEPT, Receiver, list_receivers, receivers_of
from scim.storage.tokens import Tenant

from ..channel import NotDelivered
from ..outgoing import Answer, OutgoingError, post, wait_of
from .claims import Teller, complete, is_full
from .feeds import FeedTeller, concerns, filter_of
from .signing import sign

PUSH, POLL = KINDS = ("push", "poll")
TOKEN_TYPE = "application/secevent+jwt"
TEXT_SHOWN = 200  # characters of what a receiver says


class Stream:
    """Tells receivers by security event tokens; those who fetch them are never called."""

    def __init__(self, fetches: bool) -> None:
        self.fetches = fetches

    def wants(self, receiver: Receiver, change: Change) -> bool:
        """Tell whether a change can concern what the receiver is told of."""
        return not filter_of(receiver) or concerns(receiver, change.resource_type)

    def keeps(self, receiver: Receiver) -> bool:
        """Tell whether the receiver has a feed, of which is noted who is in it."""
        return bool(filter_of(receiver))

    def contents(
        self,
        service: Service,
        connection: Connection,
        receiver: Receiver,
        message: Message,
        change: Change | None,
    ) -> Sequence[Content]:
        """Return the claims of each token that tells of a change."""
        if filter_of(receiver):
            return FeedTeller(service, connection, receiver).tell(message, change)
        resource_type = service.definitions.by_name.get(message.resource_type)
        teller = Teller(service, connection, receiver)
        return teller.tell(resource_type, message, change) if resource_type else []

    def send(self, service: Service, receiver: Receiver, message: Message) -> None:
        """Push a token (RFC 8935 §2).

        :raises NotDelivered: the receiver did not accept it
        """
        try:
            answer = push(service, receiver, message)
        except OutgoingError as error:
            raise NotDelivered(str(error)) from None
        if answer.status == HTTPStatus.ACCEPTED:
            return
        if refused := refusal(answer):
            raise NotDelivered(f"it refused the token: {refused}", for_good=True)
        raise NotDelivered(problem_of(answer), wait=wait_of(answer))


def push(service: Service, receiver: Receiver, message: Message) -> Answer:
    """Send a token, and return the answer.

    :raises OutgoingError: the receiver cannot be called, or does not answer
    """
    token = sign(service, complete(service, receiver, message))
    headers = {"Content-Type": TOKEN_TYPE, "Accept": "application/json"}
    if authorization := receiver.secrets.get("authorization"):
        headers["Authorization"] = authorization
    return post(service.settings, receiver.url, headers, token.encode())


def refusal(answer: Answer) -> str:
    """Return why a receiver will never accept a token (RFC 8935 §2.3); empty if it may."""
    try:
        told = json.loads(answer.text) if answer.status == HTTPStatus.BAD_REQUEST else None
    except ValueError:
        return ""
    if not isinstance(told, dict) or not isinstance(told.get("err"), str):
        return ""
    return described(told)


def described(error: Mapping[str, Any]) -> str:
    """Return an error of a receiver in a line: its code, and what it says.

    It is stored, and PostgreSQL stores neither NUL nor a lone surrogate, which JSON may have.
    """
    parts = (error.get("err"), error.get("description"))
    told = ": ".join(each[:TEXT_SHOWN] for each in parts if isinstance(each, str) and each)
    return printable(told)


def problem_of(answer: Answer) -> str:
    """Return what is wrong with an answer that is no acknowledgement."""
    return f"it answered {answer.status}; 202 acknowledges a token"


def event_uris(service: Service, tenant: Tenant) -> tuple[str, ...]:
    """Return the URIs of the events that somebody in a tenant is told of (RFC 9967 §4).

    They are those that this process knew less than ``FRESH`` seconds ago: to read them takes as
    long as all else in an answer. While the database is away, they are those that it knew last.
    """
    known, at = _known(service.database), time.monotonic()
    read_at, told = known.get(tenant.id, (-FRESH, ()))
    if at - read_at >= FRESH:
        with suppress(UnavailableError):
            streams = service.database.read(lambda found: list_receivers(found, tenant, KINDS))
            told = tuple(uri for uri in EVENT_URIS if any(_tells(each, uri) for each in streams))
            if len(known) >= MOST_KEPT:
                known.clear()
            known[tenant.id] = at, told
    return told


@lru_cache(maxsize=16)
def _known(_: Database) -> dict[int, tuple[float, tuple[str, ...]]]:
    """Return the URIs that a process knows, and when it read them, by the id of the tenant."""
    return {}


def _tells(receiver: Receiver, uri: str) -> bool:
    if uri in (FEED_ADD, FEED_REMOVE):
        return bool(filter_of(receiver))
    if uri == ASYNC_RESPONSE:
        return _tells_completions(receiver)
    return not uri.endswith(f":{FULL}") or is_full(receiver)  # in full, some are notices, too


def _tells_completions(receiver: Receiver) -> bool:
    return receiver.kind in KINDS and bool(receiver.options.get("completions"))


def tell_completions(
    connection: Connection, tenant_id: int, told: Iterable[tuple[Record, About]]
) -> None:
    """Let streams tell that operations of asynchronous requests are complete (RFC 9967 §2.5.1).

    ``told`` has the claims of each, ``iat``, ``txn``, ``sub_id`` and ``events``, and what they are
    about. It is done in the transaction of the ``connection``.
    """
    streams = [each for each in receivers_of(connection, tenant_id) if _tells_completions(each)]
    for claims, about in told if streams else ():
        text = to_json(claims)
        for each in streams:
            put_made(connection, each, [(text, about)], "patch", claims["txn"], each.kind == POLL)


def fill(service: Service, connection: Connection, receiver: Receiver) -> int:
    """Let a new receiver know who is in its feed; return how many that are."""
    txn = new_id()
    made = FeedTeller(service, connection, receiver).begin(txn)
    told = [(each.text, each.about) for each in made if each.about]
    put_made(connection, receiver, told, "patch", txn, receiver.kind == POLL)
    return len(told)
