"""Invitations: mails to new users, each once, by a real mail server."""

import json
import logging
import socket
import ssl
import subprocess
import threading
import time
from contextlib import suppress
from operator import itemgetter
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask import Flask

from app import create_app
from scim import Scim
from scim.deliver.channel import NotDelivered
from scim.deliver.mail import mailing
from scim.deliver.mail.invitations import address_of, fill_in
from scim.environment import read_settings
from scim.mail import read_sender
from scim.settings import SettingError

from ..support.databases import ON_ONE_DATABASE
from ..support.mailbox import PASSWORD, mail_server
from ..support.ports import free_port
from ..support.receiving import deliver_all, hurry
from ..support.waiting import wait_until

FROM = "Exämple <scim@example.com>"
MAIL = {"to": "amy@example.com", "subject": "x", "text": "y"}
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a certificate for 127.0.0.1, and what a server needs to have it."""
    folder = tmp_path_factory.mktemp("mail")
    file, key = folder / "mail.pem", folder / "mail.key"
    names = ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", *kind, *names]
    subprocess.run([*command, "-keyout", key, "-out", file], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, key)
    return str(file), context


@pytest.fixture
def database(migrated_database):
    """A database of its own: other tests have servers that deliver without a mail server."""
    return migrated_database()


@pytest.fixture
def engine(database):
    engine = sa.create_engine(database)
    yield engine
    engine.dispose()


@pytest.fixture
def opened(database):
    """Open the application with settings: ``create``, ``client`` and ``deliver`` of it."""
    services = []

    def open_with(**settings):
        app = create_app({"DATABASE_URL": database, "TESTING": True, **settings})
        service = app.extensions["scim"]
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
        services.append(service)

        def create(**attributes):
            body = {"schemas": [USER], "userName": "amy", **attributes}
            answer = client.post("/scim/v2/Users", json=body)
            assert answer.status_code == 201, answer.json
            return answer.json["id"]

        return SimpleNamespace(client=client, create=create, deliver=lambda: deliver_all(service))

    yield open_with
    for service in services:
        service.database.close()


def waiting(engine):
    """Return what is in the outbox: attempts, whether it is dead, and the error."""
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT attempts, dead, error FROM outbox ORDER BY id"))
        return [(attempts, bool(dead), error) for attempts, dead, error in rows]


def emails(*values):
    return [{"value": value} for value in values]


def test_server_invites_each_new_user_once(serve, database, certificate, engine, tmp_path):
    """A real server and a deliverer beside it; STARTTLS and a login."""
    file, context = certificate
    text = tmp_path / "invitation.txt"
    text.write_text("Hello {{ name }}\n{{ tenant }}: {{ user.emails[0].value }}\n", "utf-8")
    with mail_server(context) as box:
        server = serve(
            SCIM_DATABASE_URL=database,
            SSL_CERT_FILE=file,
            SCIM_SMTP_URL=box.url,
            SCIM_MAIL_FROM=FROM,
            SCIM_INVITATION_TEMPLATE=str(text),
        )
        box.answers = {"grey@example.com": ["451 later"], "no@example.com": ["550 no such user"]}
        amy = {"schemas": [USER], "userName": "amy", "emails": emails("amy@example.com")}
        others = ["grey@example.com", "no@example.com", "bob@bücher.example"]
        operations = [
            {
                "method": "POST",
                "path": "/Users",
                "bulkId": name,
                "data": amy | {"userName": name, "emails": emails(name)},
            }
            for name in others
        ]
        bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]}
        made = server.session.post("/Users", json=amy).json()
        done = server.session.post("/Bulk", json=bulk | {"Operations": operations}).json()
        assert [each["status"] for each in done["Operations"]] == ["201"] * 3
        patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
        rename = [{"op": "replace", "path": "displayName", "value": "Amy"}]
        server.session.patch(f"/Users/{made['id']}", json=patch | {"Operations": rename})
        expected = {"amy@example.com", "grey@example.com", "bob@xn--bcher-kva.example"}

        wait_until(lambda: len(box.mails) >= len(expected) and len(waiting(engine)) == 1)

    assert sorted(box.to()) == sorted(expected)
    assert waiting(engine) == [(1, True, "the mail server answered 550 no such user")]
    [place] = [place for place, to in enumerate(box.to()) if to == "amy@example.com"]
    mail = box.mails[place]
    assert (mail["From"], mail["Auto-Submitted"]) == (FROM, "auto-generated")
    assert mail["Subject"] in ("Hello amy", "Hello Amy")
    assert box.texts()[place] == "default: amy@example.com\n"
    assert len(box.logins) == 4 + 1
    assert PASSWORD not in server.log
    assert "https://" not in server.log.partition("Try it")[2]


def test_user_who_comes_back_is_not_new(opened, engine):
    with mail_server() as box:
        here = opened(SMTP_URL=box.url, MAIL_FROM=FROM, HISTORY_DAYS=0)
        made = []
        for restores in ("false", "false", "true"):
            with engine.begin() as connection:
                connection.exec_driver_sql(f"UPDATE tenants SET restores = {restores}")
            here.client.application.extensions["scim"].doorkeeper.known.clear()
            made.append(here.create(emails=emails("amy@example.com")))
            here.deliver()
            assert here.client.delete(f"/scim/v2/Users/{made[-1]}").status_code == 204

    first, another, returned = made
    assert first != another == returned
    with engine.connect() as connection:  # nobody wants a history
        assert connection.exec_driver_sql("SELECT count(*) FROM changes").scalar() == 0
    assert box.to() == ["amy@example.com"] * 2
    assert waiting(engine) == []


def test_mail_that_must_wait_holds_up_no_other(opened, engine):
    with mail_server() as box:
        here = opened(SMTP_URL=box.url, MAIL_FROM=FROM)
        box.answers = {"grey@example.com": ["451 later"]}
        for name in ("grey", "amy", "bob"):
            here.create(userName=f"{name}@example.com")
        here.deliver()
        at_once, left = sorted(box.to()), waiting(engine)
        hurry(engine)
        here.deliver()

    assert at_once == ["amy@example.com", "bob@example.com"]
    assert left == [(1, False, "the mail server answered 451 later")]
    assert box.to()[2:] == ["grey@example.com"]


def test_who_has_no_mail_server_leaves_invitations_to_others(opened, engine):
    opened(SMTP_URL="smtp://mail.example.com", MAIL_FROM=FROM).create(userName="amy@example.com")

    opened().deliver()
    assert waiting(engine) == [(1, False, "the deliverer that tried has no SCIM_SMTP_URL")]

    hurry(engine)
    opened(DISABLE_EMAIL_INVITES=True).deliver()
    assert waiting(engine) == []
    opened().create(userName="bob@example.com")  # nobody is invited any more
    assert waiting(engine) == []


def test_those_who_cannot_or_must_not_get_mail_get_none(opened, engine, caplog):
    caplog.set_level(logging.INFO, "scim")
    with mail_server() as box:
        here = opened(SMTP_URL=box.url, MAIL_FROM=FROM)
        here.create(userName="off", active=False, emails=emails("off@example.com"))
        nobody = here.create(userName="nobody")
        gone = here.create(userName="gone@example.com")
        here.client.delete(f"/scim/v2/Users/{gone}")
        left = here.create(userName="left@example.com")
        box.answers = {"left@example.com": ["450 later"]}
        here.deliver()
        assert [attempts for attempts, *_ in waiting(engine)] == [1]
        leave = {"schemas": [USER], "userName": "left@example.com", "active": False}
        here.client.put(f"/scim/v2/Users/{left}", json=leave)
        hurry(engine)
        here.deliver()

    assert box.mails == []
    assert waiting(engine) == []
    assert [each for each in caplog.messages if "no address" in each] == [
        f"User {nobody} has no address, so there is no invitation"
    ]


@ON_ONE_DATABASE
def test_mail_whose_answer_is_lost_is_the_same_again(opened, engine):
    """So a mailbox can tell that it has it already."""
    with mail_server() as box:
        here = opened(SMTP_URL=box.url, MAIL_FROM=FROM)
        box.answers = {"amy@example.com": ["lost"]}
        here.create(userName="amy@example.com")
        here.deliver()
        hurry(engine)
        here.deliver()

    first, second = box.mails
    assert first.as_bytes() == second.as_bytes()
    assert first["Message-ID"].endswith("@example.com>")


@ON_ONE_DATABASE
def test_names_act_on_nothing(opened, engine, tmp_path):
    text = tmp_path / "invitation.txt"
    text.write_text("{{ name }}, welcome\n{{ name }}\n")
    hostile = "Amy\r\nBcc: eve@example.com\r\n\r\n\x1b[2J{{ 7*7 }} <b> \u202eym A"
    with mail_server(enable_SMTPUTF8=False) as box:
        here = opened(SMTP_URL=box.url, MAIL_FROM=FROM, INVITATION_TEMPLATE=str(text))
        here.create(userName="amy@example.com", displayName=hostile)
        here.create(userName="bob@example.com", displayName="ж" * 10_000)
        here.create(userName="ünal@example.com")
        here.deliver()

    assert sorted(box.to()) == ["amy@example.com", "bob@example.com"]
    amy, bob = sorted(box.mails, key=itemgetter("To"))
    assert [name for name in amy if name.lower() == "bcc"] == []
    assert amy["Subject"] == "Amy Bcc: eve@example.com [2J{{ 7*7 }} <b> ym A, welcome"
    assert bob["Subject"] == f"{'ж' * 200}…, welcome"
    subjects = {mail["Subject"].removesuffix(", welcome") for mail in box.mails}
    assert set(box.texts()) == {f"{each}\n" for each in subjects}
    [(_, is_dead, error)] = waiting(engine)
    assert is_dead
    assert "the mail server does not do that: " in error
    assert "SMTPUTF8" in error
    assert max(map(len, bob.as_bytes().splitlines())) <= 998


@ON_ONE_DATABASE
@pytest.mark.parametrize("variable", ["DISABLE_EMAIL_INVITES", "DEBUG_EMAIL_INVITES_MOCK"])
def test_variables_of_sourcegraph_stop_mails(opened, engine, caplog, monkeypatch, variable):
    caplog.set_level(logging.INFO, "scim")
    monkeypatch.setenv(variable, "true")
    with mail_server() as box:
        url = box.url.replace("//", "//amy:secret@").replace("?tls=off", "")
        here = opened(SMTP_URL=url, MAIL_FROM=FROM)
        here.create(userName="amy@example.com")
        is_put = waiting(engine) != []
        here.deliver()

    assert box.mails == []
    assert waiting(engine) == []
    assert is_put == (variable == "DEBUG_EMAIL_INVITES_MOCK")
    told = [each for each in caplog.messages if "invitation" in each]
    shown = "no invitation was sent to amy@example.com: You have a new account: amy@example.com"
    assert told == ([f"{variable}: {shown}"] if is_put else [])
    assert "secret" not in caplog.text


@ON_ONE_DATABASE
def test_what_is_wrong_with_the_server_is_no_dead_letter(opened, engine, certificate, monkeypatch):
    """An operator can mend it: the mails go out then."""
    _, context = certificate
    with mail_server(context) as box:
        here = opened(SMTP_URL=box.url, MAIL_FROM=FROM)
        here.create(userName="amy@example.com")
        here.deliver()
        [(_, _, untrusted)] = waiting(engine)
        monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
        wrong = opened(SMTP_URL=box.url.replace("word", "wrong"), MAIL_FROM=FROM)
        wrong.create(userName="bob@example.com")
        hurry(engine)
        wrong.deliver()
        [(_, _, refused), *_] = waiting(engine)
        hurry(engine)
        here.deliver()

    assert "self-signed certificate" in untrusted
    assert refused == "the mail server refused the login with 535"
    assert sorted(box.to()) == ["amy@example.com", "bob@example.com"]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_server_that_drips_is_left_after_a_while(certificate, monkeypatch, scheme):
    file, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", file)
    monkeypatch.setattr(mailing, "IN_ALL", 1.0)
    given = {"SMTP_URL": f"{scheme}://127.0.0.1:{{}}", "MAIL_FROM": FROM}
    message = SimpleNamespace(id="1", at="2026-01-01T00:00:00Z")
    with socket.create_server(("127.0.0.1", 0)) as place:
        given["SMTP_URL"] = given["SMTP_URL"].format(place.getsockname()[1])

        def drip():
            connection, _ = place.accept()
            if scheme == "smtps":
                connection = context.wrap_socket(connection, server_side=True)
            with connection, suppress(OSError):
                while True:
                    connection.sendall(b"220-wait\r\n")
                    time.sleep(0.05)

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        began = time.monotonic()
        with pytest.raises(NotDelivered, match="cannot be reached"):
            mailing.post(
                read_settings(given, environment={}),
                message,
                MAIL,
            )
        dripping.join()
    assert time.monotonic() - began < 5


def test_server_that_cannot_be_reached_leaves_no_clock_behind():
    given = {"SMTP_URL": f"smtp://127.0.0.1:{free_port()}", "MAIL_FROM": FROM}
    message = SimpleNamespace(id="1", at="2026-01-01T00:00:00Z")

    with pytest.raises(NotDelivered, match="Connection refused"):
        mailing.post(read_settings(given, {}), message, MAIL)

    wait_until(lambda: not any(isinstance(each, threading.Timer) for each in threading.enumerate()))


def test_embedded_server_obeys_them_too(monkeypatch, tmp_path):
    def opened(**settings):
        app = Flask("host")
        scim = Scim(app, database_url=f"sqlite:///{tmp_path}/scim.db", **settings)
        with app.app_context():
            return scim.service.settings

    assert not opened().disable_email_invites
    assert opened(disable_email_invites=True).disable_email_invites
    monkeypatch.setenv("DISABLE_EMAIL_INVITES", "true")
    monkeypatch.setenv("SCIM_MAX_PAGE_SIZE", "7")
    assert opened().disable_email_invites
    assert opened().max_page_size != 7


@pytest.mark.parametrize(
    ("user", "address"),
    [
        ({"userName": "amy@example.com"}, "amy@example.com"),
        ({"userName": "amy@example.com", "emails": emails("a@b.org")}, "a@b.org"),
        ({"emails": [*emails("a@b.org"), {"value": "c@d.org", "primary": True}]}, "c@d.org"),
        ({"emails": [{"value": "c@d.org", "primary": False}, {"type": "work"}]}, "c@d.org"),
        ({"emails": [{"value": "no", "primary": True}, *emails("a@b.org")]}, "a@b.org"),
        ({"userName": "amy"}, None),
    ],
)
def test_primary_address_comes_first(user, address):
    assert address_of(user) == address


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, " cannot be used: .* No such file"),
        (b"{{ name", " cannot be used: unexpected end of template"),
        (b"\xff", " cannot be used: 'utf-8' codec"),
        (b"{{ user.__class__.__mro__ }}{{ name + 1 }}", ": TypeError"),
        (b"{{ name.__class__.__mro__[1]() }}", ": SecurityError"),
    ],
)
def test_template_is_tried_out_when_the_server_starts(opened, tmp_path, content, problem):
    file = tmp_path / "invitation.txt"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingError, match=f"SCIM_INVITATION_TEMPLATE{problem}"):
        opened(SMTP_URL="smtp://mail", MAIL_FROM=FROM, INVITATION_TEMPLATE=str(file))


def test_template_knows_what_a_user_may_not_have(tmp_path):
    file = tmp_path / "invitation.txt"
    file.write_text("A {{ user.name.givenName }}B\n\n{{ user.manager.displayName or 'none' }}\n\n")
    settings = read_settings({"INVITATION_TEMPLATE": str(file)}, {})

    assert fill_in(settings, {"user": json.loads("{}")}) == ("A B", "none\n")
    assert read_sender("amy@example.com") == ("", "amy@example.com")
