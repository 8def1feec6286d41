"""Servers as processes, and the CPU time and memory that they use."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from tests.support.ports import free_port

from .directory import HERE, Place

FLOOR = ("-m", "granian", "--factory", "bench.floor:create_app")
SERVER = ("app.py",)


@dataclass(frozen=True)
class Server:
    """A running server of ``size`` users. CPU time and memory are 0 where there is no /proc."""

    port: int
    pid: int
    size: int

    def cpu(self) -> float:
        """Return the CPU seconds of the server and its workers."""
        stats = [Path(f"/proc/{pid}/stat") for pid in (self.pid, *self.workers())]
        used = [stat.read_text().rpartition(")")[2].split() for stat in stats if stat.exists()]
        return sum(int(each[11]) + int(each[12]) for each in used) / os.sysconf("SC_CLK_TCK")

    def memory(self, most: bool = False) -> float:
        """Return the megabytes of the largest worker, now or at its maximum."""
        name, found = "VmHWM" if most else "VmRSS", [0]
        for pid in self.workers():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith(name):
                    found.append(int(line.split()[1]))
        return max(found) / 1024

    def workers(self) -> list[int]:
        """Return the ids of the processes that the server has started."""
        children = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for file in children for pid in file.read_text().split()]


@contextmanager
def serve(
    place: Place, workers: int, *program: str, console: str = "off", **settings: str
) -> Iterator[Server]:
    """Run ``python program`` on a free port until the block ends, with further settings."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCIM_")}
    made = {"SCIM_DATABASE_URL": place.url, "SCIM_PORT": str(port), "SCIM_WORKERS": str(workers)}
    made |= {"SCIM_CONSOLE": console, "SCIM_CONSOLE_PORT": str(free_port())}
    made |= {f"SCIM_{name.upper()}": value for name, value in settings.items()}
    # The floor is started by granian's command line. app.py passes these settings itself.
    made |= {"GRANIAN_PORT": str(port), "GRANIAN_WORKERS": str(workers)}
    made |= {"GRANIAN_INTERFACE": "wsgi", "GRANIAN_BLOCKING_THREADS": "1"}
    with TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *program], cwd=HERE.parent, env=kept | made, stdout=log, stderr=log
        )
        try:
            with socket.socket() as probe:
                while process.poll() is None and probe.connect_ex(("127.0.0.1", port)):
                    time.sleep(0.02)
            yield Server(port, process.pid, place.size)
        finally:
            process.terminate()
            process.wait()
