"""A kind of receivers for tests, which notes in this process what each of them is told."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Any

import sqlalchemy as sa

from scim.deliver.asynchronous.carrier import Carrier
from scim.deliver.channel import NotDelivered
from scim.deliver.events import streams
from scim.deliver.outbox.deliverer import Delivery
from scim.deliver.receiving.arrived import Reader
from scim.deliver.receiving.listening import Inbox
from scim.deliver.signals import Event
from scim.deliver.telling import Telling
from scim.service import Service
from scim.settings import DEFAULT_TOKEN
from scim.storage import Change, Store
from scim.storage.contents import Content
from scim.storage.outbox import Message
from scim.storage.receivers import KnownReceivers, Receiver

KIND = "test"


class Ear:
    """The channel; ``answer`` may raise or take long, ``told`` is what arrived at each receiver."""

    def __init__(self, fetches: bool = False) -> None:
        self.fetches = fetches
        self.told: list[tuple[str, Message]] = []
        self.tried: list[tuple[str, Message]] = []
        self.answer: Callable[[Receiver, Message], None] = lambda receiver, message: None
        self.lock = Lock()

    def wants(self, receiver: Receiver, change: Change) -> bool:
        return change.resource_type in receiver.options.get("types", ["User", "Group"])

    def keeps(self, receiver: Receiver) -> bool:
        return bool(receiver.options.get("keeps"))

    def contents(
        self,
        service: Service,
        connection: Any,
        receiver: Receiver,
        message: Message,
        change: Change | None,
    ) -> Sequence[Content]:
        text = f"{message.operation} {message.version} {'known' if change else 'gone'}"
        return [Content(f"{text} {part}") for part in range(receiver.options.get("parts", 1))]

    def send(self, service: Service, receiver: Receiver, message: Message) -> None:
        with self.lock:
            self.tried.append((receiver.name, message))
        self.answer(receiver, message)
        with self.lock:
            self.told.append((receiver.name, message))

    def at(self, name: str) -> list[Message]:
        """Return what a receiver has accepted."""
        return [message for told, message in self.told if told == name]


def refuse(*names: str, **how: Any) -> Callable[[Receiver, Message], None]:
    """Return the answer of receivers of which these accept nothing."""

    def answer(receiver: Receiver, message: Message) -> None:
        if receiver.name in names:
            raise NotDelivered("it is down", **how)

    return answer


def hang(seconds: float, *names: str) -> Callable[[Receiver, Message], None]:
    """Return the answer of receivers of which these are slow."""

    def answer(receiver: Receiver, message: Message) -> None:
        if receiver.name in names:
            time.sleep(seconds)

    return answer


@contextmanager
def running_inbox(readers: Mapping[str, Reader]) -> Iterator[tuple[str, list[str]]]:
    """Receive in a thread until the block ends; yield the URL, and the lines that are printed."""
    lines: list[str] = []
    with Inbox(0, readers, lines.append) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.url, lines
        server.shutdown()
        thread.join()


def deliver_all(service: Service) -> None:
    """Deliver all that is due, by a deliverer of its own."""
    delivery = Delivery()
    while delivery.work(service):
        pass


def carry_all(service: Service) -> None:
    """Carry out all asynchronous requests that wait."""
    carrier = Carrier()
    while carrier.work(service):
        pass


def hurry(engine: sa.Engine) -> None:
    """Let each message be due, as for the first time, and no receiver rest any longer."""
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET due = at, attempts = 0")
        connection.exec_driver_sql("UPDATE receivers SET rests = ''")


def forget_receivers(service: Service) -> None:
    """Let this process look for receivers again, as it would a second later."""
    streams._known(service.database).clear()
    for watcher in service.watchers:
        if isinstance(watcher, Telling):
            watcher.known = KnownReceivers()


def store_of(service: Service) -> Store:
    """Return the directory of the first tenant as an operator's command opens it."""
    access = service.admit(DEFAULT_TOKEN)
    assert access
    return service.store(access.tenant, "operator")


def names(events: Sequence[Event]) -> list[str]:
    """Return the names of the signals of events."""
    return [event.signal for event in events]
