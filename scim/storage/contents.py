"""Contents: what messages say, and messages that are made together with what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .keys import new_id, now
from .receivers import Receiver
from .tables import outbox
from .timeline import LATEST

FETCHED = LATEST  # the instant at which messages are due that the receiver fetches


@dataclass(frozen=True, slots=True)
class About:
    """The resource, and its version, that a message is about."""

    resource_type: str
    resource_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Content:
    """The text of a message; ``about`` is None if that is the resource that changed.

    ``REST`` has no text: it stands last, for what is told later.
    """

    text: str
    about: About | None = None


REST = Content("")


def message_row(
    receiver: Receiver, about: About, operation: str, txn: str, **known: Any
) -> dict[str, Any]:
    """Return the row of a new message, due now, unless it is ``known`` otherwise."""
    at = now()
    return {
        "tenant_id": receiver.tenant_id,
        "id": new_id(),
        "receiver_id": receiver.id,
        "resource_type": about.resource_type,
        "resource_id": about.resource_id,
        "version": about.version,
        "operation": operation,
        "at": at,
        "txn": txn,
        "content": None,
        "attempts": 0,
        "due": at,
        "error": None,
        "dead": False,
    } | known


def put_made(
    connection: sa.Connection,
    receiver: Receiver,
    told: Sequence[tuple[str, About]],
    operation: str,
    txn: str,
    is_fetched: bool,
) -> None:
    """Let a receiver be told texts, each about a resource."""
    at = now()
    known = {"at": at, "due": FETCHED if is_fetched else at}
    rows = [
        message_row(receiver, about, operation, txn, content=text, **known) for text, about in told
    ]
    if rows:
        connection.execute(sa.insert(outbox), rows)
