"""Asynchronous requests (RFC 9967 §2.5.1): what is accepted, and what becomes of it."""

import dataclasses
import json

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import KeySet

from scim.deliver.asynchronous.carrier import look
from scim.deliver.beside import jobs
from scim.deliver.events import signing
from scim.protocol.events import ASYNC_RESPONSE
from scim.protocol.headers import PARKED
from scim.protocol.permissions import Permission
from scim.routes.deferring import Left
from scim.storage import deferred, new_id, tokens

from ..support.alone import alone
from ..support.errors import check_error
from ..support.receiving import carry_all
from ..support.scim import Scim, group, path_of, replace, user
from ..support.tenants import new_tenant, new_token

ASYNC = {"Prefer": "respond-async"}
BULK = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]}


database_url, engine, app = alone()


@pytest.fixture
def service(app, empty_database):
    return app.extensions["scim"]


@pytest.fixture
def carry(service):
    """Carry out what waits."""
    return lambda: carry_all(service)


@pytest.fixture
def completed(scim, service, carry):
    """Send a request, carry it out, and return the verified events of its completion."""

    def complete(method, path, body=None, by=scim, **headers):
        accepted = by.send(method, path, body, **ASYNC, **headers)
        assert (accepted.status_code, accepted.data) == (202, b"")
        carry()
        return events(by, service, accepted)

    return complete


def place_of(accepted):
    return accepted.headers["Location"].partition("/scim/v2")[2]


def events(scim, service, accepted):
    """Return the claims of the security event tokens at the Location of an accepted request."""
    answer = scim.get(place_of(accepted))
    assert answer.status_code == 200, answer.text
    known = [json.loads(each.public) for each in service.database.read(signing.list_keys)]
    keys = KeySet.import_key_set({"keys": known})
    tokens = answer.json["sets"] if answer.is_json else {None: answer.text}
    assert answer.is_json or answer.mimetype == "application/secevent+jwt"
    found = [(jti, jwt.decode(token, keys, algorithms=["ES256"])) for jti, token in tokens.items()]
    assert all(jti in (None, each.claims["jti"]) for jti, each in found)
    assert {each.header["typ"] for _, each in found} <= {"secevent+jwt"}
    return [each.claims for _, each in found]


def rows(engine, columns="*"):
    with engine.begin() as connection:
        return connection.execute(sa.text(f"SELECT {columns} FROM deferred_requests")).all()


def users(scim):
    return [each["userName"] for each in scim.get("/Users").json["Resources"]]


def test_request_is_accepted_and_carried_out_later(scim, service, carry, engine):
    accepted = scim.post("/Users", user("ada", password="t1meMa$heen"), **ASYNC, Accept="text/css")

    assert (accepted.status_code, accepted.data) == (202, b"")
    txn = accepted.headers["Set-Txn"]
    assert accepted.headers["Preference-Applied"] == "respond-async"
    assert accepted.headers["Location"] == f"http://localhost/scim/v2/Async/{txn}"
    assert "Content-Type" not in accepted.headers
    waiting = scim.get(f"/Async/{txn}")
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (202, "1")
    assert users(scim) == []

    carry()

    [ada] = scim.get("/Users").json["Resources"]
    [claims] = events(scim, service, accepted)
    assert claims["iss"] == signing.issuer(service)
    assert claims["txn"] == txn
    assert claims["sub_id"] == {"format": "scim", "uri": f"/Users/{ada['id']}"}
    assert claims["events"] == {
        ASYNC_RESPONSE: {
            "method": "POST",
            "status": "201",
            "location": f"http://localhost/scim/v2/Users/{ada['id']}",
            "version": 'W/"1"',
        }
    }
    assert rows(engine, "body") == [(None,)]
    carry()
    assert users(scim) == ["ada"]


def test_each_method_has_its_result(scim, completed):
    ada = scim.create(user("ada"))
    path = path_of(ada)

    def result(*request, **headers):
        [claims] = completed(*request, **headers)
        return claims["sub_id"]["uri"], claims["events"][ASYNC_RESPONSE]

    place = {"location": f"http://localhost/scim/v2{path}"}
    done = place | {"status": "200", "version": 'W/"2"'}
    assert result("PUT", path, user("ada", title="Dr")) == (path, done | {"method": "PUT"})
    same = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
    same |= {"Operations": [replace("title", "Dr")]}
    assert result("PATCH", path, same) == (path, done | {"method": "PATCH"})  # changes nothing
    uri, refused = result("DELETE", path, If_Match='W/"1"')
    assert (uri, refused["status"], refused["response"]["status"]) == (path, "412", "412")
    deleted = place | {"status": "204", "method": "DELETE"}
    assert result("DELETE", path) == (path, deleted)
    uri, missing = result("DELETE", path)
    assert (uri, missing["status"]) == (path, "404")
    scim.create(user("bob"))
    uri, twice = result("POST", "/Users", user("BOB"))
    assert (uri, twice["status"], twice["response"]["scimType"]) == ("/Users", "409", "uniqueness")
    assert "location" not in twice


