"""SQLite databases of the tests: files in a folder."""

import shutil
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa


def new_database(folder: Path, template: str | None = None) -> str:
    """Return the URL of a new database, a copy of the one at the URL ``template``."""
    path = folder / f"{uuid4().hex}.db"
    if template:
        shutil.copyfile(sa.make_url(template).database or "", path)
    return f"sqlite:///{path}"
