"""Hooks: what a function can do about a change before it is stored, and after."""

import sys
from contextlib import suppress

import pytest
import sqlalchemy as sa

from scim.deliver import signals
from scim.deliver.calling import FAILED
from scim.protocol.errors import ConflictError, ForbiddenError
from scim.provider import recovery
from scim.storage import tokens

from ..support.bulk import bulk_request, delete, post
from ..support.databases import ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.receiving import names, store_of
from ..support.scim import group, listed, path_of, replace, user
from ..support.server import run

NO_SEATS = "no seats left; buy some at https://example.com/seats"
OFF = replace("active", False)


@pytest.fixture
def notes(engine):
    """A table that is the host's own."""
    table = sa.Table("host_notes", sa.MetaData(), sa.Column("note", sa.Text, unique=True))
    table.create(engine)
    yield table
    table.drop(engine)


def stored(engine, table):
    with engine.connect() as connection:
        return connection.scalars(sa.select(table.c.note)).all()


@pytest.fixture
def choose_brake(app, engine):
    """Let the tenant brake the users, of whom none is new."""

    def choose(brake):
        with engine.begin() as connection:
            default, *_ = tokens.list_tenants(connection)
            tokens.set_tenant(connection, default, brake=brake)
            connection.exec_driver_sql("UPDATE users SET created = '2020-01-01T00:00:00.000000Z'")
        app.extensions["scim"].doorkeeper.known.clear()

    yield choose
    choose(None)


def test_hook_may_be_for_one_tenant(scim):
    seen, signal = [], signals.before.user_created

    with (
        signal.connected_to(lambda tenant, event: seen.append(tenant), sender="default"),
        signal.connected_to(lambda tenant, event: seen.append("wrong"), sender="another"),
    ):
        scim.create(user("ada"))

    assert seen == ["default"]


@pytest.mark.parametrize("refusal", [ForbiddenError(NO_SEATS), ConflictError(NO_SEATS)])
def test_hook_refuses_and_nothing_is_stored(scim, refusal):
    def refuse(tenant, event):
        raise refusal

    def check(answer):
        assert check_error(answer, refusal.status) == NO_SEATS

    ada = scim.create(user("ada"))
    with signals.before.user_created.connected_to(refuse):
        check(scim.post("/Users", user("bob")))
    with signals.before.user_deactivated.connected_to(refuse):
        check(scim.patch(path_of(ada), OFF))
    with signals.before.user_deleted.connected_to(refuse):
        check(scim.delete(path_of(ada)))

    assert scim.get("/Users").json["Resources"] == [ada]


def test_hook_refuses_one_operation_of_a_bulk_request(scim, engine, notes):
    def note(tenant, event):
        name = event.after["userName"]
        event.connection.execute(sa.insert(notes).values(note=name))
        if name == "name7":
            raise ForbiddenError(NO_SEATS)

    created = [post(str(n), user(f"name{n}")) for n in range(20)]
    last = scim.create(user("last"))
    with signals.before.user_created.connected_to(note):
        answer = scim.post("/Bulk", bulk_request(*created, delete(path_of(last)))).json

    statuses = [each["status"] for each in answer["Operations"]]
    assert statuses == ["201"] * 7 + ["403"] + ["201"] * 12 + ["204"]
    assert answer["Operations"][7]["response"]["detail"] == NO_SEATS
    here = {each["userName"] for each in scim.get("/Users").json["Resources"]}
    assert here == {f"name{n}" for n in range(20) if n != 7}
    assert {*stored(engine, notes)} == here


def test_hook_is_called_once_however_often_the_transaction_begins(scim, told, choose_brake):
    inner = scim.create(group("Inner"))
    scim.create(group("Outer", inner))
    many = [scim.create(user(f"name{n}")) for n in range(3)]
    told("before")

    choose_brake("1%")  # the users have to be counted first
    assert scim.patch(path_of(many[0]), OFF).status_code == 200
    assert names(told("before")) == ["user_deactivated"]
    scim.patch(path_of(inner), {"op": "add", "path": "members", "value": listed(*many)})
    assert names(told("before")) == ["members_changed"]  # the nesting has to be locked first
    scim.delete(path_of(inner))
    assert names(told("before")) == ["members_changed", "group_deleted"]

    choose_brake("1")
    answers = {scim.delete(path_of(each)).status_code for each in many}
    assert 403 in answers
    assert names(told("before")).count("user_deleted") == names(told("after")).count("user_deleted")


