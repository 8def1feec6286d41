"""Tokens: issued, imported, rotated, limited, and refused when they have expired."""

import re
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from scim.protocol.tokens import is_whole
from scim.storage import uses

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.errors import check_error
from ..support.scim import user

pytestmark = EVERYDAY_ON_ONE_DATABASE
SCANNED = re.compile(r"\bscim_[0-9A-Za-z]{49}\b")  # as docs/operating.md has it
EXPIRE = "UPDATE tokens SET expires = '2026-01-31T00:00:00.000000Z'"
RECIPE = "a8Fk_29Zq" * 28 + "x7Q"  # 255 letters, digits and underscores


def status(client):
    return client.get("/Users").status_code


def test_tokens_are_listed_without_their_text(scim, run):
    babs = scim.create(user())
    token = run("token issue okta").strip()
    run("token issue self --subject BJensen --scope read --type user --type GROUP")

    first, second = run("token list").splitlines()

    assert first.endswith("Z  okta  never used")
    limits = "scopes read  only Group, User"
    assert second.endswith(f"Z  self  {limits}  /Me is {babs['id']}  never used")
    assert token not in first


def test_tokens_differ_and_scanners_find_them(run):
    tokens = {run(f"token issue token{number}").strip() for number in range(5)}

    assert len(tokens) == 5
    assert all(SCANNED.fullmatch(token) and is_whole(token) for token in tokens)


@pytest.mark.parametrize(
    ("options", "read", "written"),
    [
        ("", 200, 201),
        ("--scope read", 200, 403),
        ("--scope write", 200, 201),
        ("--scope events", 403, 403),
        ("--scope READ --scope events", 200, 403),
        ("--type User", 200, 201),
        ("--type Group", 403, 403),
    ],
)
def test_token_permits_what_it_was_issued_for(run, opened_by, options, read, written):
    limited = opened_by(run(f"token issue okta {options}").strip())

    assert status(limited) == read
    assert limited.post("/Users", user()).status_code == written


def test_expired_token_is_refused_and_listed(run, opened_by, engine):
    token = run("token issue okta --expires 90d").strip()
    assert status(opened_by(token)) == 200
    assert re.search(r"  expires \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", run("token list"))

    with engine.begin() as connection:
        connection.execute(sa.text(EXPIRE))

    check_error(opened_by(token).get("/Users"), 401)
    assert "  expired 2026-01-31T00:00:00Z" in run("token list")


def test_rotated_token_is_valid_beside_the_new_one(scim, run, opened_by, engine):
    old = run("token issue okta --scope read --type User").strip()

    new = run("token rotate okta --overlap 24h").strip()

    assert new != old
    assert [status(opened_by(each)) for each in (old, new)] == [200, 200]
    assert opened_by(new).get("/Groups").status_code == 403
    shown = run("token list").splitlines()
    assert len(shown) == 2
    assert all("  okta  scopes read  only User  " in line for line in shown)
    assert [", as it was rotated" in line for line in shown] == [True, False]
    assert "expires" not in shown[1]
    with engine.begin() as connection:
        connection.execute(sa.text(f"{EXPIRE} WHERE replaced"))
    assert [status(opened_by(each)) for each in (old, new)] == [401, 200]

    newest = run("token rotate okta --overlap 1h").strip()  # forgets the one that has expired
    assert [status(opened_by(each)) for each in (old, new, newest)] == [401, 200, 200]
    last = run("token rotate okta --overlap 0").strip()  # refuses all before it
    answers = [status(opened_by(each)) for each in (old, new, newest, last)]
    assert answers == [401, 401, 401, 200]
    assert run("token revoke okta") == "Revoked okta.\n"
    assert run("token list") == "No token has been issued.\n"


def test_history_has_one_name_for_the_old_and_the_new(run, opened_by):
    old = run("token issue okta").strip()
    babs = opened_by(old).create(user())
    new = run("token rotate okta").strip()
    for token in (old, new):
        changed = user(title=token[-4:])
        assert opened_by(token).put(f"/Users/{babs['id']}", changed).status_code == 200

    assert len(re.findall(r"^version.*Z  okta  ", run("history bjensen"), re.MULTILINE)) == 3


def test_new_token_lives_as_long_as_the_old_one_was_to(run, engine):
    run("token issue okta --expires 30d")
    with engine.begin() as connection:
        connection.execute(sa.text(f"{EXPIRE}, created = '2026-01-01T00:00:00.000000Z'"))

    run("token rotate okta")

    with engine.connect() as connection:
        lived = sa.text("SELECT expires, created FROM tokens WHERE NOT replaced")
        [(expires, created)] = connection.execute(lived)
    apart = datetime.fromisoformat(expires) - datetime.fromisoformat(created)
    assert timedelta(days=30, seconds=-1) < apart <= timedelta(days=30)


