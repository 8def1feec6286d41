"""Feeds: a receiver with a filter is told of those users only who meet it (RFC 9967 §2.3).

The filter is asked when a message is made, not when the change was: so a feed tells how things are
at the end of several changes, and each of its resources has entered before anything else is told.
"""

from collections.abc import Collection

from scim.protocol.events import (
    FEED_ADD,
    FEED_REMOVE,
    Events,
    Told,
    events_of,
    subject,
)
from scim.protocol.schema import GROUP, USER
from scim.service import Service
from scim.storage import Change, Connection, Operation
from scim.storage.contents import REST, About, Content
from scim.storage.feeds import Feed, Resource
from scim.storage.outbox import Message
from scim.storage.receivers import Receiver

from .claims import Teller, claims, condition, external_id, is_beginning

GROUPS = "groups"  # the attribute of users that changes of groups change
AT_ONCE = 500  # users who enter or leave in one transaction of SQLite: others wait for its end


def filter_of(receiver: Receiver) -> str:
    """Return the filter of a receiver; empty if it has none."""
    return str(receiver.options.get("filter") or "")


def concerns(receiver: Receiver, resource_type: str) -> bool:
    """Tell whether a change of a resource of some type can concern the feed of a receiver."""
    is_group = resource_type == GROUP.name and GROUPS in filter_of(receiver).lower()
    return resource_type == USER.name or is_group


class FeedTeller:
    """Tells a receiver of its feed, and notes who is in it; it locks the receiver."""

    def __init__(self, service: Service, connection: Connection, receiver: Receiver) -> None:
        self.teller = Teller(service, connection, receiver)
        self.users = service.definitions.by_name[USER.name]
        meant = condition(filter_of(receiver), self.users)
        self.feed = Feed(connection, receiver, self.users, meant)
        self.is_there = self.feed.lock()

    def begin(self, txn: str) -> list[Content]:
        """Return what tells a new receiver who is in its feed."""
        return [self._entered(txn, each, is_new=False) for each in self.feed.enter(None)]

    def tell(self, message: Message, change: Change | None) -> list[Content]:
        """Return what tells of a change of a user, or of a group that users are in."""
        if not self.is_there:  # it was removed meanwhile
            return []
        if message.resource_type == USER.name:
            return self._of_user(message, change)
        ids, txn = self._affected(change), message.txn
        most = AT_ONCE if self.teller.connection.dialect.name == "sqlite" else None
        left, entered = self.feed.leave(ids, most), self.feed.enter(ids, most)
        new = self.feed.unannounced([each.id for each in entered])
        told = [self._left(txn, each) for each in left]
        told += [self._entered(txn, each, each.id in new) for each in entered]
        return [*told, REST] if most in (len(left), len(entered)) else told

    def _of_user(self, message: Message, change: Change | None) -> list[Content]:
        this, txn = [message.resource_id], message.txn
        since = self.feed.since(*this)
        if message.operation == Operation.DELETE:
            self.feed.forget(this)
            return [] if since is None else self.teller.tell(self.users, message, change)
        if since is None:
            is_new = is_beginning(change)
            return [self._entered(txn, each, is_new) for each in self.feed.enter(this)]
        if left := self.feed.leave(this):
            return [self._left(txn, each) for each in left]
        if message.version <= since or not self.feed.exists(*this):
            return []  # the receiver was told of a later state already, or soon hears of the delete
        return self.teller.tell(self.users, message, change)

    def _affected(self, change: Change | None) -> Collection[str] | None:
        """Return the ids of users that a change of a group can concern; None for all users.

        A new name concerns all who are in the group; a group in it, all who are beneath that.
        """
        if change is None or (change.before and change.after and change.before != change.after):
            return None
        return None if self.feed.names_groups(change.members) else change.members

    def _left(self, txn: str, user: Resource) -> Content:
        return self._content(txn, user, {FEED_REMOVE: {}})

    def _entered(self, txn: str, user: Resource, is_new: bool) -> Content:
        """Return what tells of a user who has entered: as created, or in the present state."""
        events: Events = {FEED_ADD: {}}
        if is_new or self.teller.is_full:
            events |= self._state(user, "create" if is_new else "put")
        return self._content(txn, user, events)

    def _state(self, user: Resource, verb: str) -> Events:
        known = {"created": user.created, "lastModified": user.last_modified}
        told = Told(
            resource_type=self.users,
            verb=verb,
            version=user.version,
            before=None,
            after=self.teller.document(user.body),
            members={},
            meta=self.teller.meta(self.users, user.id, user.version, **known),
        )
        return events_of(told, self.teller.is_full)[0]

    def _content(self, txn: str, user: Resource, events: Events) -> Content:
        sub_id = subject(self.users, user.id, external_id(user.body))
        return Content(claims(txn, sub_id, events), About(self.users.name, user.id, user.version))
