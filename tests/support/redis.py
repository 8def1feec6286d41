"""A real Redis server; `.ci/run` installs Debian's."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import pytest

from .ports import free_port
from .server import STOP_SECONDS
from .waiting import wait_until


def redis_program() -> str:
    """Return where Redis is; the test that asks is skipped without, except in CI."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if not found and os.environ.get("CI"):
        pytest.fail("redis-server is not installed")
    if not found:
        pytest.skip("redis-server is not installed")
    return found


@contextmanager
def running_redis(port: int | None = None) -> Iterator[str]:
    """Run Redis, which keeps nothing on disk, until the block ends; yield its URL."""
    program, port = redis_program(), port or free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--daemonize", "no"]
    with TemporaryDirectory(prefix="scim-redis-") as folder:
        process = subprocess.Popen([program, *options], cwd=folder, stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: _listens(process, port))
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _listens(process: "subprocess.Popen[bytes]", port: int) -> bool:
    assert process.poll() is None, "redis-server has ended"
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
