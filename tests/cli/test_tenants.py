"""Tenants and tokens: what a token opens, and for how long."""

import time
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from scim.explain.exchange import Exchange, Message
from scim.operate import removing
from scim.protocol.values import date_time
from scim.storage import keys, tokens
from scim.storage import removing as rows
from scim.storage.audit import tenants_to_begin
from scim.storage.tables import TABLES, entries

from ..support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import group, user
from ..support.waiting import instead_of_sleep

SECONDS = 10


def test_token_opens_its_tenant_and_no_other(scim, run, opened_by):
    run("tenant add acme")
    acme = opened_by(run("token issue okta --tenant acme").strip())
    mine, theirs = scim.create(user()), acme.create(user())

    assert mine["id"] != theirs["id"]
    assert [each["id"] for each in scim.get("/Users").json["Resources"]] == [mine["id"]]
    assert [each["id"] for each in acme.get("/Users").json["Resources"]] == [theirs["id"]]


def test_tenants_are_listed_with_what_they_chose(run):
    run("tenant add acme")

    assert run("tenant set acme --strict --restores") == (
        "acme  strict, restores users who are created again\n"
    )
    assert run("tenant set acme --tolerant") == (
        "acme  tolerant, restores users who are created again\n"
    )
    assert run("tenant list").splitlines() == [
        "default  tolerant, creates users anew",
        "acme  tolerant, restores users who are created again",
    ]


def test_revoked_token_opens_nothing(run, opened_by):
    token = run("token issue okta").strip()
    assert opened_by(token).get("/Users").status_code == 200

    assert run("token revoke okta") == "Revoked okta.\n"

    check_error(opened_by(token).get("/Users"), 401)


@EVERYDAY_ON_ONE_DATABASE
def test_running_server_notices_within_seconds(server, run):
    """A worker forgets soon what it remembers of a token."""
    token = run("token issue okta").strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert server.session.get("/Users", headers=headers).status_code == 200
    run("token revoke okta")

    until = time.monotonic() + SECONDS
    while server.session.get("/Users", headers=headers).status_code == 200:
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("tenant add default", "the tenant 'default' exists already"),
        ("tenant add ' '", "needs a name"),
        ("tenant set nobody --strict", "the tenant 'nobody' does not exist"),
        ("tenant set default", "name a choice to change"),
        ("token issue okta --tenant nobody", "the tenant 'nobody' does not exist"),
        ("token list --tenant nobody", "the tenant 'nobody' does not exist"),
        ("token revoke okta", "the tenant has no token 'okta'"),
        ("token issue me --subject nobody", "no User has the id or name 'nobody' in the tenant"),
        ("trash list --tenant nobody", "the tenant 'nobody' does not exist"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(fail, command, problem):
    assert problem in fail(command)


def test_trash_and_history_are_those_of_the_tenant(scim, run, fail):
    run("tenant add acme")
    babs = scim.create(user())
    scim.delete(f"/Users/{babs['id']}")

    assert run("trash list --tenant acme") == "The trash is empty.\n"
    assert "the trash has no resource" in fail(f"trash restore {babs['id']} --tenant acme")
    assert "no change" in fail(f"history {babs['id']} --tenant acme")
    assert run("trash purge --days 0 --tenant acme").startswith("Purged 0 ")
    assert babs["id"] in run("trash list")


def test_all_tenants_are_purged_at_once(scim, run, fail, client, engine):
    run("tenant add acme")
    scim.delete(f"/Users/{scim.create(user())['id']}")
    client.environ_base["HTTP_AUTHORIZATION"] = (
        "Bearer " + run("token issue a --tenant acme").strip()
    )
    scim.delete(f"/Users/{scim.create(user())['id']}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE changes SET at = '2001'"))

    assert run("trash purge --days 0 --all-tenants").startswith("Purged 2 ")
    assert run("history --purge --all-tenants").startswith("Purged 4 ")
    assert "goes with --purge" in fail("history --since 1h --all-tenants")


@pytest.mark.parametrize("command", ["trash purge", "history --purge"])
def test_purge_is_of_one_tenant_or_of_all(fail, command):
    both = f"{command} --all-tenants --tenant default"
    assert "--tenant and --all-tenants exclude each other" in fail(both)


