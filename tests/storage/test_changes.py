"""``Transaction.changes``: what a write has done, for history and every later reader."""

from dataclasses import replace

import pytest

from scim.protocol.errors import InvalidValueError, NotFoundError
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER
from scim.provider import operations as provider
from scim.provider import recovery
from scim.storage import Cause, Operation, Reason, Store, Transaction

from ..support.scim import add, listed, patch_op, user


@pytest.fixture
def directory(new_directory):
    return new_directory()


@pytest.fixture
def seen(monkeypatch):
    """The changes of each transaction, as they are when it finishes."""
    finish, lists = Transaction.finish, []

    def finish_and_note(transaction):
        finish(transaction)
        lists.append(list(transaction.changes))

    monkeypatch.setattr(Transaction, "finish", finish_and_note)
    return lists


def summary(change):
    return change.resource_id, change.version, change.operation, change.cause


def test_create_patch_replace_and_delete_name_their_operation(directory, seen):
    ada = directory.user("ada")
    directory.patch(ada, {"op": "replace", "path": "title", "value": "Countess"})
    directory.replace(ada, user("ada"))
    directory.delete(ada)

    [[made], [patched], [replaced], [deleted]] = seen
    assert summary(made) == (ada["id"], 1, Operation.CREATE, None)
    assert summary(patched) == (ada["id"], 2, Operation.PATCH, None)
    assert summary(replaced) == (ada["id"], 3, Operation.REPLACE, None)
    assert summary(deleted) == (ada["id"], 4, Operation.DELETE, None)
    assert made.before is None
    assert made.after == patched.before
    assert '"title":"Countess"' in patched.after
    assert deleted.after is None


def test_request_that_changes_nothing_lists_nothing(directory, seen):
    ada = directory.user("ada")
    directory.patch(ada, {"op": "replace", "path": "userName", "value": "ada"})

    assert seen[1] == []


def test_new_group_lists_its_members(directory, seen):
    ada = directory.user("ada")
    directory.group("Tour Guides", ada)

    [change] = seen[1]
    assert change.members == {ada["id"]: True}


def test_patch_of_members_lists_who_joined_and_left(directory, seen):
    ada, eve = directory.user("ada"), directory.user("eve")
    tours = directory.group("Tour Guides", ada)
    directory.patch(
        tours,
        add("members", listed(eve)),
        {"op": "remove", "path": f'members[value eq "{ada["id"]}"]'},
    )

    [change] = seen[3]
    assert summary(change) == (tours["id"], 2, Operation.PATCH, None)
    assert change.members == {eve["id"]: True, ada["id"]: False}


def test_deleted_user_leaves_groups_and_references_for_that_cause(directory, seen):
    boss = directory.user("boss")
    manager = {"manager": {"value": boss["id"]}}
    report = directory.user("report", **{ENTERPRISE_USER_SCHEMA: manager})
    tours = directory.group("Tour Guides", boss)
    directory.delete(boss)

    changes = {change.resource_id: change for change in seen[3]}
    cause = Cause(Reason.DELETED, boss["id"])
    assert summary(changes[boss["id"]]) == (boss["id"], 3, Operation.DELETE, None)
    assert summary(changes[report["id"]]) == (report["id"], 2, Operation.PATCH, cause)
    assert summary(changes[tours["id"]]) == (tours["id"], 2, Operation.PATCH, cause)
    assert changes[tours["id"]].members == {boss["id"]: False}


def test_deleted_group_lists_the_members_it_had(directory, seen):
    ada, inner = directory.user("ada"), directory.group("Inner")
    outer = directory.group("Outer", ada, inner)
    directory.delete(outer)

    [change] = seen[3]
    assert change.members == {ada["id"]: False, inner["id"]: False}


def test_restored_member_is_the_cause_of_its_groups_new_version(directory, seen):
    ada = directory.user("ada")
    tours = directory.group("Tour Guides", ada)
    directory.delete(ada)
    recovery.restore(directory.store, ada["id"])

    changes = {change.resource_id: change for change in seen[3]}
    assert summary(changes[ada["id"]]) == (ada["id"], 4, Operation.RESTORE, None)
    cause = Cause(Reason.RESTORED, ada["id"])
    assert summary(changes[tours["id"]]) == (tours["id"], 3, Operation.PATCH, cause)
    assert changes[tours["id"]].members == {ada["id"]: True}


def test_revert_names_the_version_it_went_back_to(directory, seen):
    ada = directory.user("ada")
    directory.patch(ada, {"op": "replace", "path": "title", "value": "Countess"})
    recovery.revert(directory.store, ada["id"], 1)

    [change] = seen[2]
    cause = Cause(Reason.VERSION, "1")
    assert summary(change) == (ada["id"], 3, Operation.REVERT, cause)
    assert change.after == seen[0][0].after


def test_history_keeps_what_the_transaction_lists(directory, seen):
    ada = directory.user("ada", password="t1meMa$heen")
    tours = directory.group("Tour Guides", ada)
    directory.patch(ada, {"op": "replace", "path": "password", "value": "n3wMa$heen"})
    directory.delete(ada)
    made = [change for changes in seen for change in changes]

    of_user = recovery.history(directory.store, ada["id"])
    of_group = recovery.history(directory.store, tours["id"])

    kept = {(change.resource_id, change.version): change for change in (*of_user, *of_group)}
    assert kept == {(change.resource_id, change.version): change for change in made}
    assert [change.unseen for change in of_user if change.resource_id == ada["id"]] == [
        False,
        True,
        False,
    ]


def test_changes_are_listed_where_no_history_is_kept(directory, seen):
    store = Store(directory.store.database, replace(directory.store.directory, keeps_history=False))
    provider.create(store, USER, user("ada"), directory.request)

    [[change]] = seen
    assert change.operation is Operation.CREATE
    with pytest.raises(NotFoundError):
        recovery.history(store, change.resource_id)


def test_refused_patch_lists_nothing(directory, seen):
    tours = directory.group("Tour Guides")
    sent = patch_op(add("members", [{"value": "nobody"}]))
    with pytest.raises(InvalidValueError):
        provider.patch(directory.store, GROUP, tours["id"], sent, directory.request)

    assert len(seen) == 1


@pytest.mark.parametrize(
    "cause",
    [Cause(Reason.DELETED, "2819c223"), Cause(Reason.DELETED, ""), Cause(Reason.VERSION, "3")],
)
def test_cause_is_read_as_it_was_written(cause):
    assert Cause.read(str(cause)) == cause
