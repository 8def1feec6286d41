"""What has been deleted, in a table of its own: no verb can find it, an operator can restore it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from scim.protocol.schema import ResourceType

from .resources import Stored
from .tables import TENANT, THIS, link, nesting, trash

HERE = trash.c.tenant_id == TENANT
GROUPS_OF = select(link.c.group_id).where(link.c.tenant_id == TENANT, link.c.user_id == THIS)
USERS_OF = select(link.c.user_id).where(link.c.tenant_id == TENANT, link.c.group_id == THIS)
PARENTS_OF = select(nesting.c.parent_id).where(
    nesting.c.tenant_id == TENANT, nesting.c.child_id == THIS, nesting.c.direct
)
CHILDREN_OF = select(nesting.c.child_id).where(
    nesting.c.tenant_id == TENANT, nesting.c.parent_id == THIS, nesting.c.direct
)


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

    def put(self, resource_type: ResourceType, stored: Stored, name: str | None, at: str) -> None:
        """Keep a resource that is about to be deleted, with its memberships."""
        names = self.tenant | {"this": stored.id}
        ways = {"User": (GROUPS_OF, None), "Group": (PARENTS_OF, (USERS_OF, CHILDREN_OF))}
        above, below = ways.get(resource_type.name, (None, None))
        relations = {
            "groups": self.connection.scalars(above, names).all() if above is not None else [],
            "members": [id for each in below or () for id in self.connection.scalars(each, names)],
        }
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
                "relations": json.dumps(relations),
            },
        )

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

    def list(self) -> Sequence[Deleted]:
        """Return all that was deleted, the latest first."""
        found = select(trash).where(HERE).order_by(trash.c.deleted.desc(), trash.c.id)
        return [_deleted(row) for row in self.connection.execute(found, self.tenant)]

    def take(self, resource_id: str) -> None:
        """Forget what was deleted under an id."""
        chosen = trash.delete().where(HERE, trash.c.id == THIS)
        self.connection.execute(chosen, self.tenant | {"this": resource_id})


def _deleted(row: Any) -> Deleted:
    relations: Mapping[str, list[str]] = json.loads(row.relations)
    stored = Stored(
        row.id, row.body, row.version, row.created, row.deleted, hidden=row.hidden
    )  # fmt: skip
    return Deleted(
        row.resource_type,
        row.name,
        row.deleted,
        stored,
        relations["groups"],
        relations["members"],
    )
