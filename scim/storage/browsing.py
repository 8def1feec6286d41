"""Reads for people: a group's members page by page, groups within groups, names of ids."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scim.explain.bodies import name_of
from scim.protocol.schema import GROUP, USER, ResourceType
from scim.protocol.values import fold_text

from .history import History
from .keys import FIRST_ID, is_id
from .pages import json_each, jsonpath
from .pages.trigrams import TRIGRAM
from .relations import GROUPS_OF_THIS, folded_display
from .tables import TENANT, THIS, among, groups, link, nesting, resources, trash, users

MOST_NESTED = 500  # groups in a tree
MOST_LOST = 50  # names that are looked up in history, one by one
MOST_SEARCHED = 100_000  # first rows of a table, which are searched without an index
MINE = link.c.tenant_id == TENANT, link.c.group_id == THIS

# The members of the group ``this``; its users are counted up to ``most``.
COUNT_MEMBERS = sa.text(
    "SELECT CAST(g.id AS text), (SELECT count(*) FROM (SELECT 1 FROM link"
    " WHERE link.tenant_id = g.tenant_id AND link.group_id = g.id LIMIT :most) AS known)"
    " + (SELECT count(*) FROM nesting"
    " WHERE nesting.tenant_id = g.tenant_id AND nesting.parent_id = g.id AND nesting.direct)"
    " FROM groups AS g WHERE g.tenant_id = :tenant AND g.id = :this"
).bindparams(sa.bindparam("this", type_=groups.c.id.type))
KNOWN = (  # the tables in which the name of an id is looked up, in this order
    (users, sa.select(users.c.id, users.c.body, sa.literal("User"))),
    (groups, sa.select(groups.c.id, groups.c.body, sa.literal("Group"))),
    (resources, sa.select(resources.c.id, resources.c.body, resources.c.resource_type)),
    (trash, sa.select(trash.c.id, trash.c.body, trash.c.resource_type)),
)
PERSON = ("givenname", "familyname", "formatted")
NAMES = ((USER, users, users.c.user_name), (GROUP, groups, groups.c.display_name))


@dataclass(frozen=True, slots=True)
class Named:
    """A user, a group or another resource, with the name that it has or had.

    ``name`` is what people call it, empty if nothing knows it.
    """

    id: str
    type: str = ""
    name: str = ""
    user_name: str = ""
    is_active: bool = True
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Belonging:
    """A group that someone is in; ``by_way_of`` are the direct groups that lead to it, if any."""

    group: Named
    by_way_of: Sequence[Named] = ()


class Browsing:
    """Reads of one tenant that only people need; nothing is locked."""

    def __init__(self, connection: sa.Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant_id = tenant_id

    def count_members(self, ids: Collection[str], most: int) -> dict[str, int]:
        """Return how many members each group has; users are counted up to ``most``."""
        found = {}
        for each in ids:
            names = {"tenant": self.tenant_id, "this": each, "most": most}
            found.update({row[0]: row[1] for row in self.connection.execute(COUNT_MEMBERS, names)})
        return found

    def members(
        self, group_id: str, search: str = "", after: str = FIRST_ID, limit: int = 100
    ) -> list[Named]:
        """Return users in a group whose ids come after one; with a text in a name, only those."""
        source = link.join(
            users, (users.c.tenant_id == link.c.tenant_id) & (users.c.id == link.c.user_id)
        )
        chosen = sa.select(link.c.user_id, users.c.body).select_from(source).where(*MINE)
        if search:
            text = fold_text(search)
            chosen = chosen.where(
                users.c.user_name.contains(text, autoescape=True)
                | folded_display(users).contains(text, autoescape=True)
            )
        page = chosen.where(link.c.user_id > sa.bindparam("after", type_=users.c.id.type))
        names = {"tenant": self.tenant_id, "this": group_id, "after": after}
        rows = self.connection.execute(page.order_by(link.c.user_id).limit(limit), names)
        return [_named(row[0], "User", row[1]) for row in rows]

    def members_among(self, group_id: str, ids: Collection[str]) -> set[str]:
        """Return those of ``ids`` that are members of a group; clients may have sent any text."""
        names = {"tenant": self.tenant_id, "this": group_id, "ids": list(filter(is_id, ids))}
        of_users = sa.select(link.c.user_id).where(*MINE, among(link.c.user_id))
        of_groups = sa.select(nesting.c.child_id).where(
            nesting.c.tenant_id == TENANT,
            nesting.c.parent_id == THIS,
            nesting.c.direct,
            among(nesting.c.child_id),
        )
        found = (self.connection.scalars(each, names) for each in (of_users, of_groups))
        return set().union(*(map(str, each) for each in found))

    def groups_of(self, type_name: str, resource_id: str) -> list[Belonging]:
        """Return the groups that a user or a group is in, the direct ones first."""
        names = {"tenant": self.tenant_id, "this": resource_id}
        direct = list(self.connection.scalars(GROUPS_OF_THIS[type_name], names))
        above = sa.select(nesting.c.parent_id, nesting.c.child_id).where(
            nesting.c.tenant_id == TENANT, among(nesting.c.child_id)
        )
        ways: dict[str, list[str]] = defaultdict(list)
        for parent, child in self.connection.execute(
            above, {"tenant": self.tenant_id, "ids": direct}
        ):
            ways[parent].append(child)
        known = self.names([*direct, *ways])
        found = [Belonging(known[each]) for each in direct]
        found += [
            Belonging(known[each], [known[way] for way in by])
            for each, by in ways.items()
            if each not in direct
        ]
        return sorted(found, key=lambda each: (bool(each.by_way_of), each.group.name.casefold()))

    def nested(self, group_id: str) -> dict[str, list[Named]]:
        """Return the groups in a group and in those beneath it, by the group that they are in."""
        below = sa.select(nesting.c.child_id).where(
            nesting.c.tenant_id == TENANT, nesting.c.parent_id == THIS
        )
        names = {"tenant": self.tenant_id, "this": group_id}
        ids = list(self.connection.scalars(below.limit(MOST_NESTED), names))
        pairs = sa.select(nesting.c.parent_id, nesting.c.child_id).where(
            nesting.c.tenant_id == TENANT, nesting.c.direct, among(nesting.c.parent_id)
        )
        known = self.names(ids)
        names = {"tenant": self.tenant_id, "ids": [group_id, *ids]}
        found: dict[str, list[Named]] = defaultdict(list)
        for parent, child in self.connection.execute(pairs, names) if ids else ():
            if child in known:
                found[parent].append(known[child])
        for children in found.values():
            children.sort(key=lambda each: each.name.casefold())
        return found

    def names(self, ids: Collection[str]) -> Mapping[str, Named]:
        """Return the resources with these ids, each with its name, also those that are gone.

        Texts that are no ids are left out.
        """
        wanted = set(filter(is_id, ids))
        found: dict[str, Named] = {}
        for table, statement in KNOWN:
            if not wanted:
                break
            chosen = statement.where(table.c.tenant_id == TENANT, among(table.c.id))
            names = {"tenant": self.tenant_id, "ids": list(wanted)}
            for resource_id, body, kind in self.connection.execute(chosen, names):
                found[resource_id] = _named(resource_id, kind, body, table is trash)
            wanted -= found.keys()
        history = History(self.connection, self.tenant_id)
        for number, each in enumerate(sorted(wanted)):
            body = history.last_body(each) if number < MOST_LOST else None
            found[each] = _named(each, "", body, is_deleted=True)
        return found

    def find(self, text: str, most: int) -> list[Named]:
        """Return some users and groups with a text in a name, first those that begin with it.

        Other parts of names are found by an index, or else among the first rows only. The names
        of people, which no index has, come last.
        """
        folded = fold_text(text)
        found: dict[str, Named] = {}
        is_postgresql = self.connection.dialect.name == "postgresql"
        compare = jsonpath.compare_text if is_postgresql else json_each.compare_text
        for kind, table, name in NAMES:
            self._look(found, kind, table, [compare(name, "sw", folded)], name, most)
        is_indexed = is_postgresql and TRIGRAM.search(folded)
        for kind, table, name in NAMES:
            holds = name.contains(folded, autoescape=True)
            if table is users:
                holds |= folded_display(users).contains(folded, autoescape=True)
            among_these = [] if is_indexed else self._first(table)
            self._look(found, kind, table, [holds, *among_these], None, most)
        if len(found) < most:
            given, family, whole = (users.c.search["name", each].as_string() for each in PERSON)
            parts = sa.func.coalesce(given, "") + " " + sa.func.coalesce(family, "")
            holds = (parts + " " + sa.func.coalesce(whole, "")).contains(folded, autoescape=True)
            self._look(found, USER, users, [holds, *self._first(users)], None, most)
        return list(found.values())[:most]

    def _look(
        self,
        found: dict[str, Named],
        kind: ResourceType,
        table: Any,
        conditions: Sequence[sa.ColumnElement[bool]],
        order: Any,
        most: int,
    ) -> None:
        chosen = sa.select(table.c.id, table.c.body).where(table.c.tenant_id == TENANT, *conditions)
        chosen = chosen.order_by(order) if order is not None else chosen
        for resource_id, body in self.connection.execute(
            chosen.limit(most), {"tenant": self.tenant_id}
        ):
            found.setdefault(resource_id, _named(resource_id, kind.name, body))

    def _first(self, table: Any) -> list[sa.ColumnElement[bool]]:
        """Return the condition on the first rows of a table; none if it has no more than these."""
        by_id = table.c.id
        next_one = sa.select(by_id).where(table.c.tenant_id == TENANT).order_by(by_id)
        found = self.connection.scalar(
            next_one.offset(MOST_SEARCHED).limit(1), {"tenant": self.tenant_id}
        )
        return [by_id < found] if found else []


def _named(resource_id: str, kind: str, body: str | None, is_deleted: bool = False) -> Named:
    document = json.loads(body, strict=False) if body else {}
    user_name, is_active = document.get("userName") or "", document.get("active", True)
    return Named(resource_id, kind, name_of(document), user_name, is_active, is_deleted)
