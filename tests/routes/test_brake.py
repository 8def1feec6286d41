"""The drift brake: a provider that deactivates or deletes too much is stopped."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from scim.explain.exchange import CONSOLE
from scim.operate import brake
from scim.operate.brake import Brake, words
from scim.storage import audit, brakings, tokens
from scim.storage.brakings import Brakings
from scim.storage.tokens import Tenant

from ..support import bulk
from ..support.databases import ON_ONE_DATABASE, POSTGRESQL
from ..support.errors import check_error
from ..support.scim import Scim, group, path_of, remove, replace, user
from ..support.waiting import happens

LONG_AGO = "2020-01-01T00:00:00.000000Z"
OFF = replace("active", False)


@pytest.fixture
def age(engine):
    """Let everything be created long ago: ``age()``."""

    def be_created_long_ago():
        with engine.begin() as connection:
            for table in ("users", "groups"):
                connection.execute(sa.text(f"UPDATE {table} SET created = '{LONG_AGO}'"))

    return be_created_long_ago


@pytest.fixture
def braked(choose):
    """Let the tenant brake: ``braked("3")``."""

    def set_brake(brake, window=None, released=None):
        choose(brake=brake, brake_window=window, released_until=released)

    yield set_brake
    set_brake(None)


def create(scim, number, make=user):
    """Create so many users or groups."""
    posts = [bulk.post(f"{n}", make(f"name{n}")) for n in range(number)]
    answer = scim.post("/Bulk", bulk.bulk_request(*posts)).json
    return [each["location"].partition("/scim/v2")[2] for each in answer["Operations"]]


def statuses(answer):
    return [each["status"] for each in answer.json["Operations"]]


def number_counted(engine, type_name="User"):
    with engine.connect() as connection:
        return Brakings(connection, 1).number(type_name, LONG_AGO)


def test_runaway_is_stopped_at_the_limit_and_nothing_of_the_rest_is_stored(scim, age, braked):
    paths = create(scim, 6)
    age()
    braked("3")

    answers = [scim.patch(path, OFF) for path in paths[:4]] + [scim.delete(paths[5])]

    assert [each.status_code for each in answers] == [200, 200, 200, 403, 403]
    detail = check_error(answers[3], 403)
    assert detail.startswith(
        "the brake stops this: 3 users were deactivated or deleted within an hour, and the limit"
        " is 3; "
    )
    assert "`python manage.py tenant release default`" in detail
    assert scim.get("/Users?filter=active eq true").json["totalResults"] == 3
    assert len(scim.get(paths[3]).json["meta"]["version"]) == len('W/"1"')
    assert scim.patch(paths[0], replace("nickName", "x")).status_code == 200
    assert scim.put(paths[5], user("name5", nickName="x")).status_code == 200


def test_eight_writers_deactivate_500_of_1000_users(app, scim, age, engine):
    """By default; each writes one half by PATCH and one by DELETE."""
    paths = create(scim, 1000)
    age()
    operations = [bulk.patch(path, OFF) for path in paths[::2]]
    operations += [bulk.delete(path) for path in paths[1::2]]

    def send(turn):
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
        return Scim(client).post("/Bulk", bulk.bulk_request(*operations[turn::8]))

    with ThreadPoolExecutor(8) as writers:
        answers = [status for sent in writers.map(send, range(8)) for status in statuses(sent)]

    assert Counter(answers)["403"] == 500
    assert set(answers) == {"200", "204", "403"}
    assert scim.get("/Users?filter=active eq true").json["totalResults"] == 500
    assert number_counted(engine) == 500


def test_all_groups_are_not_deleted(scim, age):
    """By default a tenth of the groups may go, but at least 50."""
    paths = create(scim, 60, group)
    age()

    answer = scim.post("/Bulk", bulk.bulk_request(*map(bulk.delete, paths)))

    assert Counter(statuses(answer)) == {"204": 50, "403": 10}
    detail = answer.json["Operations"][-1]["response"]["detail"]
    assert "50 groups were emptied or deleted within an hour, and the limit is 50" in detail


def test_groups_are_not_emptied(scim, age, braked):
    people = [scim.create(user(f"u{n}")) for n in range(2)]
    paths = [path_of(scim.create(group(f"g{n}", *people))) for n in range(5)]
    inner = path_of(scim.create(group("inner")))
    outer = path_of(scim.create(group("outer", scim.get(inner).json)))
    age()
    braked("3")
    one = remove(f'members[value eq "{people[0]["id"]}"]')

    assert scim.patch(paths[0], replace("members", [])).status_code == 200
    assert scim.put(paths[1], group("g1")).status_code == 200
    assert scim.patch(paths[2], one).status_code == 200  # one is left
    assert scim.patch(outer, remove("members")).status_code == 200
    check_error(scim.patch(paths[2], remove("members")), 403)
    check_error(scim.put(paths[3], group("g3")), 403)
    assert scim.put(paths[3], group("g3", people[0])).status_code == 200
    assert scim.delete(path_of(people[1])).status_code == 204  # users are counted apart
    left = [len(scim.get(each).json.get("members", ())) for each in paths[2:]]
    assert left == [0, 1, 1]  # the deleted user was the last one in the first


def test_who_was_created_within_the_window_does_not_count(scim, braked):
    braked("0")
    paths = [*create(scim, 3), *create(scim, 3, group)]

    assert [scim.delete(path).status_code for path in paths] == [204] * 6


def test_user_counts_once(scim, age, braked, engine):
    first, second, third = create(scim, 3)
    age()
    braked("2")

    for operation in (OFF, replace("active", True), OFF, OFF):
        assert scim.patch(first, operation).status_code == 200
    assert scim.delete(first).status_code == 204
    assert number_counted(engine) == 1
    assert scim.patch(second, OFF).status_code == 200
    check_error(scim.delete(third), 403)
    assert scim.delete(second).status_code == 204


def test_consequences_do_not_count(scim, age, braked, engine):
    babs = scim.create(user())
    for number in range(3):
        scim.create(group(f"g{number}", babs))
    age()
    braked("1")

    assert scim.delete(path_of(babs)).status_code == 204
    assert (number_counted(engine), number_counted(engine, "Group")) == (1, 0)


def test_dry_run_answers_what_would_be_and_counts_nothing(scim, age, braked, engine, caplog):
    paths = create(scim, 3)
    age()
    braked("2")
    request = bulk.bulk_request(*map(bulk.delete, paths))

    for _ in range(2):
        assert statuses(scim.post("/Bulk", request, Prefer="dry-run")) == ["204", "204", "403"]
    assert number_counted(engine) == 0
    assert "refused" not in caplog.text
    assert statuses(scim.post("/Bulk", request)) == ["204", "204", "403"]


def test_released_tenant_is_not_counted(scim, age, braked, engine):
    paths = create(scim, 4)
    age()
    braked("1", released="2999-01-01T00:00:00.000000Z")
    assert [scim.delete(path).status_code for path in paths[:2]] == [204, 204]

    braked("1", released=LONG_AGO)
    assert [scim.delete(path).status_code for path in paths[2:]] == [204, 403]
    assert number_counted(engine) == 1

    braked("off")
    assert scim.delete(paths[3]).status_code == 204


def test_window_ends_and_what_it_counted_goes(scim, age, braked, engine, monkeypatch):
    monkeypatch.setattr(brakings, "PURGED_EACH", 3)
    paths = create(scim, 5)
    age()
    braked("2")
    assert [scim.delete(path).status_code for path in paths[:3]] == [204, 204, 403]
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE brakings SET at = '{LONG_AGO}'"))

    assert [scim.delete(path).status_code for path in paths[2:]] == [204, 204, 403]
    assert number_counted(engine) == 2


def test_percentage_is_of_the_active_users_before(scim, age, braked, monkeypatch):
    brake.KNOWN.clear()
    paths = create(scim, 50)
    scim.post("/Bulk", bulk.bulk_request(*(bulk.patch(each, OFF) for each in paths[:10])))
    age()
    braked("5%")

    assert scim.patch(paths[0], replace("nickName", "x")).status_code == 200  # was inactive before
    assert [scim.delete(path).status_code for path in paths[10:13]] == [204, 204, 403]

    braked(None)
    monkeypatch.setattr(brake, "LEAST", {"User": 3, "Group": 1})
    assert [scim.delete(path).status_code for path in paths[12:15]] == [204, 204, 403]  # of 40: 4

    create(scim, 10, lambda name: user(f"new-{name}"))
    for key, (number, at) in brake.KNOWN.items():
        brake.KNOWN[key] = number, at - brake.FRESH - 1
    assert scim.delete(paths[14]).status_code == 204  # of 50: 5


@POSTGRESQL
def test_brake_does_not_wait_while_changes_are_chained(scim, age, braked, engine):
    [path] = create(scim, 1)
    age()
    braked("3")

    with engine.begin() as chaining:
        chaining.exec_driver_sql(f"SELECT pg_advisory_xact_lock({audit.LOCK}, 1)")
        began = time.monotonic()
        assert scim.delete(path).status_code == 204
        assert time.monotonic() - began < 2


@ON_ONE_DATABASE
def test_console_is_not_stopped(app, scim, age, braked, engine):
    """It is the operator's, like the commands of manage.py."""
    [path] = create(scim, 1)
    age()
    braked("0")
    check_error(scim.delete(path), 403)
    with engine.begin() as connection:
        default, *_ = tokens.list_tenants(connection)
        token = tokens.issue_token(connection, default, CONSOLE, None)

    assert scim.delete(path, Authorization=f"Bearer {token}").status_code == 204


