"""Webhooks: added, told of changes, verified with the package of Standard Webhooks, and refused."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook, WebhookVerificationError

from app import create_app

from ..support.alone import alone
from ..support.databases import ON_ONE_DATABASE
from ..support.listener import listening
from ..support.receiving import deliver_all, hurry
from ..support.scim import add, group, listed, path_of, replace, user

pytestmark = pytest.mark.usefixtures("at_once")
PASSWORD = "t0p secret"


database_url, engine, app = alone(WEBHOOK_ALLOW_PRIVATE=True)


@pytest.fixture
def listener():
    with listening() as listener:
        yield listener


@pytest.fixture
def deliver(app, engine, listener):
    """Deliver what is due, and return what was got meanwhile; all is due, for the first time."""

    def work():
        before = len(listener.got)
        hurry(engine)
        deliver_all(app.extensions["scim"])
        return listener.got[before:]

    return work


def waiting(engine):
    """Return the error, the instant it is due and whether it is dead of each message."""
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT error, due, dead FROM outbox ORDER BY id")).all()


def read(secret, got):
    """Return the types and the data of messages that are verified."""
    told = [Webhook(secret).verify(each.body, dict(each.headers)) for each in got]
    assert all(each.headers["content-type"] == "application/json" for each in got)
    assert len({each.headers["webhook-id"] for each in got}) == len(got)
    return [each["type"] for each in told], [each["data"] for each in told]


def test_a_webhook_is_told_of_each_change_in_order(run, scim, deliver, listener, caplog):
    caplog.set_level(logging.DEBUG)
    secret = run(f"webhook add billing {listener.url}?key=hidden").strip()
    run("tenant add acme")
    run(f"webhook add billing {listener.url}/acme --tenant acme")
    eva = scim.create(user("eva", password=PASSWORD, externalId="00u1", displayName="Eva Holm"))
    scim.patch(path_of(eva), replace("active", False), replace("displayName", "Eva Berg"))
    scim.patch(path_of(eva), replace("password", PASSWORD + "!"))
    guides = scim.create(group("Guides"))
    scim.patch(path_of(guides), add("members", listed(eva)))
    scim.delete(path_of(eva))
    got = deliver()
    types, told = read(secret, got)

    of_user = [each for each in types if each.startswith("user.")]
    of_group = [each for each in types if each.startswith("group.")]
    assert of_user == [
        "user.created",
        "user.changed",
        "user.deactivated",
        "user.changed",
        "user.deleted",
    ]
    assert of_group == ["group.created", "group.members_changed", "group.members_changed"]
    known = dict(zip(types, told, strict=True))
    created = known["user.created"]
    txn = created.pop("txn")
    assert created == {
        "tenant": "default",
        "resourceType": "User",
        "id": eva["id"],
        "userName": "eva",
        "displayName": "Eva Holm",
        "externalId": "00u1",
        "active": True,
        "version": 1,
        "etag": 'W/"1"',
        "operation": "create",
        "cause": None,
    }
    changed = [each for type_, each in zip(types, told, strict=True) if type_ == "user.changed"]
    assert [each["changed"] for each in changed] == [["displayName", "active"], []]
    assert [repr(each["unseenChanged"]) for each in changed] == ["False", "True"]
    assert changed[0]["txn"] == known["user.deactivated"]["txn"] != txn
    assert known["user.deleted"]["userName"] == "eva"
    joined, left = [
        each for type_, each in zip(types, told, strict=True) if type_ == "group.members_changed"
    ]
    assert joined["displayName"] == left["displayName"] == "Guides"
    assert joined["membersAdded"] == {"total": 1, "ids": [eva["id"]]}
    assert joined["membersRemoved"] == {"total": 0, "ids": []}
    assert left["membersRemoved"]["ids"] == [eva["id"]]
    assert left["cause"] == {"reason": "deleted", "subject": eva["id"]}
    assert left["txn"] == known["user.deleted"]["txn"]
    assert json.loads(got[0].body)["timestamp"].endswith("Z")
    assert {each.path for each in got} == {"/hooks?key=hidden"}  # the other tenant's hears nothing
    shown = run("webhook list") + caplog.text
    assert "billing  " + listener.url + "?…" in shown
    for hidden in (secret, secret[6:], "key=hidden", PASSWORD):
        assert hidden not in shown
    assert deliver() == []


def test_bodies_and_events_are_sent_by_choice(run, fail, scim, deliver, engine, listener):
    secret = run(
        f"webhook add few {listener.url} --with-bodies --only user.changed --only user.deactivated"
    ).strip()
    boss = scim.create(user("boss"))
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    eva = scim.create(user("eva", password=PASSWORD) | {urn: {"manager": {"value": boss["id"]}}})
    scim.patch(path_of(eva), replace("title", "Guide"), replace("active", False))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM outbox")) == 1

    got = deliver()
    types, (changed, _) = read(secret, got)

    assert types == ["user.changed", "user.deactivated"]
    assert changed["before"] == {
        "schemas": eva["schemas"],
        "id": eva["id"],
        "userName": "eva",
        "active": True,
        urn: {"manager": {"value": boss["id"]}},
    }
    assert changed["after"] == changed["before"] | {"title": "Guide", "active": False}
    assert b"$argon2" not in b"".join(each.body for each in got)
    assert "only user.changed, user.deactivated  with bodies" in run("webhook list")
    said = fail(f"webhook add other {listener.url} --only user.renamed")
    assert "there is no event 'user.renamed'; there are user.created, user.changed" in said


def test_a_secret_is_rotated_while_both_are_valid(run, scim, deliver, engine, listener):
    old = run(f"webhook add billing {listener.url}").strip()
    new = run("webhook rotate billing").strip()
    scim.create(user())
    [got] = deliver()

    assert len(got.headers["webhook-signature"].split()) == 2
    for secret in (old, new):
        Webhook(secret).verify(got.body, dict(got.headers))
    assert "signed with the secret before, too" in run("webhook list")
    assert run("webhook rotate billing")
    scim.create(user("jane"))
    [got] = deliver()
    assert len(got.headers["webhook-signature"].split()) == 3
    newest = run("webhook rotate billing --overlap 0").strip()
    scim.create(user("eva"))
    [got] = deliver()
    assert len(got.headers["webhook-signature"].split()) == 1
    Webhook(newest).verify(got.body, dict(got.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(got.body, dict(got.headers))


def test_a_message_is_sent_again_with_its_id_until_it_is_accepted(
    run, scim, deliver, engine, listener
):
    secret = run(f"webhook add billing {listener.url}").strip()
    scim.create(user())
    at = format_datetime(datetime.now(UTC) + timedelta(hours=5), usegmt=True)
    answers = [
        ((429, {"Retry-After": "7200"}, b"slowly"), 7200, "it answered 429 Too Many Requests"),
        ((503, {"Retry-After": at}, b""), 18_000, "it answered 503 Service Unavailable"),
        ((503, {"Retry-After": "99999999"}, b""), 86_400, "it answered 503 Service Unavailable"),
        (
            (307, {"Location": f"{listener.url}/x"}, b""),
            0,
            "it answered 307 Temporary Redirect; redirects are not followed, so add a webhook with "
            "the new URL",
        ),
        ((500, {"Retry-After": "soon"}, b""), 0, "it answered 500 Internal Server Error"),
        (lambda connection: None, 0, "Server disconnected"),
    ]
    first = None
    for answer, seconds, error in answers:
        listener.answer = answer
        [got] = deliver()
        first = first or got
        [(told, due, dead)] = waiting(engine)
        assert error in told
        assert not dead
        apart = (datetime.fromisoformat(due) - datetime.now(UTC)).total_seconds()
        assert seconds - 10 < apart
        assert apart < seconds + 1000
        assert (got.body, got.headers["webhook-id"]) == (first.body, first.headers["webhook-id"])
        Webhook(secret).verify(got.body, dict(got.headers))
    listener.answer = 202
    [_] = deliver()
    assert waiting(engine) == []
    assert len(listener.got) == len(answers) + 1


def test_a_receiver_that_has_gone_is_told_nothing_until_it_resumes(
    run, fail, scim, deliver, engine, listener, monkeypatch
):
    run(f"webhook add billing {listener.url}")
    assert "nothing to resume" in fail("webhook resume billing")
    scim.create(user())
    scim.create(user("ada"))
    listener.answer = 410
    [_] = deliver()
    [(error, _, dead), (after, _, too)] = waiting(engine)
    assert (error, dead) == ("it answered 410 Gone", True)
    assert ("answered 410 Gone before" in after, too) == (True, True)
    scim.create(user("eva"))
    assert len(waiting(engine)) == 2
    assert "as it answered 410 Gone" in run("webhook list")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE outbox SET dead = false"))
    assert deliver() == []
    assert "`python manage.py webhook resume billing` goes on" in waiting(engine)[0].error

    listener.answer = 204
    monkeypatch.setattr("scim.storage.receivers.FRESH", 0.2)
    monkeypatch.setattr("scim.cli.receivers.FRESH", 0.2)
    scim.create(user("not told"))  # the server knows for a while that it has gone
    run("webhook resume billing")
    scim.create(user("jane"))
    [got] = deliver()

    assert json.loads(got.body)["data"]["userName"] == "jane"
    assert run("webhook remove billing").strip() == "Removed billing, with 2 undelivered messages."
    assert waiting(engine) == []


@ON_ONE_DATABASE
def test_a_message_to_try_it_shows_what_the_receiver_answers(run, fail, attempt, listener):
    secret = run(f"webhook add billing {listener.url}").strip()
    listener.answers = [(200, {}, b"got it\x1b[2J"), (403, {}, b"x" * 1000), (299, {}, b"")]
    listener.answers.append((301, {"Location": listener.url}, b""))

    told = run("webhook test billing")
    refused = attempt("webhook test billing")

    assert told.startswith("Its answer: got it\\x1b[2J\nbilling accepted the message: 200 OK in ")
    assert refused.exit_code == 1
    assert refused.stdout == f"Its answer: {'x' * 200}…\n"
    assert "did not accept the message: it answered 403 Forbidden in " in refused.stderr
    types, [data, _] = read(secret, listener.got)
    assert types == ["webhook.test"] * 2
    assert run("webhook test billing").startswith("billing accepted the message: 299 in ")
    moved = fail("webhook test billing")
    assert re.search(r"it answered 301 Moved Permanently in \d+ ms; redirects are not", moved)
    assert data == {"tenant": "default", "name": "billing"}
    assert "has no webhook 'sales'" in fail("webhook test sales")
    assert "has a receiver 'billing' already" in fail(f"webhook add billing {listener.url}")
    assert "needs a name" in fail(f"webhook add '' {listener.url}")
    assert "belongs to the mails" in fail(f"webhook add invitations {listener.url}")
    assert "no user name and no password" in fail("webhook add x http://amy:pw@127.0.0.1/")


@ON_ONE_DATABASE
def test_what_history_has_lost_is_told_without_details(run, scim, deliver, engine, listener):
    secret = run(f"webhook add billing {listener.url} --only user.deactivated").strip()
    eva = scim.create(user("eva"))
    scim.patch(path_of(eva), replace("active", False))
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM changes"))

    types, [data] = read(secret, deliver())

    assert types == ["user.changed"]
    assert (data["id"], data["version"], data["operation"]) == (eva["id"], 2, "patch")
    assert data["notes"][0].startswith("History does not have this change any more")


@ON_ONE_DATABASE
def test_an_address_of_this_network_is_refused_at_each_delivery(
    run, scim, deliver, app, engine, listener, monkeypatch, database_url
):
    run(f"webhook add billing {listener.url}")
    scim.create(user())
    closed = create_app({"DATABASE_URL": database_url, "TESTING": True})
    monkeypatch.setitem(app.extensions, "scim", closed.extensions["scim"])

    assert deliver() == []

    assert "127.0.0.1 is no public address" in waiting(engine)[0].error
    closed.extensions["scim"].database.close()
