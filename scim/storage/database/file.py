"""The file of a SQLite database: only ``db upgrade`` creates it.

A running server does not use another file that was put at the same path.
"""

import contextlib
import os
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

MODE = 0o600  # SQLite gives the same to the files beside it
BESIDE = ("", "-wal", "-shm")  # the ends of the names of a database's files
# The file at each path, as it was when this process, or the one it was forked from, first looked.
FIRST: dict[str, "Identity"] = {}

Identity = tuple[int, int]


class SqliteFile:
    """The file that connections open; it must stay the same file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._note(self._identity())

    def guard(self, engine: sa.Engine) -> None:
        """Let an engine open the file only if it is there, and not make a new one."""
        sa.event.listen(engine, "do_connect", _open_existing)

    def is_missing(self) -> bool:
        """Tell whether there is no file at the path."""
        return not os.path.exists(self.path)

    def problem(self) -> str | None:
        """Return why the file cannot be used, in a line for the operator; None if it can."""
        folder = Path(self.path).parent
        if not os.path.isdir(folder):
            return f"SCIM_DATABASE_URL: the folder {folder} does not exist or cannot be read"
        if os.path.isdir(self.path):
            return f"SCIM_DATABASE_URL: {self.path} is a folder; name a file in it"
        for place in (folder, self.path):  # SQLite writes files of its own beside the database
            if os.path.exists(place) and not os.access(place, os.W_OK):
                return f"SCIM_DATABASE_URL: {place} is read-only; choose a place for the database"
        if not self.is_missing():
            return None
        return (
            f"The database file {self.path} does not exist; bring it back, "
            "or create a new one with: python manage.py db upgrade"
        )

    def is_same(self) -> bool:
        """Tell whether the file is there and was not replaced; this takes a microsecond."""
        found = self._identity()
        return found is not None and self._note(found) == found

    def create(self) -> None:
        """Make an empty file that nobody else may read, unless it is there or cannot be made."""
        if self.path:
            with contextlib.suppress(OSError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, MODE))

    def warning(self) -> str | None:
        """Return one line for the operator if others may read the file or one beside it."""
        files = [Path(f"{self.path}{end}") for end in BESIDE]
        readable = [str(each) for each in files if each.exists() and each.stat().st_mode & 0o004]
        names = shlex.join(readable)
        if not readable:
            return None
        return f"Every user of this machine can read {names}; forbid it with: chmod 600 {names}"

    def _note(self, found: Identity | None) -> Identity | None:
        """Note the file found at the path, if it is the first; return the first one."""
        return FIRST.setdefault(self.path, found) if found else None

    def _identity(self) -> Identity | None:
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _open_existing(dialect: Any, _: Any, arguments: Any, options: dict[str, Any]) -> Any:
    path, *rest = arguments
    return dialect.connect(f"file:{quote(path)}?mode=rw", *rest, **options | {"uri": True})