def test_token_of_somebody_else_is_imported_from_standard_input(run, attempt, opened_by):
    assert len(RECIPE) == 255

    assert (
        run("token import sourcegraph", f"{RECIPE}\n")
        == "sourcegraph opens the tenant default now.\n"
    )

    assert status(opened_by(RECIPE)) == 200
    again = attempt("token import other", RECIPE)
    assert "it opens a tenant already" in again.stderr
    assert RECIPE not in again.output


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it must have at most 255 letters, digits and characters of _-"),
        (RECIPE + "x", "at most 255"),
        ("Bearer " + RECIPE, "at most 255"),
        (RECIPE[:40] + "é" + RECIPE[:10], "at most 255"),
        (RECIPE[:42], "at least 43 characters"),
        ("123456789", "at least 43 characters"),
        ("0123456789abcdef" * 4, "it repeats itself"),
        ("a" * 60, "it repeats itself"),
    ],
)
def test_weak_token_is_not_imported(run, fail, text, why):
    said = fail("token import weak", text)

    assert why in said
    assert not text or text not in said
    assert run("token list") == "No token has been issued.\n"


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("token issue ' '", "a token needs a name"),
        (f"token issue {'x' * 101}", "a token needs a name of at most 100 characters"),
        ("token issue console", "for the console's own token"),
        ("token issue '\udcff'", "cannot be stored"),  # a byte that is no text
        ("client add console", "for the console's own token"),
        ("client add ' '", "a client needs a name"),
        ("token issue okta --scope admin", "'admin' is not one of 'read', 'write', 'events'"),
        ("token issue okta --type Person", "no resource type 'Person'; there are User, Group"),
        ("token issue okta --expires 2020-01-01", "'2020-01-01' has passed already"),
        ("token issue okta --expires soon", "'soon' is neither"),
        ("token rotate okta", "the tenant has no token 'okta'"),
        ("token rotate okta --overlap x", "'x' is no time such as 30m, 24h or 7d"),
        ("token rotate okta --overlap 999999w", "is no time such as"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(fail, command, problem):
    assert problem in fail(command)


def test_name_of_a_token_is_used_once_in_a_tenant(run, fail):
    run("tenant add acme")
    run("token issue okta")
    run("token issue okta --tenant acme")

    assert "the tenant has a token 'okta' already" in fail("token issue okta")


def test_last_use_is_noted_beside_the_requests(run, opened_by, app, engine, monkeypatch):
    monkeypatch.setattr(uses, "GATHERING", 0)
    noted = app.extensions["scim"].doorkeeper.uses
    used = opened_by(run("token issue okta").strip())
    run("token issue other")
    noted.noted.clear()

    before = datetime.now(UTC)
    check_error(used.get("/Users/1"), 404)
    until_written(run)

    first, second = run("token list").splitlines()
    shown = datetime.fromisoformat(first.rpartition("last used ")[2])
    assert before - timedelta(minutes=1) < shown <= datetime.now(UTC)
    assert second.endswith("  other  never used")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE tokens SET last_used = NULL"))
    for _ in range(3):
        assert status(used) == 200  # in the same minute, or one write in the next one
    noted.noted.clear()  # as in another minute
    assert status(used) == 200
    until_written(run)


def until_written(run):
    until = time.monotonic() + 10
    while "last used" not in run("token list"):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_database_that_takes_no_writes_is_read(run, opened_by, app, monkeypatch, caplog):
    monkeypatch.setattr(uses, "GATHERING", 0)
    database = app.extensions["scim"].database
    used = opened_by(run("token issue okta").strip())
    tried = []

    def refuse(work):
        tried.append(database_attempt(refusing(work)))

    def refusing(work):
        def fail(connection):
            raise OperationalError("", {}, sqlite3.OperationalError("readonly database"))

        return fail

    database_attempt = database.attempt
    monkeypatch.setattr(database, "attempt", refuse)

    assert status(used) == 200

    until = time.monotonic() + 10
    while not tried:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert tried == [False]
    assert "503" not in caplog.text
    assert "never used" in run("token list")


def test_log_tells_that_a_token_in_use_expires_soon(run, opened_by, app, caplog):
    soon = opened_by(run("token issue soon --expires 6d").strip())
    late = opened_by(run("token issue late --expires 8d").strip())

    for client in (soon, late, soon):
        app.extensions["scim"].doorkeeper.known.clear()
        assert status(client) == 200

    told = [each.getMessage() for each in caplog.records if "expires on" in each.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("The token soon of default is in use and expires on 2")


def test_log_tells_once_that_a_token_is_refused_as_it_expired(run, opened_by, app, engine, caplog):
    okta = opened_by(run("token issue okta --expires 6d").strip())
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE tokens SET expires = '2020-01-01T00:00:00.000000Z'"))

    assert [status(okta), status(okta)] == [401, 401]

    told = [each.getMessage() for each in caplog.records if "expired on" in each.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("The token okta of default is refused, since it expired on 2020-")
