"""The file of a SQLite database: only ``db upgrade`` creates it.

A server uses no other file that comes to stand at the same path.
"""

import contextlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

MODE = 0o600  # SQLite gives the same to the files beside it
# The file at each path, as this process or the one that it was forked from has found it first.
FIRST: dict[str, tuple[int, int]] = {}


class SqliteFile:
    """A file that connections are opened to; it must stay the one that it was at first."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.is_same()

    def guard(self, engine: sa.Engine) -> None:
        """Let an engine open the file only if it is there, and not make a new one."""
        sa.event.listen(engine, "do_connect", _open_existing)

    def is_missing(self) -> bool:
        """Tell whether the file is not there, though its folder is."""
        return self._identity() is None and Path(self.path).parent.is_dir()

    def is_same(self) -> bool:
        """Tell whether the file is there and was not replaced; this takes a microsecond."""
        found = self._identity()
        return found is not None and FIRST.setdefault(self.path, found) == found

    def create(self) -> None:
        """Make an empty file that nobody else may read, unless it is there or cannot be made."""
        if self.path:
            with contextlib.suppress(OSError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, MODE))

    def warning(self) -> str | None:
        """Return one line for the operator if others may read the file."""
        found = Path(self.path)
        if not found.exists() or not found.stat().st_mode & 0o004:
            return None
        return f"Every user of this machine can read {self.path}; forbid it with: chmod 600"

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _open_existing(dialect: Any, _: Any, arguments: Any, options: dict[str, Any]) -> Any:
    path, *rest = arguments
    return dialect.connect(f"file:{quote(path)}?mode=rw", *rest, **options | {"uri": True})
