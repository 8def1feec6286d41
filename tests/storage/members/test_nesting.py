"""Groups in groups against a plain model: who shows what, whose version moves, what is refused."""

from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import pytest
import sqlalchemy as sa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scim.protocol.errors import InvalidValueError
from scim.protocol.patch.members import MemberOperation
from scim.protocol.schema import GROUP, USER
from scim.provider import writing
from scim.serializers.stored import read_document
from scim.storage import Operation
from scim.storage.history import History
from scim.storage.tables import nesting
from tests.support.databases import POSTGRESQL
from tests.support.nesting import beneath, closure
from tests.support.scim import add, group, listed, remove, replace
from tests.support.tries import tries

USERS, GROUPS = 4, 5
EXAMPLES, STEPS = 15, 14

NUMBERS = st.integers(0, USERS + GROUPS - 1)
ACTIONS = ("add", "add", "add", "remove", "remove by path", "replace", "PUT", "exchange")
STEP = st.one_of(
    st.tuples(st.sampled_from(ACTIONS), NUMBERS, st.lists(NUMBERS, min_size=1, max_size=3)),
    st.tuples(st.sampled_from(ACTIONS), NUMBERS, st.lists(NUMBERS, min_size=1, max_size=3)),
    st.tuples(st.sampled_from(("create", "rename", "empty")), NUMBERS, st.lists(NUMBERS)),
    st.tuples(st.sampled_from(("delete user", "delete group")), NUMBERS, st.just([])),
)


class Model:
    """The same directory twice: as it is stored, and as direct members only.

    ``members`` has the ids of the members of every group; ``expected`` whose versions the last
    step moves.
    """

    def __init__(self, directory):
        self.directory = directory
        self.users = [directory.user(f"user{n}") for n in range(USERS)]
        self.groups = [directory.group(f"group{n}") for n in range(GROUPS)]
        self.members = {each["id"]: set() for each in self.groups}
        self.deleted = []
        self.versions = self.read_versions()
        self.expected = set()

    def take(self, step):
        """Take a step in both, and compare them."""
        action, number, numbers = step
        everybody = self.users + self.groups
        chosen = list({n % len(everybody): everybody[n % len(everybody)] for n in numbers}.values())
        self.expected = set()
        if action.startswith("delete"):
            resources = self.users if action == "delete user" else self.groups
            if resources:
                self.delete(resources.pop(number % len(resources)))
        elif action == "create":
            self.create(f"group{len(self.groups) + len(self.deleted)}", chosen)
        elif self.groups:
            self.change(action, self.groups[number % len(self.groups)], chosen)
        self.compare()

    @property
    def children(self):
        return {each: members & self.members.keys() for each, members in self.members.items()}

    def below(self, ids):
        """Return groups with all that are in them."""
        return {*ids} | beneath(self.children, ids)

    def moves(self, ids):
        """Expect new versions of users, and of all users in groups and beneath them."""
        ids = {*ids}
        within = self.below(ids & self.members.keys())
        self.expected |= ids - self.members.keys()
        self.expected |= {each for one in within for each in self.members[one]} - {*self.members}

    def delete(self, resource):
        gone = resource["id"]
        if "userName" not in resource:
            self.moves([gone])
            self.deleted.append(resource)
            del self.members[gone]
        for each, members in self.members.items():
            if gone in members:
                members.discard(gone)
                self.expected.add(each)
        self.versions.pop(gone)
        self.directory.delete(resource)

    def create(self, name, chosen):
        made = self.directory.group(name, *chosen)
        ids = {each["id"] for each in chosen}
        self.groups.append(made)
        self.members[made["id"]] = ids
        self.versions[made["id"]] = 1
        self.moves(ids)

    def change(self, action, changed, chosen):
        this, ids = changed["id"], {each["id"] for each in chosen}
        before = self.members[this]
        first, rest = chosen[:1], chosen[1:]
        name = changed["displayName"]
        operations, after = {
            "add": ([add("members", listed(*chosen))], before | ids),
            "remove": ([remove("members") | {"value": listed(*chosen)}], before - ids),
            "remove by path": (
                [remove(f'members[value eq "{each["id"]}"]') for each in chosen],
                before - ids,
            ),
            "replace": ([replace("members", listed(*chosen))], ids),
            "PUT": (None, ids),
            "exchange": (
                [
                    add("members", listed(*chosen)),
                    remove("members") | {"value": listed(*first)},
                    add("members", listed(*rest)),
                ],
                (before | ids) - {each["id"] for each in first},
            ),
            "empty": ([remove("members")], set()),
            "rename": ([replace("displayName", f"{name}, renamed")], before),
        }[action]
        closes = action in ("add", "replace", "PUT", "exchange") and this in self.below(
            ids & self.members.keys()
        )
        try:
            if operations is None:
                self.directory.replace(changed, group(name, *chosen))
            else:
                self.directory.patch(changed, *operations)
        except InvalidValueError:
            assert closes
            return
        assert not closes
        self.members[this] = after
        if action == "rename":
            changed["displayName"] += ", renamed"
        if action == "rename" or after != before:
            self.expected.add(this)
        self.moves(after ^ before)

    def compare(self):
        direct = {(p, c) for p, children in self.children.items() for c in children}
        every = closure(direct)
        assert pairs(self.directory) == {pair: pair in direct for pair in every}
        for each in self.directory.list(GROUP):
            assert shown(each, "members") == {
                member: "Group" if member in self.members else "User"
                for member in self.members[each["id"]]
            }
        for each in self.directory.list(USER):
            mine = {one for one, members in self.members.items() if each["id"] in members}
            above = {parent for parent, child in every if child in mine}
            types = dict.fromkeys(above, "indirect") | dict.fromkeys(mine, "direct")
            assert shown(each, "groups") == types
        now = self.read_versions()
        assert now.keys() == self.versions.keys()
        assert {each for each in now if now[each] != self.versions[each]} == self.expected
        self.versions = now

    def check_history(self):
        """Check that what came and went makes up who is in each group, version by version."""
        with self.directory.store.database.reader.connect() as connection:
            kept = History(connection, self.directory.store.tenant_id)
            for each in self.groups + self.deleted:
                changes, members = kept.of(each["id"]), set()
                for change in changes:
                    came = {one for one, added in change.members.items() if added}
                    went = change.members.keys() - came
                    assert not came & members
                    assert went <= members
                    members = members - went | came
                assert members == self.members.get(each["id"], set())
                numbers = [change.version for change in changes]
                assert numbers == list(range(1, len(changes) + 1))
                assert self.versions.get(each["id"], len(changes)) == len(changes)

    def read_versions(self):
        everything = self.directory.list(USER) + self.directory.list(GROUP)
        return {each["id"]: int(each["meta"]["version"].strip('W/"')) for each in everything}


