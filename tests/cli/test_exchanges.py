"""``explain exchange`` and ``tail``: what was recorded, in plain words."""

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from scim.cli import exchanges as commands
from scim.explain.exchange import Check, Made, Message, Statement
from scim.explain.sentences.sentence import sentence
from scim.storage import Database
from scim.storage.recordings import Recordings

from ..explain.traffic import exchange
from ..support.scim import user
from ..support.waiting import instead_of_sleep

NOW = "2999-11-29T10:42:07.000000Z"
LOOK = '/Users?filter=userName eq "jane"&startIndex=1&count=100'
JANE = {"id": "01a2", "userName": "jane", "displayName": "Jane Berg"}


@pytest.fixture
def recordings(app, client):
    service = app.extensions["scim"]
    opened = Recordings.open(service.database, 10_000, 7)
    opened.clear()
    yield opened
    opened.clear()
    opened.close()


@pytest.fixture
def record(recordings):
    """Record exchanges; return their numbers."""

    def record(*made):
        before = recordings.last()
        recordings.add([replace(each, at=NOW, tenant=each.tenant and "default") for each in made])
        return [each.number for each in recordings.after(before)]

    return record


@pytest.fixture
def recording(app, monkeypatch):
    """Settings as of a server that records."""

    def change(**values):
        service = app.extensions["scim"]
        changed = replace(service, settings=replace(service.settings, **values))
        monkeypatch.setitem(app.extensions, "scim", changed)

    change(console="on")
    return change


def test_exchange_is_told_by_its_number_and_by_its_id(run, record):
    asked = exchange("GET", LOOK, None, 200, {"totalResults": 0}, tolerated=["text_booleans"])
    [number] = record(asked)

    told = run(f"explain exchange {number}")

    assert told == run(f"explain exchange {asked.id}")
    assert told.splitlines()[0] == sentence(asked)
    assert "(tolerance text_booleans)" in told
    assert 'GET /scim/v2/Users?filter=userName eq "jane"&startIndex=1&count=100 200 3.0 ms' in told
    assert f"request {asked.id} · number {number} · tenant default · token okta" in told
    assert "Why 200:\n  RFC 7644 §3.4.2.2: " in told
    assert "Nothing found is 200 with an empty list, not 404. (docs/decisions.md#lists)" in told


def test_what_an_exchange_changed(run, scim, record):
    created = scim.create(user("jane"))
    made = [Made("User", created["id"], 1, "create"), Made("User", created["id"], 7, "patch")]
    statements = [Statement("INSERT\n INTO users", 0.25, 1), Statement("SELECT 1", 0.5)]
    [number] = record(
        exchange("POST", "/Users", {}, 201, created, made=made, statements=statements)
    )

    told = run(f"explain exchange {number}")

    assert f"create  User {created['id']} (jane) version 1" in told
    assert '+ userName: "jane"' in told
    assert f"patch  User {created['id']} version 7; history does not have it any more" in told
    assert "0.2 ms  1 row  INSERT INTO users\n  0.5 ms  SELECT 1" in told


def test_changes_of_a_tenant_that_is_gone(run, recordings):
    made = [Made("User", "1", 1, "create")]
    recordings.add([exchange("POST", "/Users", {}, 201, JANE, made=made, at=NOW, tenant="gone")])

    assert "What changed:\n  the tenant 'gone' does not exist" in run(
        f"explain exchange {recordings.last()}"
    )


def test_checks_of_a_rejected_credential(run, record):
    checks = [
        Check("header", "an Authorization header", "one", True),
        Check("token", "one of 2 tokens", "1…8: unknown", False),
    ]
    [number] = record(exchange("GET", "/Users", None, 401, checks=checks, tenant="", token=""))

    told = run(f"explain exchange {number}")

    assert told.startswith("Okta is refused: the token is not known here.\n  came: 1…8: unknown")
    assert "passed  header: expected an Authorization header, came one" in told
    assert "failed  token: expected one of 2 tokens, came 1…8: unknown" in told


def test_failure_tells_what_to_change(run, record):
    taken = {"detail": "userName is already in use", "scimType": "uniqueness"}
    [number] = record(exchange("POST", "/Users", JANE, 409, taken))

    told = run(f"explain exchange {number}").partition("What to change:\n")[2]

    assert told.startswith("  In Okta, use Import > Import Now and match the user")
    assert "  Or rename or delete the other user here." in told


@pytest.mark.parametrize(
    "command", ["tail --no-follow", "explain exchange 1", "console link --read-only"]
)
def test_database_of_no_server_is_told(fail, app, monkeypatch, tmp_path, command):
    service = app.extensions["scim"]
    missing = Database(sa.create_engine(f"sqlite:///{tmp_path}/none.db"))
    monkeypatch.setitem(app.extensions, "scim", replace(service, database=missing))

    told = fail(command)

    assert "there is no database at" in told
    assert told.endswith("use the same SCIM_DATABASE_URL as the server")


