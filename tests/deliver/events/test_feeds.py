"""Feeds: a receiver with a filter is told of the users only who meet it (RFC 9967 §2.3)."""

import threading

import pytest
import sqlalchemy as sa

from scim.deliver.events import feeds
from scim.deliver.events.feeds import FeedTeller, filter_of
from scim.deliver.events.streams import fill
from scim.deliver.outbox.deliverer import Delivery
from scim.storage.outbox import COLUMNS, Message, Outbox
from scim.storage.tables import outbox

from ...support.databases import SQLITE
from ...support.receiving import forget_receivers
from ...support.scim import add, group, listed, path_of, remove, replace, user
from ...support.streams import add_stream, add_token, short


@pytest.fixture
def feed(world, engine):
    """Add a stream that polls, with a filter, and return what fetches its tokens."""

    def feed(text, **options):
        receiver = add_stream(engine, "app", filter=text, **options)
        forget_receivers(world.service)
        with engine.begin() as connection:
            number = fill(world.service, connection, receiver)
        assert filter_of(receiver) == text
        app = world.client(add_token(engine, "app"))

        def fetch():
            """Return the events of each token, with the userName's subject, in their order."""
            return [(names[each["sub_id"]["uri"]], *short(each)) for each in world.told(app)]

        fetch.number, names = number, {}
        fetch.names, fetch.receiver = names, receiver
        return fetch

    return feed


def create(world, feed, name, **attributes):
    made = world.scim.create(user(name, **attributes))
    feed.names[path_of(made)] = name
    return made


@pytest.mark.parametrize("mode", ["full", "notice"])
def test_users_enter_and_leave_by_what_they_are(world, feed, mode):
    told = feed('title eq "Guide"', mode=mode)
    ada = create(world, told, "ada", title="Guide")
    bob = create(world, told, "bob")
    world.scim.create(group("Guides", ada))
    assert told() == [("ada", "feed:add", f"prov:create:{mode}")]

    world.scim.patch(path_of(bob), replace("title", "GUIDE"))
    world.scim.patch(path_of(ada), replace("active", False))
    state = ("prov:put:full",) if mode == "full" else ()
    patch = f"prov:patch:{mode}"
    assert told() == [("bob", "feed:add", *state), ("ada", patch, "prov:deactivate")]

    world.scim.patch(path_of(bob), replace("title", "Cook"))
    assert told() == [("bob", "feed:remove")]
    world.scim.patch(path_of(bob), replace("nickName", "B"))
    world.scim.patch(path_of(ada), replace("title", "Cook"))
    world.scim.delete(path_of(bob))
    world.scim.delete(path_of(ada))
    assert told() == [("ada", "prov:delete")]


def test_users_enter_and_leave_by_their_groups(world, feed):
    guides = world.scim.create(group("Guides"))
    told = feed(f'groups.value eq "{guides["id"]}"', mode="notice")
    ada, bob = (create(world, told, name) for name in ("ada", "bob"))
    assert told() == []

    world.scim.patch(path_of(guides), add("members", listed(ada, bob)))
    assert sorted(told()) == [("ada", "feed:add"), ("bob", "feed:add")]

    world.scim.patch(path_of(guides), remove(f'members[value eq "{ada["id"]}"]'))
    world.scim.patch(path_of(bob), replace("title", "Guide"))
    assert told() == [("ada", "feed:remove"), ("bob", "prov:patch:notice")]

    young = world.scim.create(group("Young", ada))
    assert told() == []
    world.scim.patch(path_of(guides), add("members", listed(young)))
    assert told() == [("ada", "feed:add")]
    world.scim.delete(path_of(young))
    world.scim.delete(path_of(bob))
    assert told() == [("ada", "feed:remove"), ("bob", "prov:delete")]


