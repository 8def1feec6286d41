"""A Store and its Transaction keep these promises to the provider, on every database.

A test class derives from ``StoreContract`` and has two fixtures: ``store``, an empty directory,
and ``neighbour``, the directory of another tenant in the same database.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event
from typing import Any, Literal

import pytest

from scim.protocol.errors import InvalidValueError, UniquenessError
from scim.protocol.patch.members import MemberOperation
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER, ResourceType
from scim.serializers.stored import make_document, read_document
from scim.storage import (
    Cause,
    Operation,
    Query,
    Reason,
    Selection,
    Store,
    Stored,
    Transaction,
    new_id,
)
from scim.storage import store as store_module
from scim.storage.purging import purge_changes

from ..support import scim
from ..support.scim import UNKNOWN_ID, Record

Op = Literal["add", "remove", "replace"]
FUTURE = "9999-01-01T00:00:00.000000Z"


def insert(store: Store, document: Record, *members: Stored) -> Stored:
    """Store a new resource; a group gets members."""

    def work(transaction: Transaction) -> Stored:
        [stored] = transaction.insert(type_of(document), [written(document)])
        if members:
            add = MemberOperation("add", tuple(each.id for each in members))
            transaction.change_members(stored.id, stored.version, [add])
        return stored

    return store.atomically(work)


def update(store: Store, stored: Stored, **attributes: Any) -> Stored:
    """Store what a resource becomes when attributes change."""

    def work(transaction: Transaction) -> Stored:
        document = read_document(stored) | attributes
        kind = type_of(document)
        before = transaction.lock(kind, stored.id)
        assert before
        return transaction.update(kind, before, *written(document), Operation.PATCH)

    return store.atomically(work)


def delete(store: Store, stored: Stored) -> None:
    def work(transaction: Transaction) -> None:
        kind = type_of(read_document(stored))
        before = transaction.lock_for_delete(kind, stored.id)
        assert before
        transaction.delete(kind, before)

    store.atomically(work)


def change_members(
    store: Store, group: Stored, op: Op, *ids: str, skip_unknown: bool = False
) -> bool:
    """Carry out one operation on members; tell whether members changed."""

    def work(transaction: Transaction) -> bool:
        before = transaction.lock(GROUP, group.id)
        assert before
        operation = MemberOperation(op, ids)
        return transaction.change_members(group.id, before.version + 1, [operation], skip_unknown)

    return store.atomically(work)


def user(name: str = "ada", **attributes: Any) -> Record:
    return scim.user(name, id=new_id(), **attributes)


def group(name: str = "Tours", **attributes: Any) -> Record:
    return scim.group(name, id=new_id(), **attributes)


def written(document: Record) -> tuple[Record, str]:
    """Return a document and its body."""
    return make_document(type_of(document), document["id"], document)


def type_of(document: Record) -> ResourceType:
    return USER if "userName" in document else GROUP


def read(store: Store, stored: Stored) -> Stored:
    found = store.get(type_of(read_document(stored)), stored.id)
    assert found
    return found


def version(store: Store, stored: Stored) -> int:
    return read(store, stored).version


def member_ids(store: Store, stored: Stored) -> set[str]:
    """Return the ids of the others that a resource shows."""
    return {each["value"] for each in parsed(read(store, stored).related)}


def parsed(related: str | None) -> list[Record]:
    """Return what a resource shows of others; the text has a placeholder for the base URL."""
    shown: list[Record] = json.loads(f"[{related or ''}]", strict=False)
    return shown


def page(store: Store, kind: ResourceType = USER, **asked: Any) -> tuple[int, list[str]]:
    """Return how many resources of a type there are, and the ids of those on a page."""
    found = store.query(Query((Selection(kind),), **asked))
    return found.total, [each.stored.id for each in found.resources]


class StoreContract:
    """Every rule once; a class below it says on which store."""

    # Reads

    def test_read_finds_what_was_written(self, store: Store) -> None:
        document = user(title="Countess")
        made = insert(store, document)

        found = read(store, made)

        assert (found.id, json.loads(found.body)) == (document["id"], document)
        assert (found.version, found.created) == (1, found.last_modified)
        assert (made.body, made.created) == (found.body, found.created)

    def test_read_sees_a_write_when_it_is_committed(self, store: Store) -> None:
        document = user()

        def work(transaction: Transaction) -> Stored | None:
            transaction.insert(USER, [written(document)])
            return store.get(USER, document["id"])

        assert store.atomically(work) is None
        assert store.get(USER, document["id"])

    @pytest.mark.parametrize("resource_id", [UNKNOWN_ID, "", "nobody", "\0", "x" * 10_000])
    def test_unknown_id_finds_nothing(self, store: Store, resource_id: str) -> None:
        insert(store, user())

        assert store.get(USER, resource_id) is None
        assert store.atomically(lambda transaction: transaction.lock(USER, resource_id)) is None

    def test_id_is_known_by_its_own_type_only(self, store: Store) -> None:
        ada = insert(store, user())

        assert store.get(GROUP, ada.id) is None
        assert store.atomically(lambda transaction: transaction.lock(GROUP, ada.id)) is None

    def test_members_are_read_in_parts_if_there_are_many(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(store_module, "AT_ONCE", 2)
        people = [insert(store, user(f"user{number}")) for number in range(5)]
        tours, lonely = insert(store, group(), *people), insert(store, group("Lonely"), people[0])

        many, few = (store.get(GROUP, each.id, unless_many=True) for each in (tours, lonely))

        assert many
        assert few
        assert (many.has_many, many.related) == (True, None)
        assert [each["value"] for each in parsed(few.related)] == [people[0].id]
        assert not few.has_many
        texts = [parsed(text) for text in store.members(tours.id)]
        assert [len(each) for each in texts] == [2, 2, 1]
        assert {each["value"] for part in texts for each in part} == {each.id for each in people}

    def test_pages_are_in_the_order_of_creation_and_know_the_total(self, store: Store) -> None:
        ids = [insert(store, user(f"user{number}")).id for number in range(5)]

        assert page(store) == (5, ids)
        assert page(store, offset=3) == (5, ids[3:])
        assert page(store, offset=1, limit=2) == (5, ids[1:3])
        assert page(store, offset=5) == (5, [])
        assert page(store, GROUP) == (0, [])

    # Writes

    def test_write_returns_what_its_work_returns(self, store: Store) -> None:
        assert store.atomically(lambda _: "done") == "done"

    @pytest.mark.parametrize("error", [InvalidValueError("no"), KeyError("a bug")])
    def test_work_that_fails_leaves_nothing(self, store: Store, error: Exception) -> None:
        ada, attempts = insert(store, user()), []

        def work(transaction: Transaction) -> None:
            attempts.append(transaction)
            transaction.insert(USER, [written(user("bob"))])
            transaction.bump(USER, [ada.id])
            transaction.delete(USER, ada)
            raise error

        with pytest.raises(type(error)):
            store.atomically(work)

        assert len(attempts) == 1
        assert page(store) == (1, [ada.id])
        assert version(store, ada) == 1
        assert len(store.atomically(lambda each: each.history.of(ada.id))) == 1
        assert store.atomically(lambda each: each.trash.size()) == 0

    def test_changed_resource_has_the_next_version(self, store: Store) -> None:
        made = insert(store, user())

        changed = update(store, made, title="Countess")

        found = read(store, made)
        assert (found.version, found.created) == (2, made.created)
        assert found.last_modified == changed.last_modified > made.last_modified
        assert json.loads(found.body)["title"] == "Countess"

    def test_bumped_version_is_that_of_the_named_only(self, store: Store) -> None:
        ada, bob = insert(store, user("ada")), insert(store, user("bob"))

        bumped = store.atomically(lambda each: each.bump(USER, [ada.id, UNKNOWN_ID]))

        assert bumped == {ada.id: 2}
        assert (version(store, ada), version(store, bob)) == (2, 1)
        assert read(store, ada).body == ada.body

    def test_locked_resource_is_changed_by_one_after_the_other(self, store: Store) -> None:
        ada, locked, may_commit = insert(store, user()), Event(), Event()

        def first(transaction: Transaction) -> None:
            before = transaction.lock(USER, ada.id)
            assert before
            locked.set()
            may_commit.wait(20)
            transaction.update(USER, before, *written(read_document(ada)), Operation.PATCH)

        with ThreadPoolExecutor(2) as threads:
            one = threads.submit(store.atomically, first)
            assert locked.wait(20)
            other = threads.submit(update, store, ada, title="x")
            assert not wait([other], timeout=0.1).done
            may_commit.set()
            one.result()
            assert other.result().version == 3

    # Unique values

    @pytest.mark.parametrize(
        ("document", "clash", "name"),
        [
            (user("babs"), user("BABS"), "userName"),
            (group("Tours"), group("tOURS"), "displayName"),
        ],
    )
    def test_unique_value_is_taken_once(
        self, store: Store, neighbour: Store, document: Record, clash: Record, name: str
    ) -> None:
        kind, made = type_of(document), insert(store, document)
        other = insert(store, clash | {name: "x"})

        with pytest.raises(UniquenessError, match=name):
            insert(store, clash | {"id": new_id()})
        with pytest.raises(UniquenessError, match=name):
            update(store, other, **{name: clash[name]})

        assert page(store, kind) == (2, [made.id, other.id])
        assert version(store, other) == 1
        assert insert(neighbour, clash | {"id": new_id()}).version == 1
        delete(store, made)
        assert insert(store, clash | {"id": new_id()}).version == 1

    @pytest.mark.parametrize("make", [user, group])
    def test_external_id_may_be_shared(self, store: Store, make: Callable[..., Record]) -> None:
        insert(store, make("ada", externalId="7"))
        bob = insert(store, make("bob", externalId="7"))
        other = insert(store, make("eve", externalId="8"))

        assert bob.version == 1
        assert update(store, other, externalId="7").version == 2

    def test_groups_share_names_where_they_need_not_be_unique(self, store: Store) -> None:
        lax = Store(store.database, replace(store.directory, unique_names=False))

        for _ in range(2):
            assert insert(lax, group("Tours", externalId="7")).version == 1

    def test_name_is_free_again_when_its_owner_has_another(self, store: Store) -> None:
        update(store, insert(store, user("ada")), userName="eve")

        assert insert(store, user("ada")).version == 1

    def test_id_is_taken_once(self, store: Store) -> None:
        ada = insert(store, user("ada"))

        with pytest.raises(UniquenessError, match="id is already in use"):
            insert(store, user("bob") | {"id": ada.id})

    # Members

    def test_member_is_shown_on_both_sides_and_gets_a_version(self, store: Store) -> None:
        ada, bob, tours = (
            insert(store, user("ada")),
            insert(store, user("bob")),
            insert(store, group()),
        )

        assert change_members(store, tours, "add", ada.id)

        assert member_ids(store, tours) == {ada.id}
        assert member_ids(store, ada) == {tours.id}
        assert [version(store, each) for each in (ada, bob)] == [2, 1]
        assert not change_members(store, tours, "add", ada.id)
        assert not change_members(store, tours, "remove", bob.id)
        assert change_members(store, tours, "replace", bob.id)
        assert member_ids(store, tours) == {bob.id}
        assert [version(store, each) for each in (ada, bob)] == [3, 2]

    def test_member_who_is_unknown_is_refused_or_skipped(
        self, store: Store, neighbour: Store
    ) -> None:
        ada, stranger, tours = (
            insert(store, user()),
            insert(neighbour, user()),
            insert(store, group()),
        )
        skipping = Store(store.database, replace(store.directory, skip_unknown=True))

        for unknown in (UNKNOWN_ID, "nobody", stranger.id):
            with pytest.raises(InvalidValueError, match=unknown):
                change_members(store, tours, "add", ada.id, unknown)
            assert member_ids(store, tours) == set()
            assert not change_members(store, tours, "add", unknown, skip_unknown=True)
            assert not change_members(skipping, tours, "add", unknown)
        assert change_members(skipping, tours, "add", ada.id, UNKNOWN_ID)
        assert member_ids(store, tours) == {ada.id}
        assert version(neighbour, stranger) == 1

    def test_group_contains_itself_never(self, store: Store) -> None:
        inner = insert(store, group("inner"))
        outer = insert(store, group("outer"), inner)

        for member in (inner, outer):
            with pytest.raises(InvalidValueError):
                change_members(store, inner, "add", member.id)

        assert member_ids(store, inner) == set()

    def test_groups_around_a_group_are_those_of_its_members(self, store: Store) -> None:
        ada = insert(store, user())
        inner = insert(store, group("inner"), ada)
        outer = insert(store, group("outer"), inner)

        assert member_ids(store, ada) == {inner.id, outer.id}
        assert version(store, ada) == 3
        delete(store, outer)
        assert member_ids(store, ada) == {inner.id}
        assert version(store, ada) == 4

    def test_deleted_member_leaves_its_groups(self, store: Store) -> None:
        ada, bob = insert(store, user("ada")), insert(store, user("bob"))
        inner = insert(store, group("inner"), ada)
        outer = insert(store, group("outer"), ada, bob, inner)

        for each in (ada, inner):
            delete(store, each)

        assert member_ids(store, outer) == {bob.id}
        assert version(store, outer) == 3
        assert version(store, bob) == 2

    # References

    def test_resources_that_refer_to_another_are_known(
        self, store: Store, neighbour: Store
    ) -> None:
        boss = insert(store, user("boss"))
        refers = {ENTERPRISE_USER_SCHEMA: {"manager": {"value": boss.id}}}
        ada, _ = (insert(each, user("ada", **refers)) for each in (store, neighbour))

        def referring() -> list[tuple[str, str]]:
            found = store.atomically(lambda transaction: transaction.index.referring(boss.id))
            return [(kind, source) for kind, source, _ in found]

        assert referring() == [("User", ada.id)]
        delete(store, boss)
        assert referring() == [("User", ada.id)]
        update(store, ada, **{ENTERPRISE_USER_SCHEMA: {}})
        assert referring() == []

    # Trash

    def test_deleted_resource_is_in_the_trash_as_it_was(self, store: Store) -> None:
        ada, inner = insert(store, user()), insert(store, group("inner"))
        tours = insert(store, group(), ada, inner)
        above = insert(store, group("above"), tours)
        before = read(store, tours)

        delete(store, tours)

        assert store.get(GROUP, tours.id) is None
        found = store.atomically(lambda each: (each.trash.get(tours.id), each.trash.size()))
        assert found == (store.atomically(lambda each: each.trash.named(GROUP, "tours")), 1)
        deleted, _ = found
        assert deleted
        assert (deleted.resource_type, deleted.name) == ("Group", "tours")
        assert (deleted.stored.body, deleted.stored.created) == (before.body, before.created)
        assert deleted.stored.version == before.version + 1
        assert (deleted.groups, set(deleted.members)) == ([above.id], {ada.id, inner.id})

    def test_deleted_name_is_that_of_the_last_who_had_it(self, store: Store) -> None:
        made = []
        for _ in range(2):
            made.append(insert(store, user("ada")))
            delete(store, made[-1])

        latest = store.atomically(lambda each: each.trash.named(USER, "ada"))

        assert latest
        assert latest.stored.id == made[-1].id
        assert store.atomically(lambda each: each.trash.named(GROUP, "ada")) is None

    def test_restored_resource_goes_on_where_it_ended(self, store: Store) -> None:
        ada = insert(store, user())
        delete(store, ada)

        def restore(transaction: Transaction) -> Stored:
            deleted = transaction.trash.get(ada.id)
            assert deleted
            document = read_document(deleted.stored)
            [back] = transaction.insert(
                USER, [written(document)], Operation.RESTORE, deleted.stored
            )
            transaction.trash.take(ada.id)
            return back

        assert store.atomically(restore).version == 3
        found = read(store, ada)
        assert (found.version, found.created, found.body) == (3, ada.created, ada.body)
        assert page(store) == (1, [ada.id])
        assert store.atomically(lambda each: each.trash.get(ada.id)) is None

    def test_trash_is_purged_up_to_an_instant(self, store: Store, neighbour: Store) -> None:
        for each in (store, neighbour):
            delete(each, insert(each, user()))

        def purge(before: str) -> int:
            return store.atomically(lambda transaction: transaction.trash.purge(before))

        assert (purge("2000"), purge(FUTURE), purge(FUTURE)) == (0, 1, 0)
        assert neighbour.atomically(lambda each: each.trash.size()) == 1

    # Changes and history

    def test_history_has_every_version_in_its_order(self, store: Store) -> None:
        ada = insert(store, user())
        changed = update(store, ada, title="x")
        delete(store, ada)

        made, patched, deleted = store.atomically(lambda each: each.history.of(ada.id))

        assert [each.version for each in (made, patched, deleted)] == [1, 2, 3]
        assert [each.operation for each in (made, patched, deleted)] == [
            "create",
            "patch",
            "delete",
        ]
        assert (made.before, made.after, patched.before) == (None, ada.body, ada.body)
        assert (patched.after, deleted.before, deleted.after) == (changed.body, changed.body, None)
        assert made.at == ada.created <= patched.at == changed.last_modified <= deleted.at

    def test_history_names_the_token_and_the_cause(self, store: Store) -> None:
        named = Store(store.database, replace(store.directory, token="okta"))
        ada = insert(named, user())
        tours = insert(named, group(), ada)
        delete(named, ada)

        *_, left = store.atomically(lambda each: each.history.of(tours.id))

        assert (left.token, left.cause) == ("okta", Cause(Reason.DELETED, ada.id))
        assert (left.version, left.members) == (2, {ada.id: False})
        moves = store.atomically(lambda each: each.history.memberships_of(ada.id))
        assert [each.members for each in moves] == [{ada.id: True}, {ada.id: False}]

    def test_history_is_kept_where_the_directory_keeps_it(self, store: Store) -> None:
        forgetful = Store(store.database, replace(store.directory, keeps_history=False))
        ada = insert(forgetful, user())

        assert store.atomically(lambda each: each.history.of(ada.id)) == []

    def test_history_is_purged_up_to_an_instant(self, store: Store, neighbour: Store) -> None:
        ada, theirs = insert(store, user()), insert(neighbour, user())

        def purge(before: str) -> int:
            return store.atomically(lambda transaction: purge_changes(transaction.history, before))

        assert (purge("2000"), purge(FUTURE), purge(FUTURE)) == (0, 1, 0)
        assert store.atomically(lambda each: each.history.of(ada.id)) == []
        assert len(neighbour.atomically(lambda each: each.history.of(theirs.id))) == 1

    # Tenants

    def test_neighbour_sees_nothing(self, store: Store, neighbour: Store) -> None:
        ada = insert(store, user())
        tours = insert(store, group(), ada)

        def look(transaction: Transaction) -> list[Any]:
            return [
                transaction.lock(kind, each.id),
                transaction.lock_for_delete(kind, each.id),
                transaction.bump(kind, [each.id]),
                transaction.history.of(each.id),
            ]

        for kind, each in ((USER, ada), (GROUP, tours)):
            assert neighbour.get(kind, each.id) is None
            assert page(neighbour, kind) == (0, [])
            assert neighbour.atomically(look) == [None, None, {}, []]
        assert list(neighbour.members(tours.id)) == []
        delete(store, ada)
        assert neighbour.atomically(lambda each: each.trash.get(ada.id)) is None
        assert neighbour.atomically(lambda each: each.trash.named(USER, "ada")) is None
