"""A tenant's directory: what the provider reads from and writes to."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import InterfaceError, OperationalError

from scim.protocol.errors import UnavailableError
from scim.protocol.schema import ResourceType

from .engine import failures, prepare, reader
from .keys import is_id
from .membership import Members, groups, link, users
from .paging import Page, Query, read_page
from .resources import (
    GET,
    LOCK,
    REPORTS,
    TABLES,
    TOUCH,
    UPDATE,
    UPDATE_AND_SHOW,
    Stored,
    bump,
    columns,
    count,
    now,
)

T = TypeVar("T")
ATTEMPTS = 5


class Store:
    """The resources of one tenant in one database."""

    def __init__(
        self, engine: Engine, tenant_id: int, unique_names: bool = True, skip_unknown: bool = False
    ) -> None:
        prepare(engine)
        self.engine = engine
        self.reader = reader(engine)
        self.tenant_id = tenant_id
        self.unique_names = unique_names
        self.skip_unknown = skip_unknown

    def problem(self, migrations: str) -> str | None:
        """Return why the database cannot serve, in a line for whoever starts the server.

        ``migrations`` is the folder of the migrations that must have been applied.
        """
        try:
            with self.reader.connect() as connection:
                applied = MigrationContext.configure(connection).get_current_heads()
        except OperationalError as error:
            reason = str(error.orig).partition("\n")[0]
            return f"SCIM_DATABASE_URL: the database cannot be reached: {reason}"
        if set(applied) == set(ScriptDirectory(migrations).get_heads()):
            return None
        return "The database is not up to date; migrate it with: python manage.py db upgrade"

    def get(
        self, resource_type: ResourceType, resource_id: str, with_related: bool = True
    ) -> Stored | None:
        """Return a resource, or None if there is none with that id."""
        if not is_id(resource_id):
            return None
        names = {"tenant_id": self.tenant_id, "id": resource_id}
        statement = GET[resource_type.name, with_related]
        return self._again(
            self.reader.connect, lambda connection: _one(connection, statement, names)
        )

    def query(self, query: Query) -> Page:
        """Return one page of the resources that match."""
        return self._again(
            self.reader.connect, lambda connection: read_page(connection, self.tenant_id, query)
        )

    def atomically(self, work: Callable[["Transaction"], T]) -> T:
        """Return what ``work`` returns, having committed all it did, or nothing if it raised.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        return self._again(
            self.engine.begin, lambda connection: work(Transaction(connection, self))
        )

    def _again(
        self,
        connect: Callable[[], AbstractContextManager[Connection]],
        work: Callable[[Connection], T],
    ) -> T:
        """Do ``work`` again if it lost a race for locks or its connection had been closed.

        Once it is done and only the commit failed, nobody knows whether it was stored.
        """
        for _ in range(ATTEMPTS):
            done = False
            try:
                with failures(), connect() as connection:
                    result = work(connection)
                    done = True
                return result
            except (OperationalError, InterfaceError):  # what ``failures`` lets through
                if done:
                    break
        raise UnavailableError("the database is too busy at the moment, please try again")


