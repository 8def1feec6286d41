"""The server program as processes, with the application of ``toy``."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection, socket
from uuid import uuid4

import httpx2
import pytest

from ..support.forks import ROOT, Fork
from ..support.ports import free_port
from ..support.server import NOTHING, plain_client
from ..support.waiting import children, wait_until

TOY = "tests/server/toy.py"


@dataclass(frozen=True)
class Toy:
    """A running toy, which leads a process group of its own."""

    port: int
    process: subprocess.Popen[bytes] | Fork
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def workers(self) -> list[int]:
        """Return the ids of the processes that the master has started."""
        return children(self.process.pid)

    def accepts(self) -> bool:
        """Tell whether a worker takes connections."""
        with suppress(OSError), self.connect():
            return True
        return False

    def connect(self) -> socket:
        return create_connection(("127.0.0.1", self.port), timeout=10)

    def say(self, text: str, body: bytes = b"") -> socket:
        """Send the head of a request, with ``known`` as its token, and some of its body."""
        connection = self.connect()
        lines = [*text.split("\n"), "Host: toy", "Authorization: known", "", ""]
        connection.sendall("\r\n".join(lines).encode("latin-1") + body)
        return connection

    def client(self) -> httpx2.Client:
        headers = {"Authorization": "known"}
        return plain_client(base_url=f"http://127.0.0.1:{self.port}", headers=headers)


def heard(connection: socket) -> str:
    """Return all that the server says until it closes the connection, and close it too."""
    said = b""
    with connection, suppress(ConnectionResetError):
        while part := connection.recv(65536):
            said += part
    return said.decode("latin-1")


@contextmanager
def started(
    folder: Path, workers: int, *before: str, waits: bool = True, **environment: str
) -> Iterator[Toy]:
    """Run a toy until the block ends; ``before`` are words before its command.

    ``waits`` until it takes connections.
    """
    port, log_path = free_port(), folder / f"{uuid4().hex}.log"
    command, environment = [TOY, str(port), str(workers)], os.environ | environment
    with log_path.open("wb") as log, NOTHING.open("rb") as nothing:
        process = (
            subprocess.Popen(
                [*before, sys.executable, *command],
                cwd=ROOT,
                env=environment | {"PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            if before
            else Fork(command, environment, nothing, log, log, leads=True)
        )
    toy = Toy(port, process, log_path)
    try:
        if waits:
            wait_until(lambda: process.poll() is not None or toy.accepts())
        yield toy
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Toy]]:
    """Start toys: ``start(2)`` has two workers; they end with the test."""
    with ExitStack() as toys:
        yield lambda *arguments, **environment: toys.enter_context(
            started(tmp_path, *arguments, **environment)
        )


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    """The toy with one worker that the tests of a module share."""
    with started(tmp_path_factory.mktemp("toy"), 1) as toy:
        yield toy
