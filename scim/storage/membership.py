"""Who is in which group. Members are rows, so a change costs the same whatever the group's size."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, union_all

from scim.protocol.errors import InvalidValueError
from scim.protocol.patch import MemberOperation
from scim.protocol.resolve import Condition

from .filters import related_where
from .keys import is_id
from .nesting import Nesting, known_groups
from .relations import RELATIONS
from .tables import TENANT, THIS, among, link, nesting, users

MINE = (link.c.tenant_id == TENANT) & (link.c.group_id == THIS)
MEMBERS = select(link.c.user_id).where(MINE)
LISTED = MEMBERS.where(among(link.c.user_id))
EVERYBODY = union_all(
    MEMBERS,
    select(nesting.c.child_id).where(
        nesting.c.tenant_id == TENANT, nesting.c.parent_id == THIS, nesting.c.direct
    ),
)
BEYOND = EVERYBODY.offset(bindparam("number")).limit(1)
LOCK_USERS = (
    select(users.c.id)
    .where(users.c.tenant_id == TENANT, among(users.c.id))
    .order_by(users.c.id)
    .with_for_update(key_share=True)
)
ADD = (
    insert(link)
    .from_select(
        ["tenant_id", "group_id", "user_id"],
        select(users.c.tenant_id, THIS, users.c.id).where(
            users.c.tenant_id == TENANT,
            among(users.c.id),
            ~MEMBERS.where(link.c.user_id == users.c.id).correlate(users).exists(),
        ),
    )
    .returning(link.c.user_id)
)
REMOVE = link.delete().where(MINE, among(link.c.user_id))


class Members:
    """The members of one group, whose row the transaction has locked.

    ``users`` and ``groups`` tell who has come (true) or gone (false) so far, by id.
    """

    def __init__(self, connection: Connection, tenant_id: int, group_id: str) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.group_id = group_id
        self.names: dict[str, Any] = {"tenant": tenant_id, "this": group_id}
        self.nesting = Nesting(connection, tenant_id)
        self.users: dict[str, bool] = {}
        self.groups: dict[str, bool] = {}

    def apply(self, operation: MemberOperation, skip_unknown: bool) -> None:
        """Carry out one operation.

        :raises InvalidValueError: a member does not exist, unless those are to be passed over, or
            a group would contain itself
        """
        if operation.op == "add":
            self.add(operation.ids or (), skip_unknown)
        elif operation.op == "remove":
            self.remove(operation)
        else:
            wanted, present = set(operation.ids or ()), self.ids()
            self.lock(member for member in wanted ^ present if is_id(member))
            self.discard(present - wanted)
            self.add(
                [member for member in operation.ids or () if member not in present], skip_unknown
            )

    def add(self, ids: Sequence[str], skip_unknown: bool) -> None:
        known = self.lock(member for member in ids if is_id(member))
        rest = [member for member in ids if member not in known]
        nested = self.known_groups(rest)
        missing = [member for member in rest if member not in nested]
        if missing and not skip_unknown:
            raise InvalidValueError(
                f"members: there is no user or group with the id {missing[0][:80]!r}"
            )
        if known:
            added = self.connection.scalars(ADD, {**self.names, "ids": list(known)})
            _note(self.users, added, True)
        _note(self.groups, self.nesting.add(self.group_id, nested), True)

    def known_groups(self, ids: Sequence[str]) -> set[str]:
        possible = [member for member in ids if is_id(member)]
        return known_groups(self.connection, self.tenant_id, possible) if possible else set()

    def remove(self, operation: MemberOperation) -> None:
        if operation.ids is not None:
            self.discard(member for member in operation.ids if is_id(member))
        else:
            self.discard(self.ids(operation.condition))

    def ids(self, condition: Condition | None = None) -> set[str]:
        """Return the ids of the members, of those that meet ``condition``."""
        if condition is None:
            return set(self.connection.scalars(EVERYBODY, self.names))
        found: set[str] = set()
        for relation in RELATIONS["members"]:
            met = related_where(condition, relation, self.connection.dialect.name)
            chosen = relation.select(relation.other.c.id).where(relation.owner == THIS, met)
            found |= set(self.connection.scalars(chosen, self.names))
        return found

    def discard(self, ids: Iterable[str]) -> None:
        """Take out those of ``ids`` who are in the group."""
        wanted = list(ids)
        if not wanted:
            return
        here = self.lock(self.connection.scalars(LISTED, {**self.names, "ids": wanted}).all())
        if here:
            self.connection.execute(REMOVE, {**self.names, "ids": list(here)})
            _note(self.users, here, False)
        rest = [member for member in wanted if member not in here]
        _note(self.groups, self.nesting.remove(self.group_id, rest), False)

    def lock(self, ids: Iterable[str]) -> set[str]:
        """Lock the users among ``ids`` who exist, always in one order, and return their ids."""
        wanted = list(ids)
        if not wanted:
            return set()
        return set(self.connection.scalars(LOCK_USERS, {**self.names, "ids": wanted}))

    def more_than(self, number: int) -> bool:
        """Tell whether the group has more members than ``number``, without counting the rest."""
        return self.connection.scalar(BEYOND, {**self.names, "number": number}) is not None


def _note(changed: dict[str, bool], ids: Iterable[str], added: bool) -> None:
    """Note who came or went; who came and went again has not changed."""
    for member in ids:
        if changed.pop(member, added) == added:
            changed[member] = added
