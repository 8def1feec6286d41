"""Memberships in SQL: a group's members, a user's groups.

A member is a row of ``link`` (a user) or a direct row of ``nesting`` (a group). ``nesting`` also
has a row for each group that is in another by way of others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import sqlalchemy as sa

from scim.protocol.filters.resolve import Keys
from scim.protocol.schema import ResourceType
from scim.protocol.values import PLACEHOLDER, fold_text

from .database.prepared import Prepared
from .tables import (
    OWN_KINDS,
    TENANT,
    THIS,
    among,
    groups,
    joined,
    kind_of,
    link,
    named,
    nesting,
    users,
)

Columns = Mapping[Keys, Any]
DISPLAY_NAME: Keys = ("displayname",)
TRUE = sa.true()


def url(endpoint: str, table: Any) -> sa.ColumnElement[str]:
    """Return the URL of a row, with the placeholder for the base URL."""
    return sa.literal(f"{PLACEHOLDER}{endpoint}/", sa.String).concat(sa.cast(table.c.id, sa.Text))


@dataclass(frozen=True, eq=False)
class Relation:
    """One way of being a member, or of having a group.

    The column ``owner`` has the id of the resource that shows another, ``other_id`` that of the
    other, which is a row of ``other``. ``type`` is the text that the resource shows beside it.
    ``source`` has both columns if one table has not.
    """

    owner: Any
    other_id: Any
    other: Any
    type: str
    condition: Any = TRUE
    source: Any = None

    @cached_property
    def joined(self) -> Any:
        """The rows of both columns with those of ``other``."""
        table = self.other_id.table
        source = table if self.source is None else self.source
        return source.join(self.other, same_id(self.other, table, self.other.c.id, self.other_id))

    @property
    def endpoint(self) -> str:
        """The endpoint of the others."""
        return "/Users" if self.other is users else "/Groups"

    @property
    def columns(self) -> Columns:
        """The columns that the sub-attributes are compared with."""
        folded = folded_display(users) if self.other is users else self.other.c.display_name
        return {
            ("value",): self.other.c.id,
            ("$ref",): url(self.endpoint, self.other),
            ("display",): folded,
            ("type",): sa.literal(fold_text(self.type)),
        }

    @property
    def searched(self) -> Mapping[Keys, Keys]:
        """The columns above that a filter looks up in ``search`` instead, with the keys there.

        ``search`` has an index.
        """
        return {("display",): DISPLAY_NAME} if self.other is users else {}

    def select(self, *columns: Any) -> sa.Select[Any]:
        """Return the SELECT of ``columns`` of all rows of the tenant."""
        return self._chosen(columns).where(self.owner.table.c.tenant_id == TENANT)

    def of(self, owner: Any, *columns: Any) -> sa.Select[Any]:
        """Return the SELECT of ``columns`` of what a row of ``owner`` shows."""
        mine = (self.owner.table.c.tenant_id == TENANT) & (self.owner == owner.c.id)
        return self._chosen(columns).where(mine).correlate(owner)

    def _chosen(self, columns: Sequence[Any]) -> sa.Select[Any]:
        return sa.select(*columns).select_from(self.joined).where(self.condition)

    def select_ids(self, this: Any, others: Any) -> sa.Select[Any]:
        """Return the SELECT of the ids in a column beside ``THIS`` in another, without a join."""
        return sa.select(others).where(
            this.table.c.tenant_id == TENANT, this == THIS, self.condition
        )

    @property
    def item(self) -> sa.ColumnElement[str]:
        """The JSON text of the other as the owner shows it."""
        return self.beginning + f',"type":"{self.type}"}}'

    @property
    def beginning(self) -> sa.ColumnElement[str]:
        """That text up to the type, which alone depends on the relation."""
        value = sa.literal('{"value":"', sa.String).concat(sa.cast(self.other.c.id, sa.Text))
        value = value + '","$ref":"' + url(self.endpoint, self.other) + '"'
        return value + named("display", self.other.c.display)


def folded_display(table: Any) -> Any:
    """Return the folded displayName of a row, or NULL."""
    return table.c.search[DISPLAY_NAME[0]].as_string()


def same_id(left: Any, right: Any, left_id: Any, right_id: Any) -> sa.ColumnElement[bool]:
    """Return whether two rows are of one tenant and two ids in them are the same."""
    return sa.and_(left.c.tenant_id == right.c.tenant_id, left_id == right_id)


_directly = link.alias("directly")
_others = groups.alias("others")  # the owner may be a group itself
_above = link.join(nesting, same_id(nesting, link, nesting.c.child_id, link.c.group_id))
RELATIONS: Mapping[str, tuple[Relation, Relation]] = {
    "members": (
        Relation(link.c.group_id, link.c.user_id, users, "User"),
        Relation(nesting.c.parent_id, nesting.c.child_id, _others, "Group", nesting.c.direct),
    ),
    "groups": (
        Relation(link.c.user_id, link.c.group_id, _others, "direct"),
        Relation(
            link.c.user_id,
            nesting.c.parent_id,
            _others,
            "indirect",
            ~sa.exists().where(
                same_id(_directly, link, _directly.c.user_id, link.c.user_id),
                _directly.c.group_id == nesting.c.parent_id,
            ),
            source=_above,
        ),
    ),
}
_MEMBERS = RELATIONS["members"]
# The ids of the members of the group ``this``, and those of the groups that have ``this`` as a
# member, by the type of ``this``.
MEMBERS_OF_THIS = sa.union_all(*(each.select_ids(each.owner, each.other_id) for each in _MEMBERS))
GROUPS_OF_THIS = {each.type: each.select_ids(each.other_id, each.owner) for each in _MEMBERS}

# The groups that a user leaves or joins are locked in the order of their ids.
LOCK_GROUPS = (
    sa.select(groups.c.id)
    .where(groups.c.tenant_id == TENANT, among(groups.c.id))
    .order_by(groups.c.id)
    .with_for_update(key_share=True)
)
LOCK_GROUPS_OF_USER = (
    sa.select(groups.c.id)
    .where(groups.c.tenant_id == TENANT, groups.c.id.in_(GROUPS_OF_THIS["User"]))
    .order_by(groups.c.id)
    .with_for_update(key_share=True)
)
LINK_TO_GROUPS = sa.insert(link).from_select(
    ["tenant_id", "group_id", "user_id"],
    sa.select(groups.c.tenant_id, groups.c.id, THIS).where(
        groups.c.tenant_id == TENANT, among(groups.c.id)
    ),
)
DELETE_LINKS = {
    name: sa.delete(link).where(link.c.tenant_id == TENANT, kind.linked == THIS)
    for name, kind in OWN_KINDS.items()
}


def select_related(resource_type: ResourceType) -> sa.ScalarSelect[str | None]:
    """Return the SELECT of a user's groups, or a group's members: JSON texts joined by commas."""
    kind = kind_of(resource_type)
    found = [
        relation.of(kind.table, relation.other.c.id.label("id"), relation.item.label("item"))
        for relation in RELATIONS[str(kind.related)]
    ]
    # A group may be above a user in two ways. Members are there once, and may be many.
    items = (sa.union_all(*found) if resource_type.has_members else sa.union(*found)).subquery()
    ordered = sa.select(items.c.item).order_by(items.c.id).subquery()
    return sa.select(joined(ordered.c.item, ",")).scalar_subquery()


@cache
def select_members_after(relation: Relation) -> Prepared:
    """Return the SELECT of the texts of some members of the group ``this``, and the last one's id.

    They are the first ``at_once`` whose ids come after the parameter ``after``.
    """
    by_id = relation.other_id
    found = (
        relation.select(by_id.label("id"), relation.item.label("item"))
        .where(relation.owner == THIS, by_id > sa.bindparam("after", type_=by_id.type))
        .order_by(by_id)
        .limit(sa.bindparam("at_once"))
        .subquery()
    )
    return Prepared(sa.select(joined(found.c.item, ","), sa.func.max(sa.cast(found.c.id, sa.Text))))


def has_many(group: Any) -> sa.ColumnElement[bool]:
    """Return whether a group has more users as members than the parameter ``at_once``."""
    mine = (link.c.tenant_id == group.c.tenant_id) & (link.c.group_id == group.c.id)
    chosen = sa.select(link.c.user_id).where(mine).correlate(group)
    return sa.exists(chosen.offset(sa.bindparam("at_once")))


def select_first_related(resource_type: ResourceType, name: str) -> sa.ScalarSelect[Any]:
    """Return the SELECT of ``groups.{name}`` or ``members.{name}`` of the first that is shown."""
    kind = kind_of(resource_type)
    found = sa.union_all(
        *(
            relation.of(
                kind.table,
                relation.other.c.id.label("id"),
                sa.cast(relation.columns[(name,)], sa.Text).label("value"),
            )
            for relation in RELATIONS[str(kind.related)]
        )
    ).subquery()
    return sa.select(found.c.value).order_by(found.c.id).limit(1).scalar_subquery()
