"""A deleted manager is nobody's manager, however many users had him and whatever comes between."""

import json

import pytest
import sqlalchemy as sa

from scim import provider
from scim.protocol.errors import NotFoundError, UnavailableError
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER
from scim.provider import recovery, releasing
from scim.storage.tables import users as table

from ..support.scim import add, enterprise
from ..support.statements import noted

E = ENTERPRISE_USER_SCHEMA
AT_ONCE = 4


class Crash(BaseException):
    """The process ends between two parts."""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(releasing, "AT_ONCE", AT_ONCE)


@pytest.fixture
def team(new_directory):
    """A directory, a manager, and three parts of users who have him."""
    directory = new_directory()
    boss = directory.user("boss", displayName="The Boss")
    managed = {"manager": {"value": boss["id"]}}
    users = [
        directory.user(
            f"user{n}", **enterprise(**managed, **({"department": "x"} if n % 2 else {}))
        )
        for n in range(3 * AT_ONCE)
    ]
    return directory, boss, users


def between_parts(monkeypatch, *works):
    """Do something after each part that is written."""
    left = list(works)
    monkeypatch.setattr(releasing, "sleep", lambda _: left.pop(0)() if left else None)


def crash():
    raise Crash


def unavailable():
    raise UnavailableError("the database cannot be reached")


def read(directory, resource):
    found = provider.get(directory.store, USER, resource["id"], directory.request)
    return json.loads(found.text, strict=False)


def search(directory, resource):
    """Return a user as filters find it."""
    chosen = sa.select(table.c.search).where(table.c.id == resource["id"])
    return directory.store.database.read(lambda connection: connection.scalar(chosen))


def managed(directory, users):
    """Return which users show a manager, alone or in a list."""
    listed = {each["id"]: each for each in directory.list(USER)}
    alone = [read(directory, each) for each in users]
    for each in alone:
        listed[each["id"]].pop("groups", None)
        assert listed[each["id"]] == each
    return ["manager" in each.get(E, {}) for each in alone]


@pytest.mark.parametrize("at_once", [1, AT_ONCE, 100])
def test_deleted_manager_is_nobodys_manager(team, monkeypatch, at_once):
    directory, boss, users = team
    monkeypatch.setattr(releasing, "AT_ONCE", at_once)

    directory.delete(boss)

    assert managed(directory, users) == [False] * len(users)
    for number, each in enumerate(users):
        now = read(directory, each)
        assert now["meta"]["version"] == 'W/"2"'
        assert now.get(E) == ({"department": "x"} if number % 2 else None)
        assert (E in now["schemas"]) == bool(number % 2)
        [_, change] = recovery.history(directory.store, each["id"])
        assert str(change.cause) == f"deleted {boss['id']}"
        assert boss["id"] in change.before
        assert boss["id"] not in change.after
    assert directory.list(USER, f"{E}:manager pr") == []
    assert len(directory.list(USER, f'{E}:department eq "x"')) == len(users) // 2
    assert directory.store.referring(boss["id"]) == []


def test_users_are_as_if_the_reference_had_been_removed_by_a_client(team):
    directory, boss, users = team
    other = directory.user("other", **enterprise(manager={"value": boss["id"]}))
    patched = directory.patch(other, {"op": "remove", "path": f"{E}:manager"})
    directory.delete(boss)

    names = ("schemas", "active", "displayName")
    shown = read(directory, users[0])
    assert [shown.get(name) for name in names] == [patched.get(name) for name in names]
    [stored] = directory.store.read_plain(USER, [users[0]["id"]])
    [alike] = directory.store.read_plain(USER, [other["id"]])
    assert stored.body.replace("user0", "").replace(users[0]["id"], "") == alike.body.replace(
        "other", ""
    ).replace(other["id"], "")
    assert search(directory, users[0]).keys() == search(directory, other).keys()
    assert search(directory, users[1])[E.lower()] == {"department": "x"}


