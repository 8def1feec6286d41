"""Tenants and tokens: what a token opens, and for how long."""

import time

import pytest
import sqlalchemy as sa

from ..support.errors import check_error
from ..support.scim import Scim, user

SECONDS = 10


@pytest.fixture
def opened_by(app):
    """Return the service as somebody with a token sees it."""

    def open_with(token):
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return Scim(client)

    return open_with


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


def test_tokens_are_listed_without_their_text(scim, run):
    babs = scim.create(user())
    token = run("token issue okta").strip()
    run("token issue self --subject BJensen")

    shown = run("token list")

    first, second = shown.splitlines()
    assert first.endswith("Z  okta")
    assert second.endswith(f"Z  self  /Me is {babs['id']}")
    assert token not in shown


def test_tokens_are_long_and_differ(run):
    tokens = {run(f"token issue token{number}") for number in range(20)}

    assert len(tokens) == 20
    assert all(len(token.strip()) >= 43 for token in tokens)


def test_revoked_token_opens_nothing(app, run, opened_by):
    token = run("token issue okta").strip()
    assert opened_by(token).get("/Users").status_code == 200

    assert run("token revoke okta") == "Revoked okta.\n"

    app.extensions["scim"].doorkeeper.known.clear()
    check_error(opened_by(token).get("/Users"), 401)


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


def test_name_of_a_token_is_used_once_in_a_tenant(run, fail):
    run("tenant add acme")
    run("token issue okta")
    run("token issue okta --tenant acme")

    assert "the tenant has a token 'okta' already" in fail("token issue okta")


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


@pytest.mark.parametrize("name", ["''", "' '"])
def test_token_needs_a_name(run, fail, name):
    assert "a token needs a name" in fail(f"token issue {name}")
    assert run("token list") == "No token has been issued.\n"
