"""Signals in process: ``before`` tells of a change before its commit, ``after`` of one stored.

A function that is connected to a signal is called a hook. docs/signals.md says what each may do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from blinker import ANY, NamedSignal

from scim.serializers.stored import read_body
from scim.storage import Cause, Change, Connection, Operation

from .happenings import Happening, happenings

Hook = TypeVar("Hook", bound=Callable[..., Any])

KINDS = {"User": "user", "Group": "group"}  # of resources that have signals, by type


class Signal(NamedSignal):
    """A signal that keeps its hooks: a function within a function is not forgotten, either."""

    def connect(self, receiver: Hook, sender: Any = ANY, weak: bool = False) -> Hook:
        """Call ``receiver`` with the name of the tenant and the event, and return it.

        :param sender: the name of the only tenant to be told of
        """
        return super().connect(receiver, sender, weak)


class Signals:
    """The signals of one moment."""

    def __init__(self, moment: str) -> None:
        self.user_created = Signal(f"{moment}.user_created", "a user was created, or came back")
        self.user_changed = Signal(f"{moment}.user_changed", "an attribute of a user changed")
        self.user_activated = Signal(f"{moment}.user_activated", "an inactive user became active")
        self.user_deactivated = Signal(f"{moment}.user_deactivated", "a user became inactive")
        self.user_deleted = Signal(f"{moment}.user_deleted", "a user was deleted")
        self.group_created = Signal(f"{moment}.group_created", "a group was created, or came back")
        self.group_changed = Signal(f"{moment}.group_changed", "an attribute of a group changed")
        self.group_deleted = Signal(f"{moment}.group_deleted", "a group was deleted")
        self.members_changed = Signal(f"{moment}.members_changed", "members joined or left a group")

        self.all: Sequence[Signal] = tuple(vars(self).values())

    @property
    def have_hooks(self) -> bool:
        """Whether anybody listens to any of them; each write asks."""
        for signal in self.all:  # noqa: SIM110 - a generator takes three times as long
            if signal.receivers:
                return True
        return False

    def named(self, kind: str, happening: Happening) -> Signal:
        """Return the signal of what became of a user or a group."""
        is_of_members = happening is Happening.MEMBERS_CHANGED
        found: Signal = getattr(self, happening if is_of_members else f"{kind}_{happening}")
        return found


before = Signals("before")
after = Signals("after")


@dataclass(frozen=True)
class Event:
    """One change, as a hook gets it; docs/signals.md describes each field.

    ``operation`` and ``cause`` are those of history. ``unseen``: an attribute changed that no
    answer shows, such as the password. ``at`` is an instant in UTC. ``token`` is a token's name.
    """

    signal: str
    tenant: str
    resource_type: str
    id: str
    version: int
    operation: Operation
    cause: Cause | None
    unseen: bool
    at: str
    token: str
    request_id: str | None
    change: Change = field(repr=False)

    @cached_property
    def before(self) -> dict[str, Any] | None:
        """The resource before the change, without members; None if it was new, or is not known."""
        return _read(self.change.before)

    @cached_property
    def after(self) -> dict[str, Any] | None:
        """The resource after the change, without members; None if it is gone, or is not known."""
        return _read(self.change.after)

    @cached_property
    def joined(self) -> Sequence[str]:
        """The ids of the users and groups that became members of the group."""
        return [member for member, added in self.change.members.items() if added]

    @cached_property
    def left(self) -> Sequence[str]:
        """The ids of the users and groups that are members of the group no more."""
        return [member for member, added in self.change.members.items() if not added]


@dataclass(frozen=True)
class Pending(Event):
    """A change that is not stored yet; ``connection`` is that of its transaction."""

    connection: Connection = field(repr=False)


def fields_of(change: Change, tenant: str) -> dict[str, Any]:
    """Return the fields of an event, by name, without its signal."""
    return {
        "tenant": tenant,
        "resource_type": change.resource_type,
        "id": change.resource_id,
        "version": change.version,
        "operation": change.operation,
        "cause": change.cause,
        "unseen": change.unseen,
        "at": change.at,
        "token": change.token,
        "request_id": change.request_id,
        "change": change,
    }


def signals_of(change: Change, moment: Signals) -> Sequence[Signal]:
    """Return the signals of a moment that tell of a change, in the order in which they are sent."""
    kind = KINDS.get(change.resource_type)
    return [moment.named(kind, happening) for happening in happenings(change)] if kind else []


def _read(body: str | None) -> dict[str, Any] | None:
    return None if body is None else read_body(body)
