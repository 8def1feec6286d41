"""A tenant's directory: what the provider reads from and writes to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from scim.protocol.schema import ResourceType

from .database.database import Database
from .database.prepared import Prepared
from .directory import Directory
from .keys import FIRST_ID, is_id
from .members.nesting import NestingChange
from .pages.query import Page, Query
from .pages.read import read_page
from .relations import RELATIONS, members_behind
from .rows import Stored, by_id, by_id_unless_many
from .transaction import Transaction

T = TypeVar("T")
AT_ONCE = 1000  # members read by one statement, where a group has more


class Store:
    """Reads and writes the directory of one tenant."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self.database = database
        self.directory = directory
        self.tenant_id = directory.tenant_id

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        with_related: bool = True,
        unless_many: bool = False,
    ) -> Stored | None:
        """Return a resource, or None if there is none with that id.

        ``unless_many`` leaves a group's members to ``members``, if there are many.
        """
        if not is_id(resource_id):
            return None
        names: dict[str, Any] = {"tenant": self.tenant_id, "this": resource_id}
        in_parts = unless_many and with_related and resource_type.name == "Group"
        if in_parts:
            rows = self.rows(by_id_unless_many(resource_type), names | {"at_once": AT_ONCE})
        else:
            rows = self.rows(by_id(resource_type, with_related), names)
        return Stored(*rows[0]) if rows else None

    def members(self, group_id: str) -> Iterator[str]:
        """Yield the JSON texts of a group's members, as many at a time as one statement reads.

        Who comes or goes meanwhile may be there or not; everybody else is there once.
        """
        for relation in RELATIONS["members"]:
            statement, after = members_behind(relation), FIRST_ID
            names: dict[str, Any] = {"tenant": self.tenant_id, "this": group_id}
            names["at_once"] = AT_ONCE
            while after:
                [[text, after]] = self.rows(statement, names | {"after": after})
                if text:
                    yield text

    def rows(self, statement: Prepared, names: Mapping[str, Any]) -> Sequence[Any]:
        return self.database.read(lambda connection: statement.rows(connection, names))

    def query(self, query: Query) -> Page:
        """Return one page of the resources that match."""

        def work(connection: Connection) -> Page:
            return read_page(connection, self.tenant_id, query, self.database.anchors)

        if self.database.replica:
            return self.database.replica.read(self.tenant_id, work)
        return self.database.read(work)

    def atomically(self, work: Callable[[Transaction], T]) -> T:
        """Return what ``work`` returns, having committed all it did, or nothing if it raised.

        Work that turns out to change the nesting is done again, with the nesting locked from the
        start.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        try:
            done = self._write(work)
        except NestingChange as change:
            done = self._write(work, change)
        if self.database.replica:
            self.database.replica.remember(self.tenant_id)
        return done

    def _write(self, work: Callable[[Transaction], T], change: NestingChange | None = None) -> T:
        def attempt(connection: Connection) -> T:
            transaction = Transaction(connection, self.directory, change)
            done = work(transaction)
            transaction.finish()
            return done

        return self.database.write(attempt)
