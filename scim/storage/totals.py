"""How many resources there are, which is the last, and how often pages have shifted."""

import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.schema import ResourceType

from .anchors import comes_before
from .database.prepared import Prepared
from .keys import CLOCK, ClockBehind, made_at
from .tables import TENANT, belongs, table_of, totals

SLOTS = 16  # rows for one total: each process counts in one of them, so that writers do not queue
COUNT = (
    "INSERT INTO totals (tenant_id, resource_type, slot, resources, moves)"
    " VALUES (:tenant, :resource_type, :slot, :more, :shifts)"
    " ON CONFLICT (tenant_id, resource_type, slot)"
    " DO UPDATE SET resources = totals.resources + excluded.resources,"
    " moves = totals.moves + excluded.moves"
)
ADD = Prepared(sa.text(COUNT))


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

    def shift_created(self) -> None:
        """Shift the pages of all types of which a resource was created."""
        for resource_type in self.created:
            self.add(resource_type, 0, shifts=1)


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
