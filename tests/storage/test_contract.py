"""The store keeps its contract on SQLite and on PostgreSQL."""

from collections.abc import Callable

import pytest

from scim.storage import Store

from ..support.directory import Directory
from .contract import StoreContract


class TestStore(StoreContract):
    @pytest.fixture
    def store(self, new_directory: Callable[[], Directory]) -> Store:
        return new_directory().store

    @pytest.fixture
    def neighbour(self, new_directory: Callable[[], Directory]) -> Store:
        return new_directory().store
