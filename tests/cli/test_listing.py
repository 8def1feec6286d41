"""``user list`` and ``group list`` show who is there."""

import pytest

from ..support.scim import group, user


@pytest.fixture
def people(scim):
    babs = scim.create(user("BJensen", displayName="Barbara Jensen"))
    return babs, scim.create(user("amy", active=False))


def test_users_are_listed_by_name(run, people):
    babs, amy = people

    assert run("user list").splitlines() == [
        f"{amy['id']}  amy  inactive",
        f"{babs['id']}  BJensen  Barbara Jensen",
    ]


def test_groups_are_listed_by_name(scim, run):
    tours, guides = scim.create(group("Tours")), scim.create(group("guides"))

    assert run("group list") == f"{guides['id']}  guides\n{tours['id']}  Tours\n"


@pytest.mark.parametrize("text", ["barb", "JENS", 'userName sw "b"', "active eq true", "title pr"])
def test_filter_or_a_part_of_a_name_chooses(run, people, text):
    babs, _ = people
    chosen = [] if text == "title pr" else [babs["id"]]

    shown = run(f"user list '{text}'").splitlines()

    assert [line[:36] for line in shown if line != "No user matches."] == chosen


def test_long_list_is_cut_unless_all_is_asked_for(scim, run, monkeypatch):
    monkeypatch.setattr("scim.cli.listing.SHOWN", 2)
    monkeypatch.setattr("scim.cli.listing.AT_ONCE", 2)
    for number in range(5):
        scim.create(user(f"user{number}"))

    assert run("user list").splitlines()[2:] == ["and 3 more; --all shows them, FILTER finds some"]
    assert [line[38:] for line in run("user list --all").splitlines()] == [
        f"user{number}" for number in range(5)
    ]


def test_nobody_and_nonsense_are_said(run, fail):
    assert run("user list") == "There is no user.\n"
    assert run("group list x") == "No group matches.\n"
    assert "userNam" in fail("user list 'userNam eq \"x\"'")
    assert "the tenant 'acme' does not exist" in fail("user list --tenant acme")
