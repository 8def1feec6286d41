"""Security event tokens, pushed and fetched, as their receivers see them."""

import json
import os
import re
import time
from dataclasses import replace as replaced

import pytest
import sqlalchemy as sa

from scim.deliver.events import polling, streams, tidying
from scim.operate import meters, metrics
from scim.storage import letters, new_id
from scim.storage.backlogs import backlogs
from scim.storage.letters import Chosen
from scim.storage.mailbox import Mailbox
from scim.storage.tables import outbox

from ...support.databases import ON_ONE_DATABASE
from ...support.listener import listening
from ...support.receiving import forget_receivers
from ...support.scim import add, group, listed, path_of, remove, replace, user
from ...support.streams import Mirror, add_stream, add_token, short, verified
from ...support.tenants import new_tenant

SECRET = "t1meMa$heen"
POLL = {"returnImmediately": True}


def poller(world, engine, name="app", tenant="default", **options):
    add_stream(engine, name, tenant=tenant, **options)
    return world.client(add_token(engine, name, tenant=tenant))


def a_day(scim):
    """Let all kinds of changes happen; return the first user."""

    def patch(resource, *operations):
        assert scim.patch(path_of(resource), *operations).status_code == 200

    ada = scim.create(user("ada", externalId="1815", password=SECRET))
    bob = scim.create(user("bob"))
    guides = scim.create(group("Guides", ada))
    patch(ada, add("name", {"familyName": "King"}), add("emails", [{"value": "a@b.c"}]))
    patch(ada, replace("active", False))
    scim.send("PUT", path_of(bob), user("bob", nickName="B"))
    patch(guides, add("members", listed(bob)), remove(f'members[value eq "{ada["id"]}"]'))
    scim.send("PUT", path_of(guides), group("Guides", ada, bob))
    patch(ada, replace("active", True), replace("password", SECRET))
    scim.send("DELETE", path_of(bob))
    return ada


def everything(scim):
    found = (scim.get(path).json["Resources"] for path in ("/Users", "/Groups"))
    return [each for some in found for each in some]


DAY = [
    ("prov:create:full",),
    ("prov:create:full",),
    ("prov:create:full",),
    ("prov:patch:full",),
    ("prov:patch:full", "prov:deactivate"),
    ("prov:put:full",),
    ("prov:patch:full",),
    ("prov:patch:full",),
    ("prov:patch:full", "prov:activate"),
    ("prov:delete",),
    ("prov:patch:full",),
]


def test_poller_can_follow_the_directory(world, engine):
    app = poller(world, engine)
    ada = a_day(world.scim)

    claims = world.told(app)

    mirror = Mirror()
    for each in claims:
        mirror.follow(each)
    mirror.check(everything(world.scim))
    assert sorted(map(short, claims)) == sorted(DAY)
    assert SECRET not in json.dumps(claims)
    subjects = {each["sub_id"]["uri"]: each["sub_id"] for each in claims}
    assert subjects[path_of(ada)] == {
        "format": "scim",
        "uri": path_of(ada),
        "externalId": "1815",
        "id": ada["id"],
    }
    assert len({each["txn"] for each in claims}) == 10  # a delete changes the group, too


def test_notices_name_attributes_and_have_no_data(world, engine):
    app = poller(world, engine, mode="notice")
    a_day(world.scim)

    claims = world.told(app)

    payloads = [payload for each in claims for payload in each["events"].values()]
    assert {key for payload in payloads for key in payload} == {"attributes", "version"}
    assert ["name", "emails"] in [payload.get("attributes") for payload in payloads]


def test_push_has_the_headers_of_the_rfc_and_keeps_its_order(world, engine):
    with listening() as app:
        app.answer = 202
        add_stream(engine, "app", app.url, secrets={"authorization": "Bearer s3cret"})
        a_day(world.scim)
        world.deliver()

    mirror = Mirror()
    for each in app.got:
        assert each.headers["content-type"] == "application/secevent+jwt"
        assert each.headers["accept"] == "application/json"
        assert each.headers["authorization"] == "Bearer s3cret"
        mirror.follow(verified(each.body.decode(), world.keys()))
    mirror.check(everything(world.scim))
    assert len(app.got) == len(DAY)


