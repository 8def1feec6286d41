"""What one resource shows of others: a group's members, a user's groups, what is referred to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.filters.resolve import Keys
from scim.protocol.references import SEPARATOR, Reference
from scim.protocol.schema import ResourceType
from scim.protocol.values import PLACEHOLDER, fold_text

from .database.prepared import Prepared
from .tables import (
    OWN_TABLES,
    TENANT,
    THIS,
    groups,
    joined,
    link,
    named,
    nesting,
    referrals,
    resources,
    users,
)

Columns = Mapping[Keys, Any]
DISPLAY_NAME: Keys = ("displayname",)


def url(endpoint: str, table: Any) -> sa.ColumnElement[str]:
    """Return the URL of a row, with the placeholder for the base URL."""
    return sa.literal(f"{PLACEHOLDER}{endpoint}/", sa.String).concat(sa.cast(table.c.id, sa.Text))


@dataclass(frozen=True)
class Relation:
    """One way of being a member, or of having a group, as rows of ``joined``.

    ``owner`` is the column with the id of whoever shows the row of ``other``, ``other_id`` that
    with the other's id.
    """

    joined: Any
    owner: Any
    other_id: Any
    other: Any
    endpoint: str
    type: str
    condition: Any = None

    @property
    def columns(self) -> Columns:
        """The columns that the sub-attributes are compared with."""
        folded = _folded_display(users) if self.other is users else self.other.c.display_name
        return {
            ("value",): self.other.c.id,
            ("$ref",): url(self.endpoint, self.other),
            ("display",): folded,
            ("type",): sa.literal(fold_text(self.type)),
        }

    @property
    def searched(self) -> Mapping[Keys, Keys]:
        """Which of them a filter asks of ``search`` instead, for its index, and by which keys."""
        return {("display",): DISPLAY_NAME} if self.other is users else {}

    def select(self, *columns: Any) -> sa.Select[Any]:
        """Return the SELECT of ``columns`` of all rows of the tenant."""
        return self._chosen(columns).where(self.owner.table.c.tenant_id == TENANT)

    def of(self, owner: Any, *columns: Any) -> sa.Select[Any]:
        """Return the SELECT of ``columns`` of what a row of ``owner`` shows."""
        mine = (self.owner.table.c.tenant_id == TENANT) & (self.owner == owner.c.id)
        return self._chosen(columns).where(mine).correlate(owner)

    def _chosen(self, columns: Sequence[Any]) -> sa.Select[Any]:
        chosen = sa.select(*columns).select_from(self.joined)
        return chosen if self.condition is None else chosen.where(self.condition)

    @property
    def item(self) -> sa.ColumnElement[str]:
        """The JSON text of what is shown."""
        return self.shown + f',"type":"{self.type}"}}'

    @property
    def shown(self) -> sa.ColumnElement[str]:
        """That text without its end, which tells how it is shown."""
        value = sa.literal('{"value":"', sa.String).concat(sa.cast(self.other.c.id, sa.Text))
        value = value + '","$ref":"' + url(self.endpoint, self.other) + '"'
        return value + named("display", self.other.c.display)


def _folded_display(table: Any) -> Any:
    return table.c.search[DISPLAY_NAME[0]].as_string()


def _same(left: Any, right: Any, left_id: Any, right_id: Any) -> sa.ColumnElement[bool]:
    return sa.and_(left.c.tenant_id == right.c.tenant_id, left_id == right_id)


_directly = link.alias("directly")
_others = groups.alias("others")  # the owner may be a group itself
_above = link.join(nesting, _same(nesting, link, nesting.c.child_id, link.c.group_id))
RELATIONS: Mapping[str, tuple[Relation, Relation]] = {
    "members": (
        Relation(
            link.join(users, _same(users, link, users.c.id, link.c.user_id)),
            link.c.group_id,
            link.c.user_id,
            users,
            "/Users",
            "User",
        ),
        Relation(
            nesting.join(_others, _same(_others, nesting, _others.c.id, nesting.c.child_id)),
            nesting.c.parent_id,
            nesting.c.child_id,
            _others,
            "/Groups",
            "Group",
            nesting.c.direct,
        ),
    ),
    "groups": (
        Relation(
            link.join(_others, _same(_others, link, _others.c.id, link.c.group_id)),
            link.c.user_id,
            link.c.group_id,
            _others,
            "/Groups",
            "direct",
        ),
        Relation(
            _above.join(_others, _same(_others, nesting, _others.c.id, nesting.c.parent_id)),
            link.c.user_id,
            nesting.c.parent_id,
            _others,
            "/Groups",
            "indirect",
            ~sa.exists().where(
                _same(_directly, link, _directly.c.user_id, link.c.user_id),
                _directly.c.group_id == nesting.c.parent_id,
            ),
        ),
    ),
}
RELATED = {"User": "groups", "Group": "members"}


def related(resource_type: ResourceType) -> sa.ScalarSelect[str | None]:
    """Return the JSON texts of a user's groups, or of a group's members, joined by commas."""
    name, owner = RELATED[resource_type.name], OWN_TABLES[resource_type.name]
    found = [
        relation.of(owner, relation.other.c.id.label("id"), relation.item.label("item"))
        for relation in RELATIONS[name]
    ]
    # A group may be above a user in two ways. Members need no such care, and may be many.
    items = (sa.union(*found) if name == "groups" else sa.union_all(*found)).subquery()
    ordered = sa.select(items.c.item).order_by(items.c.id).subquery()
    return sa.select(joined(ordered.c.item, ",")).scalar_subquery()


@cache
def members_behind(relation: Relation) -> Prepared:
    """Return the SELECT of the texts of some members of the group ``this``, and the last one's id.

    They are those whose ids come behind ``after``, in their order, ``at_once`` at the most.
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


