"""Groups within groups: ``nesting`` is kept up to date and free of cycles.

There is a row for each group and each group that contains it, directly or by way of others, so that
a read needs no recursion.

Lock order, which prevents deadlocks:

1. the tenant's nesting, if that changes;
2. the group that changes, the groups that join or leave it, and all groups beneath those, by id;
3. the users whose groups change, by id.
"""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from scim.protocol.errors import InvalidValueError

from ..directory import Directory
from ..relations import GROUPS_OF_THIS, LOCK_GROUPS
from ..tables import DIALECTS, TENANT, Ids, among, link, nesting, tenants, users

MINE = nesting.c.tenant_id == TENANT
LOCK_NESTING = sa.select(tenants.c.id).where(tenants.c.id == TENANT).with_for_update(key_share=True)
SELECT_ABOVE = sa.select(nesting.c.parent_id).where(MINE, among(nesting.c.child_id)).distinct()
SELECT_BELOW = sa.select(nesting.c.child_id).where(MINE, among(nesting.c.parent_id)).distinct()
BETWEEN = sa.and_(
    MINE, among(nesting.c.parent_id, "parents"), among(nesting.c.child_id, "children")
)
SELECT_DIRECT = sa.select(nesting.c.child_id).where(BETWEEN, nesting.c.direct)
SELECT_DIRECT_PAIRS = SELECT_DIRECT.add_columns(nesting.c.parent_id)
DELETE_DIRECT = nesting.delete().where(BETWEEN, nesting.c.direct)
DELETE_INDIRECT = nesting.delete().where(BETWEEN, ~nesting.c.direct)

COLUMNS = ["tenant_id", "parent_id", "child_id", "direct"]
_tenant = sa.bindparam("tenant", type_=nesting.c.tenant_id.type)


def _given(name: str, dialect: str) -> Any:
    """Return the ids in a parameter as a table with the column ``value``."""
    ids = sa.bindparam(name, type_=Ids)
    if dialect == "sqlite":
        return sa.func.json_each(ids).table_valued("value", name=f"of_{name}")
    return sa.func.unnest(ids).table_valued("value", name=f"of_{name}").render_derived()


def _select_pairs(direct: bool, dialect: str) -> Any:
    """Return the SELECT of every pair of one of ``parents`` and one of ``children``."""
    parents, children = _given("parents", dialect), _given("children", dialect)
    pairs = sa.select(_tenant, parents.c.value, children.c.value, sa.literal(direct))
    # SQLite would take ON CONFLICT for the ON of the join if there were no WHERE.
    return pairs.select_from(parents.join(children, sa.text("true"))).where(sa.text("true"))


def _insert_pairs(dialect: str) -> tuple[Any, Any]:
    """Return the INSERTs of pairs of a group and its member, and of pairs by way of others."""
    insert = DIALECTS[dialect].insert(nesting)
    direct = insert.from_select(COLUMNS, _select_pairs(True, dialect))
    indirect = insert.from_select(COLUMNS, _select_pairs(False, dialect))
    return (
        direct.on_conflict_do_update(index_elements=COLUMNS[:3], set_={"direct": True}),
        indirect.on_conflict_do_nothing(),
    )


