"""A user as an invitation to them is written."""

from typing import NamedTuple

import sqlalchemy as sa

from .tables import tenants, users


class Invited(NamedTuple):
    """The name of a tenant, and the JSON text of a user in it."""

    tenant: str
    body: str


def find_invited(connection: sa.Connection, tenant_id: int, user_id: str) -> Invited | None:
    """Return a user as they are now, or None if there is none."""
    chosen = (
        sa.select(tenants.c.name, users.c.body)
        .join(tenants, tenants.c.id == users.c.tenant_id)
        .where(users.c.tenant_id == tenant_id, users.c.id == user_id)
    )
    row = connection.execute(chosen).one_or_none()
    return Invited(*row) if row else None
