"""Exports: the lines of tenants, read in one snapshot."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from scim.protocol.definitions.assembly import Definitions
from scim.storage.moving.moved import moved
from scim.storage.moving.snapshot import Snapshot
from scim.storage.tokens import Tenant

from .lines import FORMAT, HEADER, TENANT, Header, write_line


class UnfinishedError(Exception):
    """A tenant is not whole, as its import has not ended; the message names it."""


class Export:
    """The lines of tenants; equal tenants have equal lines, whatever the database."""

    def __init__(
        self,
        snapshot: Snapshot,
        definitions: Definitions,
        tenants: Sequence[Tenant],
        with_history: bool,
    ) -> None:
        self.snapshot = snapshot
        self.tables = moved(with_history)
        self.tenants = sorted(tenants, key=lambda tenant: tenant.name)
        unfinished = snapshot.unfinished([each.id for each in tenants])
        if names := [each.name for each in self.tenants if each.id in unfinished]:
            raise UnfinishedError(
                f"the import of {', '.join(names)} is not finished; finish it first"
            )
        self.counts = snapshot.count_rows(self.tables, [each.id for each in tenants])
        rows = sum(sum(of_tenant.values()) for of_tenant in self.counts.values())
        self.header = Header(
            FORMAT,
            snapshot.revision(),
            with_history,
            [each.name for each in definitions.resource_types],
            [each.id for each in definitions.schemas],
            [each.name for each in self.tenants],
            1 + len(tenants) + rows,
        )

    def lines(self) -> Iterator[bytes]:
        """Yield the lines; only a part of them is in memory."""
        chain = ""
        for name, value in self._values():
            line, chain = write_line(name, value, chain)
            yield line

    def _values(self) -> Iterator[tuple[str, Any]]:
        yield HEADER, asdict(self.header)
        for tenant in self.tenants:
            counts = self.counts.get(tenant.id, {})
            yield TENANT, {"is": self.snapshot.tenant(tenant), "has": counts}
            for table in self.tables:
                if table.name in counts:
                    for row in self.snapshot.rows(table, tenant):
                        yield table.name, row
