"""Signals: who is told what before and after a change, and what a hook can do about it."""

import sys
from contextlib import ExitStack, suppress

import pytest
import sqlalchemy as sa

from scim.deliver import signals
from scim.deliver.calling import FAILED
from scim.protocol.errors import ConflictError, ForbiddenError
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, USER_SCHEMA
from scim.provider import recovery
from scim.storage import tokens

from ..support.bulk import bulk_request, delete, post
from ..support.databases import ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import Scim, enterprise, group, listed, path_of, replace, user
from ..support.server import run

NO_SEATS = "no seats left; buy some at https://example.com/seats"
OFF, ON = replace("active", False), replace("active", True)


@pytest.fixture
def scim(client):
    return Scim(client)


@pytest.fixture
def told():
    """The events of each moment that were told since the last look: ``told("before")``."""
    seen = {"before": [], "after": []}
    with ExitStack() as connected:
        for moment, events in seen.items():
            for signal in getattr(signals, moment).all:
                note = lambda tenant, event, events=events: events.append((tenant, event))  # noqa: E731
                connected.enter_context(signal.connected_to(note))

        def take(moment):
            events, seen[moment][:] = [*seen[moment]], []
            assert all(tenant == event.tenant for tenant, event in events)
            return [event for _, event in events]

        yield take


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


def names(events):
    return [event.signal for event in events]


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


@pytest.fixture
def happened(told):
    """Check that these signals were sent, before and after, since the last look."""

    def check(*expected):
        before, after = told("before"), told("after")
        assert names(before) == names(after) == [*expected]
        assert [each.version for each in before] == [each.version for each in after]
        return after

    return check


def test_changes_of_a_user(scim, happened):
    ada = scim.create(user("ada", title="Countess", externalId="1"))
    [made] = happened("user_created")
    assert (made.tenant, made.resource_type, made.id) == ("default", "User", ada["id"])
    assert (made.version, made.operation, made.cause) == (1, "create", None)
    assert (made.token, made.before) == ("SCIM_TOKEN", None)
    assert (made.after["externalId"], made.after["active"]) == ("1", True)

    scim.patch(path_of(ada), OFF, replace("title", "Dr"), X_Request_Id="that-one")
    changed, deactivated = happened("user_changed", "user_deactivated")
    assert changed.request_id == deactivated.request_id == "that-one"
    assert (changed.before["title"], changed.after["title"]) == ("Countess", "Dr")

    scim.patch(path_of(ada), OFF)
    happened()
    scim.patch(path_of(ada), ON)
    happened("user_activated")
    scim.patch(path_of(ada), OFF)
    happened("user_deactivated")

    scim.put(path_of(ada), user("ada", active=True, password="t0p secret!", title="Dr"))
    happened("user_changed", "user_activated")  # the password changed, too

    scim.patch(path_of(ada), replace("password", "an0ther secret!"))
    [hidden] = happened("user_changed")
    assert hidden.unseen
    assert hidden.before == hidden.after
    assert "password" not in hidden.after

    scim.create(user("bob", active=False))
    happened("user_created")
    scim.post("/Users", user("dry"), Prefer="dry-run")
    happened()


def test_changes_of_a_group(scim, happened):
    ada, bob = (scim.create(user(name)) for name in ("ada", "bob"))
    happened("user_created", "user_created")
    wits = scim.create(group("Wits", ada, bob))
    [joined] = happened("group_created")
    assert ({*joined.joined}, joined.left) == ({ada["id"], bob["id"]}, [])

    scim.patch(path_of(wits), replace("displayName", "Wise"))
    [renamed] = happened("group_changed")
    assert renamed.after["displayName"] == "Wise"
    assert (renamed.joined, renamed.left) == ([], [])

    scim.patch(path_of(wits), {"op": "remove", "path": f'members[value eq "{bob["id"]}"]'})
    [left] = happened("members_changed")
    assert (left.joined, left.left) == ([], [bob["id"]])

    scim.put(path_of(wits), group("Wits", bob))
    happened("group_changed", "members_changed")
    scim.delete(path_of(wits))
    [left] = happened("group_deleted")
    assert left.left == [bob["id"]]


def test_changes_by_the_server_and_by_operators(scim, happened, app):
    eve = scim.create(user("eve"))
    bob = scim.create(
        user("bob") | {"schemas": [USER_SCHEMA, ENTERPRISE_USER_SCHEMA]} | led_by(eve)
    )
    wits = scim.create(group("Wits", eve))
    assert happened("user_created", "user_created", "group_created")[1].after[
        ENTERPRISE_USER_SCHEMA
    ] == {"manager": {"value": eve["id"]}}

    scim.delete(path_of(eve))
    released, left, deleted = happened("user_changed", "members_changed", "user_deleted")
    assert str(released.cause) == str(left.cause) == f"deleted {eve['id']}"
    assert (released.id, left.id, left.left) == (bob["id"], wits["id"], [eve["id"]])
    assert (left.before, left.after) == (None, None)
    assert (deleted.before["userName"], deleted.after, deleted.version) == ("eve", None, 3)

    store = directory_of(app)
    recovery.restore(store, eve["id"])
    back, rejoined = happened("user_created", "members_changed")
    assert (back.operation, back.token, back.before["userName"]) == ("restore", "operator", "eve")
    assert (rejoined.joined, str(rejoined.cause)) == ([eve["id"]], f"restored {eve['id']}")

    scim.patch(path_of(bob), OFF)
    happened("user_deactivated")
    recovery.revert(store, bob["id"], 2)
    [undone] = happened("user_activated")
    assert (undone.operation, str(undone.cause)) == ("revert", "version 2")
    recovery.revert(store, wits["id"], 2)
    happened("members_changed")  # the group was empty then
    recovery.revert(store, wits["id"], 2)
    happened("group_changed")


def led_by(manager):
    return enterprise(manager={"value": manager["id"]})


def directory_of(app):
    """Return the directory as an operator's command opens it."""
    service = app.extensions["scim"]
    return service.store(service.admit("123456789").tenant, "operator")


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
    store = directory_of(app)

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
        assert f"the hook tests.deliver.test_signals.{hook.__qualname__} failed" in caplog.text
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
    assert "is stored, but the hook tests.deliver.test_signals" in caplog.text
    assert "signal='user_created', tenant='default'" in caplog.text


def test_hook_after_the_commit_may_write(scim, app):
    store = directory_of(app)
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
