"""Empty directories for good: everything that a tenant has but its tokens and choices."""

from collections.abc import Sequence

import sqlalchemy as sa

from scim.protocol.schema import GROUP_MEMBERSHIP

from .forgetting import forget_until
from .keys import now
from .tables import TABLES, deferred_results, totals
from .totals import SLOTS, UNCOUNTED

CHOICES = {
    "tenants",
    "tokens",
    "clients",
    "access_tokens",
    "assertions",
    "protections",
    "receivers",
    "signing_keys",
}
KEPT = CHOICES | {"totals", "positions"}
# Locks all totals of some tenants, also those in which no process has counted yet.
HOLD_TOTALS = sa.text(
    "INSERT INTO totals (tenant_id, resource_type, slot, resources, moves)"
    " SELECT DISTINCT tenant_id, resource_type, slots, 0, 0 FROM totals,"
    f" generate_series({UNCOUNTED}, {SLOTS - 1}) AS slots WHERE tenant_id = ANY(:tenants)"
    " ORDER BY 1, 2, 3"
    " ON CONFLICT (tenant_id, resource_type, slot) DO UPDATE SET resources = totals.resources"
)


def count_resources(connection: sa.Connection, tenants: Sequence[int]) -> int:
    """Return how many resources tenants have, without those in the trash."""
    counted = sa.select(sa.func.sum(totals.c.resources)).where(totals.c.tenant_id.in_(tenants))
    rows = counted.where(totals.c.resource_type != GROUP_MEMBERSHIP.name)
    return int(connection.scalar(rows) or 0)


def empty(connection: sa.Connection, tenants: Sequence[int]) -> None:
    """Delete what tenants have. Running servers forget where in lists resources were.

    Servers and carriers go on meanwhile. PostgreSQL lets those wait who create or delete, so that
    they count what is left. Messages go after the resources that they tell of, and results after
    their requests.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(HOLD_TOTALS, {"tenants": list(tenants)})
    for table in (*reversed(TABLES), deferred_results):
        if table.name not in KEPT:
            connection.execute(sa.delete(table).where(table.c.tenant_id.in_(tenants)))
    shifted = sa.update(totals).values(resources=0, moves=totals.c.moves + 1)
    connection.execute(shifted.where(totals.c.tenant_id.in_(tenants)))
    for each in tenants:
        forget_until(connection, each, now())
