"""Parts of an import: rows of one table that are written together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from .lines import Line, LineError

MOST_ROWS = 1000
MOST_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Part:
    """Lines with rows of one table."""

    table: str
    lines: list[Line] = field(default_factory=list)
    rows: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def halves(self) -> "tuple[Part, Part]":
        """Two parts in place of this one."""
        at = len(self.lines) // 2
        return (
            Part(self.table, self.lines[:at], self.rows[:at]),
            Part(self.table, self.lines[at:], self.rows[at:]),
        )


def parts(lines: Iterator[Line], number: int, columns: Mapping[str, set[str]]) -> Iterator[Part]:
    """Yield the next ``number`` lines as parts; ``columns`` are those of each table.

    :raises LineError: a line has no row of one of these tables
    """
    part, size = Part(""), 0
    for line in islice(lines, number):
        table, row = line.read()
        check_row(line, row, columns.get(table))
        if table != part.table or len(part.lines) == MOST_ROWS or size > MOST_BYTES:
            if part.lines:
                yield part
            part, size = Part(table), 0
        part.lines.append(line)
        part.rows.append(row)
        size += len(line.content)
    if part.lines:
        yield part


def check_row(line: Line, row: Any, columns: set[str] | None) -> None:
    """Check that a line has a row with these columns.

    :raises LineError: it has something else
    """
    if not isinstance(row, dict) or row.keys() != columns:
        raise LineError(line.number, "it is no row of a table as it is here")