def pairs(directory):
    """Return the rows of ``nesting``: pairs of ids, and whether they are direct."""
    mine = nesting.c.tenant_id == directory.store.tenant_id
    with directory.store.database.reader.connect() as connection:
        rows = connection.execute(
            sa.select(nesting.c.parent_id, nesting.c.child_id, nesting.c.direct).where(mine)
        )
        return {(row.parent_id, row.child_id): row.direct for row in rows}


def shown(resource, attribute):
    """Return what a resource shows of others as ``{id: type}``, each of them once."""
    items = resource.get(attribute, [])
    types = {item["value"]: item["type"] for item in items}
    assert len(types) == len(items)
    return types


def test_groups_in_groups_are_what_a_plain_model_says(new_directory):
    @settings(max_examples=tries(EXAMPLES), phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(st.lists(STEP, min_size=STEPS, max_size=STEPS))
    def check(steps):
        model = Model(new_directory())
        for step in steps:
            model.take(step)
        model.check_history()

    check()


def joining(resource, member):
    """Return the work of a transaction that makes somebody a member of a group."""

    def work(transaction):
        stored = transaction.lock(GROUP, resource["id"])
        joins = MemberOperation("add", (member["id"],))
        document = read_document(stored)
        writing.write_change(transaction, GROUP, stored, document, Operation.PATCH, [joins])

    return work


@pytest.fixture
def meanwhile(new_directory):
    """Do something while a transaction has done its work and not committed it yet."""

    def check(directory, work, do):
        done, may_commit = Event(), Event()

        def unfinished(transaction):
            work(transaction)
            done.set()
            may_commit.wait(20)

        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(directory.store.atomically, unfinished)
            done.wait(20)
            second = threads.submit(do)
            assert not wait([second], timeout=0.5).done
            may_commit.set()
            first.result()
            return second.result()

    return check


def version(directory, resource):
    resource_type = USER if "userName" in resource else GROUP
    [found] = directory.list(resource_type, f'id eq "{resource["id"]}"')
    return int(found["meta"]["version"].strip('W/"'))


@POSTGRESQL
def test_nesting_waits_for_whoever_changes_the_users_beneath(new_directory, meanwhile):
    directory = new_directory()
    babs, guides, staff = (
        directory.user("babs"),
        directory.group("guides"),
        directory.group("staff"),
    )
    before = version(directory, babs)

    meanwhile(
        directory,
        joining(guides, babs),
        lambda: directory.patch(staff, add("members", listed(guides))),
    )

    assert shown(directory.list(USER)[0], "groups").keys() == {guides["id"], staff["id"]}
    assert version(directory, babs) == before + 2


@POSTGRESQL
def test_deletion_waits_for_whoever_takes_the_group_in(new_directory, meanwhile):
    directory = new_directory()
    guides, staff = directory.group("guides", directory.group("inner")), directory.group("staff")

    meanwhile(directory, joining(staff, guides), lambda: directory.delete(guides))

    assert pairs(directory) == {}
    assert version(directory, staff) == 3


@POSTGRESQL
def test_half_of_a_cycle_waits_for_the_other(new_directory, meanwhile):
    directory = new_directory()
    guides, staff = directory.group("guides"), directory.group("staff")

    with pytest.raises(InvalidValueError, match=guides["id"]):
        meanwhile(
            directory,
            joining(guides, staff),
            lambda: directory.patch(staff, add("members", listed(guides))),
        )

    assert pairs(directory) == {(guides["id"], staff["id"]): True}
