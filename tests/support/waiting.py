"""Waiting for something that other processes do, and for their end."""

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import get_ident

import pytest

PATIENCE = 30  # seconds
PAUSE = 0.02  # seconds


def happens(holds: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Tell whether something holds before so many seconds have gone by; wait for it."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)
    return True


def wait_until(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for something, and fail if it takes longer."""
    assert happens(holds, seconds), "it did not happen in time"


def instead_of_sleep(patched: pytest.MonkeyPatch, do: Callable[[float], object]) -> None:
    """Do something where this thread would sleep; other threads go on sleeping."""
    asleep, own = time.sleep, get_ident()

    def sleep(seconds: float) -> None:
        is_own = get_ident() == own
        (do if is_own else asleep)(seconds)

    patched.setattr(time, "sleep", sleep)


def children(pid: int) -> list[int]:
    """Return the ids of the processes that a process has started."""
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


def is_left(group: int) -> bool:
    """Tell whether a process of a group is left."""
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a process that leads a group has ended, and all others of the group."""
    return process.poll() is not None and not is_left(process.pid)
