"""scim2-server, a SCIM server of others, as a process of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from .ports import free_port
from .server import START_SECONDS, open_session

SCIM2_TOKEN = "of-scim2-server"


@contextmanager
def scim2_server(log_path: Path) -> Iterator[str]:
    """Run ``scim2-server`` on a free port until the block ends, and yield its base URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/v2"
    program = str(Path(sys.executable).parent / "scim2-server")
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [program, "--port", str(port), "--bearer-token", SCIM2_TOKEN],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(process, url, log_path)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log_path: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    with open_session(url, SCIM2_TOKEN) as session:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                session.get("/ServiceProviderConfig")
            except httpx2.TransportError:
                time.sleep(0.05)
            else:
                return
    raise RuntimeError(f"scim2-server does not answer at {url}:\n{log_path.read_text()}")
