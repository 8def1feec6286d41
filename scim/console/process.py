"""The process of the console: its port, its key, and the threads that serve it."""

import ctypes
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, ClassVar

from waitress.server import create_server

from scim.printing import printable
from scim.protocol.errors import UnavailableError
from scim.server.worker import end_with, heeded
from scim.service import Service
from scim.settings import LAST_PORT
from scim.storage import digest
from scim.storage.recordings import Recordings

from . import keys
from .state import State

THREADS = 64  # one for each open event stream, and some for the pages
MOST_BYTES = 4 * 1024 * 1024  # of a form; that of a stranger is in memory, too
TRIES = 20  # ports after the one in the settings
ARENAS = 2  # from which the C library takes memory; each of many threads would keep one's rest
M_ARENA_MAX = -8  # of mallopt(3)
PAUSE = 1.0  # seconds between two tries to open the recordings
NICENESS = 10  # the workers come first


def open_port(host: str, port: int, tries: int = TRIES) -> socket.socket:
    """Return a socket that listens at a port, or at one of the next ones that is free.

    :raises OSError: none of them can be used
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    is_for_all = host == "::" and socket.has_dualstack_ipv6()  # as the SCIM port is
    for each in range(port, min(port + tries, LAST_PORT + 1)):
        try:
            return socket.create_server((host, each), family=family, dualstack_ipv6=is_for_all)
        except OSError as error:
            failure = error
    raise failure


@dataclass(frozen=True, slots=True)
class Console:
    """All that the process needs to start; ``begin`` returns a service of its own.

    ``origin`` is the scheme, host and port by which a browser on this machine reaches it. The key
    opens it until the server stops.
    """

    place: socket.socket
    origin: str
    begin: Callable[[], Service]
    key: str = field(default_factory=keys.new_key)
    name: ClassVar[str] = "console"

    @property
    def link(self) -> str:
        """The link that opens the console."""
        return keys.link(self.origin, self.key)

    def run(self, alive: Any, held: Any) -> None:
        """Serve until a signal, which the caller has blocked, or until the master has died."""
        from . import app  # noqa: PLC0415 - the server itself has no use for the pages

        held.close()
        os.nice(NICENESS)
        keep_memory_together()
        service = self.begin()
        recordings = self._recordings(service, alive)
        if recordings is None:
            return
        port = self.place.getsockname()[1]
        state = State(service, recordings, self.origin, port, digest(self.key))
        logging.getLogger("waitress").setLevel(logging.ERROR)
        server = create_server(
            app.create(state),
            sockets=[self.place],
            threads=THREADS,
            ident=None,
            max_request_body_size=MOST_BYTES,
            channel_request_lookahead=1,  # a stream whose reader has gone ends with its next event
        )
        Thread(target=server.run, name="console", daemon=True).start()
        Thread(target=state.tunnels.watch, name="tunnels", daemon=True).start()
        Thread(target=end_with, args=(alive,), daemon=True).start()
        signal.sigwait(heeded())
        state.jobs.close()
        with suppress(UnavailableError):
            state.endpoints.close()
        with suppress(UnavailableError):
            recordings.close_console(self.origin)

    def _recordings(self, service: Service, alive: Any) -> Recordings | None:
        """Return the recordings as soon as they can be used; None if the server ends before."""
        told = ""
        while True:
            try:
                with ExitStack() as failed:
                    recordings = service.recordings()
                    failed.callback(recordings.close)
                    recordings.open_console(self.origin, digest(self.key))
                    failed.pop_all()
                    return recordings
            except UnavailableError as error:
                if error.detail != told:
                    told = error.detail
                    logging.getLogger("scim").error("The console waits: %s", printable(told))
            if alive.poll(PAUSE) or signal.sigpending():
                return None


def keep_memory_together() -> None:
    """Let all threads share memory, which takes a third where bodies are large; on Linux only."""
    with suppress(OSError, AttributeError):  # there is no glibc
        ctypes.CDLL("libc.so.6").mallopt(M_ARENA_MAX, ARENAS)
