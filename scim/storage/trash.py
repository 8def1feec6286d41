"""What has been deleted, in a table of its own: no verb can find it, an operator can restore it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, union_all

from scim.protocol.schema import ResourceType

from .rows import Stored
from .tables import TENANT, THIS, link, nesting, trash

HERE = trash.c.tenant_id == TENANT
PURGED_AT_ONCE = 1000

_in_link = link.c.tenant_id == TENANT
_in_nesting = (nesting.c.tenant_id == TENANT) & nesting.c.direct
GROUPS_OF: Mapping[str, Any] = {
    "User": select(link.c.group_id).where(_in_link, link.c.user_id == THIS),
    "Group": select(nesting.c.parent_id).where(_in_nesting, nesting.c.child_id == THIS),
}
MEMBERS_OF: Mapping[str, Any] = {
    "Group": union_all(
        select(link.c.user_id).where(_in_link, link.c.group_id == THIS),
        select(nesting.c.child_id).where(_in_nesting, nesting.c.parent_id == THIS),
    )
}


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deleted resource: ``groups`` are those it was in, ``members`` those it had, by id."""

    resource_type: str
    name: str | None
    deleted: str
    stored: Stored
    groups: Sequence[str]
    members: Sequence[str]


class Trash:
    """The deleted resources of a tenant."""

    def __init__(self, connection: Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.tenant = {"tenant": tenant_id}

    def put(
        self, resource_type: ResourceType, stored: Stored, name: str | None, at: str
    ) -> tuple[list[str], list[str]]:
        """Keep a resource that is about to be deleted; return the ids of its groups and members."""
        groups = self.groups_of(resource_type, stored.id)
        members = self.members_of(resource_type, stored.id)
        self.connection.execute(
            insert(trash),
            {
                "tenant_id": self.tenant_id,
                "id": stored.id,
                "resource_type": resource_type.name,
                "name": name,
                "body": stored.body,
                "hidden": stored.hidden,
                "version": stored.version + 1,
                "created": stored.created,
                "deleted": at,
                "relations": json.dumps({"groups": groups, "members": members}),
            },
        )
        return groups, members

    def get(self, resource_id: str) -> Deleted | None:
        """Return what was deleted under an id."""
        found = select(trash).where(HERE, trash.c.id == THIS)
        row = self.connection.execute(found, self.tenant | {"this": resource_id}).one_or_none()
        return _deleted(row) if row else None

    def named(self, resource_type: ResourceType, name: str) -> Deleted | None:
        """Return the last that was deleted of a type under a folded name."""
        found = select(trash).where(
            HERE, trash.c.resource_type == resource_type.name, trash.c.name == name
        )
        latest = found.order_by(trash.c.deleted.desc()).limit(1)
        row = self.connection.execute(latest, self.tenant).one_or_none()
        return _deleted(row) if row else None

    def groups_of(self, resource_type: ResourceType, resource_id: str) -> list[str]:
        """Return the groups that have a resource as a member."""
        return self._ids(GROUPS_OF, resource_type, resource_id)

    def members_of(self, resource_type: ResourceType, resource_id: str) -> list[str]:
        """Return the members of a resource."""
        return self._ids(MEMBERS_OF, resource_type, resource_id)

    def _ids(self, ways: Mapping[str, Any], resource_type: ResourceType, this: str) -> list[str]:
        if resource_type.name not in ways:
            return []
        found = self.connection.scalars(ways[resource_type.name], self.tenant | {"this": this})
        return list(found)

    def latest(self, number: int) -> Sequence[Row[Any]]:
        """Return when the last so many were deleted, with their types, names and ids."""
        shown = select(trash.c.deleted, trash.c.resource_type, trash.c.name, trash.c.id)
        ordered = shown.where(HERE).order_by(trash.c.deleted.desc(), trash.c.id).limit(number)
        return self.connection.execute(ordered, self.tenant).all()

    def size(self) -> int:
        """Return how many deleted resources there are."""
        counted = select(func.count()).select_from(trash).where(HERE)
        return self.connection.scalar(counted, self.tenant) or 0

    def purge(self, before: str) -> int:
        """Delete a part of what was deleted before an instant; return how many, 0 at the end."""
        old = select(trash.c.id).where(HERE, trash.c.deleted < before).limit(PURGED_AT_ONCE)
        chosen = trash.delete().where(HERE, trash.c.id.in_(old))
        return self.connection.execute(chosen, self.tenant).rowcount

    def take(self, resource_id: str) -> None:
        """Forget what was deleted under an id."""
        chosen = trash.delete().where(HERE, trash.c.id == THIS)
        self.connection.execute(chosen, self.tenant | {"this": resource_id})


def _deleted(row: Any) -> Deleted:
    relations: Mapping[str, list[str]] = json.loads(row.relations)
    stored = Stored(row.id, row.body, row.version, row.created, row.deleted, hidden=row.hidden)
    return Deleted(
        row.resource_type,
        row.name,
        row.deleted,
        stored,
        relations["groups"],
        relations["members"],
    )
