"""The folder of SCIM_SCHEMA_FOLDER: its JSON documents add attributes and resource types."""

import os
from collections.abc import Iterator
from pathlib import Path

from scim.folders import schema_folders
from scim.places import PROJECT
from scim.protocol.definitions.assembly import DefinitionError, Definitions, extended
from scim.settings import SettingError


def read_definitions(folders: str) -> Definitions:
    """Return users, groups and what the documents in some folders and their subfolders add.

    Files and folders whose names begin with a dot are passed over. A relative folder is beside
    ``app.py``; without one nothing is added. ``os.pathsep`` is between two of them.

    :raises SettingError: a document cannot be read or used
    """
    try:
        return extended(_all_documents(schema_folders(folders, PROJECT)))
    except (DefinitionError, OSError) as error:
        raise SettingError(f"SCIM_SCHEMA_FOLDER: {error}") from None


def _all_documents(roots: list[Path]) -> dict[str, str]:
    """Return the texts of all files, by their whole paths if there are several folders."""
    if len(roots) == 1:
        return _documents(roots[0])
    return {
        f"{root.as_posix()}/{name}": text
        for root in roots
        for name, text in _documents(root).items()
    }


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
