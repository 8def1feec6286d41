"""History as people read it: the newest changes of one resource first, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .changes import Change
from .history import EARLIER, ID, SHOWN, change_of
from .tables import TENANT, THIS, changes, member_changes

MEMBERS_SHOWN = 20  # of those who joined with a version, and of those who left
LATEST = "9999-12-31T23:59:59.999999Z"
BY_ID = sa.bindparam("this", type_=ID.type)


def _select(condition: str) -> Any:
    """Return the SELECT of those changes of the resource ``this`` that meet a condition."""
    mine = f"SELECT {EARLIER} FROM changes WHERE tenant_id = :tenant AND resource_id = :this"
    return sa.text(f"{mine} AND {condition}").bindparams(BY_ID).columns(resource_id=ID.type)


OWN = _select("at < :until ORDER BY version DESC LIMIT :number")
ONE = _select("version = :asked")
# The body at a version is in the last change until then, or in the first one after it.
BODY_AT = sa.text(
    "SELECT COALESCE("
    "(SELECT after FROM changes WHERE tenant_id = :tenant AND resource_id = :this"
    " AND version <= :asked AND after IS NOT NULL ORDER BY version DESC LIMIT 1),"
    "(SELECT before FROM changes WHERE tenant_id = :tenant AND resource_id = :this"
    " AND version > :asked AND before IS NOT NULL ORDER BY version LIMIT 1))"
).bindparams(BY_ID)
Some = tuple[bool, int, Sequence[str]]  # members: whether they joined, how many, the first ids
MINE = member_changes.c.tenant_id == TENANT, member_changes.c.group_id == THIS


@dataclass(frozen=True, slots=True)
class Moment:
    """A change with the number of members who joined and left; ``change.members`` has the first.

    If ``change`` is of another resource, that is a group which this one joined or left.
    """

    change: Change
    joined: int = 0
    left: int = 0


class Timeline:
    """The history of one resource of a tenant."""

    def __init__(self, connection: sa.Connection, tenant_id: int, resource_id: str) -> None:
        self.connection = connection
        self.names: dict[str, Any] = {"tenant": tenant_id, "this": resource_id}
        self.id = resource_id

    def page(self, until: str = LATEST, limit: int = 50) -> tuple[list[Moment], str | None]:
        """Return changes before an instant, the newest first, and where older ones begin.

        Changes of one instant stay together.
        """
        found = self.own(until, limit + 1) + self.memberships(until, limit + 1)
        found.sort(key=lambda each: each.change.at, reverse=True)
        if len(found) <= limit:
            return found, None
        beyond = found[limit].change.at
        page = [each for each in found[:limit] if each.change.at > beyond]
        if not page:  # more than a page have one instant, as when somebody leaves many groups
            return self.page(until, 2 * limit)
        return page, page[-1].change.at

    def own(self, until: str = LATEST, limit: int = 50) -> list[Moment]:
        """Return the changes of the resource itself before an instant, the newest first."""
        rows = self.connection.execute(OWN, self.names | {"until": until, "number": limit}).all()
        return self._moments(rows)

    def version(self, version: int) -> Moment | None:
        """Return the change that made a version; None if history has none."""
        rows = self.connection.execute(ONE, self.names | {"asked": version}).all()
        return self._moments(rows)[0] if rows else None

    def body_at(self, version: int) -> str | None:
        """Return the body at a version; None if no change has one: it has never changed."""
        body: str | None = self.connection.scalar(BODY_AT, self.names | {"asked": version})
        return body

    def memberships(self, until: str = LATEST, limit: int = 50, since: str = "") -> list[Moment]:
        """Return when the resource joined or left groups, the newest first."""
        here = (
            (member_changes.c.tenant_id == TENANT)
            & (member_changes.c.member_id == THIS)
            & (changes.c.tenant_id == member_changes.c.tenant_id)
            & (member_changes.c.group_id == ID)
            & (changes.c.version == member_changes.c.version)
            & (changes.c.at < sa.bindparam("until"))
            & (changes.c.at > sa.bindparam("since"))
        )
        found = SHOWN.add_columns(member_changes.c.added).where(here)
        found = found.order_by(changes.c.at.desc(), ID).limit(limit)
        rows = self.connection.execute(found, self.names | {"until": until, "since": since})
        return [
            Moment(change_of(row, {self.id: row.added}), int(row.added), int(not row.added))
            for row in rows
        ]

    def members_since(self, version: int) -> tuple[list[str], list[str]]:
        """Return the ids of the members who joined after a version, and of those who left.

        A member who joined and left again since, or left and came back, is in neither list.
        """
        rows = self.connection.execute(
            sa.select(member_changes.c.member_id, member_changes.c.added)
            .where(*MINE, member_changes.c.version > sa.bindparam("asked"))
            .order_by(member_changes.c.version),
            self.names | {"asked": version},
        ).all()
        first: dict[str, bool] = {}
        last: dict[str, bool] = {}
        for member, added in rows:
            first.setdefault(member, added)
            last[member] = added
        same = [each for each in first if first[each] == last[each]]
        return [each for each in same if first[each]], [each for each in same if not first[each]]

    def _moments(self, rows: Sequence[Any]) -> list[Moment]:
        members = self._members([row.version for row in rows])
        return [_moment(row, members.get(row.version, ())) for row in rows]

    def _members(self, versions: Sequence[int]) -> Mapping[int, Sequence[Some]]:
        """Return the first members who joined or left with each version, with their number."""
        version, member, added = (
            member_changes.c[each] for each in ("version", "member_id", "added")
        )
        groups = sa.select(version, added, sa.func.count()).where(*MINE, version.in_(versions))
        found: dict[int, list[Some]] = {}
        counted = groups.group_by(version, added)
        for each, has_joined, number in (
            self.connection.execute(counted, self.names).all() if versions else ()
        ):
            same = version == sa.bindparam("asked"), added == sa.bindparam("has_joined")
            first = sa.select(member).where(*MINE, *same).order_by(member).limit(MEMBERS_SHOWN)
            names = self.names | {"asked": each, "has_joined": bool(has_joined)}
            ids = list(self.connection.scalars(first, names))
            found.setdefault(each, []).append((bool(has_joined), number, ids))
        return found


def _moment(row: Any, members: Sequence[Some]) -> Moment:
    numbers = {has_joined: number for has_joined, number, _ in members}
    known = {each: has_joined for has_joined, _, ids in members for each in ids}
    return Moment(change_of(row, known), numbers.get(True, 0), numbers.get(False, 0))
