"""Fixtures for the tests of the storage."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from scim.storage import Database

from ..support.directory import Directory


@pytest.fixture(scope="session")
def new_directory(app: Flask) -> Iterator[Callable[[], Directory]]:
    """Make one more empty directory, on SQLite and on PostgreSQL."""
    from models import db  # noqa: PLC0415 - tests of the protocol alone need no models

    with app.app_context():
        database = Database(db.engine)
    yield lambda: Directory(database)
    database.close()
