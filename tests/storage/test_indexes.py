"""PostgreSQL answers from an index what clients really ask for, once there are many rows."""

import json
import re
from contextlib import contextmanager
from dataclasses import replace as changed

import pytest
import sqlalchemy as sa

from models import Group, Link, User
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER
from scim.storage import Query, Selection, new_id, sort_chain
from scim.storage.resources import columns

from ..support.scim import group, user

ROWS = 4000
SQLITE = pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)


def rows(tenant_id, resource_type, documents):
    instant = "2011-05-13T04:42:34.000000Z"
    shared = {"tenant_id": tenant_id, "version": 1, "created": instant}
    for number, document in enumerate(documents):
        modified = f"2011-05-13T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000000Z"
        document["id"] = new_id()
        values = columns(resource_type, document, json.dumps(document), True)
        yield values | shared | {"id": document["id"], "last_modified": modified}


@pytest.fixture(scope="module")
def crowd(new_directory):
    """A directory with some thousands of users and groups, and up-to-date statistics."""
    directory = new_directory()
    tenant_id = directory.store.tenant_id
    users = [
        user(
            f"user{n}",
            externalId=f"E{n}",
            emails=[{"value": f"user{n}@work.example", "type": "work", "primary": True}],
            **{ENTERPRISE_USER_SCHEMA: {"department": f"Department {n % 500}"}},
        )
        for n in range(ROWS)
    ]
    groups = [group(f"group{n}", externalId=f"G{n}") for n in range(ROWS)]
    with directory.store.database.engine.begin() as connection:
        connection.execute(sa.insert(User), list(rows(tenant_id, USER, users)))
        connection.execute(sa.insert(Group), list(rows(tenant_id, GROUP, groups)))
        links = [
            {"tenant_id": tenant_id, "group_id": groups[n // 2]["id"], "user_id": users[n]["id"]}
            for n in range(ROWS)
        ]
        connection.execute(sa.insert(Link), links)
    with directory.store.database.reader.connect() as connection:
        postgresql = connection.dialect.name == "postgresql"
        # what autovacuum does after a while
        connection.exec_driver_sql("VACUUM ANALYZE" if postgresql else "ANALYZE")
    return directory, users[77]["id"], groups[7]["id"]


@contextmanager
def noted(engine):
    """Note the statements that a block executes, with their parameters."""
    executed = []

    def remember(connection, cursor, statement, parameters, context, executemany):
        executed.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", remember)
    try:
        yield executed
    finally:
        sa.event.remove(engine, "before_cursor_execute", remember)


@pytest.fixture
def plans(crowd):
    """Return the plans of all statements that a query executes."""
    engine = crowd[0].store.database.reader

    def explain(resource_type, text):
        with noted(engine) as executed:
            found = crowd[0].list(resource_type, text, count=100)
        with engine.connect() as connection:
            plans = [
                "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
                for statement, parameters in executed
            ]
        return found, plans

    return explain


@POSTGRESQL
@pytest.mark.parametrize(
    ("resource_type", "text", "index", "number"),
    [
        (USER, 'userName eq "USER77"', "uq_users_user_name", 1),
        (USER, 'externalId eq "E77"', "ix_users_external_id", 1),
        (USER, 'id eq "<user>"', "users_pkey", 1),
        (USER, 'emails.value eq "User77@work.example"', "ix_users_search", 1),
        (USER, 'emails[type eq "work" and value eq "user77@work.example"]', "ix_users_search", 1),
        (USER, f'{ENTERPRISE_USER_SCHEMA}:department eq "department 7"', "ix_users_search", 8),
        (USER, 'meta.lastModified ge "2011-05-13T01:06:30Z"', "ix_users_last_modified", 10),
        (USER, 'groups.value eq "<group>"', "link_pkey", 2),
        (USER, 'groups eq "<group>"', "link_pkey", 2),
        (GROUP, 'displayName eq "GROUP7"', "uq_groups_display_name", 1),
        (GROUP, 'externalId eq "G7"', "uq_groups_external_id", 1),
        (GROUP, 'id eq "<group>"', "groups_pkey", 1),
        (GROUP, 'members.value eq "<user>"', "ix_link_user", 1),
        (GROUP, 'members[value eq "<user>"]', "ix_link_user", 1),
        (GROUP, 'meta.lastModified ge "2011-05-13T01:06:30Z"', "ix_groups_last_modified", 10),
    ],
)
def test_filter_is_answered_from_an_index(crowd, plans, resource_type, text, index, number):
    _, user_id, group_id = crowd
    text = text.replace("<user>", user_id).replace("<group>", group_id)

    found, executed = plans(resource_type, text)

    assert len(found) == number
    assert executed
    for plan in executed:
        assert index in plan, plan
        assert f"Seq Scan on {resource_type.name.lower()}s" not in plan, plan


@pytest.fixture
def page_plan(crowd):
    """Return the plan by which a page in the middle of a walk is found."""
    directory = crowd[0]
    engine = directory.store.database.reader

    def explain(sort_by, descending, backward):
        chain = sort_chain(sort_by, USER, directory.request.tolerated) if sort_by else ()
        walk = Query((Selection(USER, None, chain),), descending, walks=True, with_total=False)
        ahead = directory.store.query(changed(walk, limit=ROWS // 2))
        position = changed(ahead.last, backward=backward)
        with noted(engine) as executed:
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
    assert {node["Index Name"] for node in found if "Index Name" in node} == {index}
    for node in found:
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
