"""How many resources there are, which is the last, and how often pages have shifted."""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.schema import GROUP_MEMBERSHIP, ResourceType

from .anchors import comes_before
from .database.prepared import Prepared
from .keys import CLOCK, ClockBehind, made_at
from .tables import TENANT, belongs, table_of, totals

UNCOUNTED = -1  # the slot of what nobody counted when it was written
RECOUNTED = 3600  # seconds after which a process counts all memberships anew
MOST_TENANTS = 10_000  # of which a process remembers that
SLOTS = 16  # rows for one total: each process counts in one of them, so that writers do not queue
COUNT = (
    "INSERT INTO totals (tenant_id, resource_type, slot, resources, moves)"
    " VALUES (:tenant, :resource_type, :slot, :more, :shifts)"
    " ON CONFLICT (tenant_id, resource_type, slot)"
    " DO UPDATE SET resources = totals.resources + excluded.resources,"
    " moves = totals.moves + excluded.moves"
)
ADD = Prepared(sa.text(COUNT))
RECOUNT = sa.text(
    "INSERT INTO totals (tenant_id, resource_type, slot, resources, moves)"
    " SELECT :tenant, :resource_type, :slot,"
    " (SELECT count(*) FROM link WHERE tenant_id = :tenant)"
    " + (SELECT count(*) FROM nesting WHERE tenant_id = :tenant AND direct)"
    " - coalesce(sum(resources), 0), 0 FROM totals"
    " WHERE tenant_id = :tenant AND resource_type = :resource_type AND slot <> :slot"
    " ON CONFLICT (tenant_id, resource_type, slot) DO UPDATE SET resources = excluded.resources"
)


class Totals:
    """The totals of a tenant, as one transaction changes them.

    ``in_order`` wants the ids of new resources to be the last ones.
    """

    def __init__(self, connection: sa.Connection, tenant_id: int, in_order: bool) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.in_order = in_order
        self.created: set[ResourceType] = set()

    def add(self, resource_type: ResourceType, more: int, shifts: int | None = None) -> None:
        """Add ``more`` to the resources of a type; later pages shift by as many, or ``shifts``."""
        shifts = abs(more) if shifts is None else shifts
        ADD.rows(self.connection, _names(self.tenant_id, resource_type.name, more, shifts))

    def add_new(self, resource_type: ResourceType, ids: Sequence[str]) -> None:
        """Add new resources; they shift pages if others with later ids were quicker.

        :raises ClockBehind: the clock here is behind that of such others
        """
        self.created.add(resource_type)
        names = _names(self.tenant_id, resource_type.name, len(ids), 0)
        [[found]] = _add_returning_last(resource_type).rows(self.connection, names)
        last = str(found)
        if last <= ids[-1]:
            return
        if self.in_order and made_at(last) > CLOCK.now():
            raise ClockBehind(last)
        if comes_before(ids[0], last):
            self.add(resource_type, 0, shifts=1)

    def add_memberships(self, changed: Iterable[Mapping[str, bool]]) -> None:
        """Count members that joined (true) or left (false); each shifts later memberships."""
        joined = [each for members in changed for each in members.values()]
        if joined:
            more = sum(1 if each else -1 for each in joined)
            self.add(GROUP_MEMBERSHIP, more, shifts=1)

    def shift_created(self) -> None:
        """Shift the pages of all types of which a resource was created."""
        for resource_type in self.created:
            self.add(resource_type, 0, shifts=1)


class Recounts:
    """When this process last counted all memberships of each tenant.

    Afterwards each change is counted. A version of this server that does not yet count them may run
    beside this one for a while, so they are counted anew now and then.
    """

    def __init__(self) -> None:
        self.counted: dict[int, float] = {}

    def is_due(self, tenant_id: int) -> bool:
        """Tell whether to count, and note that it is done."""
        known, now = self.counted.get(tenant_id), time.monotonic()
        if known is not None and now - known < RECOUNTED:
            return False
        if len(self.counted) >= MOST_TENANTS:
            self.counted.clear()
        self.counted[tenant_id] = now
        return True


def recount_memberships(connection: sa.Connection, tenant_id: int) -> None:
    """Count all memberships: a slot of its own gets what the other slots have not counted.

    One statement sees one moment: the rows, and the counts of those who made them.
    """
    names = {"tenant": tenant_id, "resource_type": GROUP_MEMBERSHIP.name, "slot": UNCOUNTED}
    connection.execute(RECOUNT, names)


def add_resources(connection: sa.Connection, tenant_id: int, type_name: str, more: int) -> None:
    """Add as many resources, anywhere in the order, of a type that no document need define."""
    ADD.rows(connection, _names(tenant_id, type_name, more, more))


def _names(tenant_id: int, type_name: str, more: int, shifts: int) -> dict[str, int | str]:
    names: dict[str, int | str] = {"tenant": tenant_id, "resource_type": type_name}
    return names | {"more": more, "shifts": shifts, "slot": os.getpid() % SLOTS}


@cache
def _add_returning_last(resource_type: ResourceType) -> Prepared:
    table = table_of(resource_type)
    typed = " AND resource_type = :resource_type" if "resource_type" in table.c else ""
    last = (
        f'SELECT CAST(known.id AS text) FROM "{table.name}" AS known'
        f" WHERE tenant_id = :tenant{typed} ORDER BY known.id DESC LIMIT 1"
    )
    return Prepared(sa.text(f"{COUNT} RETURNING ({last})"))


@cache
def select_last(resource_type: ResourceType) -> sa.ScalarSelect[Any]:
    """Return the SELECT of the id of the last resource of a type, in the order of ids."""
    by_id = table_of(resource_type).c.id
    found = sa.select(sa.cast(by_id, sa.Text)).where(belongs(resource_type))
    return found.order_by(by_id.desc()).limit(sa.literal_column("1")).scalar_subquery()


@cache
def select_total(resource_type: ResourceType) -> sa.ScalarSelect[Any]:
    """Return the SELECT of the number of resources of a type."""
    return _select_sum(totals.c.resources, resource_type)


@cache
def select_shifts(resource_type: ResourceType) -> sa.ScalarSelect[Any]:
    """Return the SELECT of how often resources of a type were deleted or came back."""
    return _select_sum(totals.c.moves, resource_type)


def _select_sum(column: Any, resource_type: ResourceType) -> sa.ScalarSelect[Any]:
    mine = totals.c.tenant_id == TENANT, totals.c.resource_type == resource_type.name
    return sa.select(sa.func.coalesce(sa.func.sum(column), 0)).where(*mine).scalar_subquery()
