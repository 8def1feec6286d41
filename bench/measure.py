"""Servers as processes of their own, and clients that time what they answer."""

import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, repeat
from multiprocessing.pool import Pool
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from tests.support.ports import free_port

from .directory import CONNECTIONS, HERE
from .operations import Call, Operation

CLIENTS = 2
# Connections fall to a server's workers by chance, so they are made anew now and then.
KEPT_SECONDS = 0.2
HEADERS = (
    "Host: localhost\r\nAuthorization: Bearer 123456789\r\nContent-Type: application/scim+json\r\n"
)


@dataclass
class Sample:
    """What was seen of one operation on one server."""

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
        """CPU time of the server for one operation."""
        return 1000 * self.cpu / len(self.latencies)

    def milliseconds(self, percent: int) -> float:
        """Return the time within which so many percent of the operations were answered."""
        return 1000 * sorted(self.latencies)[len(self.latencies) * percent // 100]


@dataclass(frozen=True)
class Server:
    """A running server of ``size`` users."""

    port: int
    pid: int
    size: int

    def cpu(self) -> float:
        """Return the CPU seconds of the server and its workers; 0 where there is no /proc."""
        children = Path(f"/proc/{self.pid}/task").glob("*/children")
        pids = [str(self.pid), *(pid for file in children for pid in file.read_text().split())]
        stats = [Path(f"/proc/{pid}/stat") for pid in pids]
        used = [stat.read_text().rpartition(")")[2].split() for stat in stats if stat.exists()]
        return sum(int(each[11]) + int(each[12]) for each in used) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serve(url: str, size: int, workers: int, *program: str) -> Iterator[Server]:
    """Run ``python program`` on a free port until the block ends."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCIM_")}
    made = {"SCIM_DATABASE_URL": url, "SCIM_PORT": str(port), "SCIM_WORKERS": str(workers)}
    # What app.py tells granian itself, for the floor, which its command line starts.
    made |= {"GRANIAN_PORT": str(port), "GRANIAN_WORKERS": str(workers)}
    made |= {"GRANIAN_INTERFACE": "wsgi", "GRANIAN_BLOCKING_THREADS": "1"}
    with TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *program], cwd=HERE.parent, env=kept | made, stdout=log, stderr=log
        )
        try:
            with socket.socket() as probe:
                while process.poll() is None and probe.connect_ex(("127.0.0.1", port)):
                    time.sleep(0.1)
            yield Server(port, process.pid, size)
        finally:
            process.terminate()
            process.wait()


def measure(pool: Pool, server: Server, operation: Operation, seconds: float) -> Sample:
    """Return what the clients see of an operation in so many seconds."""
    cpu = server.cpu()
    arguments = [(server, operation, seconds, client) for client in range(CLIENTS)]
    seen = pool.starmap(_drive, arguments, chunksize=1)
    latencies = [latency for each, _ in seen for latency in each]
    return Sample(sum(elapsed for _, elapsed in seen) / CLIENTS, server.cpu() - cpu, latencies)


def _drive(
    server: Server, operation: Operation, seconds: float, client: int
) -> tuple[list[float], float]:
    """Keep the connections of one client busy; return the latencies and the time it took."""
    started, latencies = time.perf_counter(), []
    while (now := time.perf_counter()) < started + seconds:
        until = min(now + KEPT_SECONDS, started + seconds)
        with selectors.DefaultSelector() as selector:
            for number in range(client, CONNECTIONS, CLIENTS):
                calls = chain.from_iterable(map(operation, repeat(server.size), repeat(number)))
                connection = Connection(server.port, calls)
                selector.register(connection.socket, selectors.EVENT_READ, connection)
            while selector.get_map():
                for key, _ in selector.select():
                    latencies.append(key.data.receive())
                    if time.perf_counter() < until:
                        key.data.send()
                    else:
                        selector.unregister(key.fileobj)
                        key.data.close()
    return latencies, time.perf_counter() - started


class Connection:
    """A kept-alive connection with one request under way.

    An exchange takes 0.05 ms of CPU. With ``http.client`` it is 0.25 ms, as much as a bare Flask
    route, on the cores that the server needs.
    """

    def __init__(self, port: int, calls: Iterator[Call]) -> None:
        self.calls = calls
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.send()

    def send(self) -> None:
        method, path, body, *self.expected = next(self.calls)
        head = f"{method} /scim/v2{path} HTTP/1.1\r\n{HEADERS}Content-Length: {len(body)}\r\n\r\n"
        self.started = time.perf_counter()
        self.socket.sendall(head.encode() + body)

    def receive(self) -> float:
        """Read the answer and return its latency; raise if it is not the right one."""
        status = int(self.file.readline().split()[1])
        headers = dict(line.lower().split(b": ", 1) for line in iter(self.file.readline, b"\r\n"))
        answer = self.file.read(int(headers[b"content-length"]))
        latency = time.perf_counter() - self.started
        expected: Any = self.expected
        if status != expected[0] or expected[1].encode() not in answer:
            raise RuntimeError(f"{status} is not {expected}: {answer[:1000]!r}")
        return latency

    def close(self) -> None:
        self.file.close()
        self.socket.close()
