"""Rows stored before a migration are still there after it."""

import json

import pytest
import sqlalchemy as sa

from app import create_app
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER_SCHEMA
from scim.serializers.resources import hasher

from ..support.scim import group, replace
from ..support.server import run

BOSS, REPORT, TOURS = (f"0189000{number}-0000-7000-8000-000000000000" for number in range(3))
MARK = "\x1f"
INSERT_USER = sa.text(
    "INSERT INTO users (tenant_id, id, display, body, search, version, created, last_modified,"
    " user_name, password, manager_id) VALUES (1, :id, :name, :body, :search, 3,"
    " '2011-05-13T04:42:34.000000Z', '2011-05-13T04:42:34.000000Z', :name, :password, :manager)"
)


def upgrade(url, revision="head", command="upgrade"):
    done = run("manage.py", "db", command, revision, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr


def rows():
    """Return two users, one the manager of the other, as the first migration keeps them."""
    boss = {"schemas": [USER_SCHEMA], "id": BOSS, "userName": "boss", "displayName": "boss"}
    manager = {"value": BOSS, "$ref": MARK}
    report = {
        "schemas": [USER_SCHEMA, ENTERPRISE_USER_SCHEMA],
        "id": REPORT,
        "userName": "report",
        ENTERPRISE_USER_SCHEMA: {"manager": manager},
    }
    for document, secret, manager_id in ((boss, "t1meMa$heen", None), (report, None, BOSS)):
        body = json.dumps(document, separators=(",", ":")).replace("\\u001f", MARK)
        yield {
            "id": document["id"],
            "name": document["userName"],
            "body": body,
            "search": json.dumps(
                {"username": document["userName"], "displayname": document.get("displayName")}
            ),
            "password": hasher.hash(secret) if secret else None,
            "manager": manager_id,
        }


@pytest.mark.slow
def test_users_of_the_first_version_are_kept(new_database):
    url = new_database()
    upgrade(url, "0001")
    engine = sa.create_engine(url)
    stored = list(rows())
    with engine.begin() as connection:
        connection.execute(INSERT_USER, stored)

    upgrade(url)

    app = create_app({"DATABASE_URL": url, "TESTING": True})
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
    report = client.get(f"/scim/v2/Users/{REPORT}").json
    assert report[ENTERPRISE_USER_SCHEMA]["manager"] == {
        "value": BOSS,
        "$ref": f"http://localhost/scim/v2/Users/{BOSS}",
        "displayName": "boss",
    }
    found = client.get(
        f'/scim/v2/Users?filter={ENTERPRISE_USER_SCHEMA}:manager.displayName eq "boss"'
    )
    assert found.json["totalResults"] == 1
    with engine.connect() as connection:
        hidden = connection.scalar(sa.text("SELECT hidden FROM users WHERE hidden IS NOT NULL"))
    assert hasher.verify(json.loads(hidden)["password"], "t1meMa$heen")
    patch_op = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
    changed = client.patch(
        f"/scim/v2/Users/{REPORT}", json=patch_op | {"Operations": [replace("title", "Guide")]}
    )
    assert changed.json["meta"]["version"] == 'W/"4"'
    app.extensions["scim"].database.close()

    upgrade(url, "0001", "downgrade")
    with engine.connect() as connection:
        before = sa.text("SELECT id, password, manager_id FROM users ORDER BY id")
        found = connection.execute(before).all()
    engine.dispose()
    kept = [(str(row.id), row.password, row.manager_id and str(row.manager_id)) for row in found]
    assert kept == [(row["id"], row["password"], row["manager"]) for row in stored]


GROUP = "01890003-0000-7000-8000-000000000000"
MANAGED = f'{{"manager":{{"value":"{BOSS}"}}}}'
SENTENCES = [  # the resource, its version, the operation as a sentence, before, after; and now
    (REPORT, 1, "create", None, MANAGED, "create", None),
    (REPORT, 2, "delete of what it refers to", MANAGED, "{}", "patch", f"deleted {BOSS}"),
    (REPORT, 3, "delete of what it refers to", "{}", "{}", "patch", "deleted"),
    (REPORT, 4, "revert to version 12", "{}", MANAGED, "revert", "version 12"),
    (GROUP, 2, "delete of a member", None, None, "patch", f"deleted {TOURS}"),
    (GROUP, 3, "restore of a member", "{}", "{}", "patch", f"restored {TOURS}"),
]
COLUMNS = ("resource_id", "version", "operation", "before", "after")


@pytest.mark.slow
def test_sentences_of_history_become_operations_and_causes(new_database):
    url = new_database()
    upgrade(url, "0004")
    engine = sa.create_engine(url)
    insert_change = sa.text(
        "INSERT INTO changes (tenant_id, resource_id, version, resource_type, at, token,"
        " operation, before, after, unseen) VALUES (1, :resource_id, :version, 'User', '', '',"
        " :operation, :before, :after, false)"
    )
    insert_member = sa.text(
        "INSERT INTO member_changes (tenant_id, group_id, version, member_id, added)"
        " VALUES (1, :group, :version, :member, :added)"
    )
    select_changes = "SELECT resource_id, version, operation, {} FROM changes ORDER BY 1, 2"
    with engine.begin() as connection:
        connection.execute(
            insert_change, [dict(zip(COLUMNS, row[:5], strict=True)) for row in SENTENCES]
        )
        for version, added in ((2, False), (3, True)):
            names = {"group": GROUP, "version": version, "member": TOURS, "added": added}
            connection.execute(insert_member, names)

    upgrade(url)

    with engine.connect() as connection:
        found = connection.execute(sa.text(select_changes.format("cause"))).all()
    assert [(str(row[0]), *row[1:]) for row in found] == [
        (*row[:2], *row[5:]) for row in sorted(SENTENCES, key=lambda row: row[:2])
    ]

    upgrade(url, "0004", "downgrade")
    with engine.connect() as connection:
        found = connection.execute(sa.text(select_changes.format("before"))).all()
    engine.dispose()
    assert [(str(row[0]), *row[1:]) for row in found] == [
        row[:4] for row in sorted(SENTENCES, key=lambda row: row[:2])
    ]


@pytest.mark.slow
def test_groups_that_share_an_external_id_survive_a_downgrade(new_database):
    url = new_database()
    upgrade(url)
    app = create_app({"DATABASE_URL": url, "TESTING": True})
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
    for name in ("a", "b", "c"):
        assert client.post("/scim/v2/Groups", json=group(name, externalId="7")).status_code == 201
    app.extensions["scim"].database.close()

    upgrade(url, "0006", "downgrade")
    engine = sa.create_engine(url)
    select_scopes = sa.text("SELECT name_scope FROM groups ORDER BY display_name")
    with engine.connect() as connection:
        scopes = connection.scalars(select_scopes).all()
    assert [bool(scope) for scope in scopes] == [False, True, True]

    upgrade(url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM groups")) == 3
    engine.dispose()


@pytest.mark.slow
def test_limited_token_does_not_open_everything_after_a_downgrade(new_database):
    url = new_database()
    upgrade(url)
    for limit in ("", "--scope read", "--type User", "--expires 1h"):
        name = limit.split(" ")[-1] or "free"
        done = run("manage.py", "token", "issue", name, *limit.split(), DATABASE_URL=url)
        assert done.returncode == 0, done.stderr

    upgrade(url, "0011", "downgrade")

    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert connection.scalars(sa.text("SELECT name FROM tokens")).all() == ["free"]
    engine.dispose()


LACKING = """
    SELECT indexes.name FROM sqlite_schema AS tables, pragma_index_list(tables.name) AS indexes,
        pragma_index_info(indexes.name) AS columns
    WHERE tables.type = 'table' AND columns.seqno = 0 AND columns.name = 'tenant_id'
        AND indexes.name NOT IN (SELECT idx FROM sqlite_stat1)
"""


@pytest.mark.parametrize("steps", [["head"], ["head", "0008", "head"]])
def test_sqlite_has_statistics_of_each_index_of_a_tenant(tmp_path, steps):
    """It would go through all groups, or all nested ones, to find those of one user."""
    url = f"sqlite:///{tmp_path / 'scim.db'}"
    for step in steps:
        upgrade(url, step, "downgrade" if step == "0008" else "upgrade")

    engine = sa.create_engine(url)
    with engine.connect() as connection:
        lacking = connection.scalars(sa.text(LACKING)).all()
        number = connection.scalar(sa.text("SELECT count(*) FROM sqlite_stat1"))
    engine.dispose()

    assert lacking == []
    assert number > 25
