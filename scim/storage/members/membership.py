"""The members of a group. They are rows, so a change costs the same whatever the group's size."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from scim.protocol.errors import InvalidValueError
from scim.protocol.filters.resolve import Condition
from scim.protocol.patch.members import MemberOperation
from scim.protocol.references import Linked
from scim.protocol.schema import ENDPOINTS

from ..database.prepared import Prepared
from ..keys import is_id
from ..pages.filters import related_where
from ..relations import MEMBERS_OF_THIS, RELATIONS
from ..tables import DIALECTS, TENANT, THIS, among, groups, link, users
from .nesting import Nesting, NestingNotLocked

MANY = 1000  # members; in a larger group, conditions are evaluated before the transaction
USER_ID = sa.cast(link.c.user_id, sa.Text)
SELECT_ONE_MORE = Prepared(
    MEMBERS_OF_THIS.offset(sa.bindparam("number", type_=sa.Integer())).limit(sa.literal_column("1"))
)
# The primary key tells which users are members already. To select those first, PostgreSQL might
# read all members.
INSERT_USERS = {
    name: Prepared(
        dialect.insert(link)
        .from_select(
            ["tenant_id", "group_id", "user_id"],
            sa.select(users.c.tenant_id, THIS, users.c.id).where(
                users.c.tenant_id == TENANT, among(users.c.id)
            ),
        )
        .on_conflict_do_nothing()
        .returning(USER_ID)
    )
    for name, dialect in DIALECTS.items()
}
DELETE_USERS = Prepared(
    link.delete()
    .where(link.c.tenant_id == TENANT, link.c.group_id == THIS, among(link.c.user_id))
    .returning(USER_ID)
)

_nested = (
    sa.select(groups.c.id).where(groups.c.tenant_id == TENANT, among(groups.c.id)).cte("nested")
)
_alias = users.alias("given")
_given = sa.select(_alias.c.id).where(_alias.c.tenant_id == TENANT, among(_alias.c.id)).cte("known")


def _select_known(locked: sa.ColumnElement[bool], shown: Callable[[Any], Any]) -> Prepared:
    """Return the SELECT of those of ``ids`` that exist, and whether each is a group's.

    It locks the users that meet ``locked``, in the order of their ids; of these it returns those
    whose id is ``shown``. To compare each with all ids took PostgreSQL 40 s for 100,000.
    """
    found = sa.select(users.c.id).where(users.c.tenant_id == TENANT, locked).order_by(users.c.id)
    held = found.with_for_update(key_share=True).cte("held")
    return Prepared(
        sa.union_all(
            sa.select(sa.cast(held.c.id, sa.Text), sa.false()).where(shown(held.c.id)),
            sa.select(sa.cast(_nested.c.id, sa.Text), sa.true()),
        )
    )


# Locks no user if there are groups among the ids: groups are locked before users, see ``nesting``.
SELECT_KNOWN = _select_known(
    among(users.c.id) & ~sa.exists(sa.select(_nested.c.id)), lambda _: sa.true()
)
# Locks the users among the ids and those in the groups ``beneath``.
SELECT_KNOWN_BENEATH = _select_known(
    users.c.id.in_(
        sa.union(
            sa.select(_given.c.id),
            sa.select(link.c.user_id).where(
                link.c.tenant_id == TENANT, among(link.c.group_id, "beneath")
            ),
        )
    ),
    lambda held_id: held_id.in_(sa.select(_given.c.id)),
)


class MembersNotFound(Exception):
    """A transaction must begin again: conditions on many members are evaluated before its locks.

    ``operations`` are those on the members of ``group``, which become ``version``.
    """

    def __init__(self, group: str, version: int, operations: Sequence[MemberOperation]) -> None:
        super().__init__(group)
        self.group = group
        self.version = version
        self.operations = operations


class Members:
    """The members of one group, whose row the transaction has locked.

    ``users`` and ``groups`` have the members that were added (true) or removed (false), by id.
    """

    def __init__(self, connection: sa.Connection, group_id: str, nesting: Nesting) -> None:
        self.connection = connection
        self.group_id = group_id
        self.names: dict[str, Any] = nesting.tenant | {"this": group_id}
        self.nesting = nesting
        self.known_users: set[str] = set()
        self.known_groups: set[str] = set()
        self.changed_users: dict[str, bool] = {}
        self.changed_groups: dict[str, bool] = {}

    def apply(self, operations: Sequence[MemberOperation], skip_unknown: bool) -> None:
        """Apply operations, one after the other.

        :raises InvalidValueError: a member does not exist and ``skip_unknown`` is false, or a
            group would contain itself
        """
        named = [self.named(operation) for operation in operations]
        self.lock(set().union(*named))
        for number, run in enumerate(_runs(operations, self.known_groups)):
            try:
                now = map(self.named, run) if number else named[: len(run)]
                ids: set[str] = set().union(*now)
                for operation in run:
                    self.check_known(operation, ids, skip_unknown)
                self.apply_run(run, ids)
            except InvalidValueError as error:
                raise (error.within(operation.place) if operation.place else error) from None

    def named(self, operation: MemberOperation) -> set[str]:
        """Return the ids of the members that an operation would now add or remove."""
        if operation.named is not None:
            return set(operation.named)
        if operation.op == "replace":
            return set(operation.ids or ()) ^ self.ids()
        return self.ids(operation.condition)

    def ids(self, condition: Condition | None = None) -> set[str]:
        """Return the ids of the members, or of those that meet ``condition``."""
        if condition is None:
            return set(self.connection.scalars(MEMBERS_OF_THIS, self.names))
        return meeting(self.connection, condition, self.names | {"ids": []})

    def lock(self, ids: Collection[str]) -> None:
        """Find the users and groups among ``ids``, and lock them.

        :raises NestingNotLocked: there are groups among them, and the nesting is not locked yet
        """
        possible = [member for member in ids if is_id(member)]
        if not possible:
            return
        held = self.nesting.held
        names = self.names | {"ids": possible, "beneath": list(held or ())}
        known = SELECT_KNOWN if held is None else SELECT_KNOWN_BENEATH
        for member, is_group in known.rows(self.connection, names):
            (self.known_groups if is_group else self.known_users).add(member)
        if self.known_groups and held is None:
            raise NestingNotLocked(self.group_id, self.known_groups)
        if held is not None and self.known_groups - held:
            self.nesting.hold(self.group_id, self.known_groups)

    def check_known(self, operation: MemberOperation, named: set[str], skip_unknown: bool) -> None:
        """Raise unless the members that an operation adds exist, or may be skipped."""
        added = () if operation.op == "remove" or skip_unknown else operation.ids or ()
        for member in added:
            is_known = member in self.known_users or member in self.known_groups
            if member in named and not (is_known and self.leads(member)):
                raise InvalidValueError(
                    f"members: there is no user or group with the id {member[:80]!r}"
                )

    def leads(self, member: str) -> bool:
        """Tell whether a member, if it was sent as a link, is of the type in the link."""
        if not isinstance(member, Linked):
            return True
        known = {ENDPOINTS["User"]: self.known_users, ENDPOINTS["Group"]: self.known_groups}
        return member in known.get(member.endpoint, ())

    def apply_run(self, run: Sequence[MemberOperation], named: set[str]) -> None:
        op = run[0].op
        given = [member for operation in run for member in operation.ids or ()]
        if op != "add":
            self.discard(named.difference(given) if op == "replace" else named)
        if op != "remove":
            self.add([member for member in given if member in named])

    def add(self, ids: Sequence[str]) -> None:
        if here := self.known_users.intersection(ids):
            insert = INSERT_USERS[self.connection.dialect.name]
            added = insert.rows(self.connection, self.names | {"ids": list(here)})
            _note(self.changed_users, [member for (member,) in added], True)
        nested = self.known_groups.intersection(ids)
        _note(self.changed_groups, self.nesting.add(self.group_id, nested), True)

    def discard(self, ids: set[str]) -> None:
        """Remove those of ``ids`` that are members."""
        if here := self.known_users & ids:
            removed = DELETE_USERS.rows(self.connection, self.names | {"ids": list(here)})
            _note(self.changed_users, [member for (member,) in removed], False)
        nested = self.known_groups & ids
        _note(self.changed_groups, self.nesting.remove(self.group_id, nested), False)

    def goes_through_many(self, operations: Sequence[MemberOperation]) -> bool:
        """Tell whether an operation has a condition on the members, and they are many."""
        return any(each.named is None and each.condition for each in operations) and (
            self.more_than(MANY)
        )

    def more_than(self, number: int) -> bool:
        """Tell whether the group has more members than ``number``, without counting the rest."""
        return bool(SELECT_ONE_MORE.rows(self.connection, self.names | {"number": number}))


def meeting(connection: sa.Connection, condition: Condition, names: dict[str, Any]) -> set[str]:
    """Return the ids of the members of ``this``, and of the resources ``ids``, that meet it."""
    found = []
    for relation in RELATIONS["members"]:
        met = related_where(condition, relation, connection.dialect.name)
        by_id = relation.other.c.id
        found.append(relation.select(by_id).where(relation.owner == THIS, met))
        if names["ids"]:
            mine = relation.other.c.tenant_id == TENANT
            found.append(sa.select(by_id).where(mine, among(by_id), met))
    return set(connection.scalars(sa.union_all(*found), names))


def name_members(
    read: Callable[[Callable[[sa.Connection], set[str]]], set[str]],
    tenant_id: int,
    wanted: MembersNotFound,
) -> list[MemberOperation]:
    """Return operations with ids in place of conditions; each condition is read by itself.

    A member that an earlier operation adds may meet a condition. One that an earlier one removes
    need not be named again.
    """
    names: dict[str, Any] = {"tenant": tenant_id, "this": wanted.group}
    added: set[str] = set()
    removed: set[str] = set()
    named = []
    for operation in wanted.operations:
        condition = operation.condition
        if operation.named is None and condition is not None:
            possible = names | {"ids": [member for member in added if is_id(member)]}
            met = read(partial(meeting, condition=condition, names=possible)) - removed
            named.append(replace(operation, ids=tuple(met), condition=None))
            removed |= met
            continue
        named.append(operation)
        if operation.op != "remove":
            added.update(operation.ids or ())
            removed.difference_update(operation.ids or ())
    return named


def _runs(
    operations: Sequence[MemberOperation], groups: Collection[str]
) -> Iterator[list[MemberOperation]]:
    """Yield operations; those that add, or that remove, named members in a row come together.

    Only one of several that add ``groups`` may close a circle, so they come one by one.
    """

    def kind(operation: MemberOperation) -> Any:
        adds_group = operation.op == "add" and not set(operation.ids or ()).isdisjoint(groups)
        return id(operation) if operation.named is None or adds_group else operation.op

    for _, run in groupby(operations, kind):
        yield list(run)


def _note(changed: dict[str, bool], ids: Iterable[str], added: bool) -> None:
    """Note members that were added or removed; one that was both has not changed."""
    for member in ids:
        if changed.pop(member, added) == added:
            changed[member] = added
