"""The deliverer: a job beside the workers that hands messages to their receivers.

Several may work on the same outbox, on several machines, too. One that is killed leaves messages
taken; a minute later they are due again, and have the same ids.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import repeat
from typing import Any

from scim.operate.jobs import Job
from scim.service import Service
from scim.settings import Settings
from scim.storage.outbox import Message, Outbox
from scim.storage.receivers import Receiver, receivers_by_id

from .channel import NotDelivered
from .channels import CHANNELS, implicit

SENDERS = 8  # threads
AT_ONCE = 32  # messages that are taken together
IDLE = 0.5  # seconds between two looks at an empty outbox
# Seconds before the next attempt, after the first, the second, and so on; then it is a dead letter.
PAUSES = (1, 5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)

logger = logging.getLogger("scim")


class Delivery:
    """The delivery of messages as one process does it."""

    @cached_property
    def senders(self) -> ThreadPoolExecutor:
        """The threads that send; where processes are not forked, none may exist before."""
        return ThreadPoolExecutor(SENDERS, "sender")

    def work(self, service: Service) -> bool:
        """Deliver some of the messages that are due; tell whether there were any.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        taken = service.database.write(lambda known: Outbox(known).take(AT_ONCE))
        if not taken:
            return False
        ids = {each.receiver_id for each in taken}
        receivers = service.database.read(lambda known: receivers_by_id(known, ids))
        chosen = [
            receivers.get(each.receiver_id) or _implicit(service.settings, each) for each in taken
        ]
        list(self.senders.map(_hand_over, repeat(service), chosen, taken))
        return True


def _implicit(settings: Settings, message: Message) -> Receiver | None:
    """Return the receiver of a message if it is one that each tenant has."""
    made = (each(message.tenant_id) for each in implicit(settings))
    return next((each for each in made if each.id == message.receiver_id), None)


def _hand_over(service: Service, receiver: Receiver | None, message: Message) -> None:
    """Hand a message to its receiver, and note what became of it."""
    if receiver is None:  # it was removed meanwhile
        service.database.write(lambda known: Outbox(known).delivered(message))
        return
    channel = CHANNELS[receiver.kind]
    try:
        made = [message] if message.content is not None else _make(service, receiver, message)
    except NotDelivered as error:
        _put_off(service, receiver, message, error)
        return
    for each in () if channel.fetches else made:
        try:
            channel.send(service, receiver, each)
        except NotDelivered as error:
            _put_off(service, receiver, each, error)
            return
        service.database.write(lambda known, each=each: Outbox(known).delivered(each))  # type: ignore[misc]


def _make(service: Service, receiver: Receiver, message: Message) -> list[Message]:
    """Make the texts that a message stands for."""
    channel = CHANNELS[receiver.kind]

    def work(known: Any) -> list[Message]:
        change = Outbox(known).change(message)
        contents = channel.contents(service, known, receiver, message, change)
        return Outbox(known).keep(message, contents, channel.fetches)

    return service.database.write(work)


def _put_off(service: Service, receiver: Receiver, message: Message, error: NotDelivered) -> None:
    """Let a message wait for its next attempt, or make it a dead letter."""
    is_last = error.for_good or message.attempts > len(PAUSES)
    pause = None if is_last else max(PAUSES[message.attempts - 1], error.wait or 0)
    service.database.write(lambda known: Outbox(known).failed(message, str(error), pause))
    after = "it is a dead letter" if pause is None else f"the next attempt is in {pause:.0f} s"
    logger.warning("%s was not told of %s: %s; %s", receiver.name, message.id, error, after)


def job() -> Job:
    """Return the job of delivering, for one process."""
    return Job("delivery", IDLE, Delivery().work)
