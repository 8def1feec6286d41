"""SCIM servers of other projects, as processes of their own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from . import npm_programs
from .ports import free_port
from .server import START_SECONDS, open_session

SCIM2_TOKEN = "of-scim2-server"
SCIMMY_TOKEN = "of-scimmy"


@contextmanager
def scim2_server(log_path: Path) -> Iterator[str]:
    """Run ``scim2-server`` on a free port until the block ends, and yield its base URL."""
    port = free_port()
    program = str(Path(sys.executable).parent / "scim2-server")
    command = [program, "--port", str(port), "--bearer-token", SCIM2_TOKEN]
    with _running(command, f"http://127.0.0.1:{port}/v2", SCIM2_TOKEN, log_path) as url:
        yield url


@contextmanager
def scimmy_server(log_path: Path) -> Iterator[str]:
    """Run SCIMMY on a free port until the block ends, and yield its base URL."""
    npm_programs.install()
    port = free_port()
    command = ["node", str(npm_programs.FOLDER / "scimmy.mjs"), SCIMMY_TOKEN, str(port)]
    with _running(command, f"http://127.0.0.1:{port}/scim", SCIMMY_TOKEN, log_path) as url:
        yield url


@contextmanager
def _running(command: list[str], url: str, token: str, log_path: Path) -> Iterator[str]:
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(process, url, token, log_path)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(
    process: subprocess.Popen[bytes], url: str, token: str, log_path: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    with open_session(url, token) as session:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                session.get("/ServiceProviderConfig")
            except httpx2.TransportError:
                time.sleep(0.05)
            else:
                return
    raise RuntimeError(f"nobody answers at {url}:\n{log_path.read_text()}")
