"""A real PgBouncer in transaction mode before a PostgreSQL server.

It is not a Python package: `.ci/run` installs Debian's. Like PostgreSQL it refuses to run as root.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa

from .ports import free_port
from .postgres import unprivileged_account
from .server import STOP_SECONDS
from .waiting import wait_until

CONFIGURATION = """\
[databases]
* = host={host} port={port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
auth_type = any
pool_mode = transaction
default_pool_size = {pool_size}
server_round_robin = 1
logfile = {directory}/log
"""


def pgbouncer_program() -> str:
    """Return where PgBouncer is; the test that asks is skipped without, except in CI."""
    found = shutil.which(
        "pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    )
    if not found and os.environ.get("CI"):
        pytest.fail("pgbouncer is not installed")
    if not found:
        pytest.skip("pgbouncer is not installed")
    return found


@contextmanager
def pgbouncer(server: sa.URL, pool_size: int) -> Iterator[sa.URL]:
    """Run PgBouncer with so many connections to each database of a server; yield its URL."""
    program, account = pgbouncer_program(), unprivileged_account()
    with TemporaryDirectory(prefix="scim-pgbouncer-") as name:
        port = free_port()
        place = {"host": server.host, "port": server.port or 5432}
        place |= {"user": server.username, "password": server.password or "none"}
        known = {"listen_port": port, "pool_size": pool_size, "directory": name}
        configuration = Path(name, "pgbouncer.ini")
        configuration.write_text(CONFIGURATION.format(**place, **known))
        if account:
            os.chown(name, account["user"], account["group"])
            os.chown(configuration, account["user"], account["group"])
        process = subprocess.Popen(
            [program, "-q", configuration], stderr=subprocess.DEVNULL, cwd=name, **account
        )
        try:
            wait_until(lambda: _listens(process, port))
            yield server.set(host="127.0.0.1", port=port)
        finally:
            process.kill()
            process.wait(STOP_SECONDS)


def _listens(process: "subprocess.Popen[bytes]", port: int) -> bool:
    assert process.poll() is None, "pgbouncer has ended"
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
