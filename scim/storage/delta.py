"""What has changed since a moment: living resources by lastModified, deleted ones by the trash.

A change has its instant before it is committed, and machines' clocks differ. So a moment goes back
by a WINDOW, and further if PostgreSQL has a write that began earlier; SQLite has one writer at a
time, for which it waits. A moment lists the changes in the window that were there already: they are
not shown again. If there are more than it can list, some are, so that none is ever missed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scim.protocol.filters.resolve import Condition
from scim.protocol.schema import ResourceType
from scim.protocol.values import date_time

from .changes import BEGINNINGS, Change
from .forgetting import WINDOW
from .history import BEFORE, ID, NAMES, change_of
from .keys import FIRST_ID, now
from .pages.filters import where
from .pages.groups import resources_in, select_page_rows
from .pages.query import Selection
from .rows import Stored
from .tables import TENANT, among, belongs, changes, member_changes, table_of, tenants, trash

SKEW = timedelta(seconds=30)  # of clocks
MOST_SEEN = 200  # changes that a moment lists
# When the oldest write that still goes on began, by the clock of the database.
OLDEST_WRITE = sa.text(
    "SELECT to_char(min(xact_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    " FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
)
SELECT_FORGOTTEN = sa.select(tenants.c.forgotten).where(tenants.c.id == TENANT)
Selections = Sequence[Selection]
Known = tuple[Sequence[Change], bool]  # changes, and whether they follow what was seen
Place = tuple[str, str]  # in the order of changes: an instant and an id
START: Place = ("", FIRST_ID)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in the changes of a tenant: all at ``since`` or later, but for those ``seen``.

    ``until`` is when it was; ``seen`` has ids with versions.
    """

    since: str
    until: str
    seen: Sequence[str] = ()

    @property
    def seen_versions(self) -> Mapping[str, int]:
        """The versions that were seen, by id."""
        parts = (each.split(" ") for each in self.seen)
        return {resource_id: int(version) for resource_id, version in parts}


@dataclass(frozen=True, slots=True)
class Changed:
    """A resource that has changed; it is None if it was deleted.

    ``seen`` is its id with its version. ``history`` are its changes since the moment, as far as
    they are known; ``follows`` if they go on from the version that it had then.
    """

    resource_type: ResourceType
    id: str
    seen: str
    stored: Stored | None = None
    history: Sequence[Change] = ()
    follows: bool = False


