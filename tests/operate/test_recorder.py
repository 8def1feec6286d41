"""Requests are recorded beside their answers, on both databases, and no secret is."""

import json
import socket
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import sqlalchemy as sa

from scim.storage import Database
from scim.storage.recordings import Recordings
from scim.storage.tokens import issue_token, list_tenants, revoke_token

from ..support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from ..support.ports import free_port
from ..support.scim import group, user
from ..support.server import run
from ..support.waiting import happens

SECRET = "hunter2-and-more"
PATCH_OP = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
MASK = "••••"


@pytest.fixture
def recordings(database_url, empty_database):
    database = Database(sa.create_engine(database_url, poolclass=sa.NullPool))
    recordings = Recordings.open(database, 10_000, 7)
    recordings.clear()
    yield recordings
    recordings.close()
    database.close()


@pytest.fixture
def start(serve, recordings):
    """Start a server that records."""

    def start(**environment):
        console = {"SCIM_CONSOLE": "on", "SCIM_CONSOLE_PORT": str(free_port())}
        server = serve(**console, **environment)
        assert happens(recordings.last, 10), server.log  # of the request that waited for it
        recordings.clear()
        return server

    return start


@pytest.fixture
def server(start):
    return start()


def recorded(recordings, number):
    """Return the exchanges, as soon as there are so many; the oldest first."""
    assert happens(lambda: len(recordings.after(0, limit=100_000)) >= number, 10)
    return recordings.after(0, limit=100_000)


def test_request_and_answer_are_recorded(server, recordings):
    sent = user("bjensen", title="Guide", password=SECRET)
    before = time.time()
    answer = server.session.post("/Users?attributes=userName", json=sent)

    [found] = recorded(recordings, 1)

    assert (found.method, found.base, found.path) == ("POST", "/scim/v2", "/Users")
    assert (found.query, found.status, found.is_failed) == ("attributes=userName", 201, False)
    assert json.loads(found.request.body) == sent | {"password": MASK}
    assert found.answer.body == answer.text
    assert found.answer.size == len(answer.content)
    assert not found.request.is_cut
    assert not found.answer.is_cut
    assert found.request.header("authorization") == f"Bearer {MASK}"
    assert found.request.header("host") == server.session.base_url.netloc.decode()
    assert found.answer.header("x-request-id") == answer.headers["X-Request-Id"] == found.id
    assert found.answer.header("location") == answer.headers["Location"]
    assert (found.tenant, found.token, found.client) == ("default", "SCIM_TOKEN", "127.0.0.1")
    assert found.provider == "a Python program"
    at = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(before))
    assert found.at.startswith(at) or time.gmtime(before).tm_sec > 50
    assert 0 < found.milliseconds < 10_000
    made = (answer.json()["id"], 1, "create")
    assert [(each.resource_id, each.version, each.operation) for each in found.made] == [made]
    texts = [each.text.split()[0] for each in found.statements]
    assert texts[0] == "BEGIN"
    assert texts[-1] == "COMMIT"
    assert "INSERT" in texts
    assert all(each.milliseconds > 0 for each in found.statements)
    assert "bjensen" not in str(found.statements)


def test_read_is_recorded_with_its_statement_and_rows(server, recordings):
    made = server.session.post("/Users", json=user("bjensen")).json()
    server.session.get(f"/Users/{made['id']}", headers={"X-Request-Id": "mine"})
    recorded(recordings, 2)

    [found] = recordings.find("mine")

    assert found.path == f"/Users/{made['id']}"
    [statement] = [each for each in found.statements if "tenants" not in each.text]
    assert statement.text.startswith("SELECT CAST(users.id AS TEXT)")
    assert statement.rows == 1
    assert found.made == ()


@EVERYDAY_ON_ONE_DATABASE
def test_tolerances_preferences_and_errors_are_recorded(server, recordings):
    session = server.session
    body = PATCH_OP | {"Operations": [{"op": "replace", "path": "nothing", "value": 1}]}
    made = session.post("/Users", json=user("bjensen")).json()
    session.get(f'{server.url}//Users?filter=userName eq "bjensen"')
    session.put(f"/Users/{made['id']}", json=user("ada"), headers={"Prefer": "dry-run"})
    session.patch(f"/Users/{made['id']}", json=body)

    _, tolerated, dry, wrong = recorded(recordings, 4)

    assert tolerated.tolerated == ("doubled_slash",)
    assert (tolerated.base, tolerated.path) == ("/scim/v2", "//Users")
    assert (dry.applied, dry.status, dry.made) == ("dry-run", 200, ())
    told = json.loads(wrong.answer.body)["detail"]
    assert (wrong.status, told) == (400, f"{wrong.detail} [request {wrong.id}]")
    assert "nothing" in wrong.detail