class Transaction:
    """One write in progress."""

    def __init__(self, connection: Connection, store: Store) -> None:
        self.connection = connection
        self.store = store
        self.tenant_id = store.tenant_id

    def get(self, resource_type: ResourceType, resource_id: str, with_related: bool) -> Stored:
        """Return a resource that the transaction has written."""
        names = {"tenant_id": self.tenant_id, "id": resource_id}
        stored = _one(self.connection, GET[resource_type.name, with_related], names)
        assert stored is not None
        return stored

    def lock(self, resource_type: ResourceType, resource_id: str) -> Stored | None:
        """Return a resource that nobody else can change until the end; None if there is none."""
        if not is_id(resource_id):
            return None
        names = {"tenant_id": self.tenant_id, "id": resource_id}
        return _one(self.connection, LOCK[resource_type.name], names)

    def lock_for_delete(self, resource_type: ResourceType, resource_id: str) -> Stored | None:
        """Lock a resource that is to go; a user's groups first, as whoever changes a group does."""
        if resource_type.name == "User" and is_id(resource_id):
            mine = (link.c.tenant_id == self.tenant_id) & (link.c.user_id == resource_id)
            theirs = (groups.c.tenant_id == self.tenant_id) & (
                groups.c.id.in_(select(link.c.group_id).where(mine))
            )
            ordered = select(groups.c.id).where(theirs).order_by(groups.c.id)
            self.connection.execute(ordered.with_for_update(key_share=True)).all()
        return self.lock(resource_type, resource_id)

    def lock_reports(self, user_id: str) -> list[Stored]:
        """Return the users whose manager a user is, locked as well."""
        managed = (users.c.tenant_id == self.tenant_id) & (users.c.manager_id == user_id)
        ordered = REPORTS.where(managed).order_by(users.c.id)
        return [Stored(*row) for row in self.connection.execute(ordered)]

    def insert(self, resource_type: ResourceType, document: Mapping[str, Any], body: str) -> Stored:
        """Write a new resource, version 1.

        :raises UniquenessError: something unique in it is in use
        """
        created = now()
        values = self._columns(resource_type, document, body) | {
            "tenant_id": self.tenant_id,
            "id": document["id"],
            "version": 1,
            "created": created,
            "last_modified": created,
        }
        self.connection.execute(insert(TABLES[resource_type.name]), values)
        count(self.connection, self.tenant_id, resource_type, 1)
        return Stored(document["id"], body, 1, created, created)

    def update(
        self, resource_type: ResourceType, before: Stored, document: Mapping[str, Any], body: str
    ) -> Stored:
        """Write what a locked resource has become, as its next version.

        :raises UniquenessError: something unique in it is in use
        """
        modified = now()
        values = self._columns(resource_type, document, body)
        values |= {"version": before.version + 1, "last_modified": modified}
        values |= {"of_tenant": self.tenant_id, "of_id": before.id}
        beside: Sequence[Any] = (before.related, before.manager)
        if self.connection.dialect.name == "postgresql":  # they changed if the lock was awaited
            beside = self.connection.execute(UPDATE_AND_SHOW[resource_type.name], values).one()
        else:
            self.connection.execute(UPDATE[resource_type.name], values)
        return Stored(before.id, body, before.version + 1, before.created, modified, *beside)

    def members(self, group_id: str) -> Members:
        """Return the members of a locked group."""
        return Members(self.connection, self.tenant_id, group_id)

    def touch(self, resource_type: ResourceType, ids: Sequence[str] | set[str]) -> None:
        """Move the versions of resources that show something that has changed elsewhere."""
        if ids:
            names = {"of_tenant": self.tenant_id, "ids": list(ids), "last_modified": now()}
            self.connection.execute(TOUCH[resource_type.name], names)

    def delete(self, resource_type: ResourceType, resource_id: str) -> None:
        """Delete a locked resource and its memberships; who shows them gets a new version."""
        table = TABLES[resource_type.name]
        mine, theirs, other = (
            (link.c.user_id, link.c.group_id, groups)
            if table is users
            else (link.c.group_id, link.c.user_id, users)
        )
        linked = (link.c.tenant_id == self.tenant_id) & (mine == resource_id)
        affected = other.c.id.in_(select(theirs).where(linked))
        bump(self.connection, other, (other.c.tenant_id == self.tenant_id) & affected)
        chosen = (table.c.tenant_id == self.tenant_id) & (table.c.id == resource_id)
        self.connection.execute(link.delete().where(linked))
        self.connection.execute(table.delete().where(chosen))
        count(self.connection, self.tenant_id, resource_type, -1)

    def _columns(
        self, resource_type: ResourceType, document: Mapping[str, Any], body: str
    ) -> dict[str, Any]:
        return columns(resource_type, document, body, self.store.unique_names)


def _one(connection: Connection, statement: Any, names: Mapping[str, Any]) -> Stored | None:
    row = connection.execute(statement, names).one_or_none()
    return Stored(*row) if row else None