def test_operations_of_a_bulk_request(run, record):
    sent = [
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"members": ["bulkId:u"]}},
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"userName": "jane"}},
    ]
    results = [{"status": "201", "method": "POST", "bulkId": each["bulkId"]} for each in sent]
    [number] = record(exchange("POST", "/Bulk", {"Operations": sent}, 200, {"Operations": results}))

    told = run(f"explain exchange {number}")

    first, second = told.partition("in which they ran:\n")[2].splitlines()[:2]
    assert first == "  1  201  Okta creates the user jane."
    assert second.endswith("with 1 member. (needs 1)")


def test_exchange_that_is_not_there(fail, record, recording):
    record(exchange("GET", "/Users"))

    assert "no request has the id or number 0000; the newest 10000 are kept" in fail(
        "explain exchange 0000"
    )
    assert "has the id or number 99999999999999999999" in fail(f"explain exchange {'9' * 20}")


@pytest.mark.parametrize("command", ["explain exchange 1", "tail --no-follow"])
def test_nothing_recorded_says_why(fail, recordings, recording, command):
    assert fail(command) == f"Error: {commands.NOT_YET}"
    recording(recordings=0)
    assert "SCIM_RECORDINGS is 0" in fail(command)
    recording(recordings=1, console="off")
    assert "SCIM_CONSOLE is off; set SCIM_CONSOLE=on" in fail(command)
    recording(console="auto", env="production")
    assert "SCIM_ENV is production" in fail(command)
    recording(env="development", host="0.0.0.0")
    assert "SCIM_HOST is 0.0.0.0, where others can reach" in fail(command)


def test_tail_folds_conversations(run, record, recording):
    record(
        exchange("GET", LOOK, None, 200, {"totalResults": 0, "Resources": []}),
        exchange("POST", "/Users", JANE, 201, JANE),
        exchange("POST", "/Users", JANE | {"userName": "\x1b[2J"}, 409, {"detail": "x"}),
    )

    first, second, third, *rest = run("tail --no-follow").splitlines()

    assert first[8:].startswith("  Okta checks whether jane exists before it creates the user")
    assert second[8:] == "    Okta creates the user Jane Berg.  POST /scim/v2/Users 201 3.0 ms"
    assert third[8:].startswith("  Okta could not create the user Jane Berg (\\x1b[2J): x.")
    assert rest == []


def test_tail_shows_a_tenant_or_failures_or_the_last(run, recordings, recording):
    recordings.add(
        [
            exchange("GET", "/Users/1", None, 200, JANE, at=NOW),
            exchange("GET", "/Users/1", None, 500, at=NOW),
            exchange("GET", "/Users/1", None, 200, JANE, at=NOW, tenant="other"),
        ]
    )

    assert len(run("tail --no-follow").splitlines()) == 3
    assert len(run("tail --no-follow --last 2").splitlines()) == 2
    assert run("tail --no-follow --last 0") == ""
    assert len(run("tail --no-follow --tenant other").splitlines()) == 1
    [failed] = run("tail --no-follow --failed").splitlines()
    assert failed.endswith("GET /scim/v2/Users/1 500 3.0 ms")


def test_tail_finds_failures_behind_many_successes(run, recordings, recording):
    failed = [exchange("DELETE", f"/Users/{n}", None, 404, at=NOW) for n in range(3)]
    recordings.add([*failed, *[exchange("GET", "/Users/1", None, 200, JANE, at=NOW)] * 900])

    lines = run("tail --no-follow --failed --last 2").splitlines()

    assert [line.split()[-4] for line in lines] == ["/scim/v2/Users/1", "/scim/v2/Users/2"]


def test_tail_begins_as_early_as_it_is_asked(run, recordings, recording):
    recordings.add([exchange("DELETE", f"/Users/{n}", None, 404, at=NOW) for n in range(400)])

    assert run("tail --no-follow --last 400").count("404") == 400


def test_tail_follows_until_it_is_interrupted(run, recordings, recording, monkeypatch):
    made = [
        lambda: recordings.add([exchange("GET", "/Users/1", None, 200, JANE, at=NOW)]),
        lambda: recordings.add([exchange("GET", "/Users/2", None, 404, at=NOW)]),
        recordings.clear,
        lambda: recordings.add([exchange("DELETE", "/Users/3", None, 204, at=NOW)]),
    ]

    def meanwhile(_):
        if not made:
            raise KeyboardInterrupt
        made.pop(0)()

    instead_of_sleep(monkeypatch, meanwhile)

    lines = run("tail").splitlines()

    assert [line[10:].partition("  ")[0].strip() for line in lines] == [
        "Okta reads Jane Berg.",
        "Okta looks for the user 2: there is none with this id.",
        "Okta deletes the user 3.",
        "",
    ]


def test_tail_that_could_only_wait_says_so(fail, record, recording):
    record(exchange("GET", "/Users"))
    recording(console="off")

    assert "SCIM_CONSOLE is off" in fail("tail")


def test_hostile_exchange_does_not_act_on_the_terminal(run, record, recording):
    evil = json.dumps({"userName": "\x1b[2J\u202e", "id": "1"})
    [number] = record(
        exchange(
            "GET", "/Users/\x1b[2J", evil, 400, evil, answer=Message(body=evil), detail="\x1b]"
        )
    )

    for told in (run("tail --no-follow"), run(f"explain exchange {number}")):
        assert "\x1b" not in told
        assert "\u202e" not in told
