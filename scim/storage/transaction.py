"""One write to a tenant's directory: all of it is stored, or nothing."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from scim.protocol.attributes import notation
from scim.protocol.errors import UniquenessError
from scim.protocol.schema import GROUP, ResourceType
from scim.protocol.values import PLACEHOLDER, fold

from .anchors import is_late
from .database.prepared import Prepared
from .history import History
from .keys import is_id
from .members.membership import Members
from .members.nesting import Nesting, NestingChange
from .rows import (
    Stored,
    adding,
    by_id,
    changing,
    changing_and_showing,
    columns,
    count,
    locking,
    moving,
    name_of,
    now,
    targets,
    uniques,
)
from .tables import TENANT, THIS, groups, is_this, link, referrals, table_of, unique_values
from .trash import Trash

if TYPE_CHECKING:
    from .store import Store

REFERRING = (
    select(referrals.c.source_type, referrals.c.source_id, referrals.c.key)
    .where(referrals.c.tenant_id == TENANT, referrals.c.target_id == THIS)
    .order_by(referrals.c.source_id)
)
MEMBERSHIPS = select(link.c.group_id).where(link.c.tenant_id == TENANT, link.c.user_id == THIS)
TAKEN = select(unique_values.c.value).where(
    unique_values.c.tenant_id == bindparam("tenant_id"),
    unique_values.c.resource_type == bindparam("resource_type"),
    unique_values.c.key == bindparam("key"),
    unique_values.c.value == bindparam("value"),
)
LEAVE = {
    "User": delete(link).where(link.c.tenant_id == TENANT, link.c.user_id == THIS),
    "Group": delete(link).where(link.c.tenant_id == TENANT, link.c.group_id == THIS),
}


class Transaction:
    """One write in progress."""

    def __init__(
        self, connection: Connection, store: "Store", change: NestingChange | None = None
    ) -> None:
        self.connection = connection
        self.store = store
        self.tenant_id = store.tenant_id
        self.history = History(connection, store.tenant_id, store.token, store.keeps_history)
        self.trash = Trash(connection, store.tenant_id)
        self.nesting = Nesting(connection, store.tenant_id)
        if change:
            self.nesting.hold(change.group, change.children)

    def names(self, resource_id: str, **others: Any) -> dict[str, Any]:
        """Return the parameters that name a resource of the tenant."""
        return {"tenant": self.tenant_id, "this": resource_id, **others}

    def get(self, resource_type: ResourceType, resource_id: str, with_related: bool) -> Stored:
        """Return a resource that the transaction has written."""
        statement = by_id(resource_type, with_related)
        stored = _one(self.connection, statement, self.names(resource_id))
        assert stored is not None
        return stored

    def lock(self, resource_type: ResourceType, resource_id: str) -> Stored | None:
        """Return a resource that nobody else can change until the end; None if there is none."""
        if not is_id(resource_id):
            return None
        return _one(self.connection, locking(resource_type), self.names(resource_id))

    def lock_for_delete(self, resource_type: ResourceType, resource_id: str) -> Stored | None:
        """Lock a resource that is to go; first the groups that show it, as whoever changes them."""
        if resource_type.name == "Group" and is_id(resource_id):
            self.nesting.hold(resource_id, [resource_id])
        if resource_type.name == "User" and is_id(resource_id):
            theirs = (groups.c.tenant_id == TENANT) & groups.c.id.in_(MEMBERSHIPS)
            ordered = select(groups.c.id).where(theirs).order_by(groups.c.id)
            held = ordered.with_for_update(key_share=True)
            self.connection.execute(held, self.names(resource_id)).all()
        return self.lock(resource_type, resource_id)

    def referring(self, resource_id: str) -> Sequence[tuple[str, str, str]]:
        """Return what refers to a resource: the type, the id, and the key of the reference."""
        found = self.connection.execute(REFERRING, self.names(resource_id))
        return [(row.source_type, row.source_id, row.key) for row in found]

    def insert(
        self,
        resource_type: ResourceType,
        documents: Sequence[tuple[Mapping[str, Any], str]],
        operation: str = "create",
        was: Stored | None = None,
    ) -> list[Stored]:
        """Write new resources, each a document and its body, as version 1.

        ``was`` is what one that comes back from the trash was.

        :raises UniquenessError: something unique in them is in use
        """
        at = now()
        version, created = (was.version + 1, was.created) if was else (1, at)
        made: dict[str, Any] = {"tenant_id": self.tenant_id, "version": version}
        made |= {"created": created, "last_modified": at}
        written = [
            self._columns(resource_type, document, body) | made | {"id": document["id"]}
            for document, body in documents
        ]
        if len(written) == 1:
            adding(resource_type).rows(self.connection, written[0])
        else:
            self.connection.execute(insert(table_of(resource_type)), written)
        self._index(resource_type, [(values["id"], values["search"]) for values in written])
        are_new = was is None and not is_late(written[0]["id"])
        count(self.connection, self.tenant_id, resource_type, len(written), are_new)
        stored = [
            Stored(values["id"], values["body"], version, created, at, hidden=values["hidden"])
            for values in written
        ]
        self.history.record(resource_type, operation, [(was, each) for each in stored], at)
        return stored

    def update(
        self,
        resource_type: ResourceType,
        before: Stored,
        document: Mapping[str, Any],
        body: str,
        operation: str,
    ) -> Stored:
        """Write what a locked resource has become, as its next version.

        :raises UniquenessError: something unique in it is in use
        """
        at = now()
        values = self._columns(resource_type, document, body)
        values |= {"version": before.version + 1, "last_modified": at}
        self._reindex(resource_type, before, values["search"])
        beside: Sequence[Any] = (before.related, before.references)
        names = values | self.names(before.id)
        if self.connection.dialect.name == "postgresql":  # they changed if the lock was awaited
            [beside] = changing_and_showing(resource_type).rows(self.connection, names)
        else:
            changing(resource_type).rows(self.connection, names)
        related, references = beside
        after = Stored(
            before.id,
            body,
            before.version + 1,
            before.created,
            at,
            related,
            references,
            values["hidden"],
        )
        self.history.record(resource_type, operation, [(before, after)], at)
        return after

    def _index(
        self, resource_type: ResourceType, folded: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> None:
        """Write to whom resources refer, and the values of which there must not be two."""
        mine: dict[str, Any] = {"tenant_id": self.tenant_id}
        found = [
            mine
            | {"source_id": resource_id, "source_type": resource_type.name}
            | {"key": key, "target_id": target}
            for resource_id, search in folded
            for key, target in targets(resource_type, search)
        ]
        if found:
            self.connection.execute(insert(referrals), found)
        mine |= {"resource_type": resource_type.name}
        values = [
            mine | {"resource_id": resource_id, "key": key, "value": value}
            for resource_id, search in folded
            for key, value in dict.fromkeys(uniques(resource_type, search))
        ]
        for each in values:
            if self.connection.scalar(TAKEN, each):
                name = notation(resource_type.uniques[each["key"]])
                raise UniquenessError(f"{name} is already in use")
        if values:
            self.connection.execute(insert(unique_values), values)

    def _reindex(
        self, resource_type: ResourceType, before: Stored, search: Mapping[str, Any]
    ) -> None:
        """Write the same for a resource that has changed, if that is what has changed."""
        if not resource_type.uniques and not (
            PLACEHOLDER in before.body or any(targets(resource_type, search))
        ):
            return
        document = json.loads(before.body, strict=False)
        known = fold(document, resource_type.attributes)
        if all(
            set(each(resource_type, known)) == set(each(resource_type, search))
            for each in (targets, uniques)
        ):
            return
        self.forget(referrals, referrals.c.source_id, before.id)
        self.forget(unique_values, unique_values.c.resource_id, before.id)
        self._index(resource_type, [(before.id, search)])

    def forget(self, table: Any, column: Any, resource_id: str) -> None:
        chosen = delete(table).where(table.c.tenant_id == TENANT, column == THIS)
        self.connection.execute(chosen, self.names(resource_id))

    def members(self, group_id: str) -> Members:
        """Return the members of a locked group."""
        return Members(self.connection, group_id, self.nesting)

    def move(self, resource_type: ResourceType, ids: Collection[str]) -> dict[str, int]:
        """Move the versions of resources that show something that has changed elsewhere."""
        if not ids:
            return {}
        names = {"tenant": self.tenant_id, "ids": list(ids), "at": now()}
        return dict(moving(resource_type).rows(self.connection, names))

    def move_beneath(self, group_ids: Collection[str]) -> None:
        """Move the versions of all users who are in groups, in whatever way."""
        self.nesting.touch_beneath(group_ids, now())

    def delete(self, resource_type: ResourceType, stored: Stored) -> None:
        """Put a locked resource in the trash; who shows it gets a new version."""
        at, names = now(), self.names(stored.id)
        self.trash.put(resource_type, stored, name_of(resource_type, stored.body), at)
        if resource_type.name == "User":
            left = self.connection.scalars(MEMBERSHIPS, names).all()
            self.history.record_departures(self.move(GROUP, left), stored.id, at)
        elif resource_type.name == "Group":
            self.history.record_end(stored)
            self.nesting.touch_beneath([stored.id], at)
            showing = self.nesting.isolate(stored.id)
            self.history.record_departures(self.move(GROUP, showing), stored.id, at)
        if resource_type.name in LEAVE:
            self.connection.execute(LEAVE[resource_type.name], names)
        self.forget(referrals, referrals.c.source_id, stored.id)
        if resource_type.uniques:
            self.forget(unique_values, unique_values.c.resource_id, stored.id)
        table = table_of(resource_type)
        self.connection.execute(delete(table).where(is_this(resource_type)), names)
        count(self.connection, self.tenant_id, resource_type, -1)
        self.history.record(resource_type, "delete", [(stored, None)], at)

    def _columns(
        self, resource_type: ResourceType, document: Mapping[str, Any], body: str
    ) -> dict[str, Any]:
        return columns(resource_type, document, body, self.store.unique_names)


def _one(connection: Connection, statement: Prepared, names: Mapping[str, Any]) -> Stored | None:
    rows = statement.rows(connection, names)
    return Stored(*rows[0]) if rows else None