def first_related(resource_type: ResourceType, name: str) -> sa.ScalarSelect[Any]:
    """Return what ``groups.{name}`` or ``members.{name}`` is of the first in the order shown."""
    owner = OWN_TABLES[resource_type.name]
    found = sa.union_all(
        *(
            relation.of(
                owner,
                relation.other.c.id.label("id"),
                sa.cast(relation.columns[(name,)], sa.Text).label("value"),
            )
            for relation in RELATIONS[RELATED[resource_type.name]]
        )
    ).subquery()
    return sa.select(found.c.value).order_by(found.c.id).limit(1).scalar_subquery()


@dataclass(frozen=True)
class Referred:
    """The rows that a reference may lead to, of one of the types that it may be of."""

    reference: Reference
    name: str
    endpoint: str
    target: Any

    @property
    def columns(self) -> Columns:
        """The columns that the server-made sub-attributes are compared with."""
        made: dict[Keys, Any] = {("$ref",): url(self.endpoint, self.target)}
        if self.reference.display:
            made[self.reference.display.lower(),] = _folded_display(self.target)
        return made

    @property
    def searched(self) -> Mapping[Keys, Keys]:
        """Which of them a filter asks of ``search`` instead, for its index, and by which keys."""
        display = self.reference.display
        return {(display.lower(),): DISPLAY_NAME} if display else {}

    def sources(self) -> sa.Select[Any]:
        """Return the SELECT of the ids of what refers to a row of the tenant."""
        return self._chosen([referrals.c.source_id]).where(referrals.c.tenant_id == TENANT)

    def of(self, owner: Any, *columns: Any) -> sa.Select[Any]:
        """Return the SELECT of ``columns`` of what a row of ``owner`` refers to."""
        mine = (referrals.c.tenant_id == TENANT) & (referrals.c.source_id == owner.c.id)
        return self._chosen(columns).where(mine).correlate(owner)

    def _chosen(self, columns: Sequence[Any]) -> sa.Select[Any]:
        conditions = [
            referrals.c.key == self.reference.key,
            _same(self.target, referrals, self.target.c.id, referrals.c.target_id),
        ]
        if "resource_type" in self.target.c:
            conditions.append(self.target.c.resource_type == self.name)
        return sa.select(*columns).where(*conditions)


@cache
def referred(reference: Reference) -> tuple[Referred, ...]:
    """Return what a reference may lead to, type by type."""
    return tuple(
        Referred(reference, name, endpoint, OWN_TABLES.get(name, resources).alias("target"))
        for name, endpoint in reference.targets.items()
    )


def references(resource_type: ResourceType, owner: Any) -> sa.ScalarSelect[str | None] | None:
    """Return what stands beside the ids in a resource's references: keys and texts, separated."""
    texts = [
        each.of(
            owner,
            sa.literal(f'{each.reference.key}{SEPARATOR}"$ref":"', sa.String)
            .concat(url(each.endpoint, each.target))
            .concat('"')
            .concat(
                named(each.reference.display, each.target.c.display)
                if each.reference.display
                else ""
            )
            .label("text"),
        )
        for reference in resource_type.references.values()
        for each in referred(reference)
    ]
    if len(texts) < 2:
        return texts[0].scalar_subquery() if texts else None
    found = sa.union_all(*texts).subquery()
    return sa.select(joined(found.c.text, SEPARATOR)).scalar_subquery()
