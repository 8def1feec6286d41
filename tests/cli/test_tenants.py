"""Tenants and tokens: what a token opens, and for how long."""

import time

import pytest
import sqlalchemy as sa

from ..support.errors import check_error
from ..support.scim import user

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