def test_paused_tenant_is_mended_by_commands(scim, run, opened_by, client):
    babs = scim.create(user())
    scim.delete(f"/Users/{babs['id']}")

    said = run("tenant pause default")

    assert said == "Paused default: changes by clients get 503 until `tenant resume default`.\n"
    assert "paused" in check_error(opened_by("123456789").post("/Users", user("ada")), 503)
    assert run("tenant list") == "default  tolerant, creates users anew, paused\n"
    assert run(f"trash restore {babs['id']}").startswith("Restored the User")
    assert run("tenant resume default") == "Resumed default.\n"
    assert opened_by("123456789").post("/Users", user("ada")).status_code == 201


@pytest.fixture
def at_once(monkeypatch):
    """Remove tenants without waiting for running servers, two rows at a time."""
    instead_of_sleep(monkeypatch, lambda _: None)
    monkeypatch.setattr(rows, "AT_ONCE", 2)


def test_tenant_is_removed_with_all_that_it_has(
    app, scim, run, fail, attempt, opened_by, engine, at_once
):
    kept = scim.create(user("kept"))
    run("tenant add acme")
    acme = opened_by(run("token issue okta --tenant acme").strip())
    babs, boss = acme.create(user()), acme.create(user("boss"))
    acme.create(group("Tours", babs, boss))
    acme.delete(f"/Users/{boss['id']}")
    with engine.connect() as connection:
        number = connection.scalar(sa.text("SELECT max(id) FROM tenants"))
    recordings = app.extensions["scim"].recordings()
    recordings.clear()
    at = date_time(datetime.now(UTC))
    about = (at, 1.0, "GET", "/scim/v2", "/Users", "", 200, Message(), Message())
    recordings.add([Exchange("1", *about, tenant=name) for name in ("acme", "ACME", "default")])

    wrong = attempt("tenant remove acme", "ACME\n")
    assert "this is not 'acme'; nothing was removed" in wrong.stderr
    has = (
        "User 1, Group 1, deleted resources 1, changes in history 5, tokens 1, recorded exchanges 1"
    )
    assert wrong.stdout.startswith(f"acme has: {has}.\n")
    assert acme.get("/Users").json["totalResults"] == 1

    assert run("tenant remove acme --yes acme").endswith("Removed acme.\n")

    check_error(opened_by("x").get("/Users"), 401)
    assert "the tenant 'acme' does not exist" in fail("token list --tenant acme")
    with engine.connect() as connection:
        for table in TABLES:
            if "tenant_id" in table.c and table.name != "totals":
                mine = sa.select(table).where(table.c.tenant_id == number)
                assert connection.execute(mine).all() == []
    assert [each.tenant for each in recordings.before()] == ["default", "ACME"]
    recordings.clear()
    recordings.close()
    assert scim.read(kept) == kept
    run("tenant add acme")  # with another id, and nothing of the first
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT max(id) FROM tenants")) > number
    again = opened_by(run("token issue okta --tenant acme").strip())
    assert again.get("/").json["totalResults"] == 0


def test_removal_that_was_ended_goes_on(run, opened_by, engine, at_once, app):
    run("tenant add acme")
    token = run("token issue okta --tenant acme").strip()
    acme = opened_by(token)
    for name in "abcdef":
        acme.create(user(name))
    service = app.extensions["scim"]
    with engine.connect() as connection:
        chosen = tokens.find_tenant(connection, "acme")

    next(removing.remove(service, chosen))  # ended after the first part

    check_error(opened_by(token).get("/Users"), 401)
    assert "acme  tolerant, creates users anew, paused" in run("tenant list")
    assert run("tenant remove acme --yes acme").endswith("Removed acme.\n")
    assert "acme" not in run("tenant list")


@ON_ONE_DATABASE
def test_removal_begins_no_audit_anew(run, opened_by, engine, at_once, app):
    run("tenant add acme")
    acme = opened_by(run("token issue okta --tenant acme").strip())
    acme.create(user())
    database = app.extensions["scim"].database
    with engine.begin() as connection:
        chosen = tokens.find_tenant(connection, "acme")
        own = {"tenant_id": chosen.id, "number": 1, "resource_id": keys.FIRST_ID, "version": 1}
        own |= {"at": "", "digest": b"", "hash": b""}
        connection.execute(sa.insert(entries), own)

    for _ in rows.remove_rows(database, chosen):
        assert chosen not in database.read(tenants_to_begin)


def test_default_tenant_stays(fail):
    said = fail("tenant remove default --yes default")

    assert said.endswith("stays; `python manage.py reset --tenant default` empties it")
