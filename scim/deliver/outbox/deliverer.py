"""The deliverer: a job beside the workers that hands messages to their receivers.

It claims receivers that have something to be told, and gives each a batch, which sends by itself.
Several deliverers may work on the same outbox, on several machines, too. One that is killed leaves
receivers claimed; some seconds later others claim them, and the messages have the same ids.

Receivers that are slow, or have failed, have places of their own: they hold up only each other.
"""

import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from threading import Event

from scim.operate import metrics
from scim.operate.catalogue import DELIVERED, FAILED
from scim.operate.jobs import Job
from scim.service import Service
from scim.storage.claims import TAKEN_SECONDS, Claim, Ready, claim, ready, release, renew
from scim.storage.keys import from_now
from scim.storage.outbox import Message, Outbox, purge_told

from . import upkeep
from .batch import PAUSES, Batch
from .log import Log

AT_ONCE = 100  # messages of one receiver that are taken together
QUICK, SLOW = 16, 32  # receivers that are told something at the same time
MOST = 256  # of them, with those that have turned out to be slow only now
IDLE = 0.5  # seconds between two looks at an empty outbox
SETTLING = 0.25  # seconds after which outcomes are stored, if no batch ends before
PACE = 0.02  # seconds between two transactions, of which each takes the lock of SQLite
RENEWED = TAKEN_SECONDS / 3  # seconds after which a claim is renewed
PARTING = 2.0  # seconds that messages in progress get at the end
LONGEST = sum(PAUSES)  # seconds of failures after which old messages become dead letters

Begun = tuple[Claim, list[Message]]


class Delivery:
    """The delivery of messages as one process does it; nothing in it is made before it is used."""

    def __init__(self) -> None:
        self.running: list[Batch] = []
        self.delivered = self.failed = 0

    @cached_property
    def wake(self) -> Event:
        """Set when a batch ends."""
        return Event()

    @cached_property
    def log(self) -> Log:
        """The log, which is told how receivers do."""
        return Log()

    def work(self, service: Service) -> bool:
        """Deliver some of the messages that are due; tell whether there were any.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        self.wake.clear()
        for each in self.running:
            each.collect()
        chosen, were_running = list(self._choose(service.database.read(ready))), bool(self.running)
        if chosen or any(each.has_news or _expires(each) for each in self.running):
            self._step(service, chosen)
        if self.running:
            self.wake.wait(SETTLING)
            time.sleep(PACE)
        return bool(chosen) or were_running  # one whose batch has ended may have more to be told

    def end(self, service: Service) -> None:
        """Let messages in progress end, for some seconds, and give all receivers back."""
        for each in self.running:
            each.stopped = True
        ends = time.monotonic() + PARTING
        while time.monotonic() < ends and not all(each.is_over for each in self.running):
            self.wake.wait(PACE)
        for each in self.running:
            each.collect()
            each.is_settled = True
        self._step(service, [])

    def _choose(self, found: Sequence[Ready]) -> Iterator[Ready]:
        """Yield the receivers that there are places for, those that have waited longest first."""
        busy = {each.claim.receiver.id for each in self.running}
        late = sum(each.is_late for each in self.running)
        free = MOST - len(self.running)
        quick = min(free, QUICK + late - len(self.running))
        others = [each for each in found if each.id not in busy]
        yield from islice((each for each in others if not each.slow), max(0, quick))
        yield from islice((each for each in others if each.slow), max(0, min(free, SLOW - late)))

    def _step(self, service: Service, chosen: Sequence[Ready]) -> None:
        """Store in one transaction what batches have done, and begin others."""
        at = time.monotonic()
        renewed, begun = service.database.write(lambda known: self._store(Outbox(known), chosen))
        for batch, until in renewed:
            batch.renew(until, at + TAKEN_SECONDS)
        for held, messages in begun:
            is_backlog = len(messages) == AT_ONCE
            batch = Batch(service, held, messages, is_backlog, self.wake.set)
            batch.valid = at + TAKEN_SECONDS
            self.running.append(batch)
            batch.start()
        for each in self.running:
            self._count(service, each)
        self.running = [each for each in self.running if not each.is_settled]

    def _store(
        self, outbox: Outbox, chosen: Sequence[Ready]
    ) -> tuple[list[tuple[Batch, str | None]], list[Begun]]:
        """Do what ``_step`` does in the database. It may be done again, so it changes no batch."""
        connection, renewed = outbox.connection, []
        for each in self.running:
            _note(outbox, each)
            if each.is_settled:
                release(connection, each.claim, each.report)
            elif _expires(each):
                renewed.append((each, renew(connection, each.claim)))
        begun = []
        for held in claim(connection, chosen) if chosen else ():
            messages = outbox.next(held.receiver, 1 if held.failures else AT_ONCE)
            if messages:
                begun.append((held, messages))
            else:
                release(connection, held, None)
        return renewed, begun

    def _count(self, service: Service, batch: Batch) -> None:
        """Count, log and forget the outcomes that are stored.

        The purge comes first: if it raises UnavailableError, all is done again later, and nothing
        is counted twice.
        """
        if batch.unsettled and not service.settings.history_days:
            told = [each.message for each in batch.unsettled]
            seal = service.seal(batch.claim.tenant)
            service.database.write(lambda known: purge_told(known, told, seal))
        kind = batch.claim.receiver.kind
        failed = sum(each.error is not None for each in batch.unsettled)
        delivered = sum(each.error is None and each.is_told for each in batch.unsettled)
        self.failed, self.delivered = self.failed + failed, self.delivered + delivered
        metrics.count(DELIVERED, kind, by=delivered)
        metrics.count(FAILED, kind, by=failed)
        self.log.note(batch)
        batch.unsettled.clear()


def _note(outbox: Outbox, batch: Batch) -> None:
    """Store what became of messages."""
    outcomes = batch.unsettled
    outbox.delivered([each.message for each in outcomes if not (each.error or each.kept)])
    for each in outcomes:
        if each.error:
            outbox.failed(each.message, each.error, each.pause)
    since, error = batch.claim.failing, batch.report.error
    if batch.is_settled and batch.report.rest and error and since and not batch.report.succeeded:
        long_ago = from_now(seconds=-LONGEST)
        if since < long_ago:
            outbox.bury(batch.claim.receiver, long_ago, error)


def _expires(batch: Batch) -> bool:
    return batch.valid - time.monotonic() < TAKEN_SECONDS - RENEWED


def jobs(delivery: Delivery | None = None) -> list[Job]:
    """Return the jobs of delivering, for one process; the first one delivers."""
    delivery = delivery or Delivery()
    return [
        Job("delivery", IDLE, delivery.work, delivery.end),
        Job("outbox", upkeep.SECONDS, upkeep.look),
    ]
