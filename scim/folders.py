"""The folders that SCIM_SCHEMA_FOLDER names."""

import os
from pathlib import Path


def schema_folders(text: str, root: Path) -> list[Path]:
    """Return the folders that ``text`` lists; ``os.pathsep`` is between two of them.

    A relative one is below ``root``.
    """
    return [root / each for each in text.split(os.pathsep) if each]


def check_folders(text: str, root: Path) -> None:
    """Check SCIM_SCHEMA_FOLDER.

    :raises ValueError: a folder does not exist
    """
    for each in filter(None, text.split(os.pathsep)):
        if not (root / each).is_dir():
            raise ValueError(f"SCIM_SCHEMA_FOLDER: the folder {each!r} does not exist")
