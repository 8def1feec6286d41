"""An observer sees every statement, whoever executes it: SQLAlchemy or the driver."""

import pytest

from scim.protocol.schema import USER


@pytest.fixture
def observed(new_directory):
    """A directory, and what an observer of its database has seen of each statement."""
    directory, seen = new_directory(), []
    database = directory.store.database
    database.observe(lambda *statement: seen.append(statement))
    yield directory, seen
    database.observe(None)


def test_read_is_seen_with_its_parameters_seconds_and_rows(observed):
    directory, seen = observed
    made = directory.user("bjensen")
    seen.clear()

    directory.store.get(USER, made["id"])

    [(text, parameters, seconds, rows)] = seen
    assert text.startswith("SELECT CAST(users.id AS TEXT)")
    values = parameters().values() if isinstance(parameters(), dict) else parameters()
    assert made["id"] in values
    assert 0 < seconds < 10
    assert rows == 1


def test_write_is_seen_from_begin_to_commit(observed):
    directory, seen = observed
    made = directory.user("bjensen")
    seen.clear()

    directory.delete(made)

    texts = [text for text, *_ in seen]
    assert texts[0] == "BEGIN"
    assert texts[-1] == "COMMIT"
    assert any(text.startswith("SELECT CAST(users.id AS TEXT)") for text in texts)  # the driver
    assert any(text.startswith("DELETE FROM users") for text in texts)  # SQLAlchemy
    assert all(seconds > 0 for _, _, seconds, _ in seen)
    [deleted] = [rows for text, _, _, rows in seen if text.startswith("DELETE FROM users")]
    assert deleted == 1
    assert (seen[0][1], seen[0][3]) == (None, None)


def test_nothing_is_seen_any_more_when_the_observer_has_gone(observed):
    directory, seen = observed
    directory.store.database.observe(None)
    seen.clear()

    directory.delete(directory.user("bjensen"))

    assert seen == []
