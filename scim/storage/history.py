"""History: each change with its token, instant and operation, in the transaction that made it.

A row leaves ``before`` out if it is the ``after`` of the row before it, so that a body is stored
once. A read puts it in again; so does a purge (``purging``), in the oldest row that stays.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from .audit import WAIT_TEXT, Audit
from .changes import BEGINNINGS, Cause, Change, Operation
from .database.prepared import Prepared
from .keys import FIRST_ID
from .seal import Seal
from .tables import TENANT, THIS, changes, member_changes

READ_AT_ONCE = 1000
ID = changes.c.resource_id
COLUMNS = [column.name for column in changes.c]
NAMES = tuple(name for name in COLUMNS if name != "tenant_id")
SHOWN = sa.select(*(changes.c[name] for name in NAMES))


def may_leave_out(operation: str) -> str:
    """Return the SQL condition that a row of this operation may leave ``before`` out.

    At the beginning of a resource, no ``before`` means that there was none.
    """
    names = ", ".join(f"'{name}'" for name in BEGINNINGS)
    return f"{operation} NOT IN ({names})"


LAST_BODY = (
    "SELECT known.after FROM changes AS known"
    " WHERE known.tenant_id = {0}tenant_id AND known.resource_id = {0}resource_id"
    " AND known.version < {0}version AND known.after IS NOT NULL"
    " ORDER BY known.version DESC LIMIT 1"
)


def _values(prefix: str) -> str:
    """Return the values of a row, each a name behind the prefix, and ``before`` only if needed."""
    operation, before = f"{prefix}operation", f"{prefix}before"
    known = f"{may_leave_out(operation)} AND {before} = ({LAST_BODY.format(prefix)})"
    values = {name: f"{prefix}{name}" for name in COLUMNS}
    return ", ".join(
        (values | {"before": f"CASE WHEN {known} THEN NULL ELSE {before} END"}).values()
    )


INSERT = f"INSERT INTO changes ({', '.join(COLUMNS)})"
RECORD_TEXT = f"{INSERT} VALUES ({_values(':')})"
RECORD = Prepared(sa.text(RECORD_TEXT))
# PostgreSQL lets the change wait to be chained, too, without another statement.
RECORD_AUDITED = Prepared(sa.text(f"WITH waiting AS ({WAIT_TEXT}) {RECORD_TEXT}"))
# PostgreSQL takes 0.2 ms to read a row in the text of a statement, much less in a parameter.
RECORD_MANY = Prepared(
    sa.text(
        f"{INSERT} SELECT {_values('given.')} FROM json_to_recordset(CAST(:rows AS json)) AS given"
        " (tenant_id integer, resource_id uuid, version bigint, resource_type text, at text,"
        " token text, operation text, cause text, before text, after text, unseen boolean,"
        " request_id text)"
    )
)
# One statement records any number of members: the ids are one parameter.
RECORD_MEMBERS = {
    "sqlite": Prepared(
        sa.text(
            "INSERT INTO member_changes (tenant_id, group_id, version, member_id, added)"
            " SELECT :tenant, :this, :version, value, :added FROM json_each(:ids)"
        )
    ),
    "postgresql": Prepared(
        sa.text(
            "INSERT INTO member_changes (tenant_id, group_id, version, member_id, added)"
            " SELECT CAST(:tenant AS integer), CAST(:this AS uuid), CAST(:version AS bigint),"
            " unnest(CAST(:ids AS uuid[])), CAST(:added AS boolean)"
        )
    ),
}


# The ``before`` of a row, also if it left it out, and all columns with it.
BEFORE = (
    f"CASE WHEN changes.before IS NULL AND {may_leave_out('changes.operation')}"
    " AND (changes.after IS NOT NULL OR changes.operation = 'delete')"
    f" THEN ({LAST_BODY.format('changes.')}) ELSE changes.before END"
)
EARLIER = (
    f"{', '.join(f'changes.{name} AS {name}' for name in NAMES if name != 'before')},"
    f" {BEFORE} AS before"
)
# A part of the changes of all resources since an instant, after a change that was read already.
SINCE: Any = (
    sa.text(
        f"SELECT {EARLIER} FROM changes"
        " WHERE tenant_id = :tenant AND at >= :since"
        " AND (at, resource_id, version) > (:since, :this, :version_read)"
        " ORDER BY at, resource_id, version LIMIT :number"
    )
    .bindparams(sa.bindparam("this", type_=ID.type))
    .columns(resource_id=ID.type)
)
Place = tuple[str, str, int]  # a change in the order of time: its instant, id and version
BEGINNING: Place = ("", FIRST_ID, 0)


class History:
    """The recorded changes of a tenant."""

    def __init__(self, connection: sa.Connection, tenant_id: int, seal: Seal | None = None) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.audit = Audit(connection, tenant_id, seal)

    def record(self, made: Sequence[Change]) -> None:
        """Record the changes that a transaction has made; with a seal, for the audit, too."""
        rows = [self._row(change) for change in made]
        is_postgresql, seal = self.connection.dialect.name == "postgresql", self.audit.seal
        if seal and is_postgresql and len(rows) == 1:
            RECORD_AUDITED.rows(self.connection, rows[0] | {"digest": seal.digest(made[0])})
        else:
            self._record_rows(rows, is_postgresql)
            if seal and rows:
                self.audit.wait(made)
        self._record_all_members(made)

    def _record_rows(self, rows: Sequence[dict[str, Any]], is_postgresql: bool) -> None:
        if len(rows) == 1:
            RECORD.rows(self.connection, rows[0])
        elif rows and is_postgresql:
            RECORD_MANY.rows(self.connection, {"rows": json.dumps(rows)})
        elif rows:
            self.connection.execute(sa.insert(changes), rows)

    def _record_all_members(self, made: Sequence[Change]) -> None:
        lone = [change for change in made if len(change.members) == 1]
        if len(lone) > 1:
            self._record_lone_members(lone)
            made = [change for change in made if len(change.members) > 1]
        for change in made:
            self._record_members(change)

    def _row(self, change: Change) -> dict[str, Any]:
        row = {name: getattr(change, name) for name in NAMES}
        cause = str(change.cause) if change.cause else None
        return row | {"cause": cause, "tenant_id": self.tenant_id}

    def _record_lone_members(self, lone: Sequence[Change]) -> None:
        """Record one member of each of many groups, as when a user is deleted."""
        rows = [
            {"group_id": change.resource_id, "version": change.version}
            | {"tenant_id": self.tenant_id, "member_id": member, "added": added}
            for change in lone
            for member, added in change.members.items()
        ]
        self.connection.execute(sa.insert(member_changes), rows)

    def _record_members(self, change: Change) -> None:
        statement = RECORD_MEMBERS[self.connection.dialect.name]
        names = {"tenant": self.tenant_id, "this": change.resource_id, "version": change.version}
        for added in (True, False):
            if ids := [member for member, joined in change.members.items() if joined == added]:
                statement.rows(self.connection, names | {"ids": ids, "added": added})

    def of(self, resource_id: str) -> list[Change]:
        """Return the changes of a resource, the oldest first."""
        names = {"tenant": self.tenant_id, "this": resource_id}
        own = changes.c.tenant_id == TENANT, ID == THIS
        found = self.connection.execute(SHOWN.where(*own).order_by(changes.c.version), names).all()
        mine = sa.select(member_changes).where(
            member_changes.c.tenant_id == TENANT, member_changes.c.group_id == THIS
        )
        members: dict[int, dict[str, bool]] = {}
        for row in self.connection.execute(mine, names):  # after the changes, which need theirs
            members.setdefault(row.version, {})[row.member_id] = row.added
        made, body = [], None
        for row in found:
            change = change_of(row, members.get(row.version, {}))
            if _left_out(change):
                change = replace(change, before=body)
            made.append(change)
            body = change.after or body
        return made

    def since(self, instant: str) -> Iterator[Change]:
        """Yield the changes of all resources from an instant on, the oldest first."""
        place = instant, FIRST_ID, 0
        while part := self.part(place):
            yield from part
            place = part[-1].at, part[-1].resource_id, part[-1].version

    def part(self, place: Place) -> list[Change]:
        """Return the next changes of all resources behind a place, the oldest first."""
        since, this, version = place
        names = {"tenant": self.tenant_id, "since": since, "this": this, "version_read": version}
        rows = self.connection.execute(SINCE, names | {"number": READ_AT_ONCE}).all()
        members = self._members_between(rows[0].at, rows[-1].at) if rows else {}
        return [change_of(row, members.get((row.resource_id, row.version), {})) for row in rows]

    def _members_between(
        self, first: str, last: str
    ) -> Mapping[tuple[str, int], Mapping[str, bool]]:
        """Return who joined or left with the changes between two instants, by group and version."""
        found: dict[tuple[str, int], dict[str, bool]] = {}
        chosen = sa.select(member_changes).where(
            changes.c.tenant_id == TENANT,
            changes.c.at.between(first, last),
            member_changes.c.tenant_id == TENANT,
            member_changes.c.group_id == ID,
            member_changes.c.version == changes.c.version,
        )
        for row in self.connection.execute(chosen, {"tenant": self.tenant_id}):
            found.setdefault((row.group_id, row.version), {})[row.member_id] = row.added
        return found

    def last_body(self, resource_id: str) -> str | None:
        """Return the last body that is known of a resource, which may be gone; None if none is."""
        body = sa.func.coalesce(changes.c.after, changes.c.before)
        mine = changes.c.tenant_id == TENANT, ID == THIS, body.is_not(None)
        newest = sa.select(body).where(*mine).order_by(changes.c.version.desc()).limit(1)
        names = {"tenant": self.tenant_id, "this": resource_id}
        return self.connection.scalar(newest, names)

    def memberships_of(self, member_id: str) -> list[Change]:
        """Return the changes of the groups that a member joined or left."""
        here = (
            (member_changes.c.tenant_id == TENANT)
            & (member_changes.c.member_id == THIS)
            & (changes.c.tenant_id == member_changes.c.tenant_id)
            & (changes.c.resource_id == member_changes.c.group_id)
            & (changes.c.version == member_changes.c.version)
        )
        found = SHOWN.add_columns(member_changes.c.added).where(here).order_by(changes.c.at)
        names = {"tenant": self.tenant_id, "this": member_id}
        return [
            change_of(row, {member_id: row.added}) for row in self.connection.execute(found, names)
        ]


def change_of(row: Any, members: Mapping[str, bool]) -> Change:
    """Return the change in a row, with who joined or left."""
    known = {name: getattr(row, name) for name in NAMES}
    known["operation"] = Operation(row.operation)
    known["unseen"] = bool(row.unseen)  # SQLite has no booleans
    known["cause"] = Cause.read(row.cause) if row.cause else None
    return Change(**known, members=members)


def _left_out(change: Change) -> bool:
    """Tell whether the row of a change left ``before`` out."""
    has_body = change.after is not None or change.operation is Operation.DELETE
    return change.before is None and has_body and change.operation not in BEGINNINGS
