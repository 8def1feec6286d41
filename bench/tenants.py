"""Many tenants at once, each of which sends a request whenever one is due.

A tenant has one connection. A late answer delays the requests behind it, and the latency of each
counts from the instant at which it was due.
"""

import selectors
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.pool import Pool

from .client import Connection, WrongAnswerError
from .measure import CLIENTS, Sample, Talk
from .operations import Operation, everyday
from .server import Server

KEPT_REQUESTS = 25  # a connection is then replaced, as chance assigns it to a worker


@dataclass
class Visits:
    """Measurements of tenants; ``missed`` requests were due, but earlier answers were too late."""

    sample: Sample = field(default_factory=Sample)
    errors: int = 0
    missed: int = 0

    def __iadd__(self, other: "Visits") -> "Visits":
        self.sample.latencies += other.sample.latencies
        self.errors += other.errors
        self.missed += other.missed
        return self


class Visitor:
    """A tenant with its connection and its schedule; times are in seconds."""

    def __init__(
        self, server: Server, token: str, operation: Operation, starts: float, pause: float
    ) -> None:
        self.server, self.token, self.operation = server, token, operation
        self.due, self.pause, self.sent = starts, pause, 0
        self.begin()

    def begin(self) -> None:
        """Start the requests again over a new connection."""
        self.talk = Talk(self.operation, self.server.size, 0)
        self.connection = Connection(self.server.port, self.token)

    def send(self) -> None:
        """Send the request that is due; the next is due a pause after this one was due."""
        if self.sent % KEPT_REQUESTS == KEPT_REQUESTS - 1:
            self.connection.close()
            self.connection = Connection(self.server.port, self.token)
        self.connection.send(self.talk.call)
        self.sent += 1
        self.scheduled, self.due = self.due, self.due + self.pause

    def receive(self) -> float:
        """Return the seconds from the due time of the request to its answer.

        :raises WrongAnswerError: the answer is not the expected one
        """
        try:
            _, answer = self.connection.receive()
        except WrongAnswerError:
            self.connection.close()
            self.begin()
            raise
        self.talk.call = self.talk.calls.send(answer)
        return time.perf_counter() - self.scheduled


def visit(
    pool: Pool,
    server: Server,
    tokens: Sequence[str],
    rate: float,
    seconds: float,
    operation: Operation = everyday,
) -> Visits:
    """Let each tenant send ``rate`` requests a second; return their measurements."""
    cpu = server.cpu()
    shares = [(server, tokens[n::CLIENTS], rate, seconds, operation) for n in range(CLIENTS)]
    seen = pool.starmap(_visit, shares, chunksize=1)
    visits = Visits(Sample(seconds, server.cpu() - cpu))
    for each in seen:
        visits += each
    return visits


def _visit(
    server: Server, tokens: Sequence[str], rate: float, seconds: float, operation: Operation
) -> Visits:
    """Send the requests of some tenants on schedule; the tenants start one after the other."""
    visits, starts = Visits(), time.perf_counter()
    ends, apart = starts + seconds, 1 / rate / len(tokens)
    visitors = [
        Visitor(server, token, operation, starts + n * apart, 1 / rate)
        for n, token in enumerate(tokens)
    ]
    idle = set(visitors)
    with selectors.DefaultSelector() as selector:
        while (now := time.perf_counter()) < ends or len(idle) < len(visitors):
            for visitor in [each for each in idle if each.due <= now < ends]:
                visitor.send()
                idle.remove(visitor)
                selector.register(visitor.connection.socket, selectors.EVENT_READ, visitor)
            next_due = min((each.due for each in idle), default=ends)
            for key, _ in selector.select(min(next_due, ends) - now if now < ends else None):
                selector.unregister(key.fileobj)
                idle.add(key.data)
                _note(visits, key.data)
    for visitor in visitors:
        visits.missed += max(0, round((ends - visitor.due) * rate))
        visitor.connection.close()
    return visits


def _note(visits: Visits, visitor: Visitor) -> None:
    try:
        visits.sample.latencies.append(visitor.receive())
    except WrongAnswerError:
        visits.errors += 1
