"""A page deep in a list is found from a place that is remembered, and is the page that it was."""

import time
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from models import User
from scim.protocol.schema import GROUP, USER
from scim.provider import recovery, writing
from scim.storage import Query, Selection, anchors, new_id
from scim.storage.anchors import Anchors
from scim.storage.keys import made_at, next_id
from scim.storage.totals import select_shifts
from tests.support.tries import tries

from ..support.scim import user
from ..support.statements import noted
from .pages.test_indexes import rows

EVERYBODY = Query((Selection(USER, with_related=False),))
KIND = 1, "User"
ROWS, SIZE = 3000, 20
PASSES_OVER = "IN (SELECT users.id"


def page(store, offset, limit):
    return store.query(Query(EVERYBODY.selections, offset=offset, limit=limit))


def ids(found):
    return [each.stored.id for each in found.resources]


@pytest.fixture
def settled(monkeypatch):
    """Ids made here are in the order of their commits: they need not settle."""
    for name in ("SETTLES", "TOGETHER"):
        monkeypatch.setattr(anchors, name, 0)


STEPS = st.one_of(
    st.tuples(st.just("create"), st.integers(1, 8)),
    st.tuples(st.sampled_from(["delete", "restore"]), st.integers(0, 40)),
    st.tuples(st.just("page"), st.integers(0, 40), st.integers(1, 12)),
    st.tuples(st.just("page"), st.integers(0, 40), st.integers(1, 12)),
)


@settings(max_examples=tries(15))
@given(steps=st.lists(STEPS, min_size=10, max_size=40), step=st.sampled_from([1, 3, 8]))
def test_page_has_what_it_has_when_all_is_counted(new_directory, steps, step):
    directory, gone = new_directory(), []
    store = directory.store
    store.database.anchors = Anchors()
    with pytest.MonkeyPatch.context() as patched:
        for name in ("SETTLES", "TOGETHER"):
            patched.setattr(anchors, name, 0)
        patched.setattr(anchors, "CLOSEST", step)
        patched.setattr(anchors, "MOST", 6)
        present = [directory.user(f"user{number}") for number in range(12)]
        for number, (kind, *numbers) in enumerate(steps):
            if kind == "create":
                present += [directory.user(f"{number} {n}") for n in range(numbers[0])]
            elif kind == "delete" and present:
                gone.append(present.pop(numbers[0] % len(present)))
                directory.delete(gone[-1])
            elif kind == "restore" and gone:
                present.append(gone.pop(numbers[0] % len(gone)))
                recovery.restore(store, present[-1]["id"])
            elif kind == "page":
                [offset, limit], found = numbers, page(store, *numbers)
                everybody = sorted(each["id"] for each in present)
                assert found.total == len(present)
                assert ids(found) == everybody[offset : offset + limit]


@pytest.fixture(scope="module")
def crowd(new_directory):
    """The store of a directory with some thousands of users, whose ids have settled."""
    store = new_directory().store
    documents = [
        user(f"user{n}", id=f"{n:08x}-0000-7000-8000-000000000000") for n in range(1, ROWS + 1)
    ]
    with store.database.engine.begin() as connection:
        connection.execute(sa.insert(User), list(rows(store.tenant_id, USER, documents)))
    with store.database.reader.connect() as connection:
        connection.exec_driver_sql("ANALYZE users")
    return store


@pytest.fixture
def forgetful(crowd):
    """The same store in a process that remembers nothing yet."""
    crowd.database.anchors = Anchors()
    return crowd


def test_walk_starts_each_page_where_the_last_one_ended(forgetful):
    walked = []
    with noted(forgetful.database) as executed:
        for offset in range(0, ROWS, 100):
            walked += ids(page(forgetful, offset, 100))

    assert walked == sorted(walked)
    assert len(set(walked)) == ROWS
    assert len(executed) == ROWS // 100
    assert not [statement for statement, _ in executed if PASSES_OVER in statement]


