"""The SQL that people are shown is that which finds the resources."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scim.protocol.filters.parser import parse_filter
from scim.protocol.filters.resolve import resolve
from scim.protocol.schema import GROUP, USER
from scim.protocol.tolerance import Tolerated
from scim.storage import Selection
from tests.support.generated import filters, texts
from tests.support.tries import tries

from .test_filters import fill

DIALECTS = ("sqlite", "postgresql")
ODD = [
    'userName eq "it\'s 100%_"',
    'userName sw "b\\\\d%"',
    'title co "é\\""',
    "active eq false",
    'not (emails[type eq "work" and value ew ".com"])',
    'meta.created gt "2026-01-01T00:00:00Z"',
    'id eq "01a226cb-9336-7bd9-a929-2f3661a99028"',
    "groups pr",
]


def selection(text, resource_type=USER):
    tolerated = Tolerated()
    return Selection(
        resource_type, resolve(parse_filter(text, tolerated), resource_type, tolerated)
    )


def ids(directory, statement):
    """Return the ids that a statement finds, executed as it was shown."""
    with directory.store.database.engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(statement)
        return {str(row[0]) for row in cursor.fetchall()}


def test_shown_statement_finds_what_the_filter_finds(new_directory):
    @settings(max_examples=tries(3), phases=[Phase.generate])
    @given(st.data())
    def check(data):
        directory = new_directory()
        fill(directory, data)
        users, groups = directory.list(USER), directory.list(GROUP)
        dialect = directory.store.database.engine.dialect.name
        for resource_type in (USER, GROUP):
            made = texts(filters(resource_type, users + groups))
            for text in data.draw(st.lists(made, min_size=8, max_size=8)):
                shown = directory.store.statement(selection(text, resource_type), dialect)
                found = {each["id"] for each in directory.list(resource_type, text)}
                assert ids(directory, shown) == found, (text, shown)

    check()


@pytest.mark.parametrize("text", ODD)
def test_odd_values_are_written_for_both_databases(new_directory, text):
    directory = new_directory()
    for name in ("it's 100%_", "b\\d%x"):
        directory.user(name, title='É"', active=False)
    store, asked = directory.store, selection(text)
    statements = {each: store.statement(asked, each) for each in DIALECTS}

    found = {each["id"] for each in directory.list(USER, text)}
    assert ids(directory, statements[store.database.engine.dialect.name]) == found
    assert all(f"tenant_id = {store.tenant_id}" in each for each in statements.values())
    assert ":" not in statements["postgresql"].replace("::", "").replace("00:00:00", "")


def test_plan_is_that_of_the_statement(new_directory):
    directory = new_directory()
    directory.user("ada")

    plan = directory.store.plan(selection('emails.value co "x" and userName eq "ada"'))

    assert "users" in " ".join(plan)
    if directory.store.database.engine.dialect.name == "sqlite":
        assert "uq_users_user_name" in plan[0]
        assert plan[1].startswith(("CORRELATED", "  "))
    else:
        assert "Scan" in plan[0]
