"""Programs from npm, in the versions of ``npm/package-lock.json``."""

import os
import shutil
import subprocess
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

FOLDER = Path(__file__).with_name("npm")
LOCK = FOLDER / "package-lock.json"
INSTALLED = FOLDER / "node_modules"
SECONDS = 120


def install() -> None:
    """Install what is locked, unless it is there already."""
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("npm is needed: apt-get install nodejs npm")
        pytest.skip("there is no npm here: apt-get install nodejs npm")
    stamp = INSTALLED / "installed-lock.json"
    with LOCK.open() as lock:
        flock(lock, LOCK_EX)  # the tests run in more than one process
        if stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
            return
        done = run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
        assert done.returncode == 0, done.stdout + done.stderr
        shutil.copy(LOCK, stamp)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder, where programs find what is installed."""
    return subprocess.run(
        command,
        check=False,
        cwd=FOLDER,
        env=os.environ | {"NO_UPDATE_NOTIFIER": "1", "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
