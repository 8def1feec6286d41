"""A batch: messages of one receiver, which threads of their own send one after the other."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from random import uniform
from threading import Lock, Thread

from scim.protocol.errors import UnavailableError
from scim.service import Service
from scim.storage import Connection
from scim.storage.claims import Claim, Report
from scim.storage.contents import Content
from scim.storage.keys import now
from scim.storage.outbox import Message, Outbox

from ..channel import Channel, NotDelivered
from ..channels import CHANNELS

LATE = 1.0  # seconds after which a receiver is slow
LONGEST = 5.0  # seconds after which a batch begins no further message
MARGIN = 1.0  # seconds of the claim that must be left for a message to be sent
THREADS = 4  # for one receiver, if many messages wait
# Seconds before a message's next attempt, after the first, the second, and so on; then it is dead.
PAUSES = (1, 5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
# Seconds for which a receiver is left alone after one failure, two in a row, and so on.
RESTS = (1, 5, 30, 120, 300)
LONGEST_WAIT = 24 * 3600  # seconds that a receiver can ask for

logger = logging.getLogger("scim")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an attempt: delivered without an ``error``, dead without a ``pause``."""

    message: Message
    error: str | None = None
    pause: float | None = None
    wait: float | None = None  # seconds that the receiver asked for
    kept: bool = False  # until the receiver fetches it
    is_told: bool = True  # the receiver has accepted it
    is_alone: bool = False  # the receiver may accept others

    @property
    def is_dead(self) -> bool:
        return self.error is not None and self.pause is None


