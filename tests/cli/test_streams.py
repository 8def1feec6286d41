"""The commands for security events: streams and keys."""

import base64
import json
import re

import pytest
import sqlalchemy as sa

from app import create_app
from scim.deliver.events import signing

from ..support.databases import ON_ONE_DATABASE
from ..support.listener import listening
from ..support.scim import user

pytestmark = [ON_ONE_DATABASE, pytest.mark.usefixtures("at_once")]
HEADER = "Bearer s3cret"


@pytest.fixture(scope="module")
def app(database_url):
    settings = {"DATABASE_URL": database_url, "TESTING": True, "WEBHOOK_ALLOW_PRIVATE": True}
    app = create_app(settings | {"PUBLIC_URL": "https://scim.example.com"})
    yield app
    app.extensions["scim"].database.close()


def claims_of(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def test_push_is_added_tried_and_removed(run, fail, attempt, caplog):
    with listening() as app:
        app.answer = 202
        said = run(f"stream add app --push {app.url}?key=hidden --authorization", f"{HEADER}\n")
        assert re.fullmatch(
            r"Issuer    https://scim.example.com\n"
            r"Audience  https://scim.example.com/Feeds/[0-9a-f-]{36}\n"
            r"Keys      https://scim.example.com/.well-known/jwks.json\n",
            said,
        )
        assert run("stream test app") == "app accepted the token: 202 Accepted\n"
        [got] = app.got
        assert got.headers["authorization"] == HEADER
        assert "verification" in next(iter(claims_of(got.body.decode())["events"]))
        app.answer = (400, {}, b'{"err":"invalid_key","description":"unknown"}')
        assert fail("stream test app").endswith("did not accept the token: invalid_key: unknown")
    assert "app was not told: " in fail("stream test app")
    listed = run("stream list")
    assert f"app  {app.url}?…  notice  aud https://scim.example.com/Feeds/" in listed
    assert run("stream remove app") == "Removed app.\n"
    assert run("stream list") == "No stream has been added.\n"
    assert "hidden" not in listed + caplog.text
    assert "s3cret" not in said + listed + caplog.text


def test_poll_with_a_filter_is_added_and_fetched(run, scim, opened_by):
    scim.create(user("ada", title="Guide"))
    said = run(
        "stream add app --poll --full --audience app --completions --filter 'title eq \"guide\"'"
    )
    assert "Poll      https://scim.example.com/scim/v2/Events/poll\n" in said
    assert "`python manage.py token issue app --scope events --tenant default`" in said
    assert said.endswith("Feed      begins with 1 user\n")
    assert run("stream list")[22:] == (
        'app  polls  full  users with title eq "guide"  aud app  with completions\n'
    )
    assert "when it polls" in run("stream test app")

    fetching = opened_by(run("token issue app --scope events").strip())
    told = fetching.post("/Events/poll", {"returnImmediately": True}).json["sets"]

    events = [list(claims_of(token)["events"]) for token in told.values()]
    assert [name.rpartition(":")[2] for names in events for name in names] == [
        "add",
        "full",
        "//schemas.openid.net/secevent/ssf/event-type/verification",
    ]
    assert run("stream remove app") == "Removed app, with 2 undelivered tokens.\n"


@pytest.mark.parametrize(
    ("command", "text", "problem"),
    [
        ("add app", None, "choose --push URL or --poll"),
        ("add app --poll --push http://127.0.0.1/", None, "choose --push URL or --poll"),
        ("add app --push ftp://example.com", None, "the URL must look like https://"),
        ("add app --poll --filter 'x eq 1'", None, "--filter: "),
        ("add app --poll --filter ''", None, "--filter: "),
        ("add app --poll --authorization", None, "--authorization goes with --push"),
        ("add app --push http://127.0.0.1/ --authorization", "a\x01b\n", "must be a line of ASCII"),
        ("add app --push http://127.0.0.1/ --authorization", "", "must be a line of ASCII"),
        ("test app", None, "the tenant has no stream 'app'"),
        ("remove hook", None, "the tenant has no stream 'hook'"),
        ("add hook --poll", None, "the tenant has a receiver 'hook' already"),
    ],
)
def test_mistakes_are_told(run, fail, command, text, problem):
    run("webhook add hook http://127.0.0.1:9/")
    assert problem in fail(f"stream {command}", text)


def test_keys_are_listed_and_rotated(run, app, engine):
    assert run("key list") == "There is no key; the first token makes one.\n"
    signing.sign(app.extensions["scim"], {})
    first = run("key list").split("  ")[1]
    assert run("key rotate").endswith("Z on.\n")
    new, old = run("key list").splitlines()
    assert "  signs from " in new
    assert f"  {first}  signs since " in old

    kid = run("key rotate --compromised").split()[0]

    [only] = run("key list").splitlines()
    assert f"  {kid}  signs since " in only
    with engine.connect() as connection:
        [private] = connection.scalars(sa.text("SELECT private FROM signing_keys"))
    assert json.loads(private)["d"] not in run("key list")
