"""Counts of the brake: users deactivated or deleted, groups emptied or deleted, in a window.

The rows of a type have numbers without gaps, in the order of their instants. So the numbers of the
first row in a window and of the last one tell how many there are, at any size.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scim.protocol.filters.parser import parse_filter
from scim.protocol.filters.resolve import resolve
from scim.protocol.schema import GROUP, USER

from .database.prepared import Prepared
from .keys import now
from .pages.filters import where
from .tables import TENANT, brakings, link, nesting, users
from .totals import select_total

# PostgreSQL: the last lock of a transaction, which thus waits for nobody while it has it.
LOCK = Prepared(sa.text("SELECT pg_advisory_xact_lock(76437647, CAST(:tenant AS integer))"))
MINE = "tenant_id = :tenant AND resource_type = :type"
COUNT = (
    f"WITH newest AS (SELECT at, number FROM brakings WHERE {MINE}"
    " ORDER BY at DESC, number DESC LIMIT 1)"
    " INSERT INTO brakings (tenant_id, resource_id, resource_type, at, number)"
    " SELECT CAST(:tenant AS integer), CAST(:this AS {id}), CAST(:type AS text),"
    " CASE WHEN newest.at > :at THEN newest.at ELSE CAST(:at AS text) END,"
    " COALESCE(newest.number, 0) + 1"
    " FROM (SELECT 1) AS one LEFT JOIN newest ON true WHERE true"
    " ON CONFLICT (tenant_id, resource_id)"
    " DO UPDATE SET at = excluded.at, number = excluded.number WHERE brakings.at < :since"
    f" RETURNING number, (SELECT first.number FROM brakings AS first WHERE {MINE}"
    " AND first.at >= :since ORDER BY first.at, first.number LIMIT 1)"
)
ADD = {
    "sqlite": Prepared(sa.text(COUNT.format(id="text"))),
    "postgresql": Prepared(sa.text(COUNT.format(id="uuid"))),
}
PURGE = Prepared(sa.text(f"DELETE FROM brakings WHERE {MINE} AND at < :since"))
PURGED_EACH = 100  # numbers
HAS_MEMBERS = Prepared(
    sa.select(
        sa.exists().where(link.c.tenant_id == TENANT, link.c.group_id == sa.bindparam("this"))
        | sa.exists().where(
            nesting.c.tenant_id == TENANT, nesting.c.parent_id == sa.bindparam("this")
        )
    )
)
IS_INACTIVE = resolve(parse_filter("active eq false"), USER)


@dataclass(frozen=True, slots=True)
class Brakings:
    """The counts of a tenant's brake."""

    connection: sa.Connection
    tenant_id: int

    @property
    def is_dry(self) -> bool:
        """Whether this is a dry run, which is a savepoint."""
        return self.connection.in_nested_transaction()

    def lock(self) -> None:
        """Let others who count wait until the commit.

        A dry run takes further locks after this one, so it does without.
        """
        if self.connection.dialect.name == "postgresql" and not self.is_dry:
            LOCK.rows(self.connection, {"tenant": self.tenant_id})

    def add(self, type_name: str, resource_id: str, since: str) -> int:
        """Count a resource, and return how many are counted since an instant.

        One that was counted since then is not counted again: the answer is 0.
        """
        names: dict[str, Any] = {"tenant": self.tenant_id, "type": type_name, "since": since}
        statement = ADD[self.connection.dialect.name]
        added = statement.rows(self.connection, names | {"this": resource_id, "at": now()})
        if not added:
            return 0
        [[number, first]] = added
        if number % PURGED_EACH == 0:
            PURGE.rows(self.connection, names)
        return int(number - min(number if first is None else first, number) + 1)

    def number(self, type_name: str, since: str) -> int:
        """Return how many are counted since an instant."""
        mine = brakings.c.tenant_id == TENANT, brakings.c.resource_type == type_name
        counted = sa.select(sa.func.count()).where(*mine, brakings.c.at >= since)
        return self.connection.scalar(counted, {"tenant": self.tenant_id}) or 0

    def has_members(self, group_id: str) -> bool:
        """Tell whether a group has members."""
        names = {"tenant": self.tenant_id, "this": group_id}
        return bool(HAS_MEMBERS.rows(self.connection, names)[0][0])

    def all(self, type_name: str) -> int:
        """Return how many groups there are, or active users, who are all but the inactive ones."""
        names = {"tenant": self.tenant_id}
        known = USER if type_name == USER.name else GROUP
        total = int(self.connection.scalar(sa.select(select_total(known)), names) or 0)
        if known is GROUP:
            return total
        inactive = (
            users.c.tenant_id == TENANT,
            where(IS_INACTIVE, USER, self.connection.dialect.name),
        )
        counted = sa.select(sa.func.count()).select_from(users).where(*inactive)
        return total - (self.connection.scalar(counted, names) or 0)


def counted_tenants(connection: sa.Connection) -> set[int]:
    """Return the ids of the tenants of whom anything is counted, however long ago."""
    return set(connection.scalars(sa.select(brakings.c.tenant_id).distinct()))
