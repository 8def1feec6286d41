"""``db`` touches no tables of other programs, and asks before it deletes all of ours."""

import pytest
import sqlalchemy as sa

from ..support.server import run

DJANGO = "CREATE TABLE auth_user (id integer)"
ALEMBIC = "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)"
# Tables of others: without a version, with one of their own, and with one that looks like ours.
FOREIGN = [
    [DJANGO],
    [ALEMBIC, "INSERT INTO alembic_version VALUES ('ae1027a6acf')"],
    [ALEMBIC, "INSERT INTO alembic_version VALUES ('0003')", "CREATE TABLE users (id integer)"],
]


def execute(url, *statements):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def tables(url):
    engine = sa.create_engine(url)
    names = sa.inspect(engine).get_table_names()
    engine.dispose()
    return names


@pytest.mark.parametrize("statements", FOREIGN)
def test_tables_of_another_program_are_left_alone(new_database, statements):
    url = new_database()
    if url.startswith("sqlite"):
        open(url.removeprefix("sqlite:///"), "x").close()
    execute(url, *statements)
    before = tables(url)

    for command in ("upgrade", "stamp head", "downgrade base --yes", "check"):
        done = run("manage.py", "db", *command.split(), DATABASE_URL=url)
        [line] = (done.stdout + done.stderr).splitlines()
        assert "the database belongs to another program, with the tables " in line
        assert done.returncode == 1

    assert tables(url) == before


def test_tables_without_a_version_get_one_by_stamp(migrated_database):
    url = migrated_database()
    execute(url, "DELETE FROM alembic_version")

    refused = run("manage.py", "db", "upgrade", DATABASE_URL=url)
    assert "The tables have no version. If they are those of this server" in refused.stderr
    run("manage.py", "db", "stamp", "head", DATABASE_URL=url).check_returncode()

    run("manage.py", "db", "upgrade", DATABASE_URL=url).check_returncode()


@pytest.mark.parametrize("revision", ["base", "-99", "head-99"])
def test_downgrade_asks_before_it_deletes_everything(migrated_database, revision):
    url = migrated_database()
    arguments = ["manage.py", "db", "downgrade"]
    target = ["--", revision] if revision.startswith("-") else [revision]
    before = tables(url)

    asked = run(*arguments, *target, DATABASE_URL=url)

    assert "This deletes every table in " in asked.stdout
    assert (asked.returncode, tables(url)) == (1, before)


def test_downgrade_with_yes_leaves_a_database_for_upgrade(migrated_database):
    url = migrated_database()

    run("manage.py", "db", "downgrade", "--yes", "base", DATABASE_URL=url).check_returncode()

    assert tables(url) == ["alembic_version"]
    run("manage.py", "db", "upgrade", DATABASE_URL=url).check_returncode()
