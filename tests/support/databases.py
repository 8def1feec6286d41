"""Marks for tests that do not need each database."""

import pytest

# The database is not the subject: the other one would answer the same.
ON_ONE_DATABASE = pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