@pytest.mark.parametrize(
    ("answer", "error", "is_dead"),
    [
        (
            (400, {}, b'{"err":"invalid_key","description":"unknown kid"}'),
            "invalid_key: unknown kid",
            True,
        ),
        (  # PostgreSQL stores neither of them
            (400, {}, rb'{"err":"\u0000","description":"\ud800"}'),
            r"it refused the token: \x00: \ud800",
            True,
        ),
        ((400, {}, b"<html>"), "it answered 400; 202 acknowledges a token", False),
        ((200, {}, b""), "it answered 200", False),
        ((401, {}, b'{"err":"authentication_failed"}'), "it answered 401", False),
        ((503, {"Retry-After": "70"}, b""), "it answered 503", False),
        (
            (503, {"Retry-After": "Mon, 1 Jan 99999999999 00:00:00 GMT"}, b""),
            "it answered 503",
            False,
        ),
    ],
)
def test_push_that_fails_is_dead_only_if_the_token_is_refused(
    world, engine, answer, error, is_dead
):
    with listening() as app:
        app.answer = answer
        add_stream(engine, "app", app.url)
        world.scim.create(user())
        world.deliver()

    with engine.connect() as connection:
        [row] = connection.execute(sa.text("SELECT dead, error FROM outbox")).all()
    assert row.dead == is_dead
    assert error in row.error


def test_poll_is_answered_until_it_is_acknowledged(world, engine):
    app = poller(world, engine)
    for name in ("ada", "bob", "cyd"):
        world.scim.create(user(name))
    world.deliver()

    answer = app.client.post("/scim/v2/Events/poll", json=POLL | {"maxEvents": 2}).json
    first = world.poll(app)
    with engine.connect() as connection:
        assert backlogs(connection)[0].last_success is None
    assert list(answer["sets"]) == list(first)[:2]
    assert answer["moreAvailable"] is True
    refused, *others = first
    error = {"err": "invalid_audience", "description": "not\0ours"}
    left = world.poll(app, ack=others[:1], setErrs={refused: error})
    assert list(left) == others[1:]
    nothing = app.client.post("/scim/v2/Events/poll", json={"maxEvents": 0, "ack": list(left)})
    assert nothing.json == {"sets": {}, "moreAvailable": False}

    everyone = Chosen(world.tenant.id)
    with engine.begin() as connection:
        assert backlogs(connection)[0].last_success is not None
        [dead] = letters.letters(connection, everyone, 10)
        assert (dead.id, dead.dead) == (refused, True)
        assert dead.error == "it refused the token: invalid_audience: not\\x00ours"
        letters.retry_letters(connection, [dead])
    world.deliver()
    assert list(world.poll(app)) == [refused]


@ON_ONE_DATABASE
def test_acknowledged_tokens_are_counted_as_delivered(world, engine, monkeypatch):
    monkeypatch.setattr(metrics, "meter", None)
    app = poller(world, engine)
    with metrics.counting(world.service.settings, is_wanted=True):
        world.scim.create(user("ada"))
        world.deliver()
        [jti] = world.poll(app)
        before = counted()
        world.poll(app, ack=[jti, jti, "unknown"])
        assert (before, counted()) == ([], ["1.0"])
    for each in meters.held:
        os.close(each)
    meters.held.clear()


def counted():
    metrics.meter.settle()
    return re.findall(r'delivered_total{kind="poll"} ([1-9].*)', metrics.page("").decode())


def test_poll_reads_no_more_than_an_answer_takes(world, engine):
    app = poller(world, engine)
    for name in ("ada", "bob", "cyd"):
        world.scim.create(user(name))
    world.deliver()
    receiver = polling.receiver_of(world.service, world.tenant, "app")
    [first, second, _] = world.poll(app)

    def read(number, size):
        with engine.connect() as connection:
            found, has_more = Mailbox(connection, receiver).read(number, size)
        return [each.id for each in found], has_more

    size = sum(len(each.content) for each in letters_of(engine, world)[:2])
    assert read(3, 1) == ([first], True)
    assert read(3, size) == ([first, second], True)
    assert read(2, 10 * size) == ([first, second], True)
    assert read(0, size) == ([], True)
    assert len(read(3, 10 * size)[0]) == 3


def letters_of(engine, world):
    with engine.connect() as connection:
        return letters.letters(connection, Chosen(world.tenant.id), 10)


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "body",
    [
        [],
        {"maxEvents": -1},
        {"maxEvents": True},
        {"maxEvents": "1"},
        {"returnImmediately": 1},
        {"ack": "x"},
        {"ack": [1]},
        {"setErrs": []},
        {"setErrs": {"x": "y"}},
    ],
)
def test_poll_of_a_wrong_form_is_refused(world, engine, body):
    app = poller(world, engine)

    assert app.client.post("/scim/v2/Events/poll", json=body).status_code == 400


