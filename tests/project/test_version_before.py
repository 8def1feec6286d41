"""The version before goes on while the newest migration is applied, and afterwards."""

import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from models import db

from ..support.server import ROOT, run

BEFORE = sorted((ROOT / "migrations/versions").glob("*.py"))[-2].name[:4]
ORDER = [table.name for table in db.metadata.sorted_tables]  # each after those it refers to


def upgrade(url: str, revision: str) -> None:
    run("manage.py", "db", "upgrade", revision, DATABASE_URL=url).check_returncode()


def known_tables(connection: sa.Connection) -> list[sa.Table]:
    """Return the tables with their columns, as the code of their version knows them."""
    inspector, metadata = sa.inspect(connection), sa.MetaData()
    names = set(inspector.get_table_names()) - {"alembic_version"}
    return [
        sa.Table(name, metadata, *columns(inspector, name))
        for name in sorted(names, key=lambda name: [*ORDER, name].index(name))
    ]


def columns(inspector: sa.Inspector, table: str) -> Iterator[sa.Column]:
    keys = inspector.get_pk_constraint(table)["constrained_columns"]
    for each in inspector.get_columns(table):
        yield sa.Column(each["name"], each["type"], primary_key=each["name"] in keys)


def row(table: sa.Table, number: int) -> dict[str, object]:
    """Return a row with a value in each column; rows with the same number refer to each other."""
    texts = {str: str(number), bytes: str(number).encode(), uuid.UUID: uuid.UUID(int=number)}
    values = texts | {int: number, bool: False, object: {}}
    return {column.name: values[column.type.python_type] for column in table.columns}


@pytest.mark.slow
def test_version_before_reads_and_writes_the_newest_tables(new_database):
    url = new_database()
    upgrade(url, BEFORE)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        tables = known_tables(connection)
        for table in tables:
            connection.execute(sa.insert(table), row(table, 7))

    upgrade(url, "head")

    with engine.begin() as connection:
        for table in tables:
            connection.execute(sa.insert(table), row(table, 8))
            for number in (7, 8):
                mine = [key == row(table, number)[key.name] for key in table.primary_key]
                found = connection.execute(sa.select(table).where(*mine)).mappings()
                assert row(table, number) in found.all(), table.name
                if mine:
                    connection.execute(sa.update(table).where(*mine).values(row(table, number)))
        now = {table.name: table for table in known_tables(connection)}
        for table in reversed(tables):
            assert now[table.name].primary_key.columns.keys() == table.primary_key.columns.keys()
            connection.execute(sa.delete(table))
    engine.dispose()
