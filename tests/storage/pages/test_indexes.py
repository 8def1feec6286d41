"""Each database answers from an index what clients really ask for, once there are many rows."""

import json
import re
from dataclasses import replace as changed

import pytest
import sqlalchemy as sa

from models import Change, Group, Link, Nesting, Referral, User
from scim.protocol.filters.parser import parse_filter
from scim.protocol.filters.resolve import resolve
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER
from scim.storage import Query, Selection, Store, new_id, sort_chain
from scim.storage.columns import columns
from scim.storage.feeds import Feed
from scim.storage.index import targets
from scim.storage.receivers import Receiver
from tests.support.databases import POSTGRESQL, SQLITE
from tests.support.nesting import closure
from tests.support.scim import add, group, remove, replace, user
from tests.support.statements import noted, prepared

ROWS = 4000
TEAM = 40
FEW = (
    ROWS // 3
)  # rows that a step of a plan reads; it may read the short table of nested groups whole
CREATED = {"version": 1, "at": "", "token": "", "operation": "create", "unseen": False}
E = ENTERPRISE_USER_SCHEMA


def rows(tenant_id, resource_type, documents):
    instant = "2011-05-13T04:42:34.000000Z"
    shared = {"tenant_id": tenant_id, "version": 1, "created": instant}
    for number, document in enumerate(documents):
        modified = f"2999-05-13T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000000Z"
        values = columns(resource_type, document, json.dumps(document), True)
        yield values | shared | {"id": document["id"], "last_modified": modified}


def referrals(tenant_id, users):
    for each in users:
        values = columns(USER, each, "", True)
        for key, target in targets(USER, values["search"]):
            yield {
                "tenant_id": tenant_id,
                "source_id": each["id"],
                "source_type": "User",
                "key": key,
                "target_id": target,
            }


