"""The statement of a filter as people read it, and the plan that the database has for it."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement, Executable
from sqlalchemy.sql.visitors import replacement_traverse

from ..tables import table_of
from .query import Selection, matching_rows

# With named parameters a percent sign is not doubled.
DIALECTS: dict[str, sa.Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": postgresql.dialect(paramstyle="named"),  # type: ignore[no-untyped-call]
}


class _Explained(Executable, ClauseElement):
    """A statement that asks for the plan of another."""

    inherit_cache = False

    def __init__(self, statement: sa.ClauseElement) -> None:
        self.statement = statement


@compiles(_Explained, "sqlite")
def _sqlite(explained: _Explained, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN QUERY PLAN {compiler.process(explained.statement, **options)}"


@compiles(_Explained, "postgresql")
def _postgresql(explained: _Explained, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN {compiler.process(explained.statement, **options)}"


def statement_text(tenant_id: int, selection: Selection, dialect: str) -> str:
    """Return the statement that finds the ids of what matches, with the values in it.

    It is for people: it must not be executed. ``dialect`` is ``sqlite`` or ``postgresql``.
    """
    found = _matching(selection, dialect).params(tenant=tenant_id)
    shown: Any = replacement_traverse(found, {}, _written)
    return str(shown.compile(dialect=DIALECTS[dialect], compile_kwargs={"literal_binds": True}))


def _written(element: Any, **_: Any) -> Any:
    """Return bytes as SQLite writes them, which SQLAlchemy does not; None leaves all else."""
    value = getattr(element, "value", None)
    return sa.literal_column(f"x'{value.hex()}'") if isinstance(value, bytes) else None


def plan(connection: sa.Connection, tenant_id: int, selection: Selection) -> list[str]:
    """Return the lines of the plan of that statement, which is not executed."""
    explained = _Explained(_matching(selection, connection.dialect.name))
    rows = connection.execute(explained, {"tenant": tenant_id}).all()
    if connection.dialect.name == "postgresql":
        return [str(row[0]) for row in rows]
    depths = {0: -1}
    lines = []
    for number, above, _, detail in rows:
        depths[number] = depths.get(above, -1) + 1
        lines.append(f"{'  ' * depths[number]}{detail}")
    return lines


def _matching(selection: Selection, dialect: str) -> sa.Select[Any]:
    """Return the SELECT of the ids that match, with the condition that pages use."""
    table = table_of(selection.resource_type)
    return sa.select(table.c.id).where(*matching_rows(selection, dialect))
