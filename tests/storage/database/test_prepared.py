"""PostgreSQL's plan of a prepared statement follows the tables as they grow."""

from contextlib import suppress

import pytest
import sqlalchemy as sa

from scim.storage.database import prepared
from scim.storage.database.engine import PREPARED
from scim.storage.database.prepared import Prepared

from ...support.databases import POSTGRESQL

EMPTY = "CREATE TABLE grown (LIKE users INCLUDING DEFAULTS INCLUDING INDEXES)"
ROWS = (
    "INSERT INTO grown (tenant_id, id, user_name, body, search, version, created, last_modified)"
    " SELECT 1, gen_random_uuid(), number, '{}', '{}', 1, number, number"
    " FROM generate_series(1, 3000) AS number"
)
CHOSEN = sa.text("SELECT body FROM grown WHERE tenant_id = :tenant AND id = :this")


@POSTGRESQL
@pytest.mark.parametrize("limit", ["PLANNED", "SLOW"])
def test_plan_of_an_empty_table_does_not_stay(new_directory, monkeypatch, limit):
    statement = Prepared(CHOSEN)

    with new_directory().store.database.writing.transaction() as connection:

        def conditions():
            """Read a row; return the conditions in the plan that was followed."""
            names = {"tenant": 1, "this": this}
            found = statement.rows(connection, names)
            text, values, _ = statement._form(connection.dialect).call(connection.info, names)
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN {text}", values)
            return len(found), [line.strip() for [line] in cursor if "Cond" in line]

        undone = connection.begin_nested()
        connection.exec_driver_sql(EMPTY)
        this = connection.exec_driver_sql("SELECT gen_random_uuid()").scalar()
        assert conditions() == (0, ["Index Cond: (tenant_id = $1)"])
        connection.exec_driver_sql(ROWS)
        this = connection.exec_driver_sql("SELECT id FROM grown LIMIT 1").scalar()
        assert conditions() == (1, ["Index Cond: (tenant_id = $1)"])

        monkeypatch.setattr(prepared, limit, 0)
        conditions()
        assert conditions() == (1, ["Index Cond: ((tenant_id = $1) AND (id = $2))"])
        undone.rollback()


@POSTGRESQL
def test_statement_that_is_prepared_unknown_to_us_is_prepared_anew(new_directory):
    """A PREPARE may be cancelled after PostgreSQL has done it."""
    statement, database = Prepared(sa.text("SELECT :this")), new_directory().store.database

    def forget(connection):
        statement.rows(connection, {"this": "a"})
        connection.info[PREPARED].clear()

    database.write(forget)

    assert database.write(lambda known: statement.rows(known, {"this": "b"})) == [("b",)]


@POSTGRESQL
def test_statement_survives_a_transaction_that_was_aborted(new_directory, monkeypatch):
    statement, database = Prepared(sa.text("SELECT :this")), new_directory().store.database

    def fail(connection):
        statement.rows(connection, {"this": "a"})
        with suppress(sa.exc.DBAPIError):
            connection.exec_driver_sql("SELECT 1 / 0")
        statement.rows(connection, {"this": "a"})

    monkeypatch.setattr(prepared, "PLANNED", 0)
    with suppress(Exception):
        database.write(fail)

    assert database.write(lambda known: statement.rows(known, {"this": "b"})) == [("b",)]
