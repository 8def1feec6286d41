"""Each failure of the database has its answer: which one, and whether the work is done again."""

import logging
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import create_app
from scim.protocol.errors import ScimError, UniquenessError
from scim.storage import Database, Directory, Store
from scim.storage.database.database import ATTEMPTS
from scim.storage.database.failures import State, words
from scim.storage.database.prepared import Prepared
from tests.support.databases import POSTGRESQL, SQLITE


@pytest.fixture
def database(app):
    """A database whose log has had no line yet."""
    database = app.extensions["scim"].database
    database.failures.said.clear()
    yield database
    database.failures.said.clear()
    database.close()  # a connection may have been changed


@pytest.fixture
def lost(database):
    """End the server's process for a connection, as a restart does."""
    other = sa.create_engine(database.engine.url, isolation_level="AUTOCOMMIT")

    def end(connection):
        own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with other.connect() as beside:
            beside.exec_driver_sql(f"SELECT pg_terminate_backend({own}, 10000)")

    yield end
    other.dispose()


def raising(code):
    return f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = 'so it is'; END $$"


@POSTGRESQL
@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("08006", State.UNREACHABLE),
        ("53100", State.FULL),
        ("53200", State.BUSY),
        ("53300", State.BUSY),
        ("25006", State.READ_ONLY),
        ("55P03", State.BUSY),
        ("57P01", State.UNREACHABLE),
        ("57P02", State.UNREACHABLE),
        ("57P03", State.UNREACHABLE),
        ("57014", State.TOO_SLOW),
        ("58030", State.FAULTY),
        ("XX000", State.FAULTY),
        ("XX001", State.FAULTY),
        ("42P01", State.OUTDATED),
        ("42501", State.FORBIDDEN),
    ],
)
@pytest.mark.parametrize("kind", ["read", "write"])
def test_state_of_postgresql_is_an_answer_of_its_own(database, kind, code, state):
    def work(connection):
        connection.exec_driver_sql(raising(code))

    with pytest.raises(ScimError) as failed:
        getattr(database, kind)(work)

    assert (failed.value.status, failed.value.detail) == (503, state.value)


@POSTGRESQL
def test_fault_of_ours_is_no_state_of_the_database(database):
    with pytest.raises(sa.exc.ProgrammingError):
        database.read(lambda connection: connection.exec_driver_sql("SELEKT 1"))


@POSTGRESQL
@pytest.mark.parametrize("kind", ["read", "write"])
def test_work_on_a_connection_that_breaks_is_done_again(database, lost, kind):
    attempts = []

    def work(connection):
        if not attempts:
            attempts.append(connection)
            lost(connection)
        return connection.exec_driver_sql("SELECT 1").scalar()

    assert getattr(database, kind)(work) == 1
    assert len(attempts) == 1


@POSTGRESQL
@pytest.mark.parametrize("kind", ["read", "write"])
def test_connection_that_breaks_each_time_is_given_up(database, lost, kind):
    attempts = []

    def work(connection):
        attempts.append(connection)
        lost(connection)
        connection.exec_driver_sql("SELECT 1")

    with pytest.raises(ScimError) as failed:
        getattr(database, kind)(work)

    assert (failed.value.status, failed.value.detail) == (503, State.UNREACHABLE.value)
    assert len(attempts) == ATTEMPTS


@POSTGRESQL
def test_commit_that_breaks_is_not_done_again_and_claims_nothing(database, lost):
    attempts = []

    def work(connection):
        attempts.append(connection)
        lost(connection)

    with pytest.raises(ScimError) as failed:
        database.write(work)

    assert (failed.value.status, failed.value.detail) == (503, State.UNSURE.value)
    assert len(attempts) == 1


UNCOMMITTABLE = {
    "sqlite": [
        "PRAGMA defer_foreign_keys = ON",
        "INSERT INTO tokens (tenant_id, digest, name, created) VALUES (99, 'x', 'x', 'x')",
    ],
    "postgresql": [
        "CREATE TEMP TABLE alone (one integer UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP",
        "INSERT INTO alone VALUES (1), (1)",
    ],
}


