"""Who is in which group. Members are rows, so a change costs the same whatever the group's size."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Connection,
    ScalarSelect,
    String,
    Text,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from models import Group, Link, User
from scim.protocol.errors import InvalidValueError
from scim.protocol.patch import MemberOperation
from scim.protocol.values import PLACEHOLDER

from .filters import MEMBER, MEMBERSHIP, manager, member_condition
from .keys import is_id

users, groups, link = User.__table__, Group.__table__, Link.__table__


class quoted(GenericFunction[str]):
    """A text as a JSON string."""

    type = Text()
    inherit_cache = True


@compiles(quoted, "postgresql")
def _to_json(element: quoted, compiler: Any, **options: Any) -> str:
    return f"to_json({compiler.process(element.clauses, **options)})::text"


@compiles(quoted, "sqlite")
def _json_quote(element: quoted, compiler: Any, **options: Any) -> str:
    return f"json_quote({compiler.process(element.clauses, **options)})"


def named(name: str, column: Any) -> ColumnElement[str]:
    """Return a member of a JSON object, behind a comma, or nothing if the column is NULL."""
    member = literal(f',"{name}":', String).concat(quoted(column))
    return case((column.is_not(None), member), else_="")


def related(owner: Any) -> ScalarSelect[str | None]:
    """Return the JSON texts of a user's groups, or of a group's members, joined by commas."""
    if owner is users:
        other, mine, theirs = groups, link.c.user_id, link.c.group_id
        endpoint, kind = "Groups", "direct"
    else:
        other, mine, theirs = users, link.c.group_id, link.c.user_id
        endpoint, kind = "Users", "User"
    other_id = cast(other.c.id, Text)
    item = (
        literal('{"value":"', String).concat(other_id)
        + f'","$ref":"{PLACEHOLDER}/{endpoint}/'
        + other_id
        + '"'
        + named("display", other.c.display)
        + f',"type":"{kind}"}}'
    )
    items = (
        select(item.label("item"))
        .select_from(link)
        .join(other, (other.c.tenant_id == link.c.tenant_id) & (other.c.id == theirs))
        .where(link.c.tenant_id == owner.c.tenant_id, mine == owner.c.id)
        .order_by(theirs)
        .correlate(owner)
        .subquery()
    )
    return select(func.aggregate_strings(items.c.item, ",")).scalar_subquery()


def managed() -> ScalarSelect[str | None]:
    """Return what stands beside the id of a user's manager, as JSON text, if the manager exists."""
    shown = (
        literal(f'"$ref":"{PLACEHOLDER}/Users/', String).concat(cast(manager.c.id, Text))
        + '"'
        + named("displayName", manager.c.display)
    )
    same = (manager.c.tenant_id == users.c.tenant_id) & (manager.c.id == users.c.manager_id)
    return select(shown).where(same).correlate(users).scalar_subquery()


def first_related(owner: Any, name: str) -> ScalarSelect[Any]:
    """Return what ``groups.{name}`` or ``members.{name}`` is of the first in the order shown."""
    columns, other, mine, theirs = (
        (MEMBERSHIP, groups, link.c.user_id, link.c.group_id)
        if owner is users
        else (MEMBER, users, link.c.group_id, link.c.user_id)
    )
    return (
        select(columns[(name,)])
        .select_from(link)
        .join(other, (other.c.tenant_id == link.c.tenant_id) & (other.c.id == theirs))
        .where(link.c.tenant_id == owner.c.tenant_id, mine == owner.c.id)
        .order_by(theirs)
        .limit(1)
        .correlate(owner)
        .scalar_subquery()
    )


Ids = JSON().with_variant(ARRAY(UUID(as_uuid=False)), "postgresql")


