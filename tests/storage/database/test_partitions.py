"""Tables that are partitioned by tenant serve as the whole ones did.

With ``SCIM_TEST_PARTITIONS=4`` in the environment, all other tests run on such tables too.
"""

import re
from collections import defaultdict
from contextlib import contextmanager

import click
import pytest
import sqlalchemy as sa

from app import create_app
from scim.cli import register
from scim.storage import tokens
from tests.support.bulk import carry_out, post, refer, statuses
from tests.support.databases import SQLITE
from tests.support.errors import check_error
from tests.support.postgres import temporary_database
from tests.support.scim import Scim, add, group, listed, path_of, remove, replace, user
from tests.support.server import run
from tests.support.statements import noted

pytestmark = pytest.mark.slow
PARTS = 4
TENANTS = ("acme", "globex", "hooli", "initech", "umbrella")  # more than there are parts


@contextmanager
def application(url):
    app = create_app({"DATABASE_URL": url, "TESTING": True})
    yield app
    app.extensions["scim"].database.close()


def clients(app, engine):
    """Make tenants; return a client of each, and its id."""
    made = {}
    for name in TENANTS:
        with engine.begin() as connection:
            tokens.add_tenant(connection, name)
            tenant = tokens.find_tenant(connection, name)
            token = tokens.issue_token(connection, tenant, "test", None)
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        made[name] = Scim(client), tenant.id
    return made


def migrate(url, *command):
    """Run a command of Alembic, which sets up the logging of its whole process."""
    done = run("manage.py", "db", *command, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    return done.stdout


def attempt(url, *command):
    """Give a command as ``python manage.py`` takes it; return what came of it."""
    commands = click.Group()
    register(commands)
    with application(url) as app:
        return app.test_cli_runner().invoke(commands, command)


def do(url, *command):
    """Give a command that must succeed; return what it prints."""
    done = attempt(url, *command)
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def url(postgres):
    with temporary_database(postgres) as url:
        migrate(url, "upgrade")
        yield url


@pytest.fixture(scope="module")
def app(url):
    with application(url) as app:
        yield app


@pytest.fixture(scope="module")
def engine(url):
    engine = sa.create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def directories(url, app, engine):
    """The resources of each tenant before the tables were partitioned, and a client of each."""
    made = clients(app, engine)
    before = {}
    for name, (scim, _) in made.items():
        ada = scim.create(user("ada", title=name))
        inner = scim.create(group("guides", ada))
        outer = scim.create(group("everybody", inner))
        scim.create(user("gone"))
        before[name] = [scim.read(each) for each in (ada, inner, outer)]
    assert f"into {PARTS} parts each" in do(url, "db", "partition", str(PARTS))
    return {name: (*made[name], before[name]) for name in TENANTS}


@pytest.fixture(params=TENANTS)
def directory(directories, request):
    return directories[request.param]


@pytest.fixture
def scim(directory):
    return directory[0]


def names(scim, path, text):
    found = scim.get(f"{path}?filter={text}")
    assert found.status_code == 200, found.text
    return sorted(each.get("userName") or each["displayName"] for each in found.json["Resources"])


def test_what_was_there_is_there(directory):
    scim, _, before = directory

    assert [scim.read(each) for each in before] == before


def test_rows_of_several_tenants_are_in_several_parts(directories, engine):
    counted = "SELECT tableoid::regclass::text, count(DISTINCT tenant_id) FROM users GROUP BY 1"
    with engine.connect() as connection:
        parts = dict(connection.exec_driver_sql(counted).all())

    assert len(parts) > 1
    assert sum(parts.values()) >= len(TENANTS)
    assert all(re.fullmatch(r"users_p\d", part) for part in parts)


def test_user_is_created_changed_and_deleted(scim):
    bob = scim.create(user("bob", emails=[{"value": "bob@work.example", "type": "work"}]))

    check_error(scim.post("/Users", user("BOB")), 409, "uniqueness")
    assert scim.put(path_of(bob), user("bob", title="Guide")).json["title"] == "Guide"
    assert scim.patch(path_of(bob), replace("active", False)).json["active"] is False
    assert scim.read(bob)["meta"]["version"] == 'W/"3"'
    assert scim.delete(path_of(bob)).status_code == 204
    check_error(scim.get(path_of(bob)), 404)


def test_filters_find_what_is_the_tenants(scim):
    scim.create(user("cy", emails=[{"value": "cy@work.example", "type": "work"}], title="Pilot"))

    for text in (
        'userName eq "CY"',
        'emails[type eq "work" and value sw "cy@"]',
        'title eq "pilot"',
    ):
        assert names(scim, "/Users", text) == ["cy"]
    assert names(scim, "/Users", 'groups.display eq "everybody"') == ["ada"]
    assert names(scim, "/Groups", 'members.display eq "guides"') == ["everybody"]


def test_groups_are_nested_and_their_versions_move(scim):
    dee = scim.create(user("dee"))
    inner = scim.create(group("inner", dee))
    outer = scim.create(group("outer", inner))

    shown = {each["display"]: each["type"] for each in scim.read(dee)["groups"]}
    assert shown == {"inner": "direct", "outer": "indirect"}
    check_error(scim.patch(path_of(inner), add("members", listed(outer))), 400, "invalidValue")
    assert scim.patch(path_of(inner), remove("members")).status_code == 200
    assert "groups" not in scim.read(dee)
    check_error(scim.post("/Groups", group("OUTER")), 409, "uniqueness")


def test_bulk_request_refers_to_what_it_creates(scim):
    results = carry_out(
        scim,
        post("1", user("eve")),
        post("2", {**group("pilots"), "members": refer("1")}),
    )

    assert statuses(results) == ["201", "201"]
    assert names(scim, "/Users", 'groups.display eq "pilots"') == ["eve"]


def test_cursor_leads_through_all(scim):
    total = scim.get("/Users?count=0").json["totalResults"]
    seen, cursor = [], ""
    while cursor is not None:
        page = scim.get(f"/Users?count=2&cursor={cursor}&sortBy=userName").json
        seen += [each["userName"] for each in page["Resources"]]
        cursor = page.get("nextCursor")

    assert len(seen) == total
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("tenant", TENANTS)
def test_deleted_user_is_restored_and_the_history_tells(url, directories, tenant):
    scim, _, _ = directories[tenant]
    [gone] = scim.get('/Users?filter=userName eq "gone"').json["Resources"]
    team = scim.create(group("team", gone))
    assert scim.delete(path_of(gone)).status_code == 204

    do(url, "trash", "restore", gone["id"], "--tenant", tenant)

    assert scim.read(team)["members"][0]["value"] == gone["id"]
    told = do(url, "history", gone["id"], "--tenant", tenant)
    assert [line.split()[4] for line in told.splitlines() if line.startswith("version")] == [
        "create",
        "delete",
        "restore",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/Users",
        '/Users?filter=userName eq "ada"',
        '/Users?filter=title eq "x" and emails pr',
        '/Users?filter=groups.display eq "guides"',
        "/Users?cursor=&count=2&sortBy=userName",
        '/Groups?filter=members.display eq "ada"',
        '/?filter=meta.lastModified gt "2011-05-13T04:42:34Z"',
    ],
)
def test_query_touches_the_parts_of_its_tenant_only(app, engine, directory, path):
    scim, tenant_id, _ = directory
    with engine.connect() as connection:
        where = sa.text("SELECT tableoid::regclass::text FROM users WHERE tenant_id = :id LIMIT 1")
        own = connection.scalar(where, {"id": tenant_id}).removeprefix("users")
    with noted(app.extensions["scim"].database) as statements:
        assert scim.get(path).status_code == 200

    touched = defaultdict(set)
    with engine.connect() as connection:
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
            for table, part in re.findall(r" on (\w+)(_p\d+)\b", "\n".join(plan)):
                touched[table].add(part)

    assert touched.keys() & {"users", "groups"}
    assert set().union(*touched.values()) == {own}


