"""What is purged is forgotten: no delta query may leave it out as if it had not been."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from scim.protocol.values import date_time

from .keys import now
from .tables import tenants

WINDOW = timedelta(seconds=60)  # within which a change is committed, by any clock


def forget_until(connection: sa.Connection, tenant_id: int, before: str) -> None:
    """Note that changes before an instant are forgotten, and that it is too late for some tokens.

    Those are the ones of moments before it, and also of the WINDOW behind it: a change before it
    may have been committed later. A moment that is still to come has them all behind it.
    """
    at = now()
    if before < at:
        at = min(at, date_time(datetime.fromisoformat(before) + WINDOW))
    mine = tenants.c.id == tenant_id
    earlier = sa.or_(tenants.c.forgotten.is_(None), tenants.c.forgotten < at)
    connection.execute(sa.update(tenants).where(mine, earlier).values(forgotten=at))
