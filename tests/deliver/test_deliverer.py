"""The deliverer tells each receiver everything, in order, and nobody waits for another receiver."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Event

import pytest
import sqlalchemy as sa

from scim.deliver.outbox import batch as batches
from scim.deliver.outbox import deliverer
from scim.deliver.outbox.deliverer import Delivery
from scim.protocol.errors import UnavailableError
from scim.storage.claims import claim, ready
from scim.storage.keys import from_now
from scim.storage.tables import outbox, receivers

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.receiving import hang, refuse
from ..support.scim import add, group, patch_op, user
from ..support.threads import refuse_thread

MOMENT = 0.02  # seconds


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Let attempts follow each other quickly; the tests of the pauses ask for pauses."""
    monkeypatch.setattr(batches, "PAUSES", (0.1,) * 10)
    monkeypatch.setattr(batches, "RESTS", (0.1,))
    monkeypatch.setattr(batches, "LATE", 0.2)
    monkeypatch.setattr(deliverer, "PARTING", 0.3)


def create(client, name):
    return client.post("/scim/v2/Users", json=user(name)).json["id"]


def patch(client, user_id, title):
    path = f"/scim/v2/Users/{user_id}"
    assert client.patch(path, json=patch_op(add("title", title))).status_code == 200


def deliver(delivery, service, seconds=10.0):
    """Deliver until nothing is due."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with suppress(UnavailableError):
            if delivery.work(service):
                continue
            if not waiting(service):
                return
            time.sleep(MOMENT)  # as the caretaker does
    pytest.fail(f"{waiting(service)} messages still wait")


def deliver_batches(delivery, service):
    """Deliver until all batches that have begun are over."""
    delivery.work(service)
    while delivery.running:
        delivery.work(service)


def waiting(service):
    counted = sa.select(sa.func.count()).where(~outbox.c.dead)
    return service.database.read(lambda known: known.scalar(counted))


def rows(service, table):
    return service.database.read(lambda known: known.execute(sa.select(table)).all())


def versions(messages):
    return [(each.resource_id, each.version) for each in messages]


def test_each_receiver_is_told_all_in_order(client, service, receiver, delivery, ear):
    receiver("crm")
    receiver("wiki", parts=3)
    receiver("groups", types=["Group"])
    ada, bob = create(client, "ada"), create(client, "bob")
    patch(client, ada, "one")
    patch(client, bob, "one")
    client.delete(f"/scim/v2/Users/{ada}")

    deliver(delivery, service)

    made = [(ada, 1), (bob, 1), (ada, 2), (bob, 2), (ada, 3)]
    assert versions(ear.at("crm")) == made
    assert versions(ear.at("wiki")) == [each for each in made for _ in range(3)]
    assert [each.content.split()[-1] for each in ear.at("wiki")] == ["0", "1", "2"] * 5
    assert len({each.id for _, each in ear.told}) == 20
    assert not ear.at("groups")
    assert rows(service, outbox) == []
    assert {each.last_success is not None for each in rows(service, receivers)} == {True, False}


def test_message_is_tried_again_with_the_same_id_and_text(
    client, service, receiver, delivery, ear, caplog
):
    crm = receiver("crm")
    ada = create(client, "ada")
    patch(client, ada, "one")
    ear.answer = refuse("crm")
    while len(ear.tried) < 3:
        delivery.work(service)
    [first, second] = sorted(rows(service, outbox), key=lambda row: row.version)

    ear.answer = refuse()
    deliver(delivery, service)

    assert versions(ear.at("crm")) == [(ada, 1), (ada, 2)]
    assert len({(each.id, each.content) for _, each in ear.tried}) == 2
    assert (first.error, second.attempts) == ("it is down", 0)
    [state] = rows(service, receivers)
    assert (state.failures, state.failing, state.rests) == (0, None, "")
    assert state.last_error == "it is down"
    lines = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert len(lines) == 2
    assert "'crm' of the tenant 'default' failed: it is down; its messages wait" in lines[0]
    assert "accepts messages again" in lines[1]
    assert crm.id not in "".join(lines)


def test_dead_letter_holds_up_nothing(client, service, receiver, delivery, ear):
    receiver("crm")
    ada, bob = create(client, "ada"), create(client, "bob")
    patch(client, ada, "one")

    def answer(receiver, message):
        if message.version == 1:
            refuse("crm", for_good=message.resource_id == bob)(receiver, message)

    ear.answer = answer
    deliver(delivery, service)

    dead = [row for row in rows(service, outbox) if row.dead]
    assert {(row.resource_id, row.attempts) for row in dead} == {(ada, 11), (bob, 1)}
    assert versions(ear.at("crm")) == [(ada, 2)]
    assert len(ear.tried) == 13


def test_receiver_that_fails_is_left_alone(client, service, receiver, delivery, ear, monkeypatch):
    monkeypatch.setattr(batches, "RESTS", (0.1, 60))
    receiver("crm")
    receiver("wiki")
    for number in range(20):
        create(client, f"u{number}")
    ear.answer = refuse("crm")
    ends = time.monotonic() + 1

    while time.monotonic() < ends:
        if not delivery.work(service):
            time.sleep(MOMENT)

    assert len(ear.at("wiki")) == 20
    assert len(ear.tried) == 22  # one more attempt after the first rest, not one for each message


def test_receiver_that_fails_gets_no_more_of_a_backlog(
    client, service, receiver, delivery, ear, monkeypatch
):
    monkeypatch.setattr(deliverer, "AT_ONCE", 20)
    receiver("crm")
    for number in range(20):
        create(client, f"u{number}")
    ear.answer = refuse("crm")
    deliver_batches(delivery, service)

    assert len(ear.tried) <= batches.THREADS


def test_receiver_gives_its_place_back_after_a_while(
    client, service, receiver, delivery, ear, monkeypatch
):
    monkeypatch.setattr(batches, "LONGEST", 0.05)
    receiver("crm")
    for number in range(3):
        create(client, f"u{number}")
    ear.answer = hang(0.1, "crm")
    deliver_batches(delivery, service)
    told = len(ear.at("crm"))

    deliver(delivery, service)

    assert (told, len(ear.at("crm"))) == (1, 3)


def test_receiver_asks_to_be_left_alone(client, service, receiver, delivery, ear):
    receiver("crm")
    create(client, "ada")
    ear.answer = refuse("crm", wait=1000)
    while not ear.tried:
        delivery.work(service)
    delivery.end(service)

    [row], [state] = rows(service, outbox), rows(service, receivers)
    assert min(state.rests, row.due) > from_now(seconds=900)
    assert service.database.read(ready) == []


@EVERYDAY_ON_ONE_DATABASE
def test_slow_receivers_hold_up_only_each_other(client, service, receiver, delivery, ear):
    slow = [f"slow{number}" for number in range(60)]
    for name in slow:
        receiver(name)
    receiver("crm")
    ear.answer = hang(2, *slow)
    create(client, "ada")
    began = time.monotonic()
    while not ear.at("crm") and time.monotonic() < began + 5:
        delivery.work(service)
    for number in range(3):
        create(client, f"u{number}")
        sent, began = len(ear.at("crm")), time.monotonic()
        while len(ear.at("crm")) == sent:
            delivery.work(service)
        assert time.monotonic() - began < 1.8  # and none of the others is over sooner
    ear.answer = refuse()


def test_slow_receivers_get_all_their_places(client, service, receiver, delivery, ear, monkeypatch):
    monkeypatch.setattr(deliverer, "QUICK", 2)
    monkeypatch.setattr(deliverer, "SLOW", 4)
    going = Event()
    ear.answer = lambda receiver, message: going.wait(5)
    running = []
    for round_ in range(2):
        for number in range(3):
            receiver(f"slow{round_}{number}")
        slow = sa.update(receivers).values(slow=True)
        service.database.write(lambda known, slow=slow: known.execute(slow))
        create(client, f"u{round_}")
        delivery.work(service)
        running.append(len(delivery.running))
    going.set()

    assert running == [3, 4]


@EVERYDAY_ON_ONE_DATABASE
def test_receivers_that_hang_for_the_first_time_leave_places_to_others(
    client, service, receiver, delivery, ear
):
    ends = Event()
    for number in range(60):
        receiver(f"new{number}")
    receiver("crm")
    ear.answer = lambda told, _: told.name == "crm" or ends.wait(20)
    create(client, "ada")
    began = time.monotonic()
    try:
        while not ear.at("crm") and time.monotonic() < began + 3:
            delivery.work(service)
        assert ear.at("crm")
    finally:
        ends.set()


def test_deliverer_that_dies_leaves_its_messages_to_another(
    client, service, receiver, ear, delivery
):
    receiver("crm")
    create(client, "ada")
    service.database.write(lambda known: claim(known, ready(known)))  # and then it is killed
    assert not delivery.work(service)
    past = sa.update(receivers).values(taken="2020-01-01T00:00:00.000000Z")
    service.database.write(lambda known: known.execute(past))

    deliver(delivery, service)

    assert len(ear.at("crm")) == 1


def test_claim_of_a_clock_that_was_put_back_holds_nothing_up(
    client, service, receiver, ear, delivery
):
    receiver("crm")
    create(client, "ada")
    ahead = sa.update(receivers).values(taken=from_now(hours=1))
    service.database.write(lambda known: known.execute(ahead))

    deliver(delivery, service)

    assert len(ear.at("crm")) == 1


def test_outage_between_two_transactions_loses_no_claim(
    client, service, receiver, ear, delivery, monkeypatch
):
    monkeypatch.setattr(deliverer, "purge_told", interrupted(deliverer.purge_told))
    service = replace(service, settings=replace(service.settings, history_days=0))
    receiver("crm", types=["User"])
    receiver("groups", types=["Group"])
    create(client, "ada")
    while not ear.told:
        delivery.work(service)
    client.post("/scim/v2/Groups", json=group("staff"))

    deliver(delivery, service, 5.0)

    assert [name for name, _ in ear.told] == ["crm", "groups"]
    assert delivery.delivered == 2


def interrupted(work):
    """Return work that finds the database away at first."""
    outages = iter([UnavailableError("the database is away")])

    def attempt(*arguments):
        for outage in outages:
            raise outage
        return work(*arguments)

    return attempt


def test_deliverers_share_the_work_and_keep_the_order(client, service, receiver, ear):
    names = [f"r{number}" for number in range(6)]
    for name in names:
        receiver(name)
    for number in range(5):
        ada = create(client, f"ada{number}")
        patch(client, ada, "one")
        patch(client, ada, "two")
    deliverers = Delivery(), Delivery()
    ear.answer = hang(0.02, *names)

    def work(one):
        while waiting(service):
            if not one.work(service):
                time.sleep(0.01)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, deliverers))

    for name in names:
        told = ear.at(name)
        assert len({each.id for each in told}) == len(told) == 15
        assert told == sorted(told, key=lambda each: (each.at, each.version))
    assert sum(each.delivered for each in deliverers) == 90


def test_claim_that_was_lost_ends_the_batch(client, service, receiver, ear, delivery):
    receiver("crm")
    for number in range(20):
        create(client, f"u{number}")
    going = Event()
    ear.answer = lambda receiver, message: going.wait(5)
    delivery.work(service)
    [batch] = delivery.running
    other = sa.update(receivers).values(taken="2999-01-01T00:00:00.000000Z")
    service.database.write(lambda known: known.execute(other))

    batch.valid = 0
    going.set()
    while delivery.running:
        delivery.work(service)

    assert len(ear.at("crm")) == 1
    [state] = rows(service, receivers)
    assert state.taken == "2999-01-01T00:00:00.000000Z"


def test_lack_of_threads_holds_up_no_receiver(
    client, service, receiver, delivery, ear, monkeypatch
):
    receiver("crm")
    create(client, "ada")
    refuse_thread(monkeypatch, "sender")
    with pytest.raises(RuntimeError):
        delivery.work(service)

    deliver(delivery, service, 2.0)

    assert len(ear.at("crm")) == 1


def test_end_does_not_wait_for_a_receiver_that_hangs(client, service, receiver, delivery, ear):
    receiver("crm")
    receiver("wiki")
    create(client, "ada")
    ear.answer = hang(6, "crm")
    while not ear.at("wiki"):
        delivery.work(service)
    began = time.monotonic()

    delivery.end(service)

    assert time.monotonic() - began < 4
    [row] = rows(service, outbox)
    assert row.attempts == 0
    assert len(service.database.read(ready)) == 1
