"""Deferred requests are carried out once and in order, whatever ends the carrier meanwhile."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace as replaced
from itertools import count
from threading import Event

import pytest
import sqlalchemy as sa

from scim.deliver.asynchronous import errand
from scim.deliver.asynchronous.carrier import Carrier
from scim.protocol.errors import UnavailableError
from scim.protocol.etag import etag
from scim.storage.deferred import Deferrals
from scim.storage.emptying import empty
from scim.storage.removing import remove_rows
from scim.storage.tokens import tenant_with_id

from ..support.alone import alone
from ..support.bulk import bulk_request, delete, patch, post, put, refer
from ..support.receiving import carry_all
from ..support.scim import Scim, add, group, path_of, replace, user
from ..support.tenants import new_tenant, new_token
from ..support.threads import refuse_thread

ASYNC = {"Prefer": "respond-async"}


class Killed(BaseException):
    """The end of a process, which nobody handles."""


class Killer:
    """A watcher that ends the carrier at one moment, before or after a commit."""

    def __init__(self, moment):
        self.left = moment

    def before_commit(self, transaction):
        self.pass_by()

    def after_commit(self, directory, changes):
        self.pass_by()

    def pass_by(self):
        self.left -= 1
        if self.left == 0:
            raise Killed


database_url, engine, app = alone()


@pytest.fixture
def service(app, empty_database):
    return app.extensions["scim"]


@pytest.fixture
def scim(app, engine, empty_database):
    """A client of a new tenant, each time it is called."""
    return lambda: Scim(client_of(app, engine, new_tenant(engine)))


def client_of(app, engine, tenant):
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {new_token(engine, tenant)}"
    return client


def forget_claims(engine):
    """Let seconds pass, so that others may go on with what a killed carrier had claimed."""
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE deferred_requests SET due = '2020'"))


def results(service, engine, accepted):
    """Return the results of an accepted request."""
    txn = accepted.headers["Set-Txn"]
    with engine.begin() as connection:
        rows = connection.execute(sa.text("SELECT tenant_id, id FROM deferred_requests")).all()
        [tenant] = [each[0] for each in rows if str(each[1]) == txn]
        request = Deferrals(connection).find(tenant, txn)
        assert request.finished
        return [each.result for each in Deferrals(connection).results(request)]


def killed_everywhere(service, engine, send, check, step=1):
    """Send a request again and again, and kill its carrier at one moment after the other.

    Return the first moment that never came.
    """
    for moment in count(1, step):
        accepted = send()
        assert accepted.status_code == 202
        try:
            carry_all(replaced(service, watchers=(*service.watchers, Killer(moment))))
            return moment
        except Killed:
            forget_claims(engine)
        carry_all(service)
        check(results(service, engine, accepted))


def versions_of(engine):
    with engine.begin() as connection:
        changes = connection.execute(sa.text("SELECT resource_id FROM changes WHERE cause IS NULL"))
        return Counter(str(each) for (each,) in changes)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_kill_repeats_no_operation(service, engine, scim, method):
    client = scim()
    made = [client.create(user(f"user{number}")) for number in range(3)]
    numbers = count()

    def send():
        number = next(numbers)
        title = f"title {number}"
        match method:
            case "POST":
                return client.post("/Users", user(f"new{number}"), **ASYNC)
            case "PUT":
                return client.put(path_of(made[0]), user("user0", title=title), **ASYNC)
            case "PATCH":
                return client.patch(path_of(made[0]), replace("title", title), **ASYNC)
        return client.delete(path_of(made[number]), **ASYNC)

    done = {"POST": "201", "DELETE": "204"}.get(method, "200")

    def check(results):
        [result] = results
        assert result["status"] == done

    moments = killed_everywhere(service, engine, send, check)

    assert moments == 3
    assert set(versions_of(engine).values()) <= {1, 2 if method == "DELETE" else 1 + moments}


def test_kill_lets_a_bulk_request_go_on(service, engine, scim):
    clients, made = [], []

    def send():
        clients.append(scim())
        old = [clients[-1].create(user(f"old{number}")) for number in range(2)]
        made.append(old)
        operations = [
            post("g", group("Tours") | {"members": refer("a", "b")}),
            post("a", user("ada", title="Dr")),
            post("b", user("ben")),
            post("c", user("ADA")),
            patch("/Users/bulkId:a", replace("title", "Prof")),
            put(path_of(old[0]), user("old0", title="Sir")),
            delete(path_of(old[1])),
            delete(path_of(old[1])),
            post("h", group("Guides") | {"members": refer("a", "c")}),
            patch("/Groups/bulkId:g", add("members", [{"value": old[0]["id"]}])),
        ]
        return clients[-1].post("/Bulk", bulk_request(*operations), **ASYNC)

    statuses = ["201", "201", "201", "409", "200", "200", "204", "404", "409", "200"]

    def check(results):
        assert [each["status"] for each in results] == statuses
        client = clients[-1]
        found = {each["userName"]: each for each in client.get("/Users").json["Resources"]}
        assert found.keys() == {"ada", "ben", "old0"}
        assert (found["ada"]["title"], found["old0"]["title"]) == ("Prof", "Sir")
        [tours] = client.get("/Groups").json["Resources"]
        assert {each["value"] for each in tours["members"]} == {
            each["id"] for each in found.values()
        }
        assert results[0]["location"].endswith(tours["id"])
        assert results[4]["version"] == etag(int(found["ada"]["meta"]["version"][3:-1]))

    moments = killed_everywhere(service, engine, send, check, step=3)

    assert moments > 10
    assert set(versions_of(engine).values()) <= {1, 2}


def test_claim_that_is_lost_changes_nothing(service, engine, scim):
    client = scim()
    accepted = client.post("/Users", user("ada"), **ASYNC)

    def claimed():
        forget_claims(engine)
        [this] = service.database.read(lambda known: Deferrals(known).next_ones())
        return service.database.write(lambda known: Deferrals(known).claim(*this))

    first, second = claimed(), claimed()
    assert service.database.read(lambda known: Deferrals(known).next_ones()) == []
    errand.run(service, *first)
    assert client.get("/Users").json["totalResults"] == 0
    errand.run(service, *second)
    errand.run(service, *first)
    errand.run(service, *second)

    assert client.get("/Users").json["totalResults"] == 1
    [result] = results(service, engine, accepted)
    assert result["status"] == "201"


def test_clock_that_was_put_back_holds_no_request_up(service, engine, scim):
    accepted = scim().post("/Users", user("ada"), **ASYNC)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE deferred_requests SET due = '2100'"))

    carry_all(service)

    [result] = results(service, engine, accepted)
    assert result["status"] == "201"


def test_request_that_ends_the_carrier_each_time_is_given_up(service, engine, scim):
    client = scim()
    accepted = client.post("/Users", user("ada"), **ASYNC)
    for _ in range(errand.MOST_ATTEMPTS):
        forget_claims(engine)
        with pytest.raises(Killed):
            carry_all(replaced(service, watchers=(Killer(1),)))
    forget_claims(engine)
    carry_all(service)

    [result] = results(service, engine, accepted)
    assert result["status"] == "500"
    assert "was interrupted too often" in result["response"]["detail"]
    assert client.get("/Users").json["totalResults"] == 0


class Absent(Killer):
    """A watcher by which the database seems to be away, at one moment."""

    def pass_by(self):
        self.left -= 1
        if self.left == 0:
            raise UnavailableError("the database cannot be reached")


@pytest.mark.parametrize("moment", [1, 3, 5])  # before a commit
def test_error_that_passes_is_no_result(service, engine, scim, moment):
    client = scim()
    operations = [post("a", user("ada")), post("g", group("Tours")), post("b", user("ADA"))]
    operations += [patch("/Users/bulkId:a", replace("title", "Dr"))]
    accepted = [client.post("/Bulk", bulk_request(*operations), **ASYNC)]
    accepted += [client.post("/Users", user("bob"), **ASYNC)]

    carry_all(replaced(service, watchers=(Absent(moment),)))
    assert client.get("/Users").json["totalResults"] < 2  # the second request waits, too
    forget_claims(engine)
    carry_all(service)

    bulk, single = (results(service, engine, each) for each in accepted)
    assert [each["status"] for each in bulk] == ["201", "201", "409", "200"]
    assert [each["status"] for each in single] == ["201"]


def test_tenants_take_turns_and_each_has_its_order(app, service, engine, scim):
    many, few = scim(), scim()
    accepted = [many.post("/Users", user(f"user{number}"), **ASYNC) for number in range(3)]
    accepted += [few.post("/Users", user("user"), **ASYNC)]

    carry_all(service)

    finished = sa.text("SELECT id FROM deferred_requests ORDER BY finished")
    with engine.begin() as connection:
        order = [str(each) for (each,) in connection.execute(finished)]
    expected = [accepted[each].headers["Set-Txn"] for each in (0, 3, 1, 2)]
    assert order == expected


def test_tenant_of_a_carrier_in_work_is_not_passed_over_afterwards(service, scim):
    """Another thread that finds nothing free must not let the carrier rest."""
    client, started, go_on = scim(), Event(), Event()
    for name in "ab":
        client.post("/Users", user(name), **ASYNC)

    class Slow(Killer):
        def after_commit(self, directory, changes):
            started.set()
            go_on.wait(10)

    carrier = Carrier()
    slow = replaced(service, watchers=(Slow(0),))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(carrier.work, slow)
        assert started.wait(10)
        assert not carrier.work(service)
        go_on.set()
        assert first.result()

    assert carrier.work(service)


def test_lack_of_threads_holds_up_no_tenant(service, engine, scim, monkeypatch):
    accepted = scim().post("/Users", user("ada"), **ASYNC)
    carrier = Carrier()
    refuse_thread(monkeypatch, "claims")
    with pytest.raises(RuntimeError):
        carrier.work(service)
    forget_claims(engine)

    assert carrier.work(service)

    [result] = results(service, engine, accepted)
    assert result["status"] == "201"


def test_long_bulk_request_lets_others_go_on(service, engine, scim, monkeypatch):
    monkeypatch.setattr(errand, "SLICE", 0.0)
    many, few = scim(), scim()
    old = many.create(user("old"))
    operations = [patch(path_of(old), replace("title", f"title {number}")) for number in range(3)]
    long = many.post("/Bulk", bulk_request(*operations, delete("/Users/1")), **ASYNC)
    short = few.post("/Users", user("user"), **ASYNC)
    carrier = Carrier()

    assert carrier.work(service)  # which rests before the first operation
    assert carrier.work(service)
    assert [each["status"] for each in results(service, engine, short)] == ["201"]
    monkeypatch.setattr(errand, "SLICE", 60.0)
    assert carrier.work(service)

    statuses = [each["status"] for each in results(service, engine, long)]
    assert statuses == ["200", "200", "200", "404"]
    assert many.read(old)["title"] == "title 2"


@pytest.mark.parametrize("ends", ["remove", "reset"])
def test_results_are_gone_with_the_tenant(ends, service, scim, engine):
    """A carrier commits a result at the moment at which the request is deleted."""
    accepted = scim().post("/Users", user("ada"), **ASYNC)
    with engine.begin() as connection:
        number = connection.scalar(sa.text("SELECT max(id) FROM tenants"))
        taken = Deferrals(connection).claim(number, accepted.headers["Set-Txn"])
        tenant = tenant_with_id(connection, number)

    def end():
        if ends == "remove":
            list(remove_rows(service.database, tenant))
        else:
            service.database.write(lambda known: empty(known, [tenant.id]))

    with ThreadPoolExecutor() as pool:
        with engine.begin() as connection:
            Deferrals(connection).keep(taken[0], {0: ("/Users", {"status": "409"})}, True)
            ending = pool.submit(end)
            wait([ending], 0.3)
        ending.result()

    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT * FROM deferred_results")).all() == []
