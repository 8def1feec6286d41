"""A deadline for a whole answer: the timeout of a socket begins anew with each byte."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from threading import Event, Timer


class Deadline:
    """Ends the use of a connection; ``watch`` names the socket as soon as there is one."""

    def __init__(self) -> None:
        self.is_over = Event()
        self.socket: socket.socket | None = None

    def watch(self, used: socket.socket | None) -> None:
        self.socket = used
        if self.is_over.is_set():
            self.end()

    def end(self) -> None:
        """Let a thread that waits for the socket read its end."""
        self.is_over.set()
        if self.socket:
            with suppress(OSError):  # TLS has a shutdown of its own, which is not for two threads
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


@contextmanager
def deadline(seconds: float) -> Iterator[Callable[[socket.socket | None], None]]:
    """Provide a function that takes the socket that is closed after some seconds.

    :raises TimeoutError: the seconds have passed before the end of the block
    """
    running = Deadline()
    timer = Timer(seconds, running.end)
    timer.daemon = True
    timer.start()
    try:
        yield running.watch
    except (OSError, HTTPException) as error:
        if not running.is_over.is_set():
            raise
        raise TimeoutError from error
    finally:
        timer.cancel()
    if running.is_over.is_set():  # an answer that was cut off may look like a whole one
        raise TimeoutError
