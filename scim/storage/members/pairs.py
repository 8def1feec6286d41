"""The pairs of a group and a direct member that a filter selects, in SQL."""

import operator
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.errors import InvalidFilterError
from scim.protocol.filters.nodes import And, Not, Or
from scim.protocol.filters.resolve import Compare, Condition, Has, Keys, Some
from scim.protocol.schema import GROUP, GROUP_MEMBERSHIP
from scim.protocol.values import PLACEHOLDER, fold_text

from ..pages.filters import Compiler, related_where, where
from ..relations import RELATIONS, Columns, Relation
from ..tables import TENANT, changes, groups, member_changes, users

GROUP_START: Any = sa.bindparam("group_start", type_=groups.c.id.type)
MEMBER_START: Any = sa.bindparam("member_start", type_=groups.c.id.type)
LIMIT, SKIPPED = sa.bindparam("limit", type_=sa.Integer), sa.bindparam("skipped", type_=sa.Integer)
WITHIN = sa.bindparam("within", type_=sa.Integer)  # the sum of both
HINT = "use id, group.value, group.display, member.value, member.display or member.type"
Pairs = sa.CompoundSelect[Any]
Beyond = Callable[[Any, Any], Any] | None  # how the pairs on a page compare with where it starts


def select_pairs(dialect: str, condition: Condition | None) -> Pairs:
    """Return the SELECT of the ids of groups and their members that meet a condition."""
    return sa.union_all(*(_part(each, dialect, condition, None) for each in RELATIONS["members"]))


def _part(
    relation: Relation, dialect: str, condition: Condition | None, beyond: Beyond
) -> sa.Select[Any]:
    source = relation.owner.table
    pair = sa.tuple_(relation.owner, relation.other_id)
    matching = [source.c.tenant_id == TENANT, relation.condition]
    if beyond:
        matching.append(beyond(pair, sa.tuple_(GROUP_START, MEMBER_START)))
    if condition is not None:
        asked = set(_keys(condition))
        columns = _columns(relation)
        if unknown := asked - columns.keys():
            name = ".".join(min(unknown))
            raise InvalidFilterError(f"memberships cannot be found by {name}; {HINT}")
        matching.append(_Compiler(source, columns, dialect, relation).term(condition))
    kind: Any = sa.literal_column(f"'{relation.type}'", sa.Text)
    ends = relation.owner.label("group_id"), relation.other_id.label("member_id")
    return sa.select(*ends, kind.label("type")).where(*matching)


class _Compiler(Compiler):
    """Compiles the terms that ask for the memberships of one table.

    Those that ask for a name come down to the ids of the groups or members that have it, which are
    found first. From a join, SQLite would go through all memberships, and look each name up.
    """

    def __init__(self, table: Any, columns: Columns, dialect: str, relation: Relation) -> None:
        super().__init__(table, columns, dialect)
        self.relation = relation

    def term(self, condition: Condition) -> sa.ColumnElement[bool]:
        match condition:
            case Compare(("group", "display")) | Has(("group", "display")):
                own = replace(condition, keys=("displayname",))
                return self.named(self.relation.owner, groups, where(own, GROUP, self.dialect))
            case Compare(("member", "display")) | Has(("member", "display")):
                own = replace(condition, keys=("display",))
                met = related_where(own, self.relation, self.dialect)
                return self.named(self.relation.other_id, self.relation.other, met)
        return super().term(condition)

    def named(self, by_id: Any, table: Any, met: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        """Return whether an id is one of those in a table that meet a condition."""
        found: sa.ColumnElement[bool] = by_id.in_(
            sa.select(table.c.id).where(table.c.tenant_id == TENANT, met)
        )
        return found


def select_page(dialect: str, condition: Condition | None, beyond: Beyond) -> sa.Select[Any]:
    """Return the SELECT of a page of memberships in order, with what they show.

    SQLite goes along both primary keys at once. PostgreSQL would sort all rows, so it takes as many
    of each table as the page may need.
    """
    parts = [_part(each, dialect, condition, beyond) for each in RELATIONS["members"]]
    order = sa.desc if beyond is operator.lt else sa.asc
    names: list[Any] = [order(name) for name in ("group_id", "member_id")]
    if dialect == "postgresql":
        few = (each.order_by(*names).limit(WITHIN) for each in parts)
        parts = [sa.select(each.subquery()) for each in few]
    page = sa.union_all(*parts).order_by(*names).limit(LIMIT).offset(SKIPPED).subquery("page")
    above, nested = groups.alias("above"), groups.alias("nested")

    def display(table: Any, by_id: Any) -> Any:
        here = table.c.tenant_id == TENANT, table.c.id == by_id
        return sa.select(table.c.display).where(*here).correlate(page).scalar_subquery()

    by_member = display(users, page.c.member_id), display(nested, page.c.member_id)
    columns = [page.c.group_id, page.c.member_id]
    shown_order = [order(each) for each in columns]
    shown: list[Any] = [sa.cast(each, sa.Text).label(each.key) for each in columns]
    shown += [
        page.c.type,
        display(above, page.c.group_id).label("group_display"),
        sa.func.coalesce(*by_member).label("member_display"),
        _joined_at(page).label("joined"),
    ]
    return sa.select(*shown).order_by(*shown_order)


def _joined_at(page: Any) -> Any:
    """Return the SELECT of the instant at which a member joined, if the history knows it."""
    changed = member_changes.c
    here = (
        changed.tenant_id == TENANT,
        changed.member_id == page.c.member_id,
        changed.group_id == page.c.group_id,
        changed.added,
        changes.c.tenant_id == TENANT,
        changes.c.resource_id == changed.group_id,
        changes.c.version == changed.version,
    )
    return sa.select(sa.func.max(changes.c.at)).where(*here).correlate(page).scalar_subquery()


@cache
def _columns(relation: Relation) -> Columns:
    """Return the columns that the attributes of a membership are compared with."""
    source = relation.owner
    own = sa.cast(source, sa.Text).concat(".").concat(sa.cast(relation.other_id, sa.Text))
    ends = {"member": relation.other_id, "group": source}
    found: dict[Keys, Any] = {
        ("id",): own,
        ("meta", "resourcetype"): sa.literal(GROUP_MEMBERSHIP.name),
        ("meta", "location"): sa.literal(f"{PLACEHOLDER}{GROUP_MEMBERSHIP.endpoint}/").concat(own),
        ("group", "display"): groups.c.display_name,
        ("member", "display"): relation.columns["display",],
        ("member", "type"): sa.literal(fold_text(relation.type)),
    }
    for name, by_id in ends.items():
        endpoint = GROUP.endpoint if name == "group" else relation.endpoint
        found[name, "value"] = by_id
        found[name, "$ref"] = sa.literal(f"{PLACEHOLDER}{endpoint}/").concat(
            sa.cast(by_id, sa.Text)
        )
    return found


def _keys(condition: Condition) -> Iterator[Keys]:
    match condition:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _keys(term)
        case Not(term):
            yield from _keys(term)
        case Some(keys) | Compare(keys) | Has(keys):
            yield keys
