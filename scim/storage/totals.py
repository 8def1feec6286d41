"""How many resources there are, and how often a delete or a restore has shifted pages."""

import os
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.schema import ResourceType

from .database.prepared import Prepared
from .tables import TENANT, totals

SLOTS = 16  # rows for one total: each process counts in one of them, so that writers do not queue
COUNT = Prepared(
    sa.text(
        "INSERT INTO totals (tenant_id, resource_type, slot, resources, moves)"
        " VALUES (:tenant, :resource_type, :slot, :more, :shifts)"
        " ON CONFLICT (tenant_id, resource_type, slot)"
        " DO UPDATE SET resources = totals.resources + excluded.resources,"
        " moves = totals.moves + excluded.moves"
    )
)


def add_to_total(
    connection: sa.Connection,
    tenant_id: int,
    resource_type: ResourceType,
    more: int,
    are_new: bool = False,
) -> None:
    """Add ``more`` to the number of resources.

    Unless they are new, later pages shift: see ``anchors``.
    """
    names = {"tenant": tenant_id, "resource_type": resource_type.name, "more": more}
    shifts = 0 if are_new else abs(more)
    COUNT.rows(connection, names | {"slot": os.getpid() % SLOTS, "shifts": shifts})


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
