"""Imports: the lines of an export become rows; an import that stopped goes on where it was."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scim.explain.words import counted
from scim.protocol.definitions.assembly import Definitions
from scim.storage import Database
from scim.storage.moving.arrival import Arrival, OvertakenError, Progress, analyze
from scim.storage.moving.snapshot import Snapshot
from scim.storage.moving.writing import RefusedError

from .lines import TENANT, Header, Line, LineError
from .parts import Part, check_row, parts

ELSEWHERE = "empty the tenant with `reset`, or choose another name with --as"


class ImportRefusedError(Exception):
    """An import cannot begin, or go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Section:
    """The lines of one tenant: its own line, and so many rows of each table."""

    line: Line
    values: Mapping[str, Any]
    counts: Mapping[str, int]

    @property
    def rows(self) -> int:
        """The number of all rows."""
        return sum(self.counts.values())


class Import:
    """An import of tenants under ``names``; ``advance`` is told how many lines are done.

    ``reached`` is the number of the last line that this process has stored, 0 for none.
    """

    def __init__(
        self,
        database: Database,
        header: Header,
        lines: Iterator[Line],
        names: Sequence[str],
        advance: Callable[[int], None],
    ) -> None:
        self.database = database
        self.header = header
        self.lines = lines
        self.arrivals = [Arrival(database, name, header.history) for name in names]
        self.advance = advance
        self.reached = 0

    def check(self, definitions: Definitions) -> None:
        """Check, before anything is written, that the tenants can come here.

        :raises ImportRefusedError: the tables or the resource types here are others, or a tenant
            has resources already
        """
        revision = self.database.read(lambda connection: Snapshot(connection).revision())
        if self.header.revision != revision:
            raise ImportRefusedError(
                f"the export has the tables of {self.header.revision}, this database those of "
                f"{revision}: use the same version of the code for both"
            )
        known = {each.name for each in definitions.resource_types}
        known |= {each.id for each in definitions.schemas}
        if missing := {*self.header.types, *self.header.schemas} - known:
            raise ImportRefusedError(
                f"this server does not know {', '.join(sorted(missing))}: "
                "give it the same documents in SCIM_SCHEMA_FOLDER"
            )
        for arrival in self.arrivals:
            if not arrival.progress and (counts := arrival.count_rows()):
                has = ", ".join(f"{number} {table}" for table, number in counts.items())
                raise ImportRefusedError(f"{arrival.name} is not empty, it has {has}; {ELSEWHERE}")

    def run(self) -> Iterator[str]:
        """Import all tenants; yield sentences about each.

        :raises LineError: a line does not fit, or cannot be stored
        :raises ImportRefusedError: a tenant has something else than the beginning of the export
        """
        for name, arrival in zip(self.header.tenants, self.arrivals, strict=True):
            section = self._section(name)
            try:
                yield from self._bring(arrival, section)
            except OvertakenError:
                raise ImportRefusedError(f"another process imports {arrival.name}") from None
        self.database.read(analyze)

    def _section(self, name: str) -> Section:
        line = self._next()
        match line.read():
            case (key, {"is": {"name": called} as values, "has": dict(counts)}):
                is_whole = all(isinstance(each, int) and each > 0 for each in counts.values())
                if key == TENANT and called == name and is_whole:
                    return Section(line, values, counts)
        raise LineError(line.number, f"it does not begin the tenant {name!r}")

    def _next(self) -> Line:
        if line := next(self.lines, None):
            return line
        raise LineError(self.header.lines, "the export ends within a tenant")

    def _bring(self, arrival: Arrival, section: Section) -> Iterator[str]:
        """Import a tenant, or what is not here of it."""
        if arrival.progress:
            yield self._skip(arrival, section, arrival.progress)
        else:
            check_row(section.line, section.values, arrival.columns["tenants"])
            if name := arrival.misfit(section.values):
                raise LineError(section.line.number, f"the tenant's {name} has a wrong value")
            arrival.begin(section.values, section.line.chain)
            self._reach(section.line, 1)
        if not arrival.is_finished:
            yield self._fill(arrival, section)

    def _reach(self, line: Line, lines: int) -> None:
        self.reached = line.number
        self.advance(lines)

    def _skip(self, arrival: Arrival, section: Section, progress: Progress) -> str:
        """Read what is stored already, and say so."""
        line = section.line
        for _ in range(min(progress.lines, 1 + section.rows) - 1):
            line = self._next()
            self.advance(1)
        is_other = line.chain != progress.chain
        if progress.is_finished:
            if is_other or progress.lines != 1 + section.rows:
                raise ImportRefusedError(f"{arrival.name} came with another export; {ELSEWHERE}")
        elif is_other:
            has = f"{arrival.name} has the first {progress.lines} lines of another export"
            raise ImportRefusedError(f"{has}; give that one again, or {ELSEWHERE}")
        self.advance(1)
        if progress.is_finished:
            return f"{arrival.name} is here already."
        return f"{arrival.name} goes on behind line {line.number}."

    def _fill(self, arrival: Arrival, section: Section) -> str:
        """Write the rows that are not here yet, and say how many the tenant has."""
        assert arrival.progress
        left = 1 + section.rows - arrival.progress.lines
        for part in parts(self.lines, left, arrival.columns):
            self._write(arrival, part)
            left -= len(part.lines)
        if left:
            self._next()  # which has no line, and says so
        arrival.finish(section.values["paused"])
        if differing := arrival.differing(section.counts):
            raise ImportRefusedError(
                f"{arrival.name} is here, but not as in the export ({', '.join(differing)}): "
                "somebody else has written to it meanwhile"
            )
        return f"Imported {arrival.name}, {counted(section.rows, 'row')}."

    def _write(self, arrival: Arrival, part: Part) -> None:
        """Write a part; of one with a row that cannot be stored, all that is before this row."""
        try:
            arrival.write(part.table, part.rows, part.lines[-1].chain)
        except RefusedError as error:
            if len(part.lines) == 1:
                why = f"the database does not take it: {error}"
                raise LineError(part.lines[0].number, why) from None
            for half in part.halves:
                self._write(arrival, half)
        else:
            self._reach(part.lines[-1], len(part.lines))
