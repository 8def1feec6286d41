"""Why the server cannot listen, and who has its port (Linux tells that in ``/proc``)."""

import errno
import os
import shlex
from contextlib import suppress
from pathlib import Path

from scim.places import PROJECT
from scim.printing import printable

PROCESSES = Path("/proc")
LISTENS = "0A"
LONGEST = 80  # characters of a command


def why_not(error: OSError, port: int, setting: str = "SCIM_PORT") -> str:
    """Return the reason why an address cannot be used, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return taken(port, setting)
    reason = str(error.strerror).partition(" (while")[0]  # behind it, Python repeats the address
    if error.errno == errno.EACCES:
        return f"{reason}; ports below 1024 are for root, so set {setting} to a higher one"
    return f"{reason}; 127.0.0.1 is this machine alone, 0.0.0.0 all its addresses"


def taken(port: int, setting: str) -> str:
    other = f"or set {setting} to another port, for example {port % 65535 + 1}"
    found = holders(port)
    if not found:
        return f"another program listens there (`lsof -i :{port}` names it); end it, {other}"
    pid, command = found[0], command_of(found[0])
    while command_of(parent := parent_of(pid)) == command:  # a worker's master
        pid = parent
    if is_ours(pid, command):
        return f"this server runs already, as process {pid}; end it with `kill {pid}`, {other}"
    shown = printable(shlex.join(command)[:LONGEST])
    return f"process {pid} listens there ({shown}); end it, {other}"


def holders(port: int) -> list[int]:
    """Return the processes that listen at a port, those that this user may look into."""
    sockets = {
        f"socket:[{fields[9]}]"
        for table in ("tcp", "tcp6")
        for fields in map(str.split, lines(PROCESSES / "net" / table))
        if fields[1].endswith(f":{port:04X}") and fields[3] == LISTENS
    }
    pids = [int(each.name) for each in PROCESSES.glob("[0-9]*")] if sockets else []
    return sorted(pid for pid in pids if sockets & files_of(pid))


def files_of(pid: int) -> set[str]:
    """Return the names of the files that a process has open."""
    found = set()
    with suppress(OSError):
        for link in os.scandir(PROCESSES / str(pid) / "fd"):
            with suppress(OSError):
                found.add(os.readlink(link))
    return found


def command_of(pid: int) -> list[str]:
    with suppress(OSError):
        return os.fsdecode((PROCESSES / str(pid) / "cmdline").read_bytes()).split("\0")[:-1]
    return []


def parent_of(pid: int) -> int:
    parents = [line.split()[1] for line in lines(PROCESSES / f"{pid}/status") if "PPid:" in line]
    return int(parents[0]) if parents else 0


def is_ours(pid: int, command: list[str]) -> bool:
    """Tell whether a command runs the ``app.py`` of this project."""
    with suppress(OSError):
        folder = os.readlink(PROCESSES / str(pid) / "cwd")
        return any(Path(folder, word).resolve() == PROJECT / "app.py" for word in command[1:])
    return False


def lines(file: Path) -> list[str]:
    with suppress(OSError):
        return file.read_text().splitlines()
    return []
