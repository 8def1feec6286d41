"""History stores each body once, and shows what was there before and after each change."""

from dataclasses import replace
from itertools import pairwise

import pytest
import sqlalchemy as sa

from scim.provider import recovery
from scim.storage import Operation, Store

from ..support.scim import add, remove
from ..support.statements import noted


@pytest.fixture
def directory(new_directory):
    return new_directory()


def stored(directory, column="before"):
    """Return a column of the rows of history, by version."""
    mine = {"tenant": directory.store.tenant_id}
    rows = sa.text(f"SELECT {column} FROM changes WHERE tenant_id = :tenant ORDER BY at, version")
    return directory.store.database.read(lambda known: known.execute(rows, mine).scalars().all())


def bodies(directory, resource):
    """Return what history shows of each change: its operation, before and after."""
    return [
        (change.operation, change.before, change.after)
        for change in recovery.history(directory.store, resource["id"])
        if change.resource_id == resource["id"]
    ]


def change_often(directory):
    """Return a user of many versions, the last one by a restore."""
    ada = directory.user("ada")
    directory.patch(ada, add("title", "one"))
    directory.patch(ada, add("title", "two"))
    recovery.revert(directory.store, ada["id"], 2)
    directory.replace(ada, {"schemas": ada["schemas"], "userName": "ada", "title": "three"})
    directory.delete(ada)
    recovery.restore(directory.store, ada["id"])
    directory.patch(ada, add("title", "four"))
    return ada


def test_body_is_stored_once_and_shown_twice(directory):
    ada = change_often(directory)

    shown = bodies(directory, ada)

    assert [operation for operation, _, _ in shown] == [
        *("create", "patch", "patch", "revert", "replace", "delete", "restore", "patch"),
    ]
    for (_, _, after), (operation, before, _) in pairwise(shown):
        assert before == (shown[4][2] if operation is Operation.RESTORE else after)
    assert [each is None for each in stored(directory)] == [True] * 6 + [False, True]


def test_history_that_was_off_for_a_while_is_whole_afterwards(directory):
    ada, keeping = directory.user("ada"), directory.store
    directory.store = Store(keeping.database, replace(keeping.directory, keeps_history=False))
    directory.patch(ada, add("title", "one"))
    directory.store = keeping
    directory.patch(ada, add("title", "two"))

    [_, (_, before, after)] = bodies(directory, ada)

    assert '"one"' in before
    assert '"two"' in after


@pytest.mark.parametrize("number", range(8))
def test_purge_leaves_what_it_keeps_as_it_was_shown(directory, number):
    ada = change_often(directory)
    shown = bodies(directory, ada)
    instants = stored(directory, "at")

    assert sum(recovery.purge_history(directory.store, instants[number])) == number

    assert bodies(directory, ada) == shown[number:]


def test_group_whose_members_change_between_is_shown_as_before(directory):
    ada = directory.user("ada")
    team = directory.group("team", ada)
    directory.patch(team, add("displayName", "one"))
    directory.delete(ada)
    directory.patch(team, add("displayName", "two"))
    directory.patch(team, remove("externalId"), add("displayName", "three"))
    shown = bodies(directory, team)
    for text in ('"one"', '"two"'):
        [after] = [after for _, _, after in shown if text in (after or "")]
        [before] = [before for _, before, _ in shown if text in (before or "")]
        assert before == after

    list(recovery.purge_history(directory.store, stored(directory, "at")[3]))

    assert bodies(directory, team)[-2:] == shown[-2:]


@pytest.mark.parametrize("name", ["user", "group"])
def test_restore_of_a_member_bumps_each_group_once_by_few_statements(directory, name):
    seen = {}
    for number in (3, 30):
        member = getattr(directory, name)(f"member of {number}")
        groups = [directory.group(f"group{each} of {number}", member) for each in range(number)]
        directory.delete(member)

        with noted(directory.store.database) as seen[number]:
            undone = recovery.restore(directory.store, member["id"])

        assert not undone.missing
        for group in groups:
            last = recovery.history(directory.store, group["id"])[-1]
            assert (last.version, last.members) == (3, {member["id"]: True})
            assert str(last.cause) == f"restored {member['id']}"
    assert len(seen[30]) == len(seen[3])