class Batch:
    """The messages that a claimed receiver is told now; ``ended`` is called at the end.

    A failure ends the batch, unless it is one of a message alone. Threads put outcomes into
    ``outcomes``; the deliverer moves them to ``unsettled`` until they are stored, and to the
    ``report``.
    """

    def __init__(
        self,
        service: Service,
        claim: Claim,
        messages: Sequence[Message],
        is_backlog: bool,
        ended: Callable[[], None],
    ) -> None:
        self.service = service
        self.claim = claim
        self.outcomes: deque[Outcome] = deque()
        self.unsettled: list[Outcome] = []
        self.report = Report()
        self.is_settled = False  # once all outcomes are in the report
        self.slow = claim.slow
        self.stopped = False
        self.began = time.monotonic()
        self.valid = 0.0  # the instant until which the claim is known to last
        self._ended = ended
        self._lock = Lock()
        self._sending: dict[int, float] = {}  # by thread: since when
        self._left = deque(_by_resource(messages) if is_backlog else [list(messages)])
        self._threads = [
            Thread(target=self._work, args=(number,), name="sender", daemon=True)
            for number in range(min(THREADS, len(self._left)))
        ]
        self._running = 0

    def start(self) -> None:
        """Let the first thread begin; those of a process that ends do not hold it up.

        The others follow once the receiver has been told something: it may hang.

        :raises RuntimeError: there is no room for a thread
        """
        self._begin(self._threads.pop())

    def _begin(self, thread: Thread) -> None:
        with self._lock:
            self._running += 1
        try:
            thread.start()
        except RuntimeError:
            with self._lock:
                self._running -= 1
            raise

    def _begin_others(self) -> None:
        with suppress(RuntimeError, IndexError):  # there is no room, or none is left
            while True:
                self._begin(self._threads.pop())

    @property
    def is_over(self) -> bool:
        """Whether nothing is sent any more."""
        return not self._running

    @property
    def is_late(self) -> bool:
        """Whether the receiver is slow, or known to have failed."""
        at = time.monotonic()
        late = any(at - since > LATE for since in list(self._sending.values()))
        return late or self.slow or not self.claim.is_trusted

    @property
    def has_news(self) -> bool:
        """Whether something is to be stored."""
        return bool(self.unsettled) or self.is_settled

    def collect(self) -> None:
        """Take the outcomes that the threads have left."""
        is_over = self.is_over
        while self.outcomes:
            self._add(self.outcomes.popleft())
        self.report = replace(self.report, slow=self.slow)
        self.is_settled = is_over

    def _add(self, outcome: Outcome) -> None:
        self.unsettled.append(outcome)
        if outcome.error is None:
            accepted = now() if outcome.is_told else self.report.accepted
            self.report = replace(self.report, succeeded=now(), accepted=accepted)
            return
        rest = self.report.rest
        if not outcome.is_alone:
            before = 0 if self.report.succeeded else self.claim.failures
            rest = max(jitter(RESTS[min(before, len(RESTS) - 1)]), outcome.wait or 0)
        self.report = replace(self.report, failed=now(), error=outcome.error, rest=rest)

    def renew(self, until: str | None, valid: float) -> None:
        """Go on until an instant; None if somebody else has the receiver now."""
        if until is None:
            self.stopped = True
        else:
            self.claim, self.valid = replace(self.claim, until=until), valid

    def _work(self, number: int) -> None:
        try:
            while (messages := self._next()) is not None:
                for each in messages:
                    if not self._may_go_on() or not self._tell(number, each):
                        break
                    self._begin_others()
        except UnavailableError:  # the database, which the log tells already
            self.stopped = True
        finally:
            with self._lock:
                self._running -= 1
            self._ended()

    def _next(self) -> list[Message] | None:
        with self._lock:
            return self._left.popleft() if self._left and self._may_go_on() else None

    def _may_go_on(self) -> bool:
        at = time.monotonic()
        return not self.stopped and at < self.began + LONGEST and at < self.valid - MARGIN

    def _tell(self, number: int, message: Message) -> bool:
        """Send a message to the receiver; return whether it may get the next one."""
        channel = CHANNELS.get(self.claim.receiver.kind)
        if channel is None:
            error = f"this version does not know receivers of the kind {self.claim.receiver.kind}"
            return self._note(message, NotDelivered(error))
        if not self.service.database.read(lambda known: Outbox(known).has(message)):
            return True  # it has been dropped since, or its receiver or tenant is removed
        made = [message]
        try:
            if message.content is None:
                made = self._made(channel, message)
            for each in () if channel.fetches else made:
                message = each
                self._send(number, channel, each)
                self.outcomes.append(Outcome(each))
        except NotDelivered as error:
            return self._note(message, error)
        except UnavailableError:
            raise
        except Exception as error:  # of a channel: the other receivers go on
            logger.exception("The kind of receivers %s failed", self.claim.receiver.kind)
            return self._note(message, NotDelivered(f"{type(error).__name__} in this server"))
        if not made or channel.fetches:
            self.outcomes.append(Outcome(message, kept=bool(made), is_told=False))
        return True

    def _made(self, channel: Channel, message: Message) -> list[Message]:
        """Return the messages that one without content stands for.

        A text of its own is stored only if it has to be sent again, which saves a transaction. Made
        again after the end of this process, it has the same id.
        """
        service, receiver, database = self.service, self.claim.receiver, self.service.database

        def contents(known: Connection) -> Sequence[Content]:
            change = Outbox(known).change(message)
            return channel.contents(service, known, receiver, message, change)

        def keep(known: Connection, made: Sequence[Content]) -> list[Message]:
            return Outbox(known).keep(message, made, channel.fetches)

        if channel.keeps(receiver):
            return database.write(lambda known: keep(known, contents(known)))
        made = database.read(contents)
        if not made:
            return []
        if len(made) == 1 and not channel.fetches and made[0].about is None:
            return [replace(message, content=made[0].text)]
        return database.write(lambda known: keep(known, made))

    def _send(self, number: int, channel: Channel, message: Message) -> None:
        self._sending[number] = began = time.monotonic()
        try:
            channel.send(self.service, self.claim.receiver, message)
        finally:
            del self._sending[number]
            self.slow = time.monotonic() - began > LATE

    def _note(self, message: Message, error: NotDelivered) -> bool:
        """Note that a message was not delivered; return whether the next one may be tried."""
        wait = None if error.wait is None else min(error.wait, LONGEST_WAIT)
        is_last = error.for_good or message.attempts >= len(PAUSES)
        pause = None if is_last else max(jitter(PAUSES[message.attempts]), wait or 0)
        self.outcomes.append(Outcome(message, str(error), pause, wait, is_alone=error.alone))
        if not error.alone:
            self.stopped = True
        return error.alone


def jitter(seconds: float) -> float:
    """Return about so many seconds, so that not all come back at once."""
    return seconds * uniform(0.8, 1.2)


def _by_resource(messages: Sequence[Message]) -> list[list[Message]]:
    found: dict[str, list[Message]] = {}
    for each in messages:
        found.setdefault(each.resource_id, []).append(each)
    return list(found.values())
