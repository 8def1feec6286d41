"""The folder of SCIM_SCHEMA_FOLDER: its JSON documents add attributes and resource types."""

import os
from collections.abc import Iterator
from pathlib import Path

from scim.protocol.definitions.assembly import DefinitionError, Definitions, extended
from scim.settings import PROJECT, SettingError


def read_definitions(folder: str) -> Definitions:
    """Return users, groups and what the documents in ``folder`` and its subfolders add.

    Files and folders whose names begin with a dot are passed over. A relative ``folder`` is beside
    ``app.py``; an empty one adds nothing.

    :raises SettingError: a document cannot be read or used
    """
    try:
        return extended(_documents(Path(PROJECT, folder)) if folder else {})
    except (DefinitionError, OSError) as error:
        raise SettingError(f"SCIM_SCHEMA_FOLDER: {error}") from None


def _documents(root: Path) -> dict[str, str]:
    """Return the texts of the JSON files below ``root``, by their paths relative to it."""
    documents: dict[str, str] = {}
    for path in _json_files(root):
        name = path.relative_to(root).as_posix()
        try:
            documents[name] = path.read_text(encoding="utf-8-sig")
        except UnicodeError as error:
            raise DefinitionError(f"{name}: cannot be read as UTF-8: {error}") from None
    return documents


def _json_files(root: Path) -> Iterator[Path]:
    """Yield the JSON files below ``root``.

    :raises OSError: a folder cannot be read
    """

    def fail(error: OSError) -> None:
        raise error

    for folder, below, files in os.walk(root, onerror=fail):
        below[:] = [name for name in below if not name.startswith(".")]
        shown = [name for name in files if not name.startswith(".")]
        yield from (Path(folder, name) for name in shown if name.endswith(".json"))
