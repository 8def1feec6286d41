"""The application as a process of its own, as people run it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import httpx2

from .forks import ROOT, Fork
from .ports import free_port
from .waiting import happens, has_ended

NOTHING = Path(os.devnull)
START_SECONDS = 20
COMMAND_SECONDS = 60
STOP_SECONDS = 10


@dataclass(frozen=True)
class Server:
    """A ``python app.py`` and what a client needs to talk to it."""

    url: str
    token: str
    database_url: str
    session: httpx2.Client
    process: subprocess.Popen[bytes] | Fork
    log_path: Path

    @property
    def log(self) -> str:
        """The text that the server has printed so far."""
        return self.log_path.read_text(errors="replace")

    def stop(self) -> None:
        """End the server as an operator does, or by force when that takes too long."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the server and its workers at once, as a crash does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Return a finished process of ours, with settings that have no prefix here."""
    environment = os.environ | {f"SCIM_{name}": value for name, value in settings.items()}
    if arguments[0] == "manage.py":
        return run_fork(arguments, environment)
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )


def run_fork(
    arguments: Sequence[str], environment: Mapping[str, str], **copy: Any
) -> subprocess.CompletedProcess[str]:
    """Return a finished fork, of another ``copy`` of the project if that is given."""
    with TemporaryFile() as out, TemporaryFile() as err, NOTHING.open("rb") as nothing:
        fork = Fork(arguments, environment, nothing, out, err, leads=False, **copy)
        try:
            status = fork.wait(COMMAND_SECONDS)
        finally:
            fork.kill()
        out.seek(0)
        err.seek(0)
        said = out.read().decode(), err.read().decode()
        return subprocess.CompletedProcess(arguments, status, *said)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group, and all that it started, by force after a while."""
    os.killpg(process.pid, signal.SIGTERM)
    if not happens(lambda: has_ended(process), STOP_SECONDS):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def running_server(log_path: Path, forked: bool = True, /, **environment: str) -> Iterator[Server]:
    """Run the application with ``environment`` on a free port until the block ends.

    It is ``forked`` unless a test needs to see ``python app.py`` itself.
    """
    place = {"SCIM_HOST": "127.0.0.1", "SCIM_PORT": str(free_port()), "SCIM_WORKERS": "1"}
    environment = place | environment
    base_path = environment.get("SCIM_BASE_PATH", "/scim/v2")
    scheme = "https" if "SCIM_TLS_KEY" in environment else "http"
    url = f"{scheme}://127.0.0.1:{environment['SCIM_PORT']}{base_path}"
    token = environment.get("SCIM_TOKEN", "123456789")
    database_url = environment["SCIM_DATABASE_URL"]
    with open_session(url, token) as session:
        process = _start(log_path, environment, forked)
        server = Server(url, token, database_url, session, process, log_path)
        try:
            _wait_until_ready(server)
            yield server
        finally:
            server.stop()


def open_session(url: str, token: str) -> httpx2.Client:
    """Return a client to which ``/Users`` is a URL, and which keeps its connection."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/scim+json"}
    return plain_client(base_url=url, headers=headers)


def plain_client(**options: Any) -> httpx2.Client:
    """Return a client that knows no authorities; to load them takes 30 ms."""
    return httpx2.Client(timeout=30, trust_env=False, verify=False, **options)


def _start(
    log_path: Path, environment: dict[str, str], forked: bool
) -> subprocess.Popen[bytes] | Fork:
    with log_path.open("wb") as log:
        if forked:
            with NOTHING.open("rb") as nothing:
                return Fork(["app.py"], os.environ | environment, nothing, log, log, leads=True)
        return subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_ready(server: Server) -> None:
    def answers() -> bool:
        with suppress(httpx2.TransportError):
            server.session.get("/ServiceProviderConfig")
            return True
        return server.process.poll() is not None

    if not happens(answers, START_SECONDS) or server.process.poll() is not None:
        raise RuntimeError(f"the server does not answer at {server.url}:\n{server.log}")
