"""Messages whose change, receiver or tenant is gone, and changes of which no history is kept."""

import pytest
import sqlalchemy as sa

from app import create_app
from scim.deliver.outbox import upkeep
from scim.deliver.outbox.deliverer import Delivery
from scim.provider import recovery
from scim.storage import receivers as known_receivers
from scim.storage.contents import Content
from scim.storage.keys import from_now
from scim.storage.letters import Chosen, drop_letters, letters
from scim.storage.outbox import Outbox
from scim.storage.receivers import remove_receiver
from scim.storage.tables import changes, outbox, receivers, tenants

from ..support.receiving import hurry, refuse, store_of
from ..support.scim import add, patch_op, user


def texts(messages):
    return [each.content for each in messages]


def deliver(delivery, service):
    hurry(service.database.engine)
    while delivery.work(service):
        pass


def count(service, table):
    counted = sa.select(sa.func.count()).select_from(table)
    return service.database.read(lambda known: known.scalar(counted))


def test_change_that_is_purged_is_told_without_its_contents(
    client, service, receiver, delivery, ear
):
    receiver("crm")
    ada = client.post("/scim/v2/Users", json=user("ada")).json["id"]
    client.delete(f"/scim/v2/Users/{ada}")
    ear.answer = refuse("crm")
    deliver(delivery, service)  # the text of the first one is kept
    assert sum(recovery.purge_history(store_of(service), from_now(seconds=60))) == 2
    ear.answer = refuse()
    deliver(delivery, service)

    assert texts(ear.at("crm")) == ["create 1 gone 0", "delete 2 gone 0"]
    assert count(service, outbox) == 0


def test_forgotten_user_is_in_no_message(client, service, receiver, delivery, ear):
    receiver("crm")
    ada, bob = [
        client.post("/scim/v2/Users", json=user(name)).json["id"] for name in ("ada", "bob")
    ]
    client.delete(f"/scim/v2/Users/{ada}")
    ear.answer = refuse("crm", for_good=True)
    deliver(delivery, service)
    recovery.forget(store_of(service), [ada, bob])

    kept = sa.select(outbox.c.resource_id).where(outbox.c.content.is_not(None), outbox.c.dead)
    assert service.database.read(lambda known: known.scalars(kept).all()) == [bob]
    assert count(service, outbox) == 4 - 1


def test_message_that_is_dropped_while_it_is_made_stays_gone(client, service, receiver, ear):
    crm = receiver("crm")
    client.post("/scim/v2/Users", json=user("ada"))
    [message] = service.database.write(lambda known: Outbox(known).next(crm, 1))
    service.database.write(lambda known: drop_letters(known, [message]))

    made = [Content("one"), Content("two")]

    assert service.database.write(lambda known: Outbox(known).keep(message, made, False)) == []
    assert count(service, outbox) == 0


def test_message_that_is_dropped_holds_up_no_later_one(client, service, receiver, delivery, ear):
    crm = receiver("crm")
    ada = client.post("/scim/v2/Users", json=user("ada")).json["id"]
    client.patch(f"/scim/v2/Users/{ada}", json=patch_op(add("title", "x")))
    ear.answer = refuse("crm")
    deliver(delivery, service)
    chosen = Chosen(crm.tenant_id)
    first = service.database.read(lambda known: letters(known, chosen, 1))

    service.database.write(lambda known: drop_letters(known, first))
    ear.answer = refuse()
    while delivery.work(service):
        pass

    assert [each.version for each in ear.at("crm")] == [2]


def test_receiver_that_is_removed_leaves_nothing(client, service, receiver, delivery, ear):
    crm = receiver("crm")
    client.post("/scim/v2/Users", json=user("ada"))
    assert service.database.write(lambda known: remove_receiver(known, crm)) == 1
    client.post("/scim/v2/Users", json=user("bob"))  # this process still knows the receiver
    assert count(service, outbox) == 1

    upkeep.look(service)

    assert count(service, outbox) == 0
    assert not delivery.work(service)


def test_what_goes_while_others_are_sent_is_told_nobody(client, service, receiver, delivery, ear):
    crm = receiver("crm")
    for name in ("ada", "bob", "eva"):
        client.post("/scim/v2/Users", json=user(name))
    ear.answer = lambda *_: service.database.write(lambda known: remove_receiver(known, crm))
    deliver(delivery, service)

    assert texts(ear.at("crm")) == ["create 1 known 0"]
    assert count(service, outbox) == 0


def test_messages_of_a_paused_tenant_wait(client, service, receiver, delivery, ear):
    receiver("crm")
    client.post("/scim/v2/Users", json=user("ada"))
    for paused in (True, False):
        pause = sa.update(tenants).values(paused=paused)
        service.database.write(lambda known, pause=pause: known.execute(pause))
        deliver(delivery, service)
        assert len(ear.at("crm")) == (0 if paused else 1)


def test_receiver_that_accepts_nothing_for_days_gets_nothing_old(
    client, service, receiver, delivery, ear
):
    receiver("crm")
    for name in ("ada", "bob", "eva"):
        client.post("/scim/v2/Users", json=user(name))
    ear.answer = refuse("crm")
    deliver(delivery, service)
    long_ago = from_now(days=-3)
    for table, values in ((receivers, {"failing": long_ago}), (outbox, {"at": long_ago})):
        service.database.write(lambda known: known.execute(sa.update(table).values(values)))  # noqa: B023
    client.post("/scim/v2/Users", json=user("new"))
    deliver(delivery, service)

    dead = sa.select(sa.func.count()).where(outbox.c.dead)
    assert service.database.read(lambda known: known.scalar(dead)) == 3
    assert count(service, outbox) == 4


@pytest.mark.parametrize("key", ["", "k" * 32])
def test_without_history_a_change_is_kept_until_it_is_told(
    key, database_url, service, receiver, ear, monkeypatch
):
    monkeypatch.setattr(known_receivers, "FRESH", 0.0)
    settings = {"DATABASE_URL": database_url, "TESTING": True, "HISTORY_DAYS": 0}
    app = create_app(settings | {"AUDIT_KEY": key})
    own, client = app.extensions["scim"], app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
    receiver("crm")
    receiver("wiki")
    receiver("groups", types=["Group"])
    ada = client.post("/scim/v2/Users", json=user("ada")).json["id"]
    client.patch(f"/scim/v2/Users/{ada}", json=patch_op(add("title", "x")))
    first, second = Delivery(), Delivery()
    ear.answer = refuse("crm")
    deliver(first, own)
    list(recovery.purge_history(store_of(own), from_now(seconds=60)))  # spares what waits
    before = count(own, changes)
    ear.answer = refuse()
    deliver(second, own)

    assert before == 1  # that of the message which nobody has tried yet
    assert count(own, changes) == 0
    assert texts(ear.at("crm")) == texts(ear.at("wiki")) == ["create 1 known 0", "patch 2 known 0"]
    own.database.close()
