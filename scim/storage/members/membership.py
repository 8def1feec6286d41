"""Who is in which group. Members are rows, so a change costs the same whatever the group's size."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from scim.protocol.errors import InvalidValueError
from scim.protocol.filters.resolve import Compare, Condition
from scim.protocol.patch.members import MemberOperation

from ..database.prepared import Prepared
from ..keys import is_id
from ..pages.filters import related_where
from ..relations import RELATIONS
from ..tables import DIALECTS, TENANT, THIS, among, groups, link, nesting, users
from .nesting import Nesting, NestingChange

MINE = (link.c.tenant_id == TENANT) & (link.c.group_id == THIS)
USER = sa.cast(link.c.user_id, sa.Text)
EVERYBODY = sa.union_all(
    sa.select(link.c.user_id).where(MINE),
    sa.select(nesting.c.child_id).where(
        nesting.c.tenant_id == TENANT, nesting.c.parent_id == THIS, nesting.c.direct
    ),
)
BEYOND = Prepared(
    EVERYBODY.offset(sa.bindparam("number", type_=sa.Integer())).limit(sa.literal_column("1"))
)
# The key tells who is there already: to find them first, PostgreSQL might read all of the group.
ADD = {
    name: Prepared(
        dialect.insert(link)
        .from_select(
            ["tenant_id", "group_id", "user_id"],
            sa.select(users.c.tenant_id, THIS, users.c.id).where(
                users.c.tenant_id == TENANT, among(users.c.id)
            ),
        )
        .on_conflict_do_nothing()
        .returning(USER)
    )
    for name, dialect in DIALECTS.items()
}
REMOVE = Prepared(link.delete().where(MINE, among(link.c.user_id)).returning(USER))

_nested = (
    sa.select(groups.c.id).where(groups.c.tenant_id == TENANT, among(groups.c.id)).cte("nested")
)
_named = users.alias("named")


def _who(locked: sa.ColumnElement[bool]) -> Prepared:
    """Return the SELECT of which ids there are, and whether of groups, and lock some users."""
    found = sa.select(users.c.id).where(users.c.tenant_id == TENANT, locked).order_by(users.c.id)
    waited = found.with_for_update(key_share=True).cte("waited")
    return Prepared(
        sa.union_all(
            sa.select(sa.cast(waited.c.id, sa.Text), sa.false()).where(among(waited.c.id)),
            sa.select(sa.cast(_nested.c.id, sa.Text), sa.true()),
        )
    )


# No user is locked if there are groups among them: whatever they need comes before users.
WHO = _who(among(users.c.id) & ~sa.exists(sa.select(_nested.c.id)))
WHO_WITH_GROUPS = _who(
    users.c.id.in_(
        sa.union(
            sa.select(_named.c.id).where(_named.c.tenant_id == TENANT, among(_named.c.id)),
            sa.select(link.c.user_id).where(
                link.c.tenant_id == TENANT, among(link.c.group_id, "beneath")
            ),
        )
    )
)


class Members:
    """The members of one group, whose row the transaction has locked.

    ``users`` and ``groups`` tell who has come (true) or gone (false) so far, by id.
    """

    def __init__(self, connection: sa.Connection, group_id: str, nesting: Nesting) -> None:
        self.connection = connection
        self.group_id = group_id
        self.names: dict[str, Any] = nesting.tenant | {"this": group_id}
        self.nesting = nesting
        self.known_users: set[str] = set()
        self.known_groups: set[str] = set()
        self.users: dict[str, bool] = {}
        self.groups: dict[str, bool] = {}

    def apply(self, operations: Sequence[MemberOperation], skip_unknown: bool) -> None:
        """Carry out operations, one after the other.

        :raises InvalidValueError: a member does not exist, unless those are to be passed over, or
            a group would contain itself
        """
        named = [self.named(operation) for operation in operations]
        self.lock(set().union(*named))
        for number, operation in enumerate(operations):
            ids = self.named(operation) if number else named[0]
            try:
                self.carry_out(operation, ids, skip_unknown)
            except InvalidValueError as error:
                raise (error.within(operation.place) if operation.place else error) from None

    def named(self, operation: MemberOperation) -> set[str]:
        """Return the ids of those whom an operation, as things are, adds or removes."""
        match operation:
            case MemberOperation("replace", ids):
                return set(ids or ()) ^ self.ids()
            case MemberOperation(_, tuple(ids)):
                return set(ids)
            case MemberOperation("remove", None, Compare(("value",), _, "eq", str(value))):
                return {value}
        return self.ids(operation.condition)

    def ids(self, condition: Condition | None = None) -> set[str]:
        """Return the ids of the members, of those that meet ``condition``."""
        if condition is None:
            return set(self.connection.scalars(EVERYBODY, self.names))
        found = []
        for relation in RELATIONS["members"]:
            met = related_where(condition, relation, self.connection.dialect.name)
            found.append(relation.select(relation.other.c.id).where(relation.owner == THIS, met))
        return set(self.connection.scalars(sa.union_all(*found), self.names))

    def lock(self, ids: Collection[str]) -> None:
        """Find out who is meant, and let nobody else change them.

        :raises NestingChange: there are groups among them, and the nesting is not locked yet
        """
        possible = [member for member in ids if is_id(member)]
        if not possible:
            return
        held = self.nesting.held
        names = self.names | {"ids": possible, "beneath": list(held or ())}
        who = WHO if held is None else WHO_WITH_GROUPS
        for member, is_group in who.rows(self.connection, names):
            (self.known_groups if is_group else self.known_users).add(member)
        if self.known_groups and held is None:
            raise NestingChange(self.group_id, self.known_groups)
        if held is not None and self.known_groups - held:
            self.nesting.hold(self.group_id, self.known_groups)

    def carry_out(self, operation: MemberOperation, named: set[str], skip_unknown: bool) -> None:
        if operation.op != "add":
            self.discard(named - set(operation.ids or ()) if operation.op == "replace" else named)
        if operation.op != "remove":
            self.add([member for member in operation.ids or () if member in named], skip_unknown)

    def add(self, ids: Sequence[str], skip_unknown: bool) -> None:
        known = self.known_users | self.known_groups
        missing = next((member for member in ids if member not in known), None)
        if missing is not None and not skip_unknown:
            raise InvalidValueError(
                f"members: there is no user or group with the id {missing[:80]!r}"
            )
        if here := self.known_users.intersection(ids):
            add = ADD[self.connection.dialect.name]
            added = add.rows(self.connection, self.names | {"ids": list(here)})
            _note(self.users, [member for (member,) in added], True)
        nested = self.known_groups.intersection(ids)
        _note(self.groups, self.nesting.add(self.group_id, nested), True)

    def discard(self, ids: set[str]) -> None:
        """Take out those of ``ids`` who are in the group."""
        if here := self.known_users & ids:
            removed = REMOVE.rows(self.connection, self.names | {"ids": list(here)})
            _note(self.users, [member for (member,) in removed], False)
        nested = self.known_groups & ids
        _note(self.groups, self.nesting.remove(self.group_id, nested), False)

    def more_than(self, number: int) -> bool:
        """Tell whether the group has more members than ``number``, without counting the rest."""
        return bool(BEYOND.rows(self.connection, self.names | {"number": number}))


def _note(changed: dict[str, bool], ids: Iterable[str], added: bool) -> None:
    """Note who came or went; who came and went again has not changed."""
    for member in ids:
        if changed.pop(member, added) == added:
            changed[member] = added
