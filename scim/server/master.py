"""The master keeps workers and companions alive, and stops them when a signal comes."""

import logging
import multiprocessing
import resource
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from sys import platform
from typing import Any, Protocol

from scim.operate import metrics
from scim.operate.catalogue import RESTARTED

from .worker import BACKLOG, STOP, STOPPING_SECONDS, Worker, bound, heeded

MOST_FAILURES = 3  # starts of workers without one that succeeds, until no more are tried
HURRY = 0.5  # seconds that a second signal leaves for the requests in progress
PAUSE = 1  # seconds after a start without success
PARTING_SECONDS = 4  # that a companion has after the workers, to tidy up
LASTING = 60.0  # seconds after which a companion has not failed to start, or is tried again
SHORTEST_PAUSE = 1 / 16  # of them, between two starts; each pause is twice as long as the last
FILES = 8192  # that a process may open: its connections to clients, and the database

# With spawn, Python would import everything once more for each worker. macOS cannot do without.
CONTEXT: Any = multiprocessing.get_context("fork" if platform == "linux" else "spawn")

logger = logging.getLogger("scim")


def reserve(host: str, port: int) -> socket.socket:
    """Return a socket that keeps an address for the workers, which listen there by themselves.

    :raises OSError: the address cannot be used, or somebody listens there already
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family):
        pass  # the address is free
    return bound(family, (host, port))


@dataclass(frozen=True, slots=True)
class Running:
    """A worker's process. ``ready`` is true once it takes requests.

    ``unanswered`` is the number of requests that it still has to answer while it stops.
    """

    process: BaseProcess
    ready: Any
    unanswered: Any


class Companion(Protocol):
    """A process that runs beside the workers until the master ends."""

    @property
    def name(self) -> str: ...

    def run(self, alive: Any, held: Any) -> None:
        """Run until a signal, or until ``alive`` says that the master has died."""


@dataclass(slots=True)
class Beside:
    """A companion and its process; without one it ended too often, and waits for its next start.

    It has started ``starts`` times since it last ran for long, most recently at ``began``.
    """

    companion: Companion
    process: BaseProcess | None = None
    starts: int = 0
    began: float = 0.0

    def left(self, lasting: float) -> float:
        """Return the seconds until it may start again; 0 if it may now."""
        if self.starts < MOST_FAILURES:
            return 0.0
        pause = lasting * min(1.0, SHORTEST_PAUSE * 2.0 ** (self.starts - MOST_FAILURES))
        return max(0.0, self.began + pause - time.monotonic())


class Master:
    """Runs ``count`` workers, and companions beside them.

    A companion that ends three times within ``lasting`` seconds waits for its next start, each time
    longer, at most so long: what it does may fail only now, and others need it.
    """

    def __init__(
        self,
        worker: Worker,
        count: int,
        companions: Sequence[Companion] = (),
        lasting: float = LASTING,
    ) -> None:
        self.worker = worker
        self.count = count
        self.beside = [Beside(each) for each in companions]
        self.lasting = lasting
        self.failures = 0
        self.signals = 0
        self.alive, self.held = CONTEXT.Pipe(duplex=False)
        self.wake, self.written = socket.socketpair()  # each signal writes to it

    def serve(self) -> int:
        """Serve until a signal; return the exit status."""
        raise_limit_of_files()
        if self.count == 1:  # connections wait here while the dead worker is replaced
            self.worker.place.listen(BACKLOG)
        self.heed_signals()
        self.accompany()
        running = [self.start() for _ in range(self.count)]
        while running and not self.signals:
            processes = [each.process for each in running] + self.companions()
            wait([self.wake, *(each.sentinel for each in processes)], self.rest())
            if not self.signals:
                self.accompany()
                running = [now for each in running if (now := self.kept(each))]
        for each in self.companions():
            each.terminate()
        self.stop(running)
        ends = time.monotonic() + PARTING_SECONDS
        for each in self.companions():
            each.join(max(0, ends - time.monotonic()))
            each.kill()
            each.join()
        return 0 if self.signals else 1

    def companions(self) -> list[BaseProcess]:
        """Return the processes of the companions."""
        return [each.process for each in self.beside if each.process]

    def rest(self) -> float | None:
        """Return the seconds until a companion has to start; None if none waits for that."""
        waiting = [each.left(self.lasting) for each in self.beside if not each.process]
        return min(waiting, default=None)

    def heed_signals(self) -> None:
        """Count the signals that end the server; each of them ends a ``wait``, too."""
        self.wake.setblocking(False)
        self.written.setblocking(False)
        signal.set_wakeup_fd(self.written.fileno(), warn_on_full_buffer=False)
        for each in heeded():
            signal.signal(each, self.count_signal)

    def count_signal(self, *_: Any) -> None:
        self.signals += 1

    def start(self) -> Running:
        """Start a worker."""
        ready, unanswered = CONTEXT.RawValue("b", False), CONTEXT.RawValue("i", 0)
        arguments = (ready, unanswered, self.alive, self.held)
        return Running(begun("scim-worker", self.worker.run, arguments), ready, unanswered)

    def accompany(self) -> None:
        """Start each companion that does not run, as soon as it may."""
        for each in self.beside:
            if each.process and each.process.is_alive():
                continue
            if time.monotonic() - each.began > self.lasting:
                each.starts = 0
            name, seconds = each.companion.name, each.left(self.lasting)
            if each.process:
                later = f"the server goes on, and it starts again in {seconds:.0f} s"
                ended = f"The {name} ended {how(each.process.exitcode)}"
                logger.error("%s; %s", ended, later if seconds else "it starts again")
                each.process = None
            if not seconds:
                each.starts += 1
                each.began = time.monotonic()
                each.process = begun(f"scim-{name}", each.companion.run, (self.alive, self.held))

    def kept(self, each: Running) -> Running | None:
        """Return a worker that is alive, or another in its place; None if none can start."""
        if each.process.is_alive():
            return each
        ended = f"Worker {each.process.pid} ended {how(each.process.exitcode)}"
        self.failures = 0 if each.ready.value else self.failures + 1
        if self.failures >= MOST_FAILURES:
            logger.error("%s; it could not start, and is not tried again", ended)
            return None
        logger.error("%s; another one replaces it", ended)
        metrics.count(RESTARTED)
        time.sleep(PAUSE if self.failures else 0)
        return self.start()

    def stop(self, running: list[Running]) -> None:
        """Let the workers finish their requests, for some seconds or until the next signal."""
        logger.info("Stopping: requests in progress get up to %s seconds", STOPPING_SECONDS)
        self.worker.place.close()
        for each in running:
            each.process.terminate()
        ends, first = time.monotonic() + STOPPING_SECONDS, self.signals
        while (left := [each for each in running if each.process.is_alive()]) and (
            seconds := ends - time.monotonic()
        ) > 0:
            wait([self.wake, *(each.process.sentinel for each in left)], seconds)
            with suppress(BlockingIOError):
                self.wake.recv(4096)
            if self.signals > first:
                ends = min(ends, time.monotonic() + HURRY)
        for each in left:
            each.process.kill()
            each.process.join()
        if cut_off := sum(each.unanswered.value for each in left):
            logger.warning("%s requests were cut off", cut_off)


def begun(name: str, target: Any, arguments: tuple[Any, ...]) -> BaseProcess:
    """Return a new process, in which the signals that end it are blocked."""
    process: BaseProcess = CONTEXT.Process(target=target, args=arguments, name=name)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return process


def how(code: int | None) -> str:
    """Return how a process ended, by its exit code."""
    return f"by signal {-code}" if code and code < 0 else f"with status {code}"


def raise_limit_of_files() -> None:
    """Let this process and its workers open as many files as they need, if the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