def test_crash_between_parts_shows_nobody_a_manager_and_a_purge_goes_on(team, monkeypatch):
    directory, boss, users = team
    between_parts(monkeypatch, crash)
    with pytest.raises(Crash):
        directory.delete(boss)

    with pytest.raises(NotFoundError):
        read(directory, boss)
    assert managed(directory, users) == [False] * len(users)
    assert len(directory.store.referring(boss["id"])) == 2 * AT_ONCE
    answered = directory.patch(users[-1], add("title", "Dr."))
    assert "manager" not in answered.get(E, {})

    assert list(recovery.purge_trash(directory.store, before="")) == []

    assert managed(directory, users) == [False] * len(users)
    assert directory.store.referring(boss["id"]) == []
    assert read(directory, users[-1])["title"] == "Dr."


def test_failure_between_parts_does_not_fail_the_delete(team, monkeypatch):
    directory, boss, users = team
    between_parts(monkeypatch, unavailable)

    directory.delete(boss)

    assert managed(directory, users) == [False] * len(users)
    assert directory.store.pending_releases() == [("User", boss["id"])]


def test_change_between_parts_is_not_lost(team, monkeypatch):
    directory, boss, users = team
    other = directory.user("other boss")
    between_parts(
        monkeypatch,
        lambda: [directory.patch(each, add("title", "Dr.")) for each in users],
        lambda: directory.patch(users[-1], add(f"{E}:manager", {"value": other["id"]})),
    )

    directory.delete(boss)

    assert {read(directory, each)["title"] for each in users} == {"Dr."}
    assert managed(directory, users) == [False] * (len(users) - 1) + [True]


def test_manager_who_comes_back_between_parts_stays_manager_of_the_rest(team, monkeypatch):
    directory, boss, users = team
    between_parts(monkeypatch, lambda: recovery.restore(directory.store, boss["id"]))

    directory.delete(boss)

    assert sum(managed(directory, users)) == 2 * AT_ONCE
    assert directory.store.pending_releases() == []
    [shown] = [each for each in users if "manager" in read(directory, each).get(E, {})][:1]
    assert read(directory, shown)[E]["manager"]["displayName"] == "The Boss"


def test_manager_who_never_existed_is_shown_as_sent(new_directory):
    directory = new_directory()
    nobody = {"value": "01890000-0000-7000-8000-000000000000"}

    made = directory.user("ada", **enterprise(manager=nobody))

    assert read(directory, made)[E]["manager"] == nobody


def test_part_that_takes_long_makes_the_next_one_smaller(team, monkeypatch):
    directory, boss, users = team
    monkeypatch.setattr(releasing, "LONG", 0)
    monkeypatch.setattr(releasing, "LEAST", 1)
    parts = []

    def count():
        parts.append(len(directory.store.referring(boss["id"])))

    between_parts(monkeypatch, *[count] * 12)

    directory.delete(boss)

    assert managed(directory, users) == [False] * len(users)
    assert parts == [8, 6, 5, 4, 3, 2, 1, 0]  # are left


def test_references_are_removed_by_few_statements(team, monkeypatch):
    """One writes all users of a part, also those who have no other value in the extension."""
    directory, boss, users = team
    monkeypatch.setattr(releasing, "AT_ONCE", len(users) - 1)

    with noted(directory.store.database) as seen:
        directory.delete(boss)

    assert sum(text.startswith("UPDATE") for text, _ in seen) == 2


def test_part_after_a_quick_one_is_larger(monkeypatch):
    monkeypatch.setattr(releasing, "AT_ONCE", 500)

    took = [(20, 0.01), (300, 0.01), (500, 0.01), (100, 0.15), (100, 0.3), (20, 5)]
    sizes = [releasing._next_size(size, seconds) for size, seconds in took]

    assert sizes == [40, 500, 500, 100, 50, 20]