def test_log_tells_at_once_and_then_how_many_were_refused(caplog, monkeypatch):
    monkeypatch.setattr(brake, "PAUSE", 0.1)
    refused, acme = brake.Refused(), Tenant(2, "acme", False, False, "")

    for _ in range(4):
        refused.add(acme, "it said why")

    assert happens(lambda: not refused.further)
    assert [each.getMessage() for each in caplog.records] == [
        "A write of the tenant acme was refused: it said why",
        "The brake of the tenant acme refused 3 further writes",
    ]


@pytest.mark.parametrize(
    ("chosen", "limits"),
    [
        (None, (500, 10_000)),
        ("50", (50, 50)),
        ("0", (0, 0)),
        ("5%", (5, 5000)),
        ("0.5%", (1, 500)),
        ("nonsense", (500, 10_000)),
    ],
)
def test_limit_of_100_and_of_100000_users(chosen, limits):
    chosen = Brake.of(Tenant(2, "acme", False, False, "", brake=chosen))

    assert (chosen.limit("User", 100), chosen.limit("User", 100_000)) == limits


def test_times_are_in_words():
    seconds = (3600, 7200, 5400, 86400, 90, 1)
    assert [words(each) for each in seconds] == [
        "an hour",
        "2 hours",
        "90 minutes",
        "a day",
        "90 seconds",
        "a second",
    ]
