"""Clients that keep a server busy, and the latencies that they see."""

import selectors
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.pool import Pool

from .client import Calls, Connection
from .directory import CONNECTIONS
from .operations import Operation
from .server import Server

CLIENTS = 2
# The system assigns connections to workers by chance, so each is replaced after this time.
KEPT_SECONDS = 0.2


@dataclass
class Sample:
    """Measurements of one operation on one server; ``cpu`` and ``latencies`` are in seconds."""

    seconds: float = 0
    cpu: float = 0
    latencies: list[float] = field(default_factory=list)

    def __iadd__(self, other: "Sample") -> "Sample":
        latencies = self.latencies + other.latencies
        return Sample(self.seconds + other.seconds, self.cpu + other.cpu, latencies)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def cpu_milliseconds(self) -> float:
        """CPU time of the server for one operation, in milliseconds."""
        return 1000 * self.cpu / len(self.latencies)

    def milliseconds(self, percent: int) -> float:
        """Return the latency that ``percent`` of the operations did not exceed."""
        return 1000 * sorted(self.latencies)[len(self.latencies) * percent // 100]


class Talk:
    """The requests of one connection, one after the other; a new connection continues them."""

    def __init__(self, operation: Operation, size: int, number: int) -> None:
        self.calls = _endless(operation, size, number)
        self.call = next(self.calls)


def _endless(operation: Operation, size: int, number: int) -> Calls:
    while True:
        yield from operation(size, number)


@contextmanager
def clients() -> Iterator[Pool]:
    """Yield the processes of the clients. SIGTERM ends the bench as Ctrl+C does: servers stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with Pool(CLIENTS, signal.signal, (signal.SIGTERM, signal.SIG_DFL)) as pool:
        yield pool


def measure(pool: Pool, server: Server, operation: Operation, seconds: float) -> Sample:
    """Send an operation for some seconds over all connections."""
    cpu = server.cpu()
    arguments = [(server, operation, seconds, client) for client in range(CLIENTS)]
    seen = pool.starmap(_drive, arguments, chunksize=1)
    latencies = [latency for each, _ in seen for latency in each]
    return Sample(sum(elapsed for _, elapsed in seen) / CLIENTS, server.cpu() - cpu, latencies)


def _drive(
    server: Server, operation: Operation, seconds: float, client: int
) -> tuple[list[float], float]:
    """Keep the connections of one client busy; return the latencies and the seconds it took."""
    numbers = range(client, CONNECTIONS, CLIENTS)
    talks = [Talk(operation, server.size, number) for number in numbers]
    started, latencies = time.perf_counter(), []
    while (now := time.perf_counter()) < started + seconds:
        latencies += _converse(server.port, talks, min(now + KEPT_SECONDS, started + seconds))
    return latencies, time.perf_counter() - started


def _converse(port: int, talks: list[Talk], until: float) -> list[float]:
    """Continue all talks over new connections; return the latencies."""
    latencies = []
    with selectors.DefaultSelector() as selector:
        for talk in talks:
            connection = Connection(port)
            connection.send(talk.call)
            selector.register(connection.socket, selectors.EVENT_READ, (connection, talk))
        while selector.get_map():
            for key, _ in selector.select():
                connection, talk = key.data
                latency, answer = connection.receive()
                if talk.call.timed:
                    latencies.append(latency)
                talk.call = talk.calls.send(answer)
                if time.perf_counter() < until or talk.call.closing:
                    connection.send(talk.call)
                else:
                    selector.unregister(key.fileobj)
                    connection.close()
    return latencies
