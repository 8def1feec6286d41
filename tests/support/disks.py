"""Small disks of their own, in memory, for tests of a disk that is full or read-only."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

BALLAST = "ballast"


@dataclass(frozen=True)
class Disk:
    """A mounted disk."""

    path: Path

    def fill(self, left: int) -> None:
        """Leave so many bytes."""
        free = shutil.disk_usage(self.path).free
        with (self.path / BALLAST).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free - left)

    def empty(self) -> None:
        """Make room again."""
        (self.path / BALLAST).unlink()

    def remount(self, how: str) -> None:
        """Make the disk ``ro`` or ``rw``; nobody may have a file open for writing."""
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True)


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[Disk]:
    """Mount a disk of a size such as ``8m``; skip the test if only root may."""
    path.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size},mode=0777", "none", str(path)]
    if subprocess.run(["mount", *options], check=False, capture_output=True).returncode:
        pytest.skip("a disk cannot be mounted here")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)
