"""Fixtures for tests whose database no other server has: it would deliver and carry out, too."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import sqlalchemy as sa
from flask import Flask

from app import create_app


def alone(scope: Literal["module", "session"] = "module", **settings: Any) -> tuple[Any, Any, Any]:
    """Return the fixtures ``database_url``, ``engine`` and ``app`` of a database of their own."""

    @pytest.fixture(scope=scope)
    def database_url(migrated_database: Callable[[], str]) -> str:
        return migrated_database()

    @pytest.fixture(scope=scope)
    def engine(database_url: str) -> Iterator[sa.Engine]:
        engine = sa.create_engine(database_url)
        yield engine
        engine.dispose()

    @pytest.fixture(scope=scope)
    def app(database_url: str) -> Iterator[Flask]:
        app = create_app({"DATABASE_URL": database_url, "TESTING": True, **settings})
        yield app
        app.extensions["scim"].database.close()

    return database_url, engine, app
