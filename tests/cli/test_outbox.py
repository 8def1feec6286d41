"""The command `outbox`: what waits and what is dead is shown, tried again, and dropped."""

import re

import pytest
import sqlalchemy as sa

from scim.storage.letters import Chosen, count_letters, drop_letters, letters, retry_letters
from scim.storage.tokens import list_tenants

from ..support.alone import alone
from ..support.listener import listening
from ..support.receiving import deliver_all
from ..support.scim import path_of, replace, user

pytestmark = pytest.mark.usefixtures("at_once")
PASSWORD = "t0p secret"


database_url, engine, app = alone(WEBHOOK_ALLOW_PRIVATE=True)


def test_dead_letters_are_shown_sent_again_and_dropped(run, fail, attempt, scim, app, engine):
    assert run("outbox list") == "The tenant has no receivers, so nobody is told of changes.\n"
    with listening() as listener:
        listener.answer = (400, {}, b"no\x1b[2Jthanks")
        run(f"webhook add crm {listener.url}")
        ada, bob = [scim.create(user(name, password=PASSWORD)) for name in ("ada", "bob")]
        waiting = run("outbox list").splitlines()
        deliver_all(app.extensions["scim"])
        with engine.begin() as connection:  # after the last pause
            connection.execute(sa.text("UPDATE outbox SET dead = true"))
        dead = run("outbox list --dead").splitlines()
        key = dead[1].split()[0]
        shown = run(f"outbox show {key}")
        listener.answer = 204
        run(f"outbox retry {key}")
        deliver_all(app.extensions["scim"])
        assert fail(f"outbox show {key}").endswith("it may be delivered by now")
        after = run("outbox list").splitlines()

        assert re.match(r"crm \(webhook\): 2 wait, the oldest for \d s; 0 dead;", waiting[0])
        assert [row.split("  ")[2:5] for row in waiting[1:]] == [
            ["crm", f"create User {ada['id']}", "waits"],
            ["crm", f"create User {bob['id']}", "waits"],
        ]
        assert "\x1b" not in "".join(dead) + shown
        assert '"type": "user.created"' in shown
        assert PASSWORD not in shown
        assert "argon2" not in shown
        assert [row.split("  ")[4] for row in after[1:]] == ["dead"]
    missing = "outbox show 01a22851-d516-7173-a996-44e1a0361a1f"
    assert "has no message" in fail(missing)
    assert "there is no receiver 'x'; the tenant has: crm" in fail("outbox list --receiver x")
    run("webhook add hr http://127.0.0.1:9/")
    assert run("outbox list --receiver hr").startswith("hr (webhook): 0 wait;")
    run("webhook remove hr")
    assert "give the ID" in attempt("outbox retry").stderr
    scim.patch(path_of(ada), replace("title", "x"))
    with_question = attempt("outbox drop --all", "n\n")
    assert with_question.exit_code == 1
    assert run("outbox drop --all --yes").startswith("Deleted ")
    assert run("outbox drop --all") == "Deleted 0 messages.\n"
    assert len(run("outbox list").splitlines()) == 1


def test_letters_that_somebody_else_sends_again_are_not_dropped(run, scim, engine):
    """Two people look at the same dead letters; the second one drops what the first one sends."""
    run("webhook add crm http://127.0.0.1:9/")
    scim.create(user("ada"))
    with engine.begin() as connection:
        tenant = list_tenants(connection)[0]
        connection.execute(sa.text("UPDATE outbox SET dead = true"))
        dead = letters(connection, Chosen(tenant.id, dead=True), 9)

        assert retry_letters(connection, dead) == 1
        assert drop_letters(connection, dead) == retry_letters(connection, dead) == 0
        assert count_letters(connection, Chosen(tenant.id, dead=False)) == 1