INSERT_PAIRS = {name: _insert_pairs(name) for name in DIALECTS}
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
BUMP_MEMBERS: sa.Update = (
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

    def __init__(self, connection: sa.Connection, directory: Directory) -> None:
        self.connection = connection
        self.directory = directory
        self.tenant = {"tenant": directory.tenant_id}
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

        :raises InvalidValueError: a group would contain itself, or the nesting would be too large
        """
        if not children:
            return set()
        if parent in children:
            raise InvalidValueError("members: a group cannot be a member of itself")
        above = {parent} | self.above([parent])
        _check_circle(above, children)
        new = set(children) - self.direct(parent, children)
        if new:
            beneath = new | self.below(new)
            self.check_size(above, parent, new, beneath)
            self.insert_pairs([parent], new, above, beneath)
        return new

    def rejoin(self, parents: Collection[str], child: str) -> None:
        """Make a group that has come back a member of others; no limit stops an operator.

        :raises InvalidValueError: a group would contain itself
        """
        above = {*parents} | self.above(parents)
        _check_circle(above, [child])
        self.insert_pairs(parents, [child], above, {child} | self.below([child]))

    def insert_pairs(
        self,
        parents: Collection[str],
        children: Collection[str],
        above: Collection[str],
        beneath: Collection[str],
    ) -> None:
        """Make ``children`` members of ``parents``, and those ``beneath`` groups in ``above``."""
        direct, indirect = INSERT_PAIRS[self.connection.dialect.name]
        self.connection.execute(direct, self.between(parents, children))
        self.connection.execute(indirect, self.between(above, beneath))

    def check_size(
        self, above: set[str], parent: str, children: set[str], beneath: set[str]
    ) -> None:
        """Raise if ``children``, with the groups ``beneath``, make the nesting too large.

        A chain has no more groups than there are, so its length is rarely looked for.

        :raises InvalidValueError: it becomes too deep, or too many pairs would be written
        """
        deepest, most = self.directory.max_nesting_depth, self.directory.max_nesting_pairs
        if len(above) * len(beneath) > most:
            raise InvalidValueError(
                f"members: {len(beneath)} groups would join {len(above)} groups at once, more than"
                f" {most} pairs (SCIM_MAX_NESTING_PAIRS); add fewer groups, or nest them less"
            )
        if len(above) + len(beneath) <= deepest:
            return
        ups = [(child, group) for group, child in self.direct_pairs(above, above)]
        downs = self.direct_pairs(beneath, beneath)
        if _depth({parent}, ups, deepest) + _depth(children, downs, deepest) > deepest:
            raise InvalidValueError(
                f"members: groups would be nested more than {deepest} deep"
                " (SCIM_MAX_NESTING_DEPTH); put them into a group further up"
            )

    def direct_pairs(
        self, parents: Collection[str], children: Collection[str]
    ) -> list[tuple[str, str]]:
        """Return each pair of one of ``parents`` and a member of it among ``children``."""
        found = self.connection.execute(SELECT_DIRECT_PAIRS, self.between(parents, children))
        return [(row.parent_id, row.child_id) for row in found]

    def remove(self, parent: str, children: Collection[str]) -> set[str]:
        """Take groups out of another; return those that were members."""
        old = self.direct(parent, children) if children else set()
        if old:
            self.connection.execute(DELETE_DIRECT, self.between([parent], old))
            self.refresh(self.above([parent]) | {parent}, old | self.below(old))
        return old

    def isolate(self, group: str) -> set[str]:
        """Take a group out of its parents and its groups out of it; return the parents."""
        above, below = self.above([group]), self.below([group])
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

    def above(self, ids: Collection[str]) -> set[str]:
        """Return the groups that contain any of ``ids``, as a member or by way of others."""
        return set(self.connection.scalars(SELECT_ABOVE, self.tenant | {"ids": list(ids)}))

    def below(self, ids: Collection[str]) -> set[str]:
        """Return the groups that any of ``ids`` contains, as a member or by way of others."""
        return set(self.connection.scalars(SELECT_BELOW, self.tenant | {"ids": list(ids)}))

    def bump_beneath(self, ids: Collection[str], now: str) -> None:
        """Bump the versions of all users in ``ids`` and in the groups within them."""
        if ids:
            self.bump_members(set(ids) | self.below(ids), now)

    def bump_members(self, groups: Collection[str], now: str) -> None:
        """Bump the versions of all users who are members of ``groups``."""
        names = {"ids": list(groups), "last_modified": now}  # the column of that name gets ``now``
        self.connection.execute(BUMP_MEMBERS, self.tenant | names)

    def between(self, parents: Collection[str], children: Collection[str]) -> dict[str, Any]:
        return self.tenant | {"parents": list(parents), "children": list(children)}


def _check_circle(above: Collection[str], children: Collection[str]) -> None:
    """Raise if a group in ``above`` would become a member of one that it contains.

    :raises InvalidValueError: naming one of them
    """
    if closing := set(above).intersection(children):
        raise InvalidValueError(
            f"members: the group {min(closing)!r} contains this group already, "
            "and groups cannot contain each other"
        )


def _depth(groups: set[str], steps: Iterable[tuple[str, str]], most: float) -> int:
    """Return how many groups the longest chain has that begins with one of ``groups``.

    It follows ``steps`` from group to group. Chains longer than ``most`` are not followed.
    """
    following: dict[str, list[str]] = {}
    for group, after in steps:
        following.setdefault(group, []).append(after)
    depth = 0
    while groups and depth <= most:
        groups = {after for group in groups for after in following.get(group, ())}
        depth += 1
    return depth
