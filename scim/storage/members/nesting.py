"""Groups within groups: ``nesting`` is kept up to date and free of cycles.

There is a row for each group and each group that contains it, directly or by way of others, so that
a read needs no recursion.

Lock order, which prevents deadlocks:

1. the tenant's nesting, if that changes;
2. the group that changes, the groups that join or leave it, and all groups beneath those, by id;
3. the users whose groups change, by id.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from scim.protocol.errors import InvalidValueError

from ..relations import GROUPS_OF_THIS, LOCK_GROUPS
from ..tables import DIALECTS, TENANT, THIS, among, groups, link, nesting, tenants, users

MINE = nesting.c.tenant_id == TENANT
LOCK_NESTING = sa.select(tenants.c.id).where(tenants.c.id == TENANT).with_for_update(key_share=True)
SELECT_ABOVE = sa.select(nesting.c.parent_id).where(MINE, nesting.c.child_id == THIS)
SELECT_BELOW = sa.select(nesting.c.child_id).where(MINE, among(nesting.c.parent_id)).distinct()
BETWEEN = sa.and_(
    MINE, among(nesting.c.parent_id, "parents"), among(nesting.c.child_id, "children")
)
SELECT_DIRECT = sa.select(nesting.c.child_id).where(BETWEEN, nesting.c.direct)
DELETE_DIRECT = nesting.delete().where(BETWEEN, nesting.c.direct)
DELETE_INDIRECT = nesting.delete().where(BETWEEN, ~nesting.c.direct)

COLUMNS = ["tenant_id", "parent_id", "child_id", "direct"]
_tenant = sa.bindparam("tenant", type_=nesting.c.tenant_id.type)
_parent, _child = groups.alias("parent"), groups.alias("child")


def _select_pairs(direct: bool) -> Any:
    """Return the SELECT of every pair of one of ``parents`` and one of ``children``."""
    each = _parent.join(_child, _parent.c.tenant_id == _child.c.tenant_id)
    return (
        sa.select(_tenant, _parent.c.id, _child.c.id, sa.literal(direct))
        .select_from(each)
        .where(_parent.c.tenant_id == TENANT)
        .where(among(_parent.c.id, "parents"), among(_child.c.id, "children"))
    )


_step = nesting.alias("step")
_walk = (
    sa.select(nesting.c.parent_id, nesting.c.child_id)
    .where(MINE, nesting.c.direct, among(nesting.c.child_id, "children"))
    .cte("walk", recursive=True)
)
_walk = _walk.union(
    sa.select(_step.c.parent_id, _walk.c.child_id).where(
        _step.c.tenant_id == TENANT, _step.c.direct, _step.c.child_id == _walk.c.parent_id
    )
)
SELECT_INDIRECT = sa.select(_tenant, _walk.c.parent_id, _walk.c.child_id, sa.literal(False)).where(
    among(_walk.c.parent_id, "parents")
)
_beneath = (
    sa.select(users.c.id)
    .where(
        users.c.tenant_id == TENANT,
        users.c.id.in_(
            sa.select(link.c.user_id).where(link.c.tenant_id == TENANT, among(link.c.group_id))
        ),
    )
    .order_by(users.c.id)
    .with_for_update(key_share=True)
    .cte("beneath")
)
BUMP_BENEATH: sa.Update = (
    sa.update(users)
    .where(users.c.tenant_id == TENANT, users.c.id.in_(sa.select(_beneath.c.id)))
    .values(version=users.c.version + 1)
)


class NestingNotLocked(Exception):
    """A transaction that is about to change the nesting must begin again and lock it first."""

    def __init__(self, group: str, children: Collection[str]) -> None:
        super().__init__(group)
        self.group = group
        self.children = children


class Nesting:
    """The nesting of a tenant, as a transaction reads and changes it.

    ``held`` are the groups that this transaction has locked with all groups beneath them, so that
    nobody else changes their members. It is None while the nesting is not locked. SQLite has one
    writer at a time: nothing is locked.
    """

    def __init__(self, connection: sa.Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant = {"tenant": tenant_id}
        self.alone = connection.dialect.name == "sqlite"
        self.held: set[str] | None = set() if self.alone else None
        self.insert = DIALECTS[connection.dialect.name].insert(nesting)

    def hold(self, group: str, children: Collection[str]) -> None:
        """Lock the nesting, ``group``, and all groups in and beneath ``children``.

        To delete ``group``, pass it among ``children``: its parents are locked as well.
        """
        if self.alone:
            return
        if self.held is None:
            self.connection.execute(LOCK_NESTING, self.tenant)
        beneath = {*children} | self.below(children)
        self.held = (self.held or set()) | beneath
        parents = self.parents(group) if group in children else set()
        self.connection.execute(
            LOCK_GROUPS, self.tenant | {"ids": list(beneath | parents | {group})}
        )

    def add(self, parent: str, children: Collection[str]) -> set[str]:
        """Make groups members of another; return those that were not members before.

        :raises InvalidValueError: a group would contain itself
        """
        if not children:
            return set()
        if parent in children:
            raise InvalidValueError("members: a group cannot be a member of itself")
        above = self.above(parent)
        if closing := above & set(children):
            raise InvalidValueError(
                f"members: the group {min(closing)!r} contains this group already, "
                "and groups cannot contain each other"
            )
        new = set(children) - self.direct(parent, children)
        if new:
            self.connection.execute(
                self.insert.from_select(COLUMNS, _select_pairs(direct=True)).on_conflict_do_update(
                    index_elements=COLUMNS[:3], set_={"direct": True}
                ),
                self.between([parent], new),
            )
            self.connection.execute(
                self.insert.from_select(
                    COLUMNS, _select_pairs(direct=False)
                ).on_conflict_do_nothing(),
                self.between(above | {parent}, new | self.below(new)),
            )
        return new

    def remove(self, parent: str, children: Collection[str]) -> set[str]:
        """Take groups out of another; return those that were members."""
        old = self.direct(parent, children) if children else set()
        if old:
            self.connection.execute(DELETE_DIRECT, self.between([parent], old))
            self.refresh(self.above(parent) | {parent}, old | self.below(old))
        return old

    def isolate(self, group: str) -> set[str]:
        """Take a group out of its parents and its groups out of it; return the parents."""
        above, below = self.above(group), self.below([group])
        if not above | below:
            return set()
        parents = self.parents(group)
        self.connection.execute(DELETE_DIRECT, self.between([group], below))
        self.connection.execute(DELETE_DIRECT, self.between(above, [group]))
        self.refresh(above | {group}, below | {group})
        return parents

    def refresh(self, parents: Collection[str], children: Collection[str]) -> None:
        """Compute again which of ``children`` are in which of ``parents`` by way of others."""
        names = self.between(parents, children)
        self.connection.execute(DELETE_INDIRECT, names)
        found = self.insert.from_select(COLUMNS, SELECT_INDIRECT).on_conflict_do_nothing()
        self.connection.execute(found, names)

    def direct(self, parent: str, children: Collection[str]) -> set[str]:
        """Return those of ``children`` that are members of a group."""
        return set(self.connection.scalars(SELECT_DIRECT, self.between([parent], children)))

    def parents(self, group: str) -> set[str]:
        """Return the groups that have a group as a member."""
        return set(self.connection.scalars(GROUPS_OF_THIS["Group"], self.tenant | {"this": group}))

    def above(self, group: str) -> set[str]:
        """Return the groups that contain a group, as a member or by way of others."""
        return set(self.connection.scalars(SELECT_ABOVE, self.tenant | {"this": group}))

    def below(self, ids: Collection[str]) -> set[str]:
        """Return the groups that any of ``ids`` contains, as a member or by way of others."""
        return set(self.connection.scalars(SELECT_BELOW, self.tenant | {"ids": list(ids)}))

    def bump_beneath(self, ids: Collection[str], now: str) -> None:
        """Bump the versions of all users in ``ids`` and in the groups within them."""
        if ids:
            beneath = list(set(ids) | self.below(ids))
            names = {"ids": beneath, "last_modified": now}  # the column of that name gets ``now``
            self.connection.execute(BUMP_BENEATH, self.tenant | names)

    def between(self, parents: Collection[str], children: Collection[str]) -> dict[str, Any]:
        return self.tenant | {"parents": list(parents), "children": list(children)}