@pytest.fixture(scope="module")
def crowd(new_directory):
    """A directory with some thousands of users and groups, and up-to-date statistics.

    Two users are in each of the first half of the groups; group 7 is in 8, that is in 9, and so on
    to 12; of the second half one is in another. One user in forty is the manager of the others.
    """
    directory = new_directory()
    tenant_id = directory.store.tenant_id
    ids = [new_id() for _ in range(ROWS)]
    users = [
        user(
            f"user{n}",
            id=ids[n],
            externalId=f"E{n}",
            displayName=f"User {n}",
            emails=[{"value": f"user{n}@work.example", "type": "work", "primary": True}],
            **{
                E: {
                    "department": f"Department {n % 500}",
                    "manager": {"value": ids[n // TEAM * TEAM]},
                }
            },
        )
        for n in range(ROWS)
    ]
    groups = [group(f"group{n}", id=new_id(), externalId=f"G{n}") for n in range(ROWS)]
    mine = {"tenant_id": tenant_id}
    nested = [*range(7, 12), *range(ROWS // 2, ROWS, 2)]
    direct = {(groups[n + 1]["id"], groups[n]["id"]) for n in nested}
    rows_of = {
        User: rows(tenant_id, USER, users),
        Group: rows(tenant_id, GROUP, groups),
        Link: (mine | {"group_id": groups[n // 2]["id"], "user_id": ids[n]} for n in range(ROWS)),
        Referral: referrals(tenant_id, users),
        Nesting: (
            mine | {"parent_id": parent, "child_id": child, "direct": (parent, child) in direct}
            for parent, child in closure(direct)
        ),
        Change: (
            mine | CREATED | {"resource_id": each["id"], "resource_type": "User"} for each in users
        ),
    }
    with directory.store.database.engine.begin() as connection:
        for table, values in rows_of.items():
            connection.execute(sa.insert(table), list(values))
    with directory.store.database.reader.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM ANALYZE")  # what autovacuum does after a while
    return directory, {"user": ids[77], "boss": ids[80], "group": groups[7]["id"]}


@pytest.fixture
def plans(crowd):
    """Return what a filter finds and the plans of the statements that it takes."""
    directory, known = crowd
    reader = directory.store.database.reader
    explain = "EXPLAIN" if reader.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"

    def check(resource_type, text):
        for name, resource_id in known.items():
            text = text.replace(f"<{name}>", resource_id)
        with noted(directory.store.database) as executed:
            found = directory.list(resource_type, text, count=100, excluded_attributes="groups")
        with reader.connect() as connection:
            plans = [
                "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {s}", p))
                for s, p in executed
            ]
        assert plans
        return len(found), plans

    return check


@POSTGRESQL
@pytest.mark.parametrize(
    ("resource_type", "text", "index", "number"),
    [
        (USER, 'userName eq "USER77"', "uq_users_user_name", 1),
        (USER, 'externalId eq "E77"', "ix_users_external_id", 1),
        (USER, 'id eq "<user>"', "users_pkey", 1),
        (USER, 'emails.value eq "User77@work.example"', "ix_users_search", 1),
        (USER, 'emails[type eq "work" and value eq "user77@work.example"]', "ix_users_search", 1),
        (USER, 'emails[type co "or" and value eq "user77@work.example"]', "ix_users_search", 1),
        (USER, f'{E}:department eq "department 7"', "ix_users_search", 8),
        (USER, 'meta.lastModified ge "2999-05-13T01:06:30Z"', "ix_users_last_modified", 10),
        (USER, 'groups.value eq "<group>"', "link_pkey", 2),
        (USER, 'groups eq "<group>"', "link_pkey", 2),
        (USER, 'groups.type eq "indirect"', "groups_pkey", 10),
        (USER, 'groups[type eq "indirect" and value eq "<group>"]', "link_pkey", 0),
        (USER, 'groups[type eq "direct" and value eq "<group>"]', "link_pkey", 2),
        (USER, 'groups.value eq "<group>" and groups.type eq "indirect"', "link_pkey", 2),
        (USER, f'{E}:manager.value eq "<boss>"', "ix_users_search", TEAM),
        (USER, f'{E}:manager.displayName eq "USER 80"', "ix_referrals_target", TEAM),
        (GROUP, 'displayName eq "GROUP7"', "uq_groups_display_name", 1),
        (GROUP, 'displayName sw "GROUP77"', "uq_groups_display_name", 11),
        (GROUP, 'externalId eq "G7"', "ix_groups_external_id", 1),
        (GROUP, 'id eq "<group>"', "groups_pkey", 1),
        (GROUP, 'members.value eq "<user>"', "ix_link_user", 1),
        (GROUP, 'members[value eq "<user>"]', "ix_link_user", 1),
        (GROUP, 'members.value eq "<group>"', "ix_nesting_child", 1),
        (GROUP, 'members[type eq "Group" and value eq "<group>"]', "ix_nesting_child", 1),
        (GROUP, 'members.display eq "User 77"', "ix_users_search", 1),
        (GROUP, 'members.display eq "Group7"', "uq_groups_display_name", 1),
        (GROUP, 'meta.lastModified ge "2999-05-13T01:06:30Z"', "ix_groups_last_modified", 10),
    ],
)
def test_filter_is_answered_from_an_index(plans, resource_type, text, index, number):
    found, executed = plans(resource_type, text)

    assert found == number
    for plan in executed:
        assert index in plan, plan
        assert "Seq Scan on users" not in plan, plan
        assert "Seq Scan on groups" not in plan, plan


@SQLITE
@pytest.mark.parametrize(
    ("resource_type", "text", "number"),
    [
        (USER, 'userName eq "USER77"', 1),
        (USER, 'userName sw "USER77"', 11),
        (USER, 'groups.value eq "<group>"', 2),
        (USER, 'groups[type eq "indirect" and value eq "<group>"]', 0),
        (GROUP, 'displayName eq "GROUP7"', 1),
        (GROUP, 'displayName sw "GROUP77"', 11),
        (GROUP, 'members.value eq "<user>"', 1),
        (GROUP, 'members.value eq "<group>"', 1),
    ],
)
def test_filter_is_answered_from_an_index_of_sqlite(plans, resource_type, text, number):
    found, executed = plans(resource_type, text)

    assert found == number
    for plan in executed:
        scanned = {line.split()[1] for line in plan.splitlines() if line.startswith("SCAN")}
        found_or_given = {"found", "CONSTANT", "json_each"}
        assert all(name in found_or_given or name.startswith("anon") for name in scanned)
        assert "(tenant_id=?)" not in plan, plan


@pytest.fixture
def page_plan(crowd):
    """Return the plan by which a page in the middle of a walk is found."""
    directory = crowd[0]
    engine = directory.store.database.reader

    def explain(sort_by, descending, backward):
        chain = sort_chain(sort_by, USER, directory.request.tolerated) if sort_by else ()
        selection = Selection(USER, None, chain, with_related=False)
        walk = Query((selection,), descending, walks=True, with_total=False)
        ahead = directory.store.query(changed(walk, limit=ROWS // 2))
        position = changed(ahead.last, backward=backward)
        with noted(directory.store.database) as executed:
            page = directory.store.query(changed(walk, position=position))
        assert len(page.resources) == 100
        statement, parameters = executed[0]
        explained = (
            "(ANALYZE, FORMAT JSON)" if engine.dialect.name == "postgresql" else "QUERY PLAN"
        )
        with engine.connect() as connection:
            return connection.exec_driver_sql(f"EXPLAIN {explained} {statement}", parameters).all()

    return explain


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@POSTGRESQL
@pytest.mark.parametrize(
    ("sort_by", "index"),
    [
        ("", "users_pkey"),
        ("userName", "uq_users_user_name"),
        ("meta.lastModified", "ix_users_last_modified"),
    ],
)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("backward", [False, True])
def test_page_by_cursor_is_read_from_an_index_from_where_it_begins(
    page_plan, sort_by, index, descending, backward
):
    [[[plan]]] = page_plan(sort_by, descending, backward)

    found = list(nodes(plan["Plan"]))
    part = re.compile(r"_p\d+$")  # of partitioned tables
    of_users = [node for node in found if part.sub("", node.get("Relation Name", "")) == "users"]
    assert {part.sub("", node["Index Name"]) for node in of_users} == {index}
    for node in found:
        if node.get("Relation Name") != "totals":  # so few that they are read whole
            assert node["Actual Rows"] + node.get("Rows Removed by Filter", 0) <= 110, node


@SQLITE
@pytest.mark.parametrize(
    ("sort_by", "column"),
    [("", "id"), ("userName", "user_name"), ("meta.lastModified", "last_modified")],
)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("backward", [False, True])
def test_sqlite_reads_it_from_an_index_too(page_plan, sort_by, column, descending, backward):
    searched, *others = (row.detail for row in page_plan(sort_by, descending, backward))

    assert re.search(rf"SEARCH users USING .*INDEX .*\(tenant_id=\? AND {column}[<>]\?\)", searched)
    assert "USE TEMP B-TREE FOR ORDER BY" not in others


@POSTGRESQL
@pytest.mark.parametrize(
    "ask",
    [
        lambda directory, known: directory.store.get(USER, known["user"]),
        lambda directory, known: directory.store.get(GROUP, known["group"], unless_many=True),
        lambda directory, known: list(directory.store.members(known["group"])),
        lambda directory, _: directory.list(USER, 'userName eq "user77"', count=10),
        lambda directory, _: directory.list(USER, f'{E}:department eq "department 7"', count=10),
        lambda directory, _: directory.list(USER, 'emails.value eq "user7@work.example"', count=10),
        lambda directory, _: directory.list(USER, count=10),
        lambda directory, _: directory.list(USER, count=10, start_index=500),
        lambda directory, _: directory.store.query(Query((Selection(USER),), limit=10, walks=True)),
    ],
)
def test_plan_that_is_kept_reads_few_rows(crowd, ask):
    directory, known = crowd

    with prepared() as executed:
        assert ask(directory, known)

    with directory.store.database.reading.one() as connection:
        check_reads_few(connection, executed)


def check_reads_few(connection, executed):
    for statement, parameters in executed:
        [[[plan]]] = connection.exec_driver_sql(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
        )
        for node in nodes(plan["Plan"]):
            if node.get("Relation Name") != "totals":
                read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
                assert read <= FEW, json.dumps(plan)


@pytest.fixture(scope="module")
def uneven(new_directory):
    """A directory with one large group among small ones, the ids of its users, and of its groups.

    The last user is not in the large group, which is the first.
    """
    directory = new_directory()
    kept = changed(directory.store.directory, keeps_history=False)
    directory.store = Store(directory.store.database, kept)
    mine = {"tenant_id": directory.store.tenant_id}
    ids, groups = ([f"{n:08x}-0000-7000-8000-{kind:012x}" for n in range(3000)] for kind in (1, 2))
    rows_of = {
        User: rows(*mine.values(), USER, [user(f"u{n}", id=each) for n, each in enumerate(ids)]),
        Group: rows(*mine.values(), GROUP, [group(f"g{n}", id=e) for n, e in enumerate(groups)]),
        Link: [mine | {"group_id": groups[0], "user_id": each} for each in ids[:-1]]
        + [mine | {"group_id": groups[n], "user_id": ids[n]} for n in range(1, 3000)],
    }
    with directory.store.database.engine.begin() as connection:
        for table, values in rows_of.items():
            connection.execute(sa.insert(table), list(values))
    with directory.store.database.reader.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    return directory, ids, groups


@POSTGRESQL
def test_change_of_a_large_group_among_small_ones_reads_few_rows(uneven):
    directory, ids, groups = uneven
    there, back = add("members", [{"value": ids[-1]}]), remove(f'members[value eq "{ids[-1]}"]')

    with prepared() as executed:
        directory.patch({"id": groups[0]}, there)
        directory.patch({"id": groups[0]}, back)

    with directory.store.database.writing.transaction() as connection:
        again = connection.begin_nested()
        check_reads_few(connection, executed)
        again.rollback()


@POSTGRESQL
def test_feed_of_a_large_group_reads_few_rows_for_a_change_of_one_user(uneven):
    directory, ids, groups = uneven
    meant = resolve(parse_filter(f'groups.value eq "{groups[0]}"'), USER)
    receiver = Receiver(new_id(), directory.store.tenant_id, "app", "poll", "", {}, {}, "")

    with (
        noted(directory.store.database) as executed,
        directory.store.database.reading.one() as connection,
    ):
        feed = Feed(connection, receiver, USER, meant)
        assert not feed.enter(ids[-1:])
        assert not feed.leave(ids[-1:])

    with directory.store.database.reading.one() as connection:
        check_reads_few(connection, executed)


@POSTGRESQL
def test_plan_that_is_kept_finds_what_to_change_by_an_index(crowd):
    directory, known = crowd

    with prepared() as executed:
        directory.patch({"userName": "", "id": known["user"]}, replace("active", False))
        directory.patch({"id": known["group"]}, replace("externalId", "another"))

    with directory.store.database.writing.transaction() as connection:
        for statement, parameters in executed:
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
            assert not re.findall("Seq Scan on (?:users|groups|link|changes)", "\n".join(plan))
