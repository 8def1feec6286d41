"""The reads and writes of a tenant's directory, as the provider asks for them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace as replaced
from itertools import count
from typing import Any, TypeVar

import sqlalchemy as sa

from scim.protocol.errors import TooExpensiveError, TooManyError
from scim.protocol.schema import ResourceType

from .browsing import Browsing
from .changes import Change
from .database.database import Database
from .database.prepared import Prepared
from .database.rehearsal import Rehearsal
from .delta import Delta, Moment
from .directory import Directory, Unprepared
from .history import History
from .index import Index
from .keys import CLOCK, FIRST_ID, ClockBehind, is_id
from .members.membership import MembersNotFound, name_members
from .members.memberships import find_membership, read_memberships
from .members.nesting import NestingNotLocked
from .noting import note_made
from .pages.plans import plan, statement_text
from .pages.query import Page, Query, Selection
from .pages.read import read_page
from .relations import RELATIONS, select_members_after
from .releases import Releases
from .rows import Stored, select_by_id, select_by_id_unless_many, select_with_hidden
from .timeline import Timeline
from .totals import recount_memberships
from .transaction import Transaction
from .trash import Trash

T = TypeVar("T")
LAST_ATTEMPT = 3  # at which new ids may come before others, which only slows later pages
AT_ONCE = 1000  # members read by one statement, where a group has more
TOO_MANY = (
    "the query takes longer than this server allows; "
    "use fewer comparisons, `eq` instead of `co` and `ew`, or no `sortBy`"
)


class Store:
    """Reads and writes the directory of one tenant."""

    def __init__(self, database: Database | Rehearsal, directory: Directory) -> None:
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

        With ``unless_many`` a group that ``has_many`` members comes without them: see ``members``.
        """
        if resource_type.part_of:
            return self.database.read(
                lambda known: find_membership(known, self.tenant_id, resource_id)
            )
        if not is_id(resource_id):
            return None
        names: dict[str, Any] = {"tenant": self.tenant_id, "this": resource_id}
        if unless_many and with_related and resource_type.has_members:
            statement = select_by_id_unless_many(resource_type)
            rows = self.rows(statement, names | {"at_once": AT_ONCE})
            if rows and rows[0][5] is None:
                return replaced(Stored(*rows[0]), has_many=True)
        else:
            rows = self.rows(select_by_id(resource_type, with_related), names)
        return Stored(*rows[0]) if rows else None

    def look_at(self, resource_type: ResourceType, resource_id: str) -> Stored | None:
        """Return a resource with its hidden attributes and without its groups; lock nothing."""
        if not is_id(resource_id):
            return None
        names = {"tenant": self.tenant_id, "this": resource_id}
        rows = self.rows(select_with_hidden(resource_type), names)
        return Stored(*rows[0]) if rows else None

    def members(self, group_id: str) -> Iterator[str]:
        """Yield the JSON texts of a group's members, joined by commas, ``AT_ONCE`` at a time.

        A member that joins or leaves meanwhile may be missing; every other is there once.
        """
        for relation in RELATIONS["members"]:
            statement, after = select_members_after(relation), FIRST_ID
            names: dict[str, Any] = {"tenant": self.tenant_id, "this": group_id}
            names["at_once"] = AT_ONCE
            while after:
                [[text, after]] = self.rows(statement, names | {"after": after})
                if text:
                    yield text

    def rows(self, statement: Prepared, names: Mapping[str, Any]) -> Sequence[Any]:
        return self.database.read(lambda connection: statement.rows(connection, names))

    def browse(self, work: Callable[[Browsing], T]) -> T:
        """Return what ``work`` reads of users and groups for a person."""
        return self.database.read(lambda known: work(Browsing(known, self.tenant_id)))

    def timeline(self, resource_id: str, work: Callable[[Timeline], T]) -> T:
        """Return what ``work`` reads of the history of a resource."""
        return self.database.read(lambda known: work(Timeline(known, self.tenant_id, resource_id)))

    def moment(self, types: Sequence[ResourceType]) -> Moment:
        """Return this moment in the changes of some types; SQLite waits for a write in progress."""
        here = self.database
        waits = here.write if isinstance(here, Database) and here.file else here.read
        return waits(lambda known: Delta(known, self.tenant_id).moment(types))

    def delta(self, work: Callable[[Delta], T]) -> T:
        """Return what ``work`` reads of the changes since a moment.

        :raises TooManyError: it takes too long to find them
        """
        try:
            return self.database.read(lambda known: work(Delta(known, self.tenant_id)))
        except TooExpensiveError:
            raise TooManyError(TOO_MANY) from None

    def in_trash(self, work: Callable[[Trash], T]) -> T:
        """Return what ``work`` reads of the trash."""
        return self.database.read(lambda known: work(Trash(known, self.tenant_id)))

    def pending_releases(self) -> list[tuple[str, str]]:
        """Return the type and id of each deleted resource that others still refer to."""
        return self.database.read(lambda known: Releases(known, self.tenant_id).pending())

    def referring(self, resource_id: str) -> Sequence[tuple[str, str, str]]:
        """Return the references to a resource: the type and id of the source, and their key."""
        return self.database.read(lambda known: Index(known, self.tenant_id).referring(resource_id))

    def read_plain(self, resource_type: ResourceType, ids: Sequence[str]) -> list[Stored]:
        """Return resources without what they show of others."""
        return self.database.read(
            lambda known: Releases(known, self.tenant_id).read(resource_type, ids)
        )

    def recall(self, work: Callable[[History], T]) -> T:
        """Return what ``work`` reads in the history; it locks nothing."""
        return self.database.read(lambda known: work(History(known, self.tenant_id)))

    def query(self, query: Query) -> Page:
        """Return one page of the resources that match.

        :raises TooManyError: it takes too long to find them
        :raises UnavailableError: the database cannot be reached, or is too busy
        """

        read = read_page
        if any(each.resource_type.part_of for each in query.selections):
            read = read_memberships
            self._recount()

        def work(connection: sa.Connection) -> Page:
            return read(connection, self.tenant_id, query, self.database.anchors)

        try:
            if self.database.replica:
                return self.database.replica.read(self.tenant_id, work)
            return self.database.read(work)
        except TooExpensiveError:
            if query.is_expensive:
                raise TooManyError(TOO_MANY) from None
            raise

    def _recount(self) -> None:
        """Count all memberships if it is time; a database that cannot take it is left alone."""
        here = self.database
        if isinstance(here, Database) and here.recounts.is_due(self.tenant_id):
            here.attempt(lambda connection: recount_memberships(connection, self.tenant_id))

    def statement(self, selection: Selection, dialect: str) -> str:
        """Return the SQL that selects the ids that match, for people to read."""
        return statement_text(self.tenant_id, selection, dialect)

    def plan(self, selection: Selection) -> list[str]:
        """Return the lines of the database's plan for that statement."""
        return self.database.read(lambda connection: plan(connection, self.tenant_id, selection))

    def atomically(self, work: Callable[[Transaction], T]) -> T:
        """Return what ``work`` returns and commit all it did, or nothing if it raised.

        It is done again if it turns out that the nesting must be locked first, that members must
        be found first, that its guard must read something, or that the clock here is behind another
        machine's.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        change: NestingNotLocked | None = None
        named: MembersNotFound | None = None
        for attempt in count():
            try:
                done, made = self._write(work, change, attempt < LAST_ATTEMPT, named)
                break
            except NestingNotLocked as found:
                change = found
            except MembersNotFound as wanted:
                named = wanted
                named.operations = name_members(self.database.read, self.tenant_id, wanted)
            except Unprepared as wanted:
                wanted.prepare(self.database.read)
            except ClockBehind as found:
                CLOCK.pass_by(found.last)
        if self.database.replica:
            self.database.replica.remember(self.tenant_id)
        if isinstance(self.database, Database):  # a dry run makes nothing
            note_made(made)
        if made:
            for watcher in self.directory.watchers:
                watcher.after_commit(self.directory, made)
        return done

    def rehearse(self, work: Callable[["Store"], T]) -> T:
        """Return what ``work`` returns for a store like this one; nothing it does to it is kept.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        assert isinstance(self.database, Database)
        directory = replaced(self.directory, watchers=())
        return self.database.rehearse(lambda rehearsal: work(Store(rehearsal, directory)))

    def _write(
        self,
        work: Callable[[Transaction], T],
        change: NestingNotLocked | None,
        in_order: bool,
        named: MembersNotFound | None,
    ) -> tuple[T, list[Change]]:
        def attempt(connection: sa.Connection) -> tuple[T, list[Change]]:
            transaction = Transaction(connection, self.directory, change, in_order, named)
            done = work(transaction)
            transaction.finish()
            return done, transaction.changes

        return self.database.write(attempt)