class among(GenericFunction[bool]):
    """Whether a column is one of the parameter ``ids``, however many there are."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: Any) -> None:
        super().__init__(column, bindparam("ids", type_=Ids))

    def self_group(self, against: Any = None) -> Any:
        """Stay a condition: SQLAlchemy would ask SQLite whether it equals 1, past every index."""
        return self


@compiles(among, "postgresql")
def _any(element: among, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({ids})"


@compiles(among, "sqlite")
def _in(element: among, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"


MINE = (link.c.tenant_id == bindparam("tenant_id")) & (link.c.group_id == bindparam("group_id"))
MEMBERS = select(link.c.user_id).where(MINE)
SAME = (users.c.tenant_id == link.c.tenant_id) & (users.c.id == link.c.user_id)
LISTED = MEMBERS.where(among(link.c.user_id)).join(users, SAME)
BEYOND = MEMBERS.offset(bindparam("number")).limit(1)
LOCK_USERS = (
    select(users.c.id)
    .where(users.c.tenant_id == bindparam("tenant_id"), among(users.c.id))
    .order_by(users.c.id)
    .with_for_update(key_share=True)
)
ADD = (
    insert(link)
    .from_select(
        ["tenant_id", "group_id", "user_id"],
        select(
            users.c.tenant_id, bindparam("group_id", type_=link.c.group_id.type), users.c.id
        ).where(
            users.c.tenant_id == bindparam("tenant_id"),
            among(users.c.id),
            ~MEMBERS.where(link.c.user_id == users.c.id).correlate(users).exists(),
        ),
    )
    .returning(link.c.user_id)
)
REMOVE = link.delete().where(MINE, among(link.c.user_id))


class Members:
    """The members of one group, whose row the transaction has locked.

    ``changed`` has the ids of the users who are in the group and were not, or the other way round.
    """

    def __init__(self, connection: Connection, tenant_id: int, group_id: str) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.group_id = group_id
        self.names = {"tenant_id": tenant_id, "group_id": group_id}
        self.changed: set[str] = set()

    def apply(self, operation: MemberOperation, skip_unknown: bool) -> None:
        """Carry out one operation.

        :raises InvalidValueError: a member does not exist, unless those are to be passed over
        """
        if operation.op == "add":
            self.add(operation.ids or (), skip_unknown)
        elif operation.op == "remove":
            self.remove(operation)
        else:
            wanted, present = set(operation.ids or ()), set(self.ids())
            self.lock(member for member in wanted ^ present if is_id(member))
            self.discard(present - wanted)
            self.add(
                [member for member in operation.ids or () if member not in present], skip_unknown
            )

    def add(self, ids: Sequence[str], skip_unknown: bool) -> None:
        known = self.lock(member for member in ids if is_id(member))
        missing = [member for member in ids if member not in known]
        if missing and not skip_unknown:
            raise InvalidValueError(f"members: there is no user with the id {missing[0][:80]!r}")
        if not known:
            return
        added = self.connection.scalars(ADD, {**self.names, "ids": list(known)})
        self.changed ^= set(added)

    def remove(self, operation: MemberOperation) -> None:
        if operation.ids is not None:
            ids = [member for member in operation.ids if is_id(member)]
            self.discard(self.connection.scalars(LISTED, {**self.names, "ids": ids}))
        elif operation.condition is not None:
            self.discard(
                self.ids(member_condition(operation.condition, self.connection.dialect.name))
            )
        else:
            self.discard(self.ids())

    def ids(self, *conditions: ColumnElement[bool]) -> Sequence[str]:
        """Return the ids of the members that meet ``conditions``."""
        chosen = MEMBERS.where(*conditions).join(users, SAME) if conditions else MEMBERS
        return self.connection.scalars(chosen, self.names).all()

    def discard(self, ids: Iterable[str]) -> None:
        known = self.lock(ids)
        if known:
            self.connection.execute(REMOVE, {**self.names, "ids": list(known)})
            self.changed ^= known

    def lock(self, ids: Iterable[str]) -> set[str]:
        """Lock the users among ``ids`` who exist, always in one order, and return their ids."""
        wanted = list(ids)
        if not wanted:
            return set()
        names = {"tenant_id": self.tenant_id, "ids": wanted}
        return set(self.connection.scalars(LOCK_USERS, names))

    def more_than(self, number: int) -> bool:
        """Tell whether the group has more members than ``number``, without counting the rest."""
        return self.connection.scalar(BEYOND, {**self.names, "number": number}) is not None
