"""A server with a database of its own, both of which are killed and come back."""

import os
import random
import signal
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..support.postgres import PostgresServer
from ..support.server import running_server
from ..support.waiting import children, happens
from .target import Target


@dataclass
class House:
    """A server with its database, each of which can be killed and comes back."""

    log_path: Path
    database_url: str
    postgres: PostgresServer | None
    stack: ExitStack
    port: int

    def open(self) -> Target:
        """Start the server."""
        place = {"SCIM_DATABASE_URL": self.database_url, "SCIM_PORT": str(self.port)}
        server = running_server(self.log_path, SCIM_WORKERS="2", **place)
        return Target(self.stack.enter_context(server))

    def kill(self, what: str, target: Target, chance: random.Random) -> None:
        if what == "worker":
            os.kill(chance.choice(target.workers()), signal.SIGKILL)
        elif what == "companion":
            for each in target.companions():
                os.kill(each, signal.SIGKILL)
        elif what == "server":
            target.server.kill()
        else:
            assert self.postgres
            kill_postgres(self.postgres)

    def recover(self, what: str, target: Target) -> Target:
        """Return the server when it can answer again."""
        if what == "server":
            return self.open()
        if what == "PostgreSQL":
            assert self.postgres
            self.postgres.start(synchronous_commit="on")
        target.wait_for_workers(2)
        assert happens(lambda: target.server.session.get("/Users?count=1").status_code == 200)
        return target


def kill_postgres(postgres: PostgresServer) -> None:
    """Kill all processes of PostgreSQL at once."""
    first = int((postgres.data / "postmaster.pid").read_text().split()[0])
    pids = [first, *children(first)]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert happens(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids))
