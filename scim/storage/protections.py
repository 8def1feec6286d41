"""The rules by which users are protected, and the users that leave a group."""

from collections.abc import Collection, Iterator, Sequence

import sqlalchemy as sa

from scim.protocol.schema import USER

from .database.prepared import Prepared
from .rows import Stored, select_rows
from .tables import TENANT, among, groups, joined, link, nesting, protections, tenants, users

AT_ONCE = 500
IN_GROUPS = Prepared(
    sa.select(sa.cast(link.c.user_id, sa.Text))
    .where(link.c.tenant_id == TENANT, among(link.c.group_id))
    .distinct()
)
ABOVE = Prepared(
    sa.select(sa.cast(nesting.c.parent_id, sa.Text)).where(
        nesting.c.tenant_id == TENANT, among(nesting.c.child_id)
    )
)
BELOW = Prepared(
    sa.select(sa.cast(nesting.c.child_id, sa.Text)).where(
        nesting.c.tenant_id == TENANT, among(nesting.c.parent_id)
    )
)
NAMES = Prepared(
    sa.select(sa.cast(groups.c.id, sa.Text), groups.c.display).where(
        groups.c.tenant_id == TENANT, among(groups.c.id)
    )
)
USERS = Prepared(
    select_rows(USER, with_related=True).where(users.c.tenant_id == TENANT, among(users.c.id))
)


def rules_of(connection: sa.Connection, tenant_id: int) -> Sequence[str]:
    """Return the rules of a tenant, in order."""
    mine = sa.select(protections.c.rule).where(protections.c.tenant_id == tenant_id)
    return connection.scalars(mine.order_by(protections.c.rule)).all()


def add_rule(connection: sa.Connection, tenant_id: int, rule: str) -> bool:
    """Protect the users whom a filter finds; tell whether the rule is new."""
    is_new = rule not in rules_of(connection, tenant_id)
    if is_new:
        connection.execute(sa.insert(protections), {"tenant_id": tenant_id, "rule": rule})
    return is_new


def remove_rule(connection: sa.Connection, tenant_id: int, rule: str) -> bool:
    """Take a rule away; tell whether it was there."""
    mine = protections.c.tenant_id == tenant_id, protections.c.rule == rule
    return bool(connection.execute(sa.delete(protections).where(*mine)).rowcount)


class Leaving:
    """The groups that members have left in a transaction, and the users who left with them."""

    def __init__(self, connection: sa.Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant = {"tenant": tenant_id}

    def names(self, ids: Collection[str]) -> dict[str, str]:
        """Return the names of these groups and of all above them, by id."""
        above = {row[0] for row in ABOVE.rows(self.connection, self._ids(ids))}
        return dict(NAMES.rows(self.connection, self._ids(above | set(ids))))

    def users(self, members: Collection[str]) -> Iterator[Stored]:
        """Yield those of ``members`` who are users, and the users in and beneath the groups."""
        below = {row[0] for row in BELOW.rows(self.connection, self._ids(members))}
        inside = IN_GROUPS.rows(self.connection, self._ids(below | set(members)))
        ids = sorted({*members, *(row[0] for row in inside)})
        for start in range(0, len(ids), AT_ONCE):
            part = self._ids(ids[start : start + AT_ONCE])
            yield from (Stored(*row) for row in USERS.rows(self.connection, part))

    def _ids(self, ids: Collection[str]) -> dict[str, object]:
        return self.tenant | {"ids": list(ids)}


def select_rules() -> sa.ScalarSelect[str | None]:
    """Return the SELECT of the rules of a tenant, a line each, or NULL."""
    mine = protections.c.tenant_id == tenants.c.id
    return sa.select(joined(protections.c.rule, "\n")).where(mine).scalar_subquery()
