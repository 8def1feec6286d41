"""Deleted resources, in a table of their own: no request finds them, an operator restores them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scim.protocol.schema import ResourceType
from scim.protocol.values import fold_text

from .forgetting import forget_until
from .keys import now
from .relations import GROUPS_OF_THIS, MEMBERS_OF_THIS
from .rows import Stored
from .tables import TENANT, THIS, among, trash

HERE = trash.c.tenant_id == TENANT
PURGED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deleted resource, with the ids of the groups that it was in and of its members."""

    resource_type: str
    name: str | None
    deleted: str
    stored: Stored
    groups: Sequence[str]
    members: Sequence[str]


class Trash:
    """The deleted resources of a tenant."""

    def __init__(self, connection: sa.Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.tenant = {"tenant": tenant_id}

    def put(
        self, resource_type: ResourceType, stored: Stored, name: str | None, at: str
    ) -> tuple[list[str], list[str]]:
        """Store a resource that is to be deleted; return the ids of its groups and its members."""
        groups = self.groups_of(resource_type, stored.id)
        members = self.members_of(resource_type, stored.id)
        self.connection.execute(
            sa.insert(trash),
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
        """Return the deleted resource with an id, or None."""
        found = sa.select(trash).where(HERE, trash.c.id == THIS)
        row = self.connection.execute(found, self.tenant | {"this": resource_id}).one_or_none()
        return _deleted(row) if row else None

    def named(self, resource_type: ResourceType, name: str) -> Deleted | None:
        """Return the resource of a type that was deleted last under a folded name, or None."""
        mine = HERE, trash.c.resource_type == resource_type.name, trash.c.name == name
        latest = sa.select(trash).where(*mine).order_by(trash.c.deleted.desc()).limit(1)
        row = self.connection.execute(latest, self.tenant).one_or_none()
        return _deleted(row) if row else None

    def groups_of(self, resource_type: ResourceType, resource_id: str) -> list[str]:
        """Return the ids of the groups that have a resource as a member."""
        return self._ids(GROUPS_OF_THIS.get(resource_type.name), resource_id)

    def members_of(self, resource_type: ResourceType, resource_id: str) -> list[str]:
        """Return the ids of the members of a resource, which only a group has."""
        return self._ids(MEMBERS_OF_THIS if resource_type.has_members else None, resource_id)

    def _ids(self, statement: Any, this: str) -> list[str]:
        if statement is None:
            return []
        return list(self.connection.scalars(statement, self.tenant | {"this": this}))

    def latest(self, number: int, search: str = "") -> Sequence[sa.Row[Any]]:
        """Return the last so many deletes, the newest first, of resources with a text in the name.

        A row has the instant, the type, the body and the id.
        """
        shown = sa.select(trash.c.deleted, trash.c.resource_type, trash.c.body, trash.c.id)
        ordered = shown.where(*_named_like(search)).order_by(trash.c.deleted.desc(), trash.c.id)
        return self.connection.execute(ordered.limit(number), self.tenant).all()

    def all_named(self, name: str) -> Sequence[sa.Row[Any]]:
        """Return the type, the id and the instant of each that was deleted under a name."""
        shown = sa.select(trash.c.resource_type, trash.c.id, trash.c.deleted)
        mine = shown.where(HERE, trash.c.name == fold_text(name))
        return self.connection.execute(mine.order_by(trash.c.deleted.desc()), self.tenant).all()

    def size(self, search: str = "") -> int:
        """Return how many deleted resources have a text in the name."""
        counted = sa.select(sa.func.count()).select_from(trash).where(*_named_like(search))
        return self.connection.scalar(counted, self.tenant) or 0

    def purge(self, before: str) -> int:
        """Delete a part of what was deleted before an instant; return how many, 0 at the end."""
        old = sa.select(trash.c.id).where(HERE, trash.c.deleted < before).limit(PURGED_AT_ONCE)
        chosen = trash.delete().where(HERE, trash.c.id.in_(old))
        gone = self.connection.execute(chosen, self.tenant).rowcount
        if gone:
            forget_until(self.connection, self.tenant_id, before)
        return gone

    def forget(self, ids: Sequence[str]) -> Sequence[str]:
        """Delete the rows of these resources, whatever their age; return the ids that had one."""
        chosen = trash.delete().where(HERE, among(trash.c.id)).returning(trash.c.id)
        gone = list(self.connection.scalars(chosen, self.tenant | {"ids": list(ids)}))
        if gone:
            forget_until(self.connection, self.tenant_id, now())
        return gone

    def take(self, resource_id: str) -> None:
        """Delete the row of a resource that comes back."""
        chosen = trash.delete().where(HERE, trash.c.id == THIS)
        self.connection.execute(chosen, self.tenant | {"this": resource_id})


def _named_like(search: str) -> list[sa.ColumnElement[bool]]:
    has_text = trash.c.name.contains(fold_text(search), autoescape=True)
    return [HERE, has_text] if search else [HERE]


def _deleted(row: Any) -> Deleted:
    relations: Mapping[str, list[str]] = json.loads(row.relations)
    stored = Stored(row.id, row.body, row.version, row.created, row.deleted, hidden=row.hidden)
    return Deleted(
        row.resource_type, row.name, row.deleted, stored, relations["groups"], relations["members"]
    )
