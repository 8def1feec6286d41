"""Groups within groups. ``nesting`` has every pair, also those by way of others, so that a read
needs no recursion; here it is kept up to date and free of cycles.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Update, and_, bindparam, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from scim.protocol.errors import InvalidValueError

from .tables import TENANT, among, groups, link, nesting, tenants, users

MINE = nesting.c.tenant_id == TENANT
LOCK = select(tenants.c.id).where(tenants.c.id == TENANT).with_for_update()
ABOVE = select(nesting.c.parent_id).where(MINE, among(nesting.c.child_id)).distinct()
BELOW = select(nesting.c.child_id).where(MINE, among(nesting.c.parent_id)).distinct()
BETWEEN = and_(MINE, among(nesting.c.parent_id, "parents"), among(nesting.c.child_id, "children"))
DIRECT = select(nesting.c.child_id).where(BETWEEN, nesting.c.direct)
SEVER = nesting.delete().where(BETWEEN, nesting.c.direct)
FORGET = nesting.delete().where(BETWEEN, ~nesting.c.direct)

_step = nesting.alias("step")
_walk = (
    select(nesting.c.parent_id, nesting.c.child_id)
    .where(MINE, nesting.c.direct, among(nesting.c.parent_id, "parents"))
    .cte("walk", recursive=True)
)
_walk = _walk.union(
    select(_walk.c.parent_id, _step.c.child_id).where(
        _step.c.tenant_id == TENANT, _step.c.direct, _step.c.parent_id == _walk.c.child_id
    )
)
PATHS = select(
    bindparam("tenant", type_=nesting.c.tenant_id.type),
    _walk.c.parent_id,
    _walk.c.child_id,
    literal(False),
).where(among(_walk.c.child_id, "children"))
TOUCH_BENEATH: Update = (
    update(users)
    .where(
        users.c.tenant_id == TENANT,
        users.c.id.in_(
            select(link.c.user_id).where(link.c.tenant_id == TENANT, among(link.c.group_id))
        ),
    )
    .values(version=users.c.version + 1)
)


class Nesting:
    """The groups of a tenant within each other, as a transaction sees and changes them."""

    def __init__(self, connection: Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant = {"tenant": tenant_id}
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        self.insert = dialect.insert(nesting)

    def lock(self) -> None:
        """Let nobody else change the tenant's nesting: two halves of a cycle must not meet."""
        self.connection.execute(LOCK, self.tenant)

    def add(self, parent: str, children: Collection[str]) -> set[str]:
        """Make groups members of another and return those that were not.

        :raises InvalidValueError: a group would contain itself
        """
        if not children:
            return set()
        self.lock()
        if parent in children:
            raise InvalidValueError("members: a group cannot be a member of itself")
        if closing := self.above([parent]) & set(children):
            raise InvalidValueError(
                f"members: the group {min(closing)!r} contains this group already, "
                "and groups cannot contain each other"
            )
        new = set(children) - self.direct(parent, children)
        if new:
            pairs = [self.tenant | {"parent": parent, "child": child} for child in sorted(new)]
            direct = self.insert.values(
                tenant_id=TENANT,
                parent_id=bindparam("parent"),
                child_id=bindparam("child"),
                direct=True,
            ).on_conflict_do_update(
                index_elements=["tenant_id", "parent_id", "child_id"], set_={"direct": True}
            )
            self.connection.execute(direct, pairs)
            self.refresh({parent} | self.above([parent]), new | self.below(new))
        return new

    def remove(self, parent: str, children: Collection[str]) -> set[str]:
        """Take groups out of another and return those that were in it."""
        old = self.direct(parent, children) if children else set()
        if old:
            self.lock()
            above, below = {parent} | self.above([parent]), old | self.below(old)
            self.connection.execute(SEVER, self.between([parent], old))
            self.refresh(above, below)
        return old

    def isolate(self, group: str) -> Sequence[str]:
        """Take a group out of those above it and empty it; return which showed it as a member."""
        above, below = self.above([group]), self.below([group])
        if not above | below:
            return ()
        self.lock()
        showing = self.connection.scalars(
            select(nesting.c.parent_id).where(MINE, among(nesting.c.child_id), nesting.c.direct),
            self.tenant | {"ids": [group]},
        ).all()
        self.connection.execute(SEVER, self.between([group], list(below)))
        self.connection.execute(SEVER, self.between(list(above), [group]))
        self.refresh(above | {group}, below | {group})
        return showing

    def refresh(self, parents: Collection[str], children: Collection[str]) -> None:
        """Find anew which of ``children`` are in which of ``parents`` by way of others."""
        names = self.between(parents, children)
        self.connection.execute(FORGET, names)
        columns = ["tenant_id", "parent_id", "child_id", "direct"]
        found = self.insert.from_select(columns, PATHS).on_conflict_do_nothing()
        self.connection.execute(found, names)

    def direct(self, parent: str, children: Collection[str]) -> set[str]:
        """Return those of ``children`` that are members of a group."""
        return set(self.connection.scalars(DIRECT, self.between([parent], children)))

    def above(self, ids: Collection[str]) -> set[str]:
        """Return the groups that contain any of ``ids``, in whatever way."""
        return set(self.connection.scalars(ABOVE, self.tenant | {"ids": list(ids)}))

    def below(self, ids: Collection[str]) -> set[str]:
        """Return the groups that any of ``ids`` contains, in whatever way."""
        return set(self.connection.scalars(BELOW, self.tenant | {"ids": list(ids)}))

    def touch_beneath(self, ids: Collection[str], now: str) -> None:
        """Move the versions of all users in ``ids`` and in the groups within them."""
        if ids:
            beneath = list(set(ids) | self.below(ids))
            self.connection.execute(
                TOUCH_BENEATH, self.tenant | {"ids": beneath, "last_modified": now}
            )

    def between(self, parents: Collection[str], children: Collection[str]) -> dict[str, Any]:
        return self.tenant | {"parents": list(parents), "children": list(children)}


def known_groups(connection: Connection, tenant_id: int, ids: Sequence[str]) -> set[str]:
    """Return those of ``ids`` that are groups."""
    found = select(groups.c.id).where(groups.c.tenant_id == TENANT, among(groups.c.id))
    return set(connection.scalars(found, {"tenant": tenant_id, "ids": list(ids)}))