def test_errors_of_unknown_tokens_cost_nothing(world, engine, statements):
    app = poller(world, engine)
    world.poll(app)

    with statements() as seen:
        world.poll(app, setErrs={new_id(): {"err": "x"} for _ in range(1000)})

    assert len(seen) < 20


def test_poller_reaches_its_own_stream_only(world, engine):
    other = new_tenant(engine).name
    mine, beside = poller(world, engine, "mine"), poller(world, engine, "beside")
    theirs = poller(world, engine, "mine", other)
    world.scim.create(user())
    world.deliver()

    [jti] = world.poll(mine)
    [jti_beside] = world.poll(beside)
    assert world.poll(theirs) == {}
    for each in (theirs, beside):
        world.poll(each, ack=[jti, jti.upper(), "x", ""], setErrs={jti: {"err": "x"}})
    assert list(world.poll(mine)) == [jti]
    assert jti != jti_beside

    for name, scopes, status in (("reader", "read write", 403), ("nobody", "events", 404)):
        stranger = world.client(add_token(engine, name, scopes))
        assert stranger.client.post("/scim/v2/Events/poll", json=POLL).status_code == status
    assert world.scim.client.post("/scim/v2/Events/poll", json=POLL).status_code == 403
    assert mine.get("/Users").status_code == 403


def test_configuration_announces_what_is_told(world, engine):
    assert "securityEvents" not in world.scim.get("/ServiceProviderConfig").json

    poller(world, engine, mode="notice")
    forget_receivers(world.service)

    told = world.scim.get("/ServiceProviderConfig").json["securityEvents"]
    assert told["eventUris"] == [
        f"urn:ietf:params:scim:event:prov:{name}"
        for name in (
            "create:notice",
            "patch:notice",
            "put:notice",
            "delete",
            "activate",
            "deactivate",
        )
    ]


def test_configuration_is_answered_without_the_database_within_a_second(world, monkeypatch):
    told = world.scim.get("/ServiceProviderConfig").json
    monkeypatch.setattr(streams, "FRESH", 60.0)
    monkeypatch.setattr(streams, "list_receivers", None)

    assert world.scim.get("/ServiceProviderConfig").json == told


@ON_ONE_DATABASE
def test_events_of_many_tenants_take_no_more_memory(world, monkeypatch):
    monkeypatch.setattr(streams, "MOST_KEPT", 2)
    for number in range(5):
        streams.event_uris(world.service, replaced(world.tenant, id=number))

    assert len(streams._known(world.service.database)) <= 2


def test_history_that_is_gone_makes_a_notice(world, engine):
    app = poller(world, engine)
    ada = world.scim.create(user("ada"))
    world.scim.delete(path_of(ada))
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM changes")

    created, deleted = world.told(app)

    assert short(created) == ("prov:create:notice",)
    assert (
        "userName"
        in created["events"]["urn:ietf:params:scim:event:prov:create:notice"]["attributes"]
    )
    assert short(deleted) == ("prov:delete",)


def test_tokens_that_nobody_fetches_are_forgotten_in_the_end(world, engine, caplog):
    app = poller(world, engine)
    for name in ("ada", "bob"):
        world.scim.create(user(name))
    world.deliver()
    old, new = world.poll(app)
    long_ago = sa.text("UPDATE outbox SET at = '2020-01-01T00:00:00.000000Z' WHERE id = :id")
    with engine.begin() as connection:
        connection.execute(long_ago.bindparams(sa.bindparam("id", old, outbox.c.id.type)))

    tidying.tidy(world.service)

    assert list(world.poll(app)) == [new]
    assert (
        "Forgot 1 security event that nobody fetched for 30 days (SCIM_EVENT_DAYS)" in caplog.text
    )


@ON_ONE_DATABASE
def test_poll_that_begins_to_wait_hears_of_nothing_earlier(world, engine):
    app = poller(world, engine)
    world.scim.create(user())
    world.deliver()
    receiver = polling.receiver_of(world.service, world.tenant, "app")
    known = polling.Arrivals(world.service.database)
    assert known.watch(receiver)()

    world.poll(app, ack=list(world.poll(app)))

    assert not known.watch(receiver)()


@ON_ONE_DATABASE
def test_polls_that_wait_share_one_look(world, engine, statements):
    known = polling.arrivals(world.service.database)
    watches = [known.watch(add_stream(engine, f"app{number}")) for number in range(64)]

    with statements() as seen:
        for _ in range(10):
            assert {watch() for watch in watches} == {False}
            time.sleep(0.1)

    assert 3 <= len(seen) <= 5
