"""Statements that are compiled once and then left to the driver.

SQLAlchemy takes 0.04 ms to execute what it has compiled before, the driver 0.01 ms. PostgreSQL
takes 0.4 ms to plan the SELECT of a user, and 0.03 ms to follow a plan that it has prepared.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from itertools import count
from math import inf
from time import monotonic, perf_counter
from typing import Any

import sqlalchemy as sa
from psycopg2.extensions import adapt

from .engine import PREPARED, driver_failure
from .observing import WATCH

Names = Mapping[str, Any]
# The text to execute, its parameters, and the PREPARE that must come first, unless it was done.
Call = tuple[str, Any, str | None]
# Seconds after which PostgreSQL plans a statement anew. A plan from when a table was nearly empty
# walks through all rows of a tenant, and would stay until autovacuum has seen the table.
PLANNED = 5
SLOW = 0.02  # seconds of an execution after which the next one gets a new plan at once


class Prepared:
    """A statement whose parameters have names; a list among them is of ids, a dict is JSON.

    ``columns`` are the parameters of an INSERT or UPDATE that are named as the columns they fill.
    The rows are the driver's: on SQLite a boolean is a number, on PostgreSQL an id that is not cast
    to text is a ``UUID``.
    """

    def __init__(self, statement: sa.ClauseElement, columns: Collection[str] = ()) -> None:
        self.statement = statement
        self.columns = list(columns) or None
        self.forms: dict[str, _Sqlite | _Postgresql] = {}

    def rows(self, connection: sa.Connection, names: Names) -> Sequence[Any]:
        """Execute the statement in the current transaction; return its rows, if it has any.

        :raises DBAPIError: as SQLAlchemy raises it
        """
        form = self._form(connection.dialect)
        info = connection.info
        text, values, preparing = form.call(info, names)
        observer = info[WATCH].observer
        started = perf_counter()
        cursor = connection.connection.cursor()
        try:
            if preparing:
                cursor.execute(preparing)
                info[PREPARED][form] = monotonic()
            cursor.execute(text, values)
            rows: Sequence[Any] = cursor.fetchall() if cursor.description else ()
        except connection.dialect.loaded_dbapi.Error as error:
            raise driver_failure(connection, error) from error
        seconds = perf_counter() - started
        if seconds > SLOW and form in (info.get(PREPARED) or ()):
            info[PREPARED][form] = -inf
        if observer:
            number = len(rows) if cursor.description else cursor.rowcount
            observer(form.text, lambda: form.call({}, names)[1], seconds, number)
        return rows

    def _form(self, dialect: sa.Dialect) -> "_Sqlite | _Postgresql":
        form = self.forms.get(dialect.name)
        if form is None:
            compiled = self.statement.compile(dialect=dialect, column_keys=self.columns)
            made = _Sqlite(compiled) if dialect.name == "sqlite" else _Postgresql(compiled)
            form = self.forms[dialect.name] = made
        return form


class _Sqlite:
    """A statement for SQLite, which prepares by itself what it has seen before."""

    def __init__(self, compiled: Any) -> None:
        bound = [compiled.binds[name] for name in compiled.positiontup]
        self.text = str(compiled)
        self.template = [each.value for each in bound]
        self.slots = [(place, each.key) for place, each in enumerate(bound) if each.required]

    def call(self, _: Any, names: Names) -> Call:
        values = self.template.copy()
        for place, name in self.slots:
            value = names[name]
            values[place] = json.dumps(value) if isinstance(value, list | dict) else value
        return self.text, tuple(values), None


class _Postgresql:
    """A statement for PostgreSQL, which a connection prepares, and again from time to time."""

    numbers = count(1)

    def __init__(self, compiled: Any) -> None:
        required = [name for name, bound in compiled.binds.items() if bound.required]
        self.constants = {
            name: bound.value for name, bound in compiled.binds.items() if not bound.required
        }
        self.text = str(compiled)
        name = f"scim_{next(self.numbers)}"
        shown = {each: adapt(value).getquoted().decode() for each, value in self.constants.items()}
        shown |= {each: f"${number}" for number, each in enumerate(required, start=1)}
        self.prepare = f"PREPARE {name} AS {self.text % shown}"
        self.again = f"DEALLOCATE {name}; {self.prepare}"
        given = ", ".join(f"%({each})s" for each in required)
        self.execute = f"EXECUTE {name} ({given})" if given else f"EXECUTE {name}"

    def call(self, info: Names, names: Names) -> Call:
        values = {name: _literal(value) for name, value in names.items()}
        prepared = info.get(PREPARED)
        if prepared is None:
            return self.text, self.constants | values, None
        planned = prepared.get(self)
        if planned is None:
            return self.execute, values, self.prepare
        return self.execute, values, self.again if planned < monotonic() - PLANNED else None


def _literal(value: Any) -> Any:
    match value:
        case list():
            return f"{{{','.join(value)}}}"
        case dict():
            return json.dumps(value)
    return value
