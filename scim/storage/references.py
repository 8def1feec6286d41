"""References between resources, in SQL: which rows a reference such as ``manager`` leads to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from scim.protocol.filters.resolve import Keys
from scim.protocol.references import GONE, SEPARATOR, Reference
from scim.protocol.schema import ResourceType

from .relations import DISPLAY_NAME, Columns, folded_display, same_id, url
from .tables import DEFINED, OWN_KINDS, TENANT, joined, named, referrals, releases, table_of


@dataclass(frozen=True)
class Referred:
    """The rows of one type that a reference may lead to; ``name`` is the type's."""

    reference: Reference
    name: str
    endpoint: str
    other: Any

    @property
    def columns(self) -> Columns:
        """The columns that the server-made sub-attributes are compared with."""
        made: dict[Keys, Any] = {("$ref",): url(self.endpoint, self.other)}
        if self.reference.display:
            made[self.reference.display.lower(),] = folded_display(self.other)
        return made

    @property
    def searched(self) -> Mapping[Keys, Keys]:
        """The columns above that a filter looks up in ``search`` instead, with the keys there.

        ``search`` has an index.
        """
        display = self.reference.display
        return {(display.lower(),): DISPLAY_NAME} if display else {}

    def sources(self) -> sa.Select[Any]:
        """Return the SELECT of the ids of the resources that refer to a row of the tenant."""
        return self._chosen([referrals.c.source_id]).where(referrals.c.tenant_id == TENANT)

    def of(self, owner: Any, *columns: Any) -> sa.Select[Any]:
        """Return the SELECT of ``columns`` of the rows that a row of ``owner`` refers to."""
        mine = (referrals.c.tenant_id == TENANT) & (referrals.c.source_id == owner.c.id)
        return self._chosen(columns).where(mine).correlate(owner)

    @property
    def text(self) -> sa.ColumnElement[str]:
        """The key of the reference and the JSON members that stand beside its ``value``."""
        beginning = sa.literal(f'{self.reference.key}{SEPARATOR}"$ref":"', sa.String)
        text = beginning.concat(url(self.endpoint, self.other)).concat('"')
        display = self.reference.display
        return text.concat(named(display, self.other.c.display) if display else "")

    def shown_by(self, owner: Any) -> sa.Select[Any]:
        """Return the SELECT of ``text`` for a row of ``owner``, or of ``GONE`` for its target.

        A target is gone while the references to it are removed, part by part, after its delete.
        """
        gone = sa.exists().where(same_id(releases, referrals, releases.c.id, referrals.c.target_id))
        text = sa.case(
            (self.other.c.id.is_not(None), self.text),
            (gone, sa.literal(f"{self.reference.key}{SEPARATOR}{GONE}", sa.String)),
        )
        mine = (referrals.c.tenant_id == TENANT) & (referrals.c.source_id == owner.c.id)
        here = mine & (referrals.c.key == self.reference.key)
        found = referrals.outerjoin(self.other, sa.and_(*self._leads))
        return sa.select(text.label("text")).select_from(found).where(here).correlate(owner)

    def _chosen(self, columns: Sequence[Any]) -> sa.Select[Any]:
        return sa.select(*columns).where(referrals.c.key == self.reference.key, *self._leads)

    @property
    def _leads(self) -> list[sa.ColumnElement[bool]]:
        """The conditions on a row to be the target of a reference."""
        conditions = [same_id(self.other, referrals, self.other.c.id, referrals.c.target_id)]
        if "resource_type" in self.other.c:
            conditions.append(self.other.c.resource_type == self.name)
        return conditions


@cache
def referred(reference: Reference) -> tuple[Referred, ...]:
    """Return the rows that a reference may lead to, type by type."""
    return tuple(
        Referred(reference, name, endpoint, OWN_KINDS.get(name, DEFINED).table.alias("target"))
        for name, endpoint in reference.targets.items()
    )


def select_references(resource_type: ResourceType) -> Any:
    """Return the SELECT of the text that resolves the marks in the body of a resource, or NULL."""
    owner = table_of(resource_type)
    texts = [
        each.of(owner, each.text.label("text")) if number else each.shown_by(owner)
        for reference in resource_type.references.values()
        for number, each in enumerate(referred(reference))
    ]
    if len(texts) < 2:
        return texts[0].scalar_subquery() if texts else sa.null()
    found = sa.union_all(*texts).subquery()
    return sa.select(joined(found.c.text, SEPARATOR)).scalar_subquery()