def test_connection_whose_commit_failed_is_not_used_again(database):
    def work(connection):
        for statement in UNCOMMITTABLE[database.engine.dialect.name]:
            connection.exec_driver_sql(statement)

    with pytest.raises(ScimError):
        database.write(work)

    asked = "SELECT count(*) FROM tokens WHERE tenant_id = 99"
    for _ in range(2):
        assert not database.write(lambda connection: connection.exec_driver_sql(asked).scalar())


@POSTGRESQL
def test_plan_that_its_table_has_outgrown_is_made_anew(database):
    store = Store(database, Directory(1))
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE outgrown (one text)")
    statement = sa.text("SELECT * FROM outgrown").columns(sa.column("one"))
    prepared = Prepared(statement)
    try:
        assert list(store.rows(prepared, {})) == []
        with database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE outgrown ADD two text")

        assert list(store.rows(prepared, {})) == []
    finally:
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE outgrown")


@POSTGRESQL
def test_log_has_the_reason_once_and_no_values(database, caplog):
    def work(connection):
        code = (
            "RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'no\x1b[2J space', DETAIL = 'bob'"
        )
        connection.exec_driver_sql(f"DO $$ BEGIN {code}; END $$")

    for _ in range(3):
        with pytest.raises(ScimError), caplog.at_level(logging.WARNING, "scim"):
            database.write(work)

    [line] = [record.getMessage() for record in caplog.records]
    assert "no space left" in line
    assert r"no\x1b[2J space (53100)" in line
    assert "bob" not in line


@SQLITE
@pytest.mark.parametrize(
    ("spoil", "state"),
    [
        ("PRAGMA query_only = ON", State.READ_ONLY),
        ("PRAGMA max_page_count = 1", State.FULL),
    ],
)
def test_state_of_sqlite_is_an_answer_of_its_own(database, caplog, spoil, state):
    def work(connection):
        connection.exec_driver_sql(spoil)
        filled = "INSERT INTO tenants (name, cursor_key) VALUES ('full', hex(zeroblob(9999999)))"
        connection.exec_driver_sql(filled)

    with pytest.raises(ScimError) as failed, caplog.at_level(logging.WARNING, "scim"):
        database.write(work)

    assert (failed.value.status, failed.value.detail) == (503, state.value)
    assert "SQLITE_" in caplog.text
    names = "SELECT name FROM tenants WHERE name = 'full'"
    assert not database.read(lambda connection: connection.exec_driver_sql(names).all())


@SQLITE
@pytest.mark.parametrize(
    ("content", "state"),
    [(b"no database, " * 1000, State.FAULTY), (b"", State.OUTDATED), (None, State.FAULTY)],
)
def test_file_that_is_no_database_of_ours(tmp_path, migrated_database, content, state):
    path = tmp_path / "file.db"
    if content is None:  # a database with a piece of something else in it
        content = bytearray(Path(sa.make_url(migrated_database()).database).read_bytes())
        content[4096:] = b"\x07" * (len(content) - 4096)
    path.write_bytes(content)
    database = create_app({"DATABASE_URL": f"sqlite:///{path}"}).extensions["scim"].database

    with pytest.raises(ScimError) as failed:
        database.read(lambda connection: connection.exec_driver_sql("SELECT * FROM users").all())

    database.close()
    assert (failed.value.status, failed.value.detail) == (503, state.value)


def test_words_are_one_line_without_the_statement():
    error = sqlite3.OperationalError("first\nsecond\nLINE 1: SELECT 'bob'\nDETAIL: bob")

    assert words(error) == "first second"


def test_refused_value_is_named(database):
    twice = "INSERT INTO tenants (name, cursor_key) VALUES ('default', '')"

    with pytest.raises(UniquenessError):
        database.write(lambda connection: connection.exec_driver_sql(twice))


def test_url_is_shown_without_secrets():
    query = "host=/run&sslpassword=s3cret&password=s3cret&options=s3cret"
    engine = sa.create_engine(f"postgresql+psycopg2://ada:s3cret@db:5433/scim?{query}")

    assert Database(engine).url == "postgresql://ada:***@db:5433/scim?host=%2Frun"
