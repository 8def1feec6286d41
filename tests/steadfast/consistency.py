"""What the tables say about each other: after any crash they tell one story."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

Row = Any
KINDS = {"users": "User", "groups": "Group"}


def contradictions(engine: sa.Engine) -> list[str]:
    """Return where a resource, its history, its members and its total do not fit each other."""
    with engine.connect() as connection:
        return list(_contradictions(connection))


def _contradictions(connection: sa.Connection) -> Iterator[str]:
    changes, bumps = _changes(connection), _bumps(connection)
    living: dict[str, Row] = {}
    for table, kind in KINDS.items():
        rows = connection.execute(sa.text(f"SELECT id, version, body FROM {table}")).all()
        living |= {str(row.id): row for row in rows}
        counted = f"SELECT coalesce(sum(resources), 0) FROM totals WHERE resource_type = '{kind}'"
        if (total := connection.scalar(sa.text(counted))) != len(rows):
            yield f"there are {len(rows)} {table}, and the total is {total}"
    counted = (
        "SELECT coalesce(sum(resources), 0) FROM totals WHERE resource_type = 'GroupMembership'"
    )
    rows = "(SELECT count(*) FROM link) + (SELECT count(*) FROM nesting WHERE direct)"
    if (total := connection.scalar(sa.text(counted))) != connection.scalar(
        sa.text(f"SELECT {rows}")
    ):
        yield f"the total of memberships is {total}"
    trash = set(map(str, connection.scalars(sa.text("SELECT id FROM trash"))))
    for own, made in changes.items():
        if made[-1].operation != "delete":
            yield from _against_history(own, made, living.get(own), bumps[own])
        elif own in living or own not in trash:
            yield f"{own} is deleted in the history, and not in the tables"
    yield from (f"{own} has no history" for own in living.keys() - changes.keys())
    yield from _members(connection, living)
    if connection.dialect.name == "sqlite":
        for check in ("integrity_check", "foreign_key_check"):
            found = connection.exec_driver_sql(f"PRAGMA {check}").all()
            yield from (str(each) for each in found if tuple(each) != ("ok",))


def _changes(connection: sa.Connection) -> dict[str, list[Row]]:
    """Return the changes of each resource, the oldest first."""
    found = defaultdict(list)
    columns = "resource_id, version, operation, after"
    for row in connection.execute(sa.text(f"SELECT {columns} FROM changes ORDER BY version")):
        found[str(row.resource_id)].append(row)
    return found


def _bumps(connection: sa.Connection) -> Counter[str]:
    """Return how often users have joined or left a group, which bumps their versions."""
    members = connection.scalars(sa.text("SELECT member_id FROM member_changes"))
    return Counter(map(str, members))


def _against_history(own: str, made: list[Row], row: Row, bumps: int) -> Iterator[str]:
    """Compare a resource with its history, which has its versions without those of ``bumps``."""
    if row is None:
        yield f"{own} is in the history alone"
    elif row.version != len(made) + bumps:
        yield f"{own} has the version {row.version}, by history {len(made)}, by groups {bumps}"
    elif row.body != (known := [each.after for each in made if each.after is not None][-1]):
        yield f"{own} is {row.body}, and in the history {known}"


def _members(connection: sa.Connection, living: dict[str, Row]) -> Iterator[str]:
    history: dict[str, set[str]] = defaultdict(set)
    columns = "group_id, member_id, added"
    for row in connection.execute(
        sa.text(f"SELECT {columns} FROM member_changes ORDER BY version, member_id")
    ):
        members = history[str(row.group_id)]
        (members.add if row.added else members.discard)(str(row.member_id))
    links: dict[str, set[str]] = defaultdict(set)
    for row in connection.execute(sa.text("SELECT group_id, user_id FROM link")):
        links[str(row.group_id)].add(str(row.user_id))
        if not {str(row.group_id), str(row.user_id)} <= living.keys():
            yield f"{row.user_id} in {row.group_id}: one of them does not exist"
    for own in living.keys() & (history.keys() | links.keys()):
        if history[own] != links[own]:
            yield f"the members of {own} are {links[own]}, and in the history {history[own]}"