def test_each_version_is_recorded(server, recordings):
    people = [server.session.post("/Users", json=user(f"p{n}")).json() for n in range(2)]
    team = server.session.post("/Groups", json=group("team", *people)).json()
    server.session.delete(f"/Users/{people[0]['id']}")

    *_, deleted = recorded(recordings, 4)

    assert {(each.resource_type, each.operation) for each in deleted.made} == {
        ("User", "delete"),
        ("Group", "patch"),
    }
    assert ("Group", team["id"], 2) in {
        (each.resource_type, each.resource_id, each.version) for each in deleted.made
    }


@EVERYDAY_ON_ONE_DATABASE
def test_rejected_credential_is_recorded_with_its_checks(server, recordings):
    server.session.get("/Users", headers={"Authorization": f'Bearer "{server.token}"'})
    server.session.get("/Users", headers={"Authorization": "Basic YTpi"})
    del server.session.headers["Authorization"]
    server.session.post("/Users", json=user("bjensen"))

    quoted, basic, without = recorded(recordings, 3)

    assert {each.status for each in (quoted, basic, without)} == {401}
    assert quoted.tenant == quoted.token == ""
    [wrong] = [check for check in quoted.checks if not check.is_passed]
    assert wrong.name == "form"
    assert wrong.came.endswith("without that it would be accepted")
    assert [check.name for check in basic.checks if not check.is_passed] == ["scheme", "token"]
    assert [check.came for check in without.checks] == ["none"]
    assert without.request.is_cut  # it was not received
    assert without.request.size > 0
    assert server.token not in str(quoted)


@EVERYDAY_ON_ONE_DATABASE
def test_token_in_a_wrong_place_is_not_recorded(start, recordings):
    server = start(SCIM_TOKEN="my-Own_Token.1")
    run("manage.py", "token", "revoke", "stray", DATABASE_URL=server.database_url)
    issued = run("manage.py", "token", "issue", "stray", DATABASE_URL=server.database_url)
    imported = "a8Fk_29Zq" * 28 + "x7Q"  # as long as one may be
    engine = sa.create_engine(server.database_url)
    with engine.begin() as connection:
        default, *_ = list_tenants(connection)
        revoke_token(connection, default, "imported")
        issue_token(connection, default, "imported", token=imported)
    engine.dispose()
    session, secrets = server.session, (server.token, issued.stdout.split()[0], imported)
    sent = [(header, secret) for header in ("Bearer no", "") for secret in secrets]
    for header, secret in [*sent, (f"Bearer {secrets[1]}", secrets[1])]:
        own = {"Authorization": header}
        session.request("GET", f"/{secret}/Users", headers=own)
        session.get("/Users", params={"filter": f'userName eq "{secret}"'}, headers=own)
        names = ("User-Agent", "X-Request-Id", "X-Forwarded-For", "X-Forwarded-Host", "If-Match")
        session.get("/Users", headers=own | dict.fromkeys(names, secret))
        session.request(secret.replace(".", ""), "/Users", headers=own)
        session.post("/Users", json=user(secret, title=secret), headers=own)

    found = recorded(recordings, 35)

    assert not [each for each in found for secret in secrets if secret in str(each)]
    assert MASK in found[0].path
    assert not [line for line in server.log.splitlines() for each in secrets if f"/{each}" in line]


@ON_ONE_DATABASE
def test_requests_that_do_not_reach_an_endpoint_are_recorded(start, recordings):
    server = start(SCIM_CLIENT_TIMEOUT="1")
    parts = urlsplit(server.url)
    plain = server.session
    plain.get(server.url.replace("/scim/v2", "/scim/v3/Users"))
    plain.get(server.url.replace("/scim/v2", "/"), headers={"Accept": "text/html"})
    with closing(socket.create_connection((parts.hostname, parts.port))) as slow:
        lines = ["POST /scim/v2/Users?a=b HTTP/1.1", "Host: localhost", "Content-Length: 10"]
        lines += [f"Authorization: Bearer {server.token}", "", "x"]
        slow.sendall("\r\n".join(lines).encode())
        assert b" 408 " in slow.recv(1000)

    elsewhere, home, late = recorded(recordings, 3)

    assert (elsewhere.status, elsewhere.base, elsewhere.path) == (404, "", "/scim/v3/Users")
    assert "did you mean /scim/v2/Users" in elsewhere.detail
    assert (home.path, home.status) == ("/", 200)
    assert (late.status, late.base, late.path, late.query) == (408, "/scim/v2", "/Users", "a=b")
    assert late.request.header("Authorization") == f"Bearer {MASK}"
    assert late.request.size == 10
    assert "did not arrive" in late.detail
    assert late.answer.body.startswith("{")