def test_me_is_deferred_as_the_user(app, scim, engine, completed):
    ada = scim.create(user("ada"))
    with engine.begin() as connection:
        tenant = tokens.find_tenant(connection, "default")
    me = app.test_client()
    me.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {new_token(engine, tenant, ada['id'])}"

    [claims] = completed("DELETE", "/Me", by=Scim(me))

    assert claims["sub_id"]["uri"] == path_of(ada)
    assert users(scim) == []


def test_errors_before_the_acceptance_are_answered(app, scim, choose, engine):
    check_error(scim.post("/Nobody", user(), **ASYNC), 404)
    broken = scim.client.post("/scim/v2/Users", data="{", headers=ASYNC)
    check_error(broken, 400, "invalidSyntax")
    many = BULK | {"Operations": [{"method": "DELETE", "path": "/Users/1"}] * 1001}
    check_error(scim.post("/Bulk", many, **ASYNC), 413)
    assert app.test_client().post("/scim/v2/Users", headers=ASYNC).status_code == 401
    choose(paused=True)
    check_error(scim.post("/Users", user(), **ASYNC), 503)
    assert rows(engine) == []


def test_reads_and_dry_runs_are_answered(scim, engine):
    assert scim.get("/Users", **ASYNC).status_code == 200
    tried = scim.post("/Users", user(), Prefer="respond-async, dry-run")
    assert (tried.status_code, tried.headers["Preference-Applied"]) == (201, "dry-run")
    assert users(scim) == []
    assert rows(engine) == []


def test_bulk_request_has_an_event_for_each_operation(completed, scim):
    operations = [
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("Tours")},
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": user("ada")},
        {"method": "POST", "path": "/Users", "bulkId": "v", "data": user("ada")},
        {"method": "DELETE", "path": "no path"},
        {"method": "DELETE", "path": "/Users/1"},
    ]
    operations[0]["data"]["members"] = [{"value": "bulkId:u"}]

    found = completed("POST", "/Bulk", BULK | {"Operations": operations, "failOnErrors": 2})

    txn = found[0]["txn"].partition(":")[0]
    assert [each["txn"] for each in found] == [f"{txn}:{index}" for index in range(5)]
    results = [each["events"][ASYNC_RESPONSE] for each in found]
    assert [each["status"] for each in results] == ["201", "201", "409", "400", "424"]
    assert [each.get("bulkId") for each in results] == ["g", "u", "v", None, None]
    [tours] = scim.get("/Groups").json["Resources"]
    uris = [each["sub_id"]["uri"] for each in found]
    assert uris[0] == path_of(tours)
    assert uris[2:] == ["/Users", "/no path", "/Users/1"]
    assert [each["value"] for each in tours["members"]] == [uris[1].rpartition("/")[2]]


def test_null_characters_are_no_obstacle(scim, completed):
    check_error(scim.delete("/Users/%00", **ASYNC), 404)
    operations = [
        {"method": "DELETE", "path": "/Users/\0"},
        {"method": "\0", "path": "/Users"},
        {"method": "POST", "path": ["\0"], "bulkId": "\0", "data": {"\0": "\0"}},
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": user("a\0da")},
    ]

    found = completed("POST", "/Bulk", BULK | {"Operations": operations})

    statuses = [each["events"][ASYNC_RESPONSE]["status"] for each in found]
    assert statuses[:3] == ["404", "400", "400"]
    assert [each["sub_id"]["uri"] for each in found][:3] == ["/Bulk", "/Users", "/Bulk"]


def test_rights_count_when_it_is_carried_out(app, scim, service, engine, choose, carry):
    with engine.begin() as connection:
        tenant = tokens.find_tenant(connection, "default")
        token = tokens.issue_token(connection, tenant, "hr", permission=Permission.of("write"))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    revoked = Scim(client).post("/Users", user("ada"), **ASYNC)
    with engine.begin() as connection:
        tokens.revoke_token(connection, tenant, "hr")
    carry()
    paused = scim.post("/Users", user("bob"), **ASYNC)
    choose(paused=True)
    carry()
    choose(paused=False)

    for accepted, status in ((revoked, "401"), (paused, "503")):
        [claims] = events(scim, service, accepted)
        assert claims["events"][ASYNC_RESPONSE]["status"] == status
    assert users(scim) == []


