"""The pairs of a group and a direct member that a filter selects, in SQL."""

import operator
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.errors import InvalidFilterError
from scim.protocol.filters.nodes import And, Not, Or
from scim.protocol.filters.resolve import Compare, Condition, Has, Keys, Some
from scim.protocol.schema import GROUP, GROUP_MEMBERSHIP
from scim.protocol.values import PLACEHOLDER, fold_text

from ..pages.filters import Compiler
from ..relations import RELATIONS, Columns, Relation, same_id
from ..tables import TENANT, changes, groups, member_changes, users

GROUP_START: Any = sa.bindparam("group_start", type_=groups.c.id.type)
MEMBER_START: Any = sa.bindparam("member_start", type_=groups.c.id.type)
LIMIT, SKIPPED = sa.bindparam("limit", type_=sa.Integer), sa.bindparam("skipped", type_=sa.Integer)
HINT = "use id, group.value, group.display, member.value, member.display or member.type"
Pairs = sa.CompoundSelect[Any]
Beyond = Callable[[Any, Any], Any] | None  # how the pairs on a page compare with where it starts


def select_pairs(dialect: str, condition: Condition | None, beyond: Beyond = None) -> Pairs:
    """Return the SELECT of the ids of groups and their members that meet a condition."""
    return sa.union_all(*(_part(each, dialect, condition, beyond) for each in RELATIONS["members"]))


def _part(
    relation: Relation, dialect: str, condition: Condition | None, beyond: Beyond
) -> sa.Select[Any]:
    source = relation.owner.table
    pair = sa.tuple_(relation.owner, relation.other_id)
    matching = [source.c.tenant_id == TENANT, relation.condition]
    if beyond:
        matching.append(beyond(pair, sa.tuple_(GROUP_START, MEMBER_START)))
    joined = source
    if condition is not None:
        asked = set(_keys(condition))
        columns = _columns(relation)
        if unknown := asked - columns.keys():
            name = ".".join(min(unknown))
            raise InvalidFilterError(f"memberships cannot be found by {name}; {HINT}")
        if ("group", "display") in asked:
            joined = joined.join(groups, same_id(groups, source, groups.c.id, relation.owner))
        if ("member", "display") in asked:
            other = relation.other
            joined = joined.join(other, same_id(other, source, other.c.id, relation.other_id))
        searched = {("member", *keys): found for keys, found in relation.searched.items()}
        compiler = Compiler(relation.other, columns, dialect, searched=searched)
        matching.append(compiler.term(condition))
    kind: Any = sa.literal_column(f"'{relation.type}'", sa.Text)
    ends = relation.owner.label("group_id"), relation.other_id.label("member_id")
    return sa.select(*ends, kind.label("type")).select_from(joined).where(*matching)


def select_shown(pairs: Pairs, beyond: Beyond) -> sa.Select[Any]:
    """Return the SELECT of some pairs in order, with what a membership shows beside them."""
    names = ["group_id", "member_id"]
    order: list[Any] = [(sa.desc if beyond is operator.lt else sa.asc)(name) for name in names]
    page = pairs.order_by(*order).limit(LIMIT).offset(SKIPPED).subquery("page")
    above, nested = groups.alias("above"), groups.alias("nested")

    def display(table: Any, by_id: Any) -> Any:
        here = table.c.tenant_id == TENANT, table.c.id == by_id
        return sa.select(table.c.display).where(*here).correlate(page).scalar_subquery()

    by_member = display(users, page.c.member_id), display(nested, page.c.member_id)
    columns = [page.c.group_id, page.c.member_id]
    shown_order = [each.desc() if beyond is operator.lt else each for each in columns]
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
