"""Operate: what the server has at a glance, and its tokens."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from scim.console.operate.rates import rates
from scim.protocol.values import date_time
from scim.storage import protections
from scim.storage.contents import About, put_made
from scim.storage.receivers import add_receiver
from scim.storage.tokens import DEFAULT_TENANT, list_tenants

from ..explain.traffic import exchange
from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.scim import user
from ..support.server import run
from ..support.tenants import new_token
from ..support.waiting import happens, wait_until
from .test_connect import of_default
from .test_live import HOSTILE

NOW = datetime(2026, 11, 29, 11, 0, tzinfo=UTC)
CORE = "urn:ietf:params:scim:schemas:core:2.0:"


def text(page):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def at(minutes, status=200, milliseconds=2.0):
    instant = date_time(NOW - timedelta(minutes=minutes))
    return exchange("GET", "/Users", None, status, {}, at=instant, milliseconds=milliseconds)


def test_rates_are_those_of_each_minute():
    found = rates([at(0.5), at(1.5, 429), at(1.7), at(59.5), at(61, 429)], NOW)

    assert [(each.good, each.bad) for each in found.minutes[-2:]] == [(1, 1), (1, 0)]
    assert (found.minutes[0].good, len(found.minutes)) == (1, 60)
    assert (found.requests, found.failed, found.limited, found.most) == (4, 1, 1, 2)


def test_half_and_99_of_100_are_answered_within():
    found = rates([at(1, milliseconds=each) for each in range(1, 101)], NOW)

    assert found.p50 == pytest.approx(50.5)
    assert found.p99 == pytest.approx(99.01)


@pytest.mark.parametrize(("count", "middle"), [(0, None), (1, 2.0)])
def test_few_requests_have_rates_too(count, middle):
    found = rates([at(1)] * count, NOW)

    assert (found.p50, found.p99, found.requests) == (middle, middle, count)


@EVERYDAY_ON_ONE_DATABASE
def test_page_tells_whether_the_server_is_ready_and_where_the_metrics_are(console):
    page = console.web.get("/operate").text

    assert re.search(r"Ready yes \( http://\S+/readyz \) Metrics on this port", text(page))
    assert "Asynchronous requests 0 wait" in text(page)
    [place] = re.findall(r'href="([^"]*)">on this port', page)
    assert "scim_ready 1.0" in console.web.get(place).text


def test_page_counts_what_is_there(console):
    send = console.server.session
    jane, _ = (
        send.post("/Users", json={"schemas": [f"{CORE}User"], "userName": name}).json()
        for name in ("jane", "jo")
    )
    send.post("/Groups", json={"schemas": [f"{CORE}Group"], "displayName": "Sales"})
    send.delete(f"/Users/{jane['id']}")
    page = text(console.web.get("/operate").text)

    assert "default 1 1 1 4 on a new user read and write" in page
    assert "trash purge deletes it for good" in page
    assert "SQLite" in page or "PostgreSQL" in page


@EVERYDAY_ON_ONE_DATABASE
def test_tenants_are_listed_with_their_choices(console):
    url = console.server.database_url
    run("manage.py", "tenant", "add", "acme", DATABASE_URL=url)
    run("manage.py", "tenant", "set", "acme", "--strict", DATABASE_URL=url)

    assert "acme 0 0 0 0 off (strict) a new user" in text(console.web.get("/operate").text)
    page = text(console.web.get("/operate?tenant=acme").text)
    assert "user protect NAME --tenant acme protects one" in page


@EVERYDAY_ON_ONE_DATABASE
def test_token_is_issued_once_shown_and_revoked(console):
    page = console.post("/operate/token", name="okta").text
    token = re.search(r'data-copy="([\w-]{20,})"', page)[1]
    bearer = {"Authorization": f"Bearer {token}"}

    assert console.server.session.get("/Users", headers=bearer).status_code == 200
    assert token not in console.web.get("/operate").text

    page = text(console.post("/operate/revoke", name="okta").text)

    assert "Revoked okta." in page
    assert "There is no token 'okta'" in text(console.post("/operate/revoke", name="okta").text)


@EVERYDAY_ON_ONE_DATABASE
def test_token_of_the_setting_is_listed_before_its_first_request(console):
    shown = "SCIM_TOKEN a setting read, write never never"
    assert shown in text(console.web.get("/operate").text)


@EVERYDAY_ON_ONE_DATABASE
def test_last_request_with_the_token_of_the_setting_is_shown(console, record):
    at = "2026-11-29T10:42:07.000000Z"
    sent = exchange("GET", "/Users", None, 200, {}, at=at)
    record(*(replace(each, token="SCIM_TOKEN") for each in of_default(sent)))

    assert "read, write never 2026-11-29 10:42" in text(console.web.get("/operate").text)


@EVERYDAY_ON_ONE_DATABASE
def test_limited_token_is_issued_and_rotated(console):
    limits = {"scope": "read", "type": "User", "expires": "2126-11-29"}
    page = console.post("/operate/token", name="okta", **limits).text
    old = re.search(r'data-copy="(scim_\w+)"', page)[1]
    shown = "okta 2026-11-29 read only User 2126-11-29 23:59:59 never"
    assert re.sub(r"okta \d{4}-\d\d-\d\d", "okta 2026-11-29", shown) in re.sub(
        r"okta \d{4}-\d\d-\d\d", "okta 2026-11-29", text(page)
    )

    page = console.post("/operate/rotate", name="okta", hours="24").text

    new = re.search(r'data-copy="(scim_\w+)"', page)[1]
    assert new != old
    assert text(page).count("read only User") == 2
    assert " rotated " in text(page)
    for token in (old, new):
        bearer = {"Authorization": f"Bearer {token}"}
        assert console.server.session.get("/Users", headers=bearer).status_code == 200
        assert console.server.session.get("/Groups", headers=bearer).status_code == 403
    console.post("/operate/revoke", name="okta")


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("token", {"name": "console"}, "for the console"),
        ("token", {"name": " "}, "A token needs a name of at most 100 characters."),
        ("token", {"name": "x" * 101}, "A token needs a name of at most 100 characters."),
        ("client", {"name": "console"}, "for the console"),
        ("client", {"name": "a\0b"}, "cannot be stored"),
        ("client", {"name": " "}, "A client needs a name of at most 100 characters."),
        ("token", {"name": "x", "type": "Person"}, "no resource type"),
        ("token", {"name": "x", "expires": "soon"}, "A day is written as"),
        ("token", {"name": "x", "expires": "2020-01-01"}, "expired already"),
        ("rotate", {"name": "x", "hours": "5"}, "no such overlap"),
    ],
)
def test_what_no_token_can_have_is_told(console, path, form, said):
    answer = console.post(f"/operate/{path}", **form)

    assert answer.status_code == 400
    assert said in text(answer.text)


@EVERYDAY_ON_ONE_DATABASE
def test_client_gets_a_secret_and_a_new_one_and_is_removed(console):
    endpoint = str(console.server.session.base_url.join("/oauth/token"))

    def granted(page):
        client_id = re.search(r"<code>(client_\w+)</code>", page)[1]
        form = {"client_id": client_id, "grant_type": "client_credentials"}
        form["client_secret"] = re.search(r'data-copy="(scim_\w+)"', page)[1]
        answer = console.web.post(endpoint, data=form)
        assert form["client_secret"] not in console.web.get("/operate").text
        return answer.status_code

    page = console.post("/operate/client", name="entra").text
    assert granted(page) == 200
    assert "There is a client 'entra' already" in text(
        console.post("/operate/client", name="entra").text
    )
    assert granted(console.post("/operate/client/secret", name="entra").text) == 200
    assert granted(page) == 401
    assert "Removed entra." in text(console.post("/operate/client/remove", name="entra").text)
    assert "no client 'entra'" in text(console.post("/operate/client/remove", name="entra").text)
    assert "no client" in text(console.post("/operate/client/secret", name="entra").text)


@EVERYDAY_ON_ONE_DATABASE
def test_dead_letters_are_sent_again_and_dropped(console, engine):
    def page():
        return text(console.web.get("/operate").text)

    def dead():
        with engine.connect() as connection:
            rows = connection.execute(sa.text("SELECT id, dead FROM outbox ORDER BY id")).all()
        return [(str(key), bool(is_dead)) for key, is_dead in rows]

    assert "Nobody is told of changes." in page()
    with engine.begin() as connection:
        tenant = list_tenants(connection)[0]
        crm = add_receiver(connection, tenant, "".join(HOSTILE[:3]), "unknown-kind")
        about = [About("User", crm.id, version) for version in (1, 2, 3)]
        put_made(connection, crm, [("{}", each) for each in about], "patch", "t", True)
        connection.execute(
            sa.text("UPDATE outbox SET dead = true, error = :it"), {"it": HOSTILE[0]}
        )
    shown = console.web.get("/operate").text
    assert "<script>alert" not in shown
    assert "Dead letters" in text(shown)
    first, second, third = [key for key, _ in dead()]
    assert "1 message to be sent now." in text(console.post("/operate/outbox", id=first).text)
    assert dead() == [(first, False), (second, True), (third, True)]
    gone = console.post("/operate/outbox", id=second, do="drop").text
    assert "1 message dropped." in text(gone)
    assert "not in the outbox" in text(console.post("/operate/outbox", id=second).text)
    assert "1 message dropped." in text(console.post("/operate/outbox", do="drop").text)
    assert dead() == [(first, False)]
    assert "There are no dead letters" in text(console.post("/operate/outbox", do="drop").text)
    assert "Messages that wait" in page()


@EVERYDAY_ON_ONE_DATABASE
def test_tenant_is_paused_and_resumed(console):
    jane = {"schemas": [f"{CORE}User"], "userName": "jane"}

    assert "Paused default." in text(console.post("/operate/pause", paused="1").text)
    until = time.monotonic() + 10  # running servers follow within seconds
    while (answer := console.server.session.post("/Users", json=jane)).status_code != 503:
        console.server.session.delete(answer.headers["Location"])
        assert time.monotonic() < until
    assert answer.headers["Retry-After"] == "60"
    assert "a new user only read: paused" in text(console.web.get("/operate").text)

    assert "Resumed default." in text(console.post("/operate/pause").text)
    wait_until(lambda: console.server.session.post("/Users", json=jane).status_code != 503)


@EVERYDAY_ON_ONE_DATABASE
def test_changed_settings_and_the_audit_are_shown_without_secrets(serve_console):
    key = "the-key-of-the-audit-is-a-secret"
    settings = {"SCIM_TOKEN": "very-secret", "SCIM_TRASH_DAYS": "7", "SCIM_AUDIT_KEY": key}
    settings["DISABLE_EMAIL_INVITES"] = "true"
    with serve_console(**settings) as console:
        assert console.server.session.post("/Users", json=user("babs")).status_code == 201
        wait_until(lambda: "changes in the chain 1 " in text(console.web.get("/operate").text))
        page, log = console.web.get("/operate").text, console.server.log

    assert "very-secret" not in page
    assert key not in page + log
    assert "SCIM_TOKEN set" in text(page)
    assert "SCIM_AUDIT_KEY set" in text(page)
    assert "SCIM_TRASH_DAYS 7" in text(page)
    assert " DISABLE_EMAIL_INVITES true" in text(page)
    [head] = re.findall(r"The head is (1:[0-9a-f]{64}) ", text(page))
    assert f"The audit of default ends with {head}\n" in log


@EVERYDAY_ON_ONE_DATABASE
def test_page_says_that_there_is_no_audit(console):
    assert "There is no audit: nobody would see" in text(console.web.get("/operate").text)


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize("name", [each for each in HOSTILE if len(each) <= 100])
def test_hostile_token_names_are_text(console, name):
    page = console.post("/operate/token", name=name).text
    console.post("/operate/revoke", name=name)

    assert "<script>alert" not in page
    assert "\u202e" not in re.sub(r'value="[^"]*"', "", page)
    assert "onmouseover='" not in page


@EVERYDAY_ON_ONE_DATABASE
def test_read_only_session_sees_no_buttons(visitor):
    page = visitor.get("/operate").text

    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]


@EVERYDAY_ON_ONE_DATABASE
def test_brake_is_shown_and_released(console):
    send, engine = console.server.session, sa.create_engine(console.server.database_url)
    jane, jo = (
        send.post("/Users", json={"schemas": [f"{CORE}User"], "userName": name}).json()["id"]
        for name in ("jane", "jo")
    )
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE users SET created = '2020-01-01T00:00:00.000000Z'"))
        connection.execute(sa.text("UPDATE tenants SET brake = '1'"))
        protections.add_rule(connection, DEFAULT_TENANT, 'title eq "<b>"')
        [default] = list_tenants(connection)
    bearer = {"Authorization": f"Bearer {new_token(engine, default)}"}  # nobody remembers it
    engine.dispose()
    assert send.delete(f"/Users/{jane}", headers=bearer).status_code == 204
    assert send.delete(f"/Users/{jo}", headers=bearer).status_code == 403
    page = console.web.get("/operate").text

    assert "users deactivated or deleted within an hour 1 of 1" in text(page)
    assert "The brake stops what would be one too many" in text(page)
    assert "<code>title eq &#34;&lt;b&gt;&#34;</code>" in page

    page = text(console.post("/operate/release").text)

    assert "The brake of default lets everything pass until" in page
    assert "Released until" in page
    assert happens(lambda: send.delete(f"/Users/{jo}", headers=bearer).status_code == 204)