def test_client_that_waits_learns_the_result_although_the_tenant_is_paused(scim, carry, choose):
    done = scim.post("/Users", user("ada"), **ASYNC).headers["Set-Txn"]
    carry()
    waiting = scim.post("/Users", user("bob"), **ASYNC).headers["Set-Txn"]
    choose(paused=True)

    def asked_again(name, txn):
        left = {PARKED: Left("7f3c", txn)}
        sent = {"json": user(name), "headers": ASYNC, "environ_overrides": left}
        return scim.client.post("/scim/v2/Users", **sent).status_code

    assert asked_again("ada", done) == 201
    assert asked_again("bob", waiting) == 202
    carry()
    assert asked_again("bob", waiting) == 503


def test_client_whose_token_expires_while_it_waits_learns_where_the_result_is(app, scim):
    txn = scim.post("/Users", user("ada"), **ASYNC).headers["Set-Txn"]
    expired = app.test_client()
    sent = {"json": user("ada"), "headers": ASYNC | {"Authorization": "Bearer expired"}}

    answer = expired.post("/scim/v2/Users", **sent, environ_overrides={PARKED: Left("7f3c", txn)})

    assert (answer.status_code, answer.headers["Set-Txn"]) == (202, txn)
    assert expired.post("/scim/v2/Users", **sent).status_code == 401


def test_history_names_the_token_and_the_request(scim, carry, engine):
    scim.post("/Users", user("ada"), X_Request_Id="7f3c", **ASYNC)
    carry()

    with engine.begin() as connection:
        made = connection.execute(sa.text("SELECT token, request_id FROM changes")).all()
    assert made == [("SCIM_TOKEN", "7f3c")]


def test_result_is_for_the_tenant_and_the_types_of_the_token(app, scim, service, engine, carry):
    accepted = scim.post("/Users", user("ada"), **ASYNC)
    carry()
    with engine.begin() as connection:
        tenant = tokens.find_tenant(connection, "default")
        limited = tokens.issue_token(
            connection, tenant, "groups", permission=Permission.of("write", "Group")
        )
    other = new_token(engine, new_tenant(engine))

    for token, status in ((limited, 404), (other, 404), (None, 401)):
        client = app.test_client()
        if token:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        check_error(Scim(client).get(place_of(accepted)), status)
        own = token == limited and Scim(client).post("/Groups", group("Tours"), **ASYNC)
        if own:
            carry()
            assert events(Scim(client), service, own)
    check_error(scim.get(f"/Async/{new_id()}"), 404)
    check_error(scim.get("/Async/x"), 404)


def test_only_so_many_wait(scim, service, carry, monkeypatch):
    monkeypatch.setattr(deferred, "MOST_BYTES", 100)
    assert scim.post("/Users", user("ada", title="x" * 100), **ASYNC).status_code == 202
    full = scim.post("/Users", user("bob"), **ASYNC)

    assert "asynchronous requests of this tenant wait" in check_error(full, 429)
    assert full.headers["Retry-After"] == "5"
    carry()
    assert scim.post("/Users", user("bob"), **ASYNC).status_code == 202


def test_setting_limits_how_many_wait(app, scim, service, monkeypatch):
    settings = dataclasses.replace(service.settings, max_async_requests=1)
    limited = dataclasses.replace(service, settings=settings)
    monkeypatch.setitem(app.extensions, "scim", limited)

    answers = [scim.post("/Users", user(name), **ASYNC) for name in ("ada", "bob")]

    assert [each.status_code for each in answers] == [202, 429]


def test_old_results_are_deleted(scim, service, carry, engine, monkeypatch):
    accepted = scim.post("/Users", user("ada"), **ASYNC)
    carry()
    with monkeypatch.context() as patched:
        patched.setattr(service.database, "write", None)  # a look alone holds nobody up
        assert not look(service)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE deferred_requests SET finished = '2020'"))

    assert look(service)

    check_error(scim.get(place_of(accepted)), 404)
    with engine.begin() as connection:
        assert connection.execute(sa.text("SELECT * FROM deferred_results")).all() == []


def test_server_that_accepts_none_deletes_old_results_too(service):
    settings = dataclasses.replace(service.settings, max_async_requests=0)

    assert [each.work for each in jobs(settings)].count(look) == 1


def test_result_that_is_purged_while_it_is_read_is_no_error(scim, carry, engine):
    accepted = scim.post("/Users", user("ada"), **ASYNC)
    carry()
    with engine.begin() as connection:  # the request is read first
        connection.execute(sa.text("DELETE FROM deferred_results"))

    check_error(scim.get(place_of(accepted)), 404)
    left = {PARKED: Left("7f3c", accepted.headers["Set-Txn"])}
    sent = {"json": user("ada"), "headers": ASYNC, "environ_overrides": left}
    assert scim.client.post("/scim/v2/Users", **sent).status_code == 202
