"""Who is in which group. Members are rows, so a change costs the same whatever the group's size."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    String,
    Text,
    any_,
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


def among(connection: Connection, column: Any, ids: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that ``column`` is one of ``ids``, however many there are."""
    found: ColumnElement[bool]
    if connection.dialect.name == "postgresql":
        found = column == any_(literal(list(ids), ARRAY(UUID(as_uuid=False))))
    else:
        each = func.json_each(json.dumps(list(ids))).table_valued("value")
        found = column.in_(select(each.c.value))
    return found


class Members:
    """The members of one group, whose row the transaction has locked.

    ``changed`` has the ids of the users who are in the group and were not, or the other way round.
    """

    def __init__(self, connection: Connection, tenant_id: int, group_id: str) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.group_id = group_id
        self.mine = (link.c.tenant_id == tenant_id) & (link.c.group_id == group_id)
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
        already = select(link.c.user_id).where(self.mine)
        new = select(
            literal(self.tenant_id), literal(self.group_id, link.c.group_id.type), users.c.id
        )
        new = new.where(
            users.c.tenant_id == self.tenant_id,
            among(self.connection, users.c.id, known),
            ~already.where(link.c.user_id == users.c.id).exists(),
        )
        added = insert(link).from_select(["tenant_id", "group_id", "user_id"], new)
        self.changed ^= set(self.connection.scalars(added.returning(link.c.user_id)))

    def remove(self, operation: MemberOperation) -> None:
        if operation.ids is not None:
            ids = [member for member in operation.ids if is_id(member)]
            self.discard(self.ids(among(self.connection, link.c.user_id, ids)))
        elif operation.condition is not None:
            self.discard(
                self.ids(member_condition(operation.condition, self.connection.dialect.name))
            )
        else:
            self.discard(self.ids())

    def ids(self, *conditions: ColumnElement[bool]) -> Sequence[str]:
        """Return the ids of the members that meet ``conditions``."""
        chosen = select(link.c.user_id).where(self.mine, *conditions)
        if conditions:
            same = (users.c.tenant_id == link.c.tenant_id) & (users.c.id == link.c.user_id)
            chosen = chosen.join(users, same)
        return self.connection.scalars(chosen).all()

    def discard(self, ids: Iterable[str]) -> None:
        known = self.lock(ids)
        if known:
            gone = self.mine & among(self.connection, link.c.user_id, known)
            self.connection.execute(link.delete().where(gone))
            self.changed ^= known

    def lock(self, ids: Iterable[str]) -> set[str]:
        """Lock the users among ``ids`` who exist, always in one order, and return their ids."""
        wanted = list(ids)
        if not wanted:
            return set()
        locked = (
            select(users.c.id)
            .where(users.c.tenant_id == self.tenant_id, among(self.connection, users.c.id, wanted))
            .order_by(users.c.id)
            .with_for_update(key_share=True)
        )
        return set(self.connection.scalars(locked))

    def more_than(self, number: int) -> bool:
        """Tell whether the group has more members than ``number``, without counting the rest."""
        beyond = select(link.c.user_id).where(self.mine).offset(number).limit(1)
        return self.connection.scalar(beyond) is not None
