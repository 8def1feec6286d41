"""A tenant's directory: what the provider reads from and writes to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from scim.protocol.definitions.assembly import BUILT_IN, Definitions
from scim.protocol.schema import ResourceType

from .database.database import Database
from .database.prepared import Prepared
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
    """The resources of one tenant; ``token`` is the name of whose changes are made."""

    def __init__(
        self,
        database: Database,
        tenant_id: int,
        definitions: Definitions = BUILT_IN,
        unique_names: bool = True,
        skip_unknown: bool = False,
        restores: bool = False,
        keeps_history: bool = True,
        token: str = "",
    ) -> None:
        self.database = database
        self.tenant_id = tenant_id
        self.definitions = definitions
        self.unique_names = unique_names
        self.skip_unknown = skip_unknown
        self.restores = restores
        self.keeps_history = keeps_history
        self.token = token

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

        It is done again, with the nesting locked from the start, if it turns out to change that.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        try:
            done = self.database.write(lambda connection: work(Transaction(connection, self)))
        except NestingChange as change:
            locked = change
            done = self.database.write(
                lambda connection: work(Transaction(connection, self, locked))
            )
        if self.database.replica:
            self.database.replica.remember(self.tenant_id)
        return done