def test_grants_views_references_and_names_of_indexes_are_kept(postgres):
    with temporary_database(postgres) as url:
        migrate(url, "upgrade")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("GRANT SELECT, DELETE ON users TO PUBLIC")
            connection.exec_driver_sql("GRANT SELECT ON people TO PUBLIC")
        before = described(engine)
        do(url, "db", "partition", "3")

        assert described(engine) == before
        assert before["grants"] == [
            ("people", "SELECT"),
            ("users", "DELETE"),
            ("users", "SELECT"),
        ]
        assert len(before["views"]) == 2
        engine.dispose()


def described(engine):
    """Return what the tables have, parts of them left out."""
    inspector = sa.inspect(engine)
    tables = sorted(name for name in inspector.get_table_names() if name[-3:-1] != "_p")
    keys = "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    grants = "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
    with engine.connect() as connection:
        return {
            "columns": [[str(each) for each in inspector.get_columns(table)] for table in tables],
            "indexes": [sorted(map(str, inspector.get_indexes(table))) for table in tables],
            "keys": connection.exec_driver_sql(
                f"{keys} WHERE conparentid = 0 AND contype <> 'n' ORDER BY 1, 2"
            ).all(),
            "views": [inspector.get_view_definition(name) for name in inspector.get_view_names()],
            "grants": connection.exec_driver_sql(
                f"{grants} WHERE grantee = 'PUBLIC' AND table_schema = 'public' ORDER BY 1, 2"
            ).all(),
        }


def test_migrations_go_on_from_there(postgres):
    with temporary_database(postgres) as url:
        migrate(url, "upgrade")
        do(url, "db", "partition", "2")

        assert "Migrated" not in migrate(url, "upgrade")
        assert "no migration to write" in migrate(url, "migrate")
        migrate(url, "downgrade", "0001")
        migrate(url, "upgrade")
        assert "no migration to write" in migrate(url, "migrate")
        engine = sa.create_engine(url)
        with application(url) as app:
            for scim, _ in clients(app, engine).values():
                scim.create(group("guides", scim.create(user("ada"))))
                assert names(scim, "/Users", 'groups.display eq "guides"') == ["ada"]
        engine.dispose()


def test_tables_that_are_partitioned_are_left_alone(url, directories):
    done = attempt(url, "db", "partition", "8")

    assert done.exit_code == 1
    assert done.stderr == "Error: the tables are partitioned already\n"


def test_database_without_tables_is_refused(new_database):
    url = new_database()

    done = attempt(url, "db", "partition", "4")

    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert ("SQLite has no partitions" if url.startswith("sqlite") else "db upgrade") in line


@SQLITE
def test_sqlite_is_refused(migrated_database):
    done = attempt(migrated_database(), "db", "partition", "4")

    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert "SQLite has no partitions" in line


@pytest.mark.parametrize("count", ["0", "1", "four", "1001"])
def test_count_that_makes_no_sense_is_refused(url, count):
    done = attempt(url, "db", "partition", count)

    assert done.exit_code == 2
    assert "COUNT" in done.stderr
