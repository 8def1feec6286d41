"""Our programs as forks of a process that has imported them; see ``commands``."""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from . import commands

ROOT = Path(__file__).parents[2]


class Fork:
    """A program that runs; it has what the tests use of ``subprocess.Popen``."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *files: IO[bytes],
        leads: bool,
        place: str = "",
        folder: Path = ROOT,
    ) -> None:
        """Begin ``arguments`` with three ``files``; it ``leads`` a session of its own, or not.

        The socket ``place`` is that of another copy of the project, in a ``folder``.
        """
        self.returncode: int | None = None
        self.place = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.place.connect(place or parent())
        order = json.dumps([arguments, dict(environment), str(folder), leads]).encode()
        socket.send_fds(self.place, [order], [file.fileno() for file in files])
        self.pid = int(self.place.recv(10))

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the exit status.

        :raises subprocess.TimeoutExpired: it runs on after so many seconds
        """
        if self.returncode is None:
            self.place.settimeout(timeout)
            try:
                self.returncode = int(self.place.recv(10))
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
            self.place.close()
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit status, or nothing while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


@contextmanager
def forking(place: Path, folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Let a process fork for what comes to the socket ``place``, for the project in a folder."""
    command = [sys.executable, commands.__file__, str(place)]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield


@cache
def parent() -> str:
    """Return the path of the socket of a process that ends with this one."""
    stack = ExitStack()
    place = Path(stack.enter_context(TemporaryDirectory(prefix="scim-forks-")), "socket")
    stack.enter_context(forking(place, ROOT, os.environ))
    atexit.register(stack.close)
    return str(place)
