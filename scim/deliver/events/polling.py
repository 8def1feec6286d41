"""Polls: receivers fetch tokens and say which ones they have (RFC 8936)."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from scim.operate import metrics
from scim.operate.catalogue import DELIVERED
from scim.protocol.errors import InvalidSyntaxError
from scim.protocol.values import Record
from scim.service import Service
from scim.storage import Database
from scim.storage.mailbox import Mailbox, have_mail
from scim.storage.receivers import Receiver, find_receiver
from scim.storage.tokens import Tenant

from .claims import complete
from .signing import signer
from .streams import POLL, described

MOST = 100  # tokens in an answer to a poll that names no number
LARGEST = 1000  # the same for one that names a larger number
SIZE = 4 * 1024 * 1024  # characters of claims, beyond which an answer takes no further token
LOOK = 0.25  # seconds between two looks at what has come
ASKED = 5.0  # seconds for which a receiver is looked for after it was last asked about


@dataclass(frozen=True, slots=True)
class Poll:
    """A request of a receiver (RFC 8936 §2.4); ``refused`` has the errors of tokens by ``jti``."""

    number: int = MOST
    is_short: bool = False
    acknowledged: Collection[str] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


def read_poll(sent: Any) -> Poll:
    """Return the poll in a body; members that are unknown are passed over.

    :raises InvalidSyntaxError: a member has a wrong form; the detail names it
    """
    if not isinstance(sent, dict):
        raise InvalidSyntaxError("the body must be a JSON object")
    number = _member(sent, "maxEvents", int, MOST)
    if isinstance(number, bool) or number < 0:
        raise InvalidSyntaxError("maxEvents must be 0 or a larger integer")
    acknowledged = _member(sent, "ack", list, [])
    refused = _member(sent, "setErrs", dict, {})
    if not all(isinstance(each, str) for each in acknowledged):
        raise InvalidSyntaxError("ack must be a list of the jti of tokens")
    if not all(isinstance(each, dict) for each in refused.values()):
        raise InvalidSyntaxError("setErrs must have an object with err for each jti")
    errors = {key: described(error) or "no err" for key, error in refused.items()}
    is_short = _member(sent, "returnImmediately", bool, False)
    return Poll(min(number, LARGEST), is_short, acknowledged, errors)


def _member(sent: Record, name: str, kind: type, default: Any) -> Any:
    value = sent.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        words = {int: "an integer", bool: "true or false", list: "a list", dict: "an object"}
        raise InvalidSyntaxError(f"{name} must be {words[kind]}")
    return value


def receiver_of(service: Service, tenant: Tenant, token: str) -> Receiver | None:
    """Return the receiver that a token fetches for: the one that has its name."""
    found = service.database.read(lambda known: find_receiver(known, tenant, token))
    return found if found and found.kind == POLL else None


def settle(service: Service, receiver: Receiver, poll: Poll) -> None:
    """Forget what a receiver has, and make dead letters of what it refuses (RFC 8936 §2.4)."""
    if poll.acknowledged or poll.refused:
        number = service.database.write(lambda known: _settle(Mailbox(known, receiver), poll))
        metrics.count(DELIVERED, receiver.kind, by=number)


def _settle(mailbox: Mailbox, poll: Poll) -> int:
    number = mailbox.acknowledge(poll.acknowledged)
    mailbox.refuse({key: f"it refused the token: {why}" for key, why in poll.refused.items()})
    return number


def answer(service: Service, receiver: Receiver, number: int) -> Record:
    """Return the answer to a poll for so many tokens (RFC 8936 §2.3)."""
    found, has_more = service.database.read(
        lambda known: Mailbox(known, receiver).read(number, SIZE)
    )
    sign = signer(service) if found else str
    sets = {each.id: sign(complete(service, receiver, each)) for each in found}
    return {"sets": sets, "moreAvailable": has_more}


class Arrivals:
    """Tells polls that wait when a message has come; all of a process share one query.

    So the database is asked four times in a second, however many polls wait. One thread asks.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._asked: dict[str, float] = {}  # when the ids were last asked about
        self._looked = 0.0
        self._found: frozenset[str] = frozenset()

    def watch(self, receiver: Receiver) -> Callable[[], bool]:
        """Return a function that tells whether a receiver has had a message since now."""
        since = time.monotonic()
        return lambda: self._has(receiver.id, since)

    def _has(self, key: str, since: float) -> bool:
        now = time.monotonic()
        self._asked[key] = now
        if now >= self._looked + LOOK:
            self._looked = now
            self._asked = {key: at for key, at in self._asked.items() if now < at + ASKED}
            self._found = self.database.read(lambda known: have_mail(known, self._asked.keys()))
        return self._looked >= since and key in self._found


@lru_cache(maxsize=16)
def arrivals(database: Database) -> Arrivals:
    """Return the arrivals in a database, the same for all polls of the process."""
    return Arrivals(database)
