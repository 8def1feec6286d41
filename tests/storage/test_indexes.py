"""PostgreSQL answers from an index what clients really ask for, once there are many rows."""

import json
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from models import Group, Link, User
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER
from scim.storage import new_id
from scim.storage.resources import columns

from ..support.scim import group, user

ROWS = 4000
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