class Delta:
    """The changes of a tenant."""

    def __init__(self, connection: sa.Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant = {"tenant": tenant_id}
        self.tenant_id = tenant_id

    def moment(self, types: Sequence[ResourceType]) -> Moment:
        """Return this moment in the changes of some types."""
        until = now()
        since = _earlier(until, WINDOW)
        if self.connection.dialect.name == "postgresql":
            oldest = self.connection.scalar(OLDEST_WRITE)
            since = min(since, _earlier(oldest, SKEW)) if oldest else since
        return Moment(since, until, self._newest(self._all(since, types)))

    def known(self, since: str, types: Sequence[ResourceType], known: Sequence[str]) -> list[str]:
        """Return those of some ids with versions that are still so, and from an instant on."""
        chosen = self._all(since, types).subquery()
        return self._newest(sa.select(chosen).where(_seen(chosen.c).in_(known)))

    def _all(self, since: str, types: Sequence[ResourceType]) -> sa.Select[Any]:
        return self._select(Moment(since, ""), [Selection(each) for each in types])

    def _newest(self, chosen: sa.Select[Any]) -> list[str]:
        newest = chosen.order_by(sa.desc("at")).limit(MOST_SEEN)
        rows = self.connection.execute(newest, self.tenant)
        return [f"{row.id} {row.version}" for row in rows]

    def forgotten(self) -> str:
        """Return the instant before which a moment is too old; empty if none is."""
        return self.connection.scalar(SELECT_FORGOTTEN, self.tenant) or ""

    def count(self, moment: Moment, selections: Selections) -> int:
        """Return the number of resources that have changed since a moment."""
        found = self._select(moment, selections).subquery()
        counted = sa.select(sa.func.count()).select_from(found)
        return self.connection.scalar(counted, self.tenant) or 0

    def page(
        self, moment: Moment, selections: Selections, after: Place, limit: int
    ) -> tuple[list[Changed], Place | None]:
        """Return the next resources behind a place that have changed since a moment.

        The place where the next page begins is beside them; None behind the last one. A resource
        that changes while it is read comes again on a later page.
        """
        chosen = self._select(moment, selections, after, limit + 1)
        ordered = chosen.order_by("at", "id").limit(limit + 1)
        placed = self.connection.execute(ordered, self.tenant).all()
        goes_on, placed = len(placed) > limit, placed[:limit]
        living: dict[str, Stored] = {}
        for place, selection in enumerate(selections):
            ids = [row.id for row in placed if row.place == place and row.living]
            living |= {each.id: each for each in self._read(selection, ids)}
        known = self._history(moment, [*living])
        found = []
        for row in placed:
            if not row.living or row.id in living:  # otherwise it has just been deleted
                kind = selections[row.place].resource_type
                stored = living.get(row.id)
                seen = f"{row.id} {stored.version if stored else row.version}"
                made = known.get(row.id, ((), False))
                found.append(Changed(kind, row.id, seen, stored, *made))
        return found, ((placed[-1].at, placed[-1].id) if goes_on and placed else None)

    def _select(
        self,
        moment: Moment,
        selections: Selections,
        after: Place = START,
        limit: int | None = None,
    ) -> sa.Select[Any]:
        """Return the SELECT of changed resources: place, living, id, version and instant."""
        bounds = moment, after, limit
        parts = [
            part
            for place, selection in enumerate(selections)
            for part in (
                self._part(place, True, selection, *bounds),
                self._part(place, False, selection, *bounds),
            )
        ]
        every = sa.union_all(*(sa.select(part.subquery()) for part in parts)).subquery()
        return sa.select(every)

    def _part(
        self,
        place: int,
        living: bool,
        selection: Selection,
        moment: Moment,
        after: Place,
        limit: int | None,
    ) -> sa.Select[Any]:
        kind = selection.resource_type
        table = table_of(kind) if living else trash
        at = table.c.last_modified if living else table.c.deleted
        here = [at >= max(moment.since, after[0])]
        if living:
            here.append(belongs(kind))
            if selection.condition is not None:
                here.append(self._meets(selection.condition, kind))
        else:
            here += [table.c.tenant_id == TENANT, table.c.resource_type == kind.name]
        if after is not START:
            here.append(sa.or_(at > after[0], table.c.id > after[1]))
        own = sa.cast(table.c.id, sa.Text)
        if moment.seen:
            here.append(_seen(table.c).not_in(moment.seen))
        columns: list[Any] = [
            sa.literal(place, sa.Integer).label("place"),
            sa.literal(living, sa.Boolean).label("living"),
            own.label("id"),
            table.c.version.label("version"),
            at.label("at"),
        ]
        chosen = sa.select(*columns).where(*here)
        return chosen if limit is None else chosen.order_by(at, table.c.id).limit(limit)

    def _meets(self, condition: Condition, kind: ResourceType) -> sa.ColumnElement[bool]:
        return where(condition, kind, self.connection.dialect.name)

    def _read(self, selection: Selection, ids: Sequence[str]) -> Sequence[Stored]:
        if not ids:
            return ()
        kind = selection.resource_type
        named = select_page_rows(selection).where(belongs(kind), among(table_of(kind).c.id))
        rows = self.connection.execute(named, self.tenant | {"ids": list(ids)}).all()
        return resources_in(self.connection, self.tenant_id, selection, rows)

    def _history(self, moment: Moment, ids: Sequence[str]) -> Mapping[str, Known]:
        """Return the changes of some resources since a moment that were not seen then."""
        if not ids:
            return {}
        names = self.tenant | {"ids": list(ids)}
        known = [changes.c[name] for name in NAMES if name != "before"]
        mine = changes.c.tenant_id == TENANT, among(ID), changes.c.at >= moment.since
        shown = sa.select(*known, sa.literal_column(BEFORE).label("before")).where(*mine)
        rows = self.connection.execute(shown.order_by(ID, changes.c.version), names).all()
        members = dict[tuple[str, int], dict[str, bool]]()
        earlier = sa.select(ID, sa.func.max(changes.c.version)).group_by(ID)
        before = changes.c.tenant_id == TENANT, among(ID), changes.c.at < moment.since
        rows_before = self.connection.execute(earlier.where(*before), names)
        last: dict[str, int] = {row[0]: row[1] for row in rows_before}
        for row in self._members(names, [*{row.version for row in rows}]):
            members.setdefault((row.group_id, row.version), {})[row.member_id] = row.added
        seen, found = {**last, **moment.seen_versions}, dict[str, list[Change]]()
        for row in rows:
            if row.version > seen.get(row.resource_id, 0):
                change = change_of(row, members.get((row.resource_id, row.version), {}))
                found.setdefault(row.resource_id, []).append(change)
        return {each: (made, _follows(made[0], seen.get(each))) for each, made in found.items()}

    def _members(self, names: Mapping[str, Any], versions: Sequence[int]) -> Iterator[Any]:
        if versions:
            mine = member_changes.c.tenant_id == TENANT, among(member_changes.c.group_id)
            chosen = sa.select(member_changes).where(*mine, member_changes.c.version.in_(versions))
            yield from self.connection.execute(chosen, dict(names))


def _follows(first: Change, version: int | None) -> bool:
    """Tell whether a change is the next one after a version; without one it must be a beginning."""
    is_beginning = first.operation in BEGINNINGS
    return is_beginning if version is None else first.version == version + 1


def _seen(columns: Any) -> Any:
    """Return the id and the version of a row as one text."""
    own = sa.cast(columns.id, sa.Text)
    return own.concat(" ").concat(sa.cast(columns.version, sa.Text))


def _earlier(instant: str, by: timedelta) -> str:
    return date_time(datetime.fromisoformat(instant) - by)
