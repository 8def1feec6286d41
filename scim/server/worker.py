"""One worker: a process in which Granian receives and sends, and a few threads compute.

Granian's WSGI worker waits for a body in the thread that computes, without a time limit. So the
requests come from its RSGI worker. That one expects an event loop; the exchanges need nothing of
a loop but that it calls back.
"""

import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from threading import Event, Thread, Timer
from typing import Any

from granian import _granian
from granian.http import HTTP1Settings

from .exchange import Exchanges
from .tls import Certificate

native: Any = _granian  # the code has more parameters than its type stubs
MOST_CONNECTIONS = 2048  # of a worker; others wait until one is closed
HEADER_SECONDS = 10  # from the opening of a connection, or its last answer, to the end of headers
STOPPING_SECONDS = 8  # for the requests in progress
SWITCH_SECONDS = 0.001  # that Python lets a thread compute while others want to; usually 0.005
BACKLOG = 1024  # connections that wait for a worker
REPORT_SECONDS = 0.1  # between the numbers of unanswered requests that the master gets
STOP = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}

logger = logging.getLogger("scim")


@dataclass(frozen=True, slots=True)
class Worker:
    """All that a worker needs to start; ``begin`` returns its exchanges.

    A worker uses the socket ``place`` if the master listens with it. Otherwise it listens at the
    same address with a socket of its own: one for several workers would give most connections to
    one of them. The system closes a connection whose client has read nothing for ``seconds``.
    """

    place: socket.socket
    seconds: int
    begin: Callable[[], Exchanges]
    certificate: Certificate | None = None

    def run(self, ready: Any, unanswered: Any, alive: Connection, held: Connection) -> None:
        """Serve until a signal; set ``ready`` when requests are taken.

        From the signal on, ``unanswered`` tells how many requests are in progress.

        The signals are blocked, so that the first one waits for ``sigwait`` and the others do
        nothing. ``held`` is the master's end of the pipe: when the master dies, ``alive`` ends.
        """
        held.close()
        sys.setswitchinterval(SWITCH_SECONDS)
        stop, stopped = native.WorkerSignal(), Event()
        stop.add_cb(stopped.set)
        exchanges = self.begin()
        listener = self.listen()
        backlog = [BACKLOG] if sys.platform == "linux" else []
        worker = native.RSGIWorker(
            os.getpid(),
            (None, native.SocketHolder(listener.detach(), False, *backlog)),
            None,
            py_threads=2,  # one takes requests in while the other works
            backpressure=most_connections(),
            http_mode="1",
            http1_opts=HTTP1Settings(header_read_timeout=1000 * HEADER_SECONDS),
            websockets_enabled=False,
            **self.encryption(),
        )
        worker.serve_mtr(Scheduler(exchanges.take), LOOP, stop)
        ready.value = True
        tell_systemd("READY=1")
        Thread(target=end_with, args=(alive,), daemon=True).start()
        signal.sigwait(heeded())
        exchanges.parking.close()
        stop.set()
        if count := len(exchanges.unanswered):
            logger.info("Worker %s finishes %s requests", os.getpid(), count)
        while not stopped.wait(REPORT_SECONDS):
            unanswered.value = len(exchanges.unanswered)
        exchanges.close()

    def encryption(self) -> dict[str, Any]:
        """Return Granian's parameters for TLS."""
        if self.certificate is None:
            return {}
        file, key = str(self.certificate.file), str(self.certificate.key)
        return {"ssl_enabled": True, "ssl_cert": file, "ssl_key": key, "ssl_protocol_min": "tls1.2"}

    def listen(self) -> socket.socket:
        """Return a listening socket, the only one of this process."""
        listener = self.place
        if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            listener = bound(self.place.family, self.place.getsockname())
            self.place.close()
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * self.seconds)
        listener.listen(BACKLOG)
        return listener


class Loop:
    """An event loop for Granian's futures, which calls back at once."""

    def call_soon(self, callback: Callable[..., None], *arguments: Any, context: Any) -> None:
        callback(*arguments)

    call_soon_threadsafe = call_soon


LOOP = Loop()


class Scheduler(native.CallbackScheduler):  # type: ignore[misc]
    """Hands each request to a function, in the thread that Granian has chosen."""

    def __new__(cls, _: Callable[[Any], None]) -> "Scheduler":
        made: Scheduler = super().__new__(cls, LOOP, None, None, None, None)
        return made

    def __init__(self, take: Callable[[Any], None]) -> None:
        self._schedule_fn = take


def most_connections() -> int:
    """Return how many connections are accepted; Granian spins when the system refuses more."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    is_unlimited = files == resource.RLIM_INFINITY
    return MOST_CONNECTIONS if is_unlimited else min(MOST_CONNECTIONS, files // 2)


def bound(family: int, address: Any) -> socket.socket:
    """Return a socket at an address that others of this server may have, too."""
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


def heeded() -> set[signal.Signals]:
    """Return the signals that end the server: all that were not ignored before, as by ``nohup``."""
    return {each for each in STOP if signal.getsignal(each) is not signal.SIG_IGN}


def tell_systemd(state: str) -> None:
    """Send a state to systemd, if a unit with ``Type=notify`` started the server (sd_notify(3)).

    A name that begins with ``@`` has no file: it is in Linux's abstract namespace.
    """
    if address := os.environ.get("NOTIFY_SOCKET"):
        place = "\0" + address[1:] if address.startswith("@") else address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, suppress(OSError):
            told.sendto(state.encode(), place)


def end_with(alive: Connection) -> None:
    """End this process when the master has died, since nobody would replace or stop it."""
    alive.poll(None)
    os.kill(os.getpid(), signal.SIGTERM)
    Timer(STOPPING_SECONDS, os._exit, [1]).start()