@SQLITE
def test_many_users_enter_and_leave_in_several_transactions(world, feed, monkeypatch):
    sizes, keep = [], Outbox.keep

    def kept(known, message, contents, is_fetched):
        sizes.append(len(contents))
        return keep(known, message, contents, is_fetched)

    monkeypatch.setattr(Outbox, "keep", kept)
    monkeypatch.setattr(feeds, "AT_ONCE", 2)
    guides = world.scim.create(group("Guides"))
    told = feed(f'groups.value eq "{guides["id"]}"', mode="notice")
    members = [create(world, told, name) for name in ("ada", "bob", "cid", "dan", "eva")]
    assert told() == []

    world.scim.patch(path_of(guides), add("members", listed(*members)))
    entered = told()
    world.scim.patch(path_of(guides), remove("members"))
    left = told()

    assert entered == [(name, "feed:add") for name in ("ada", "bob", "cid", "dan", "eva")]
    assert left == [(name, "feed:remove") for name, _ in entered]
    assert max(sizes) == 3  # two, and the rest


def test_users_enter_and_leave_by_the_name_of_their_group(world, feed):
    told = feed('groups.display eq "Guides"', mode="notice")
    ada = create(world, told, "ada")
    guides = world.scim.create(group("Tours", ada))
    assert told() == []

    world.scim.patch(path_of(guides), replace("displayName", "guides"))
    assert told() == [("ada", "feed:add")]


def test_new_feed_begins_with_those_who_are_in_it(world, feed):
    ada = world.scim.create(user("ada", title="Guide"))
    world.scim.create(user("bob"))

    told = feed('title eq "Guide"')

    told.names[path_of(ada)] = "ada"
    assert told.number == 1
    assert told() == [("ada", "feed:add", "prov:put:full")]


def test_state_that_was_told_already_is_not_told_again(world, feed):
    guides = world.scim.create(group("Guides"))
    told = feed(f'groups.value eq "{guides["id"]}"')
    ada = create(world, told, "ada")
    world.scim.patch(path_of(guides), add("members", listed(ada)))
    world.scim.patch(path_of(ada), replace("title", "Guide"))
    world.scim.patch(path_of(ada), replace("title", "Cook"))
    assert told() == [("ada", "feed:add", "prov:create:full")]

    world.scim.patch(path_of(ada), replace("title", "Guide"))
    assert told() == [("ada", "prov:patch:full")]


def test_user_whose_group_is_told_of_first_is_new(world, feed, engine):
    guides = world.scim.create(group("Guides"))
    told = feed(f'groups.value eq "{guides["id"]}"')
    ada = create(world, told, "ada")
    world.scim.patch(path_of(guides), add("members", listed(ada)))
    for due in ("9", "2020"):
        with engine.begin() as connection:
            own = outbox.c.resource_id == ada["id"], outbox.c.content.is_(None)
            connection.execute(sa.update(outbox).where(*own).values(due=due))
        world.deliver()

    assert told() == [("ada", "feed:add", "prov:create:full")]


def test_deliverers_at_once_tell_each_user_once(world, feed):
    guides = world.scim.create(group("Guides"))
    told = feed(f'groups.value eq "{guides["id"]}"', mode="notice")
    people = [create(world, told, f"u{number}") for number in range(12)]
    for each in people:
        world.scim.patch(path_of(guides), add("members", listed(each)))
        world.scim.patch(path_of(each), replace("title", "Guide"))

    def deliver():
        delivery = Delivery()
        for _ in range(100):
            delivery.work(world.service)

    threads = [threading.Thread(target=deliver) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    events = told()
    assert sorted(name for name, *kinds in events if "feed:add" in kinds) == sorted(
        f"u{number}" for number in range(12)
    )
    first = {name: kinds for name, *kinds in reversed(events)}
    assert all("feed:add" in kinds for kinds in first.values())


def test_feed_of_a_removed_stream_is_left_alone(world, feed, engine):
    told = feed('title eq "Guide"')
    world.scim.create(user("ada", title="Guide"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM receivers")
        [row] = connection.execute(sa.select(*COLUMNS)).all()
        made = FeedTeller(world.service, connection, told.receiver).tell(Message(*row), None)
        assert made == []
        assert connection.scalar(sa.text("SELECT count(*) FROM feed_members")) == 0
