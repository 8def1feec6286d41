"""Feeds: which users a receiver with a filter knows of, and who enters or leaves.

All is done in one transaction with what the receiver is told of it, under a lock of the receiver:
otherwise two deliverers would tell it different things.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scim.protocol.filters.resolve import Condition
from scim.protocol.schema import GROUP, ResourceType

from .changes import BEGINNINGS
from .pages.query import Selection, matching_rows
from .receivers import Receiver
from .tables import TENANT, among, belongs, feed_members, groups, outbox, receivers, table_of, trash

RECEIVER: Any = sa.bindparam("receiver", type_=feed_members.c.receiver_id.type)
MINE = feed_members.c.tenant_id == TENANT, feed_members.c.receiver_id == RECEIVER


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as it is now; see ``Stored``."""

    id: str
    version: int
    body: str
    created: str
    last_modified: str


class Feed:
    """The feed of a receiver: the resources of a type that meet a condition."""

    def __init__(
        self,
        connection: sa.Connection,
        receiver: Receiver,
        resource_type: ResourceType,
        condition: Condition,
    ) -> None:
        self.connection = connection
        self.names: dict[str, Any] = {"tenant": receiver.tenant_id, "receiver": receiver.id}
        table = self.table = table_of(resource_type)
        selection = Selection(resource_type, condition)
        self.matching = matching_rows(selection, connection.dialect.name)
        self.mine = belongs(resource_type)
        self.known = sa.exists().where(*MINE, feed_members.c.resource_id == table.c.id)
        shown = table.c.id, table.c.version, table.c.body, table.c.created, table.c.last_modified
        self.shown = sa.select(*shown)

    def lock(self) -> bool:
        """Let others wait who would look at this feed, too; tell whether it is still there."""
        this = sa.select(receivers.c.id).where(receivers.c.id == RECEIVER)
        locked = this.with_for_update(key_share=True)
        return self.connection.scalar(locked, self.names) is not None

    def since(self, resource_id: str) -> int | None:
        """Return with which version a resource entered the feed; None if it is not in it."""
        this = feed_members.c.resource_id == sa.bindparam("this", type_=self.table.c.id.type)
        found = sa.select(feed_members.c.version).where(*MINE, this)
        version: int | None = self.connection.scalar(found, self.names | {"this": resource_id})
        return version

    def exists(self, resource_id: str) -> bool:
        """Tell whether a resource was not deleted meanwhile."""
        return bool(self._read([self.mine], [resource_id]))

    def enter(self, ids: Collection[str] | None, most: int | None = None) -> Sequence[Resource]:
        """Let those in who meet the condition and are not in the feed; return them.

        With ``ids`` only some resources are looked at. With ``most`` only so many go in.
        """
        found = self._read([*self.matching, ~self.known], ids, most)
        rows = [
            {
                "tenant_id": self.names["tenant"],
                "receiver_id": self.names["receiver"],
                "resource_id": each.id,
                "version": each.version,
            }
            for each in found
        ]
        if rows:
            self.connection.execute(sa.insert(feed_members), rows)
        return found

    def leave(self, ids: Collection[str] | None, most: int | None = None) -> Sequence[Resource]:
        """Let those out who exist and do not meet the condition any more; return them."""
        meets = sa.select(self.table.c.id).where(*self.matching, *self._these(ids))
        found = self._read([self.mine, self.known, self.table.c.id.not_in(meets)], ids, most)
        self.forget([each.id for each in found])
        return found

    def forget(self, ids: Collection[str]) -> None:
        """Take resources out of the feed."""
        gone = sa.delete(feed_members).where(*MINE, among(feed_members.c.resource_id))
        if ids:
            self.connection.execute(gone, self.names | {"ids": list(ids)})

    def unannounced(self, ids: Collection[str]) -> set[str]:
        """Return the resources whose creation the receiver was not told of yet.

        A user may join a group at once; the message about the group can come first.
        """
        waiting = sa.select(outbox.c.resource_id).where(
            outbox.c.tenant_id == TENANT,
            outbox.c.receiver_id == RECEIVER,
            among(outbox.c.resource_id),
            outbox.c.operation.in_(BEGINNINGS),
            outbox.c.content.is_(None),
        )
        return set(map(str, self.connection.scalars(waiting, self.names | {"ids": list(ids)})))

    def names_groups(self, ids: Collection[str]) -> bool:
        """Tell whether there is a group among some ids, or was one."""
        known = sa.select(groups.c.id).where(groups.c.tenant_id == TENANT, among(groups.c.id))
        deleted = sa.select(trash.c.id).where(
            trash.c.tenant_id == TENANT, among(trash.c.id), trash.c.resource_type == GROUP.name
        )
        found = sa.select(sa.or_(known.exists(), deleted.exists()))
        return bool(self.connection.scalar(found, self.names | {"ids": list(ids)}))

    def _these(self, ids: Collection[str] | None) -> Sequence[sa.ColumnElement[bool]]:
        """Return the condition that a resource is among some.

        A single one is compared by ``=``, so that PostgreSQL looks only for this user in a group,
        instead of reading all members of the group for each change of any user.
        """
        if ids is None:
            return []
        key = self.table.c.id
        return [key == sa.bindparam("this", type_=key.type) if len(ids) == 1 else among(key)]

    def _read(
        self, conditions: Sequence[Any], ids: Collection[str] | None, most: int | None = None
    ) -> list[Resource]:
        these = self.shown.where(*conditions, *self._these(ids))
        chosen = these.order_by(self.table.c.id).limit(most)
        some = {} if ids is None else {"ids": list(ids), "this": next(iter(ids), None)}
        return [
            Resource(str(row[0]), *row[1:])
            for row in self.connection.execute(chosen, self.names | some)
        ]