def test_broken_hook_stores_nothing_and_the_log_says_why(scim, engine, notes, app, caplog):
    store = store_of(app.extensions["scim"])

    def fail(tenant, event):
        raise KeyError("seats")

    def write_within(tenant, event):
        store.atomically(lambda transaction: None)

    def insert_twice(tenant, event):
        for _ in range(2):
            event.connection.execute(sa.insert(notes).values(note="ada"))

    def catch(tenant, event):
        with pytest.raises(sa.exc.DBAPIError):
            insert_twice(tenant, event)

    def roll_back(tenant, event):
        event.connection.rollback()

    def commit(tenant, event):
        event.connection.commit()

    def end(tenant, event):
        with suppress(RuntimeError):
            event.connection.get_transaction().commit()

    def close(tenant, event):
        event.connection.close()

    def leave(tenant, event):
        sys.exit("no seats")

    async def sleep(tenant, event): ...

    reasons = {
        fail: "KeyError: 'seats'",
        write_within: "a write within a write would wait for itself",
        insert_twice: "IntegrityError",
        roll_back: "the hook ended the transaction",
        commit: "only the server commits the transaction of a change",
        end: "the hook ended the transaction",
        close: "the hook ended the transaction",
        leave: "SystemExit: no seats",
        sleep: "a hook is a plain function",
    }
    if engine.dialect.name == "postgresql":  # where an error ends the transaction
        reasons[catch] = "caught an error of the database that ended it"
    for hook, reason in reasons.items():
        caplog.clear()
        with signals.before.user_created.connected_to(hook):
            assert check_error(scim.post("/Users", user("ada")), 500) == FAILED
        assert reason in caplog.text
        assert f"the hook tests.deliver.test_hooks.{hook.__qualname__} failed" in caplog.text
        assert "signal='user_created', tenant='default'" in caplog.text
        assert scim.get("/Users").json["totalResults"] == 0
        assert stored(engine, notes) == []
    assert scim.create(user("ada"))


def test_hook_that_fails_after_the_commit_changes_nothing(scim, told, caplog):
    def fail(tenant, event):
        raise ForbiddenError("too late")

    def leave(tenant, event):
        sys.exit()

    after = signals.after.user_created
    with after.connected_to(fail), after.connected_to(leave):
        ada = scim.create(user("ada"))

    assert scim.read(ada) == ada
    assert names(told("after")) == ["user_created"]  # the other hooks are called
    assert "is stored, but the hook tests.deliver.test_hooks" in caplog.text
    assert "signal='user_created', tenant='default'" in caplog.text


def test_hook_after_the_commit_may_write(scim, app):
    store = store_of(app.extensions["scim"])
    seen = []

    def undo(tenant, event):
        seen.append(event.signal)
        recovery.restore(store, event.id)

    ada = scim.create(user("ada"))
    with signals.after.user_deleted.connected_to(undo):
        assert scim.delete(path_of(ada)).status_code == 204

    assert seen == ["user_deleted"]
    assert scim.read(ada)["userName"] == "ada"


def test_transaction_that_lost_a_race_in_a_hook_is_attempted_again(scim, engine, notes, caplog):
    """The hook's own rows may lead into a deadlock, which PostgreSQL ends."""
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    attempts = []

    def lose(tenant, event):
        attempts.append(event.id)
        event.connection.execute(sa.insert(notes).values(note=f"{len(attempts)}"))
        if len(attempts) == 1:
            event.connection.exec_driver_sql(
                "DO $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$"
            )

    with signals.before.user_created.connected_to(lose):
        ada = scim.create(user("ada"))

    assert len(attempts) == 2
    assert attempts[-1] == ada["id"]
    assert stored(engine, notes) == ["2"]
    assert "could not finish: deadlock detected (40P01)" in caplog.text


HOOKS = """
import os, sys
from pathlib import Path
from scim.deliver import signals

def note(text):
    with Path(__file__).with_name("noted").open("a") as file:
        print(os.getpid(), os.path.basename(sys.argv[0]), text, file=file)

note("imported")
for signal in (*signals.before.all, *signals.after.all):
    signal.connect(lambda tenant, event, name=signal.name: note(f"{name} {event.token}"))
"""


@ON_ONE_DATABASE
def test_hooks_are_imported_wherever_changes_are_made(serve, tmp_path):
    module = tmp_path / "my_hooks.py"
    module.write_text(HOOKS)
    noted = tmp_path / "noted"
    server = serve(False, SCIM_HOOKS="my_hooks", PYTHONPATH=str(tmp_path), SCIM_CONSOLE="on")
    ada = server.session.post("/Users", json=user("ada")).json()
    server.session.delete(f"/Users/{ada['id']}")
    settings = {"DATABASE_URL": server.database_url, "HOOKS": "my_hooks"}
    lines = noted.read_text().split("\n")

    assert {line.split()[1] for line in lines if line} == {"app.py"}
    assert [line.partition("app.py ")[2] for line in lines[1:5]] == [
        "before.user_created SCIM_TOKEN",
        "after.user_created SCIM_TOKEN",
        "before.user_deleted SCIM_TOKEN",
        "after.user_deleted SCIM_TOKEN",
    ]
    module.rename(tmp_path / "moved_hooks.py")
    refused = run("manage.py", "user", "list", **settings)
    assert refused.returncode == 1
    assert refused.stderr.startswith(
        "SCIM_HOOKS: the module 'my_hooks' cannot be imported: ModuleNotFoundError: "
    )