@EVERYDAY_ON_ONE_DATABASE
def test_long_bodies_are_cut(server, recordings):
    title = "ä" * 100_000
    made = server.session.post("/Users", json=user("bjensen", title=title)).json()
    answer = server.session.get(f"/Users/{made['id']}")
    server.session.head(f"/Users/{made['id']}")

    post, get, head = recorded(recordings, 3)

    for message in (post.request, get.answer):
        assert message.is_cut
        assert len(message.body.encode()) in range(65_500, 65_537)
    assert get.answer.size == len(answer.content)
    assert answer.text.startswith(get.answer.body)
    assert (head.answer.body, head.answer.size) == ("", 0)


@EVERYDAY_ON_ONE_DATABASE
def test_streamed_answer_is_recorded_from_its_beginning(server, recordings, monkeypatch):
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": str(n), "data": user(f"p{n}")}
        for n in range(1000)
    ]
    schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]
    done = server.session.post("/Bulk", json={"schemas": schemas, "Operations": operations}).json()
    people = [{"value": each["location"].rpartition("/")[2]} for each in done["Operations"]]
    more = [server.session.post("/Users", json=user(f"q{n}")).json() for n in range(2)]
    members = [*people, *({"value": each["id"]} for each in more)]
    team = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Token"}
    made = server.session.post("/Groups", json=team | {"members": members}).json()
    answer = server.session.get(f"/Groups/{made['id']}")

    bulk, *_, streamed = recorded(recordings, 5)

    assert len(answer.json()["members"]) == 1002
    assert streamed.answer.size == len(answer.content)
    assert answer.text.startswith(streamed.answer.body)
    assert streamed.answer.is_cut
    assert len(streamed.statements) > 1
    assert len(bulk.made) == 1000
    assert bulk.statements[-1].text == "COMMIT" or "more statements" in bulk.statements[-1].text


SECRETS = [
    ("POST", "/Users", user("a", password=SECRET)),
    ("PATCH", "/Users/1", {"Operations": [{"op": "add", "path": "password", "value": SECRET}]}),
    ("GET", f'/Users?filter=password eq "{SECRET}"', None),
    ("POST", "/Users/.search", {"filter": f'password eq "{SECRET}"'}),
    ("GET", f"/Users?access_token={SECRET}", None),
    ("POST", "/Users", {"password": {"x": SECRET}}),
]


def test_no_secret_reaches_the_file_or_the_table(start, recordings):
    server = start(SCIM_TOKEN="t0ken-of-this-test")
    for method, path, body in SECRETS:
        server.session.request(method, path, json=body)
    server.session.get("/t0ken-of-this-test", headers={"Cookie": f"a={SECRET}"})
    for content in (f'{{"password": "{SECRET}"', f"password={SECRET}"):
        server.session.post("/Users", content=content)
    shown = str(recorded(recordings, len(SECRETS) + 3))
    if recordings.is_sqlite:
        path = Path(recordings.database.file.path)
        shown += "".join(each.read_text("latin-1") for each in path.parent.glob(f"{path.name}*"))
        assert "/Users/.search" in shown
    server.stop()

    assert SECRET not in shown
    assert "t0ken-of-this-test" not in shown
    assert "argon2" not in shown
    assert "scrypt" not in shown


def test_what_waits_is_stored_when_the_server_stops(server, recordings):
    for _ in range(200):
        server.session.get("/ServiceProviderConfig")
        server.session.get(urljoin(server.url, "/readyz"))  # nobody wants to see probes

    server.stop()

    assert len(recordings.after(0, limit=1000)) == 200
    assert "readyz" not in server.log


@ON_ONE_DATABASE
def test_nothing_is_recorded_where_there_is_no_console(serve, recordings):
    for environment in ({"SCIM_CONSOLE": "off"}, {"SCIM_CONSOLE": "on", "SCIM_RECORDINGS": "0"}):
        server = serve(**environment, SCIM_CONSOLE_PORT=str(free_port()))
        server.session.get("/Users")
        server.stop()

    assert recordings.last() == 0
