"""The databases that tests run on: marks for tests of one of them, and SQLite's files."""

import shutil
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from .tries import cases

SQLITE = pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
ON_ONE_DATABASE = SQLITE  # the database is not the subject: the other one would answer the same
EVERYDAY_ON_ONE_DATABASE = pytest.mark.parametrize(
    "new_database", cases(["sqlite"], ["postgresql"]), indirect=True
)


def new_sqlite(folder: Path, template: str | None = None) -> str:
    """Return the URL of a new database, a copy of the one at the URL ``template``."""
    path = folder / f"{uuid4().hex}.db"
    if template:
        shutil.copyfile(sa.make_url(template).database or "", path)
    return f"sqlite:///{path}"