def read_of(connection, statement, parameters):
    """Return how many rows of users a node of a statement's plan reads at the most."""
    explained = connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
    ).scalar_one()
    nodes, most = [explained[0]["Plan"]], 0
    for node in nodes:
        nodes += node.get("Plans", [])
        if node.get("Relation Name") == "users":
            most = max(most, node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
    return most


def test_page_between_remembered_places_passes_over_few(forgetful):
    for offset in range(0, ROWS, 100):
        page(forgetful, offset, 100)

    with noted(forgetful.database) as executed:
        found = page(forgetful, ROWS - 150, SIZE)

    assert ids(found)[0] == f"{ROWS - 149:08x}-0000-7000-8000-000000000000"
    [(statement, parameters)] = executed
    values = parameters.values() if isinstance(parameters, dict) else parameters
    assert next_id(f"{ROWS - 200:08x}-0000-7000-8000-000000000000") in values
    assert 50 in values
    with forgetful.database.reader.connect() as connection:
        if connection.dialect.name == "postgresql":
            assert SIZE <= read_of(connection, statement, parameters) <= 50 + SIZE
            return
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        assert "(tenant_id=? AND id>?)" in "\n".join(row.detail for row in plan)


def test_page_that_was_shown_begins_where_it_did(forgetful):
    first = page(forgetful, 1234, SIZE)

    with noted(forgetful.database) as executed:
        again = page(forgetful, 1234, SIZE)

    assert again == first
    assert PASSES_OVER not in executed[0][0]


def test_page_behind_the_end_is_empty(new_directory, settled):
    directory = new_directory()
    for number in range(3):
        directory.user(f"user{number}")
    page(directory.store, 0, 10)

    found = page(directory.store, 1000, 10)

    assert (found.total, found.resources) == (3, [])


@pytest.mark.parametrize("resource_type", [USER, GROUP], ids=lambda kind: kind.name)
def test_page_by_cursor_is_found_in_one_statement(new_directory, resource_type):
    directory = new_directory()
    members = [directory.user(f"user{number}") for number in range(5)]
    for number in range(5):
        directory.group(f"group{number}", *members)
    asked = Query((Selection(resource_type),), limit=2, walks=True)

    with noted(directory.store.database) as executed:
        first = directory.store.query(asked)
        second = directory.store.query(replace(asked, position=first.last))
        back = replace(second.first, backward=True)
        again = directory.store.query(replace(asked, position=back))

    groups_of_users = 3 if resource_type is USER else 0
    assert len(executed) == 3 * (1 + groups_of_users)
    assert [each.total for each in (first, second, again)] == [5, 5, 5]
    assert again.resources == first.resources
    assert second.resources[0].stored.related


@pytest.fixture
def shifts(new_directory):
    """Return a directory, and a function that counts its shifts of users."""
    directory = new_directory()
    mine = {"tenant": directory.store.tenant_id}
    counted = sa.select(select_shifts(USER))
    return directory, lambda: directory.store.database.read(
        lambda reader: reader.scalar(counted, mine)
    )


def test_create_in_a_transaction_that_takes_long_shifts_pages(shifts, monkeypatch):
    directory, count = shifts
    directory.user("in time")
    assert count() == 0
    monkeypatch.setattr(anchors, "LATE", -1)
    directory.user("late")
    assert count() == 1


def test_create_that_others_have_overtaken_shifts_pages(shifts, monkeypatch):
    directory, count = shifts
    early = new_id()
    directory.user("overtakes")
    monkeypatch.setattr(anchors, "TOGETHER", 0)
    monkeypatch.setattr(writing, "new_id", lambda: early)

    assert directory.user("overtaken")["id"] == early
    assert count() == 1


def test_creates_at_the_same_time_shift_nothing(shifts, monkeypatch):
    directory, count = shifts
    early = new_id()
    directory.user("overtakes")
    monkeypatch.setattr(anchors, "TOGETHER", 3600)
    monkeypatch.setattr(writing, "new_id", lambda: early)
    directory.user("overtaken")

    assert count() == 0


def test_place_of_an_id_that_was_just_made_is_not_remembered():
    remembered, last = Anchors(), new_id()

    remembered.remember(KIND, 0, last, [(100, last)])

    assert remembered.before(KIND, 100) is None


def test_place_is_remembered_once_its_id_was_the_last_for_long(monkeypatch):
    remembered, seconds = Anchors(), [1000.0]
    first, last = ("01890000-0000-7000-8000-000000000000", "01890000-0064-7000-8000-000000000000")
    assert made_at(last) - made_at(first) > anchors.TOGETHER * anchors.SECOND
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])

    for passed, expected in ((0, None), (anchors.SETTLES - 1, None), (1, first)):
        seconds[0] += passed
        remembered.remember(KIND, 0, last, [(100, first), (200, last)])
        found = remembered.before(KIND, 200)
        assert (found and found.id) == expected


def test_place_of_an_id_long_before_the_last_is_remembered_at_once():
    remembered, first = Anchors(), "01890000-0000-7000-8000-000000000000"

    remembered.remember(KIND, 0, new_id(), [(100, first)])

    assert remembered.before(KIND, 100).id == first


def test_first_page_begins_at_no_remembered_place(new_directory, settled):
    directory = new_directory()
    for number in range(3):
        directory.user(f"user{number}")
    page(directory.store, 0, 2)

    with noted(directory.store.database) as executed:
        page(directory.store, 0, 2)

    assert "id >=" not in executed[0][0]


def test_what_was_seen_at_other_moves_is_forgotten(settled):
    remembered, first, second = Anchors(), new_id(), new_id()
    remembered.remember(KIND, 4, second, [(100, first)])
    remembered.remember(KIND, 3, second, [(50, first)])  # by a reader that was late

    assert remembered.before(KIND, 99) is None
    assert remembered.before(KIND, 100).id == first
    remembered.remember(KIND, 5, second, [(300, second)])
    assert remembered.before(KIND, 299) is None


def test_places_are_thinned_out_when_there_are_many(settled, monkeypatch):
    monkeypatch.setattr(anchors, "MOST", 100)
    remembered, seen = Anchors(), new_id()
    for offset in range(0, 100_000, 100):
        remembered.remember(KIND, 0, seen, [(offset, seen)])

    distances = [offset - remembered.before(KIND, offset).offset for offset in range(100, 100_000)]

    assert max(distances) < 3000


def test_types_that_were_not_used_for_longest_are_forgotten(settled, monkeypatch):
    monkeypatch.setattr(anchors, "MOST_TYPES", 2)
    remembered = Anchors()
    for tenant_id in (1, 2, 1, 3):
        remembered.remember((tenant_id, "User"), 0, last := new_id(), [(100, last)])

    assert [bool(remembered.before((tenant_id, "User"), 100)) for tenant_id in (1, 2, 3)] == [
        True,
        False,
        True,
    ]


def test_next_id_follows_an_id_at_once():
    assert next_id("01890000-0000-7000-8000-0000000000ff") == "01890000-0000-7000-8000-000000000100"
