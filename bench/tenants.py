"""Many tenants at once, each of which sends its requests when they are due, come what may.

A tenant has one connection. If an answer is late, so are the requests behind it, and the latency
of each counts from the instant at which it should have been sent.
"""

import selectors
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.pool import Pool

from .client import Connection, WrongAnswerError
from .measure import CLIENTS, Sample, Talk
from .operations import everyday
from .server import Server

KEPT_REQUESTS = 25  # connections fall to workers by chance, so they are made anew now and then


@dataclass
class Visits:
    """What tenants saw: ``missed`` was not sent, since the answers before it took too long."""

    sample: Sample = field(default_factory=Sample)
    errors: int = 0
    missed: int = 0

    def __iadd__(self, other: "Visits") -> "Visits":
        self.sample.latencies += other.sample.latencies
        self.errors += other.errors
        self.missed += other.missed
        return self


class Visitor:
    """One tenant with its schedule."""

    def __init__(self, server: Server, token: str, starts: float, pause: float) -> None:
        self.server, self.token = server, token
        self.due, self.pause, self.sent = starts, pause, 0
        self.begin()

    def begin(self) -> None:
        """Begin anew, over a new connection."""
        self.talk = Talk(everyday, self.server.size, 0)
        self.connection = Connection(self.server.port, self.token)

    def send(self) -> None:
        """Send what is due; the next is due a pause after that, not after now."""
        if self.sent % KEPT_REQUESTS == KEPT_REQUESTS - 1:
            self.connection.close()
            self.connection = Connection(self.server.port, self.token)
        self.connection.send(self.talk.call)
        self.sent += 1
        self.scheduled, self.due = self.due, self.due + self.pause

    def receive(self) -> float:
        """Return how long after it was due the request has been answered.

        :raises WrongAnswerError: the answer is not the right one
        """
        try:
            _, answer = self.connection.receive()
        except WrongAnswerError:
            self.connection.close()
            self.begin()
            raise
        self.talk.call = self.talk.calls.send(answer)
        return time.perf_counter() - self.scheduled


def visit(pool: Pool, server: Server, tokens: Sequence[str], rate: float, seconds: float) -> Visits:
    """Let each tenant send ``rate`` requests a second; return what all of them saw."""
    cpu = server.cpu()
    shares = [(server, tokens[n::CLIENTS], rate, seconds) for n in range(CLIENTS)]
    seen = pool.starmap(_visit, shares, chunksize=1)
    visits = Visits(Sample(seconds, server.cpu() - cpu))
    for each in seen:
        visits += each
    return visits


def _visit(server: Server, tokens: Sequence[str], rate: float, seconds: float) -> Visits:
    """Keep to the schedules of some tenants, which begin one after the other."""
    visits, starts = Visits(), time.perf_counter()
    ends, apart = starts + seconds, 1 / rate / len(tokens)
    visitors = [
        Visitor(server, token, starts + n * apart, 1 / rate) for n, token in enumerate(tokens)
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
