"""A channel: how receivers of one kind are told of changes; ``channels`` lists the kinds."""

from collections.abc import Sequence
from typing import Protocol

from scim.printing import printable
from scim.service import Service
from scim.storage import Change, Connection
from scim.storage.contents import Content
from scim.storage.outbox import Message
from scim.storage.receivers import Receiver


class NotDelivered(Exception):
    """A receiver did not accept a message; ``for_good`` if it will never accept it.

    The text is for the operator and has no secrets. ``wait`` is the number of seconds that the
    receiver asks for, None if it does not. ``alone``: other messages may be accepted now, as after
    one that is refused for good; only kinds that tell of a resource once can say so.
    """

    def __init__(
        self, text: str, for_good: bool = False, wait: float | None = None, alone: bool = False
    ) -> None:
        super().__init__(printable(text))
        self.for_good = for_good
        self.wait = wait
        self.alone = alone or for_good


class Channel(Protocol):
    """A kind of receiver; one that ``fetches`` its messages is never sent any."""

    fetches: bool

    def wants(self, receiver: Receiver, change: Change) -> bool:
        """Tell whether the receiver has to be told of a change."""

    def keeps(self, receiver: Receiver) -> bool:
        """Tell whether ``contents`` writes to the database: then it is stored with the texts."""

    def contents(
        self,
        service: Service,
        connection: Connection,
        receiver: Receiver,
        message: Message,
        change: Change | None,
    ) -> Sequence[Content]:
        """Return the texts to send instead of a message without content; the outbox keeps them.

        None of them if there is nothing to tell. ``change`` is None if history has it no more.

        :raises NotDelivered: they cannot be made
        """

    def send(self, service: Service, receiver: Receiver, message: Message) -> None:
        """Hand the content of a message to the receiver.

        :raises NotDelivered: the receiver did not accept it
        """
