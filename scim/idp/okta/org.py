"""An Okta organization in memory: users, groups and one app with its assignments."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..scim_client import Record

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
KINDS = ("template", "wizard")


def new_id(prefix: str) -> str:
    """Return an id as Okta makes them: ``00u`` and 17 more characters is a user."""
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(20 - len(prefix)))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class User:
    """A user of the organization."""

    profile: Record
    password: str | None
    status: str
    id: str = field(default_factory=lambda: new_id("00u"))
    created: str = field(default_factory=now)
    activated: str | None = None
    status_changed: str = field(default_factory=now)
    last_updated: str = field(default_factory=now)

    def move_to(self, status: str) -> None:
        self.status = status
        self.status_changed = self.last_updated = now()

    def activate(self) -> None:
        self.move_to("ACTIVE" if self.password else "PROVISIONED")
        self.activated = now()


@dataclass
class Group:
    """A group of the organization; its members are ids of users."""

    profile: Record
    source_id: str | None = None  # what the app calls a group that was imported from there
    id: str = field(default_factory=lambda: new_id("00g"))
    members: list[str] = field(default_factory=list)
    created: str = field(default_factory=now)
    last_updated: str = field(default_factory=now)
    membership_updated: str = field(default_factory=now)


@dataclass
class Assignment:
    """A user of the app."""

    user_id: str
    profile: Record
    scope: str = "USER"
    status: str = "STAGED"
    sync_state: str = "SYNCHRONIZING"
    created: str = field(default_factory=now)
    last_updated: str = field(default_factory=now)


@dataclass
class AppGroup:
    """A group whose members have the app."""

    group_id: str
    priority: int
    last_updated: str = field(default_factory=now)


@dataclass
class Link:
    """The resource of the SCIM server that stands for a user, kept when nobody is assigned."""

    scim_id: str
    pushed: Record  # the profile that the server has


@dataclass
class Mapping:
    """A group that is pushed; ``pushed`` is what the server has: a name and members."""

    group_id: str
    target_id: str | None = None
    target_name: str | None = None
    status: str = "ACTIVE"
    id: str = field(default_factory=lambda: new_id("gPm"))
    pushed_name: str | None = None
    pushed_members: dict[str, str] = field(default_factory=dict)
    created: str = field(default_factory=now)
    last_updated: str = field(default_factory=now)
    last_push: str | None = None
    error: str | None = None


@dataclass
class App:
    """The app that provisions to the SCIM server."""

    kind: str
    id: str = "0oascim2testapp00000"  # the same each time, so that commands can be repeated
    created: str = field(default_factory=now)
    creates: bool = True
    updates: bool = True
    deactivates: bool = True
    syncs_passwords: bool = False  # the one box that nobody checks at first
    assignments: dict[str, Assignment] = field(default_factory=dict)
    groups: dict[str, AppGroup] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    mappings: dict[str, Mapping] = field(default_factory=dict)


@dataclass
class Org:
    """All of it."""

    app: App
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)

    def drop_group(self, group_id: str) -> None:
        """Forget a group, and what it was pushed and assigned for."""
        for mapping_id, mapping in list(self.app.mappings.items()):
            if mapping.group_id == group_id:
                del self.app.mappings[mapping_id]
        self.app.groups.pop(group_id, None)
        del self.groups[group_id]

    def granted(self) -> dict[str, None]:
        """Return the users, in order, to whom the membership in a group gives the app."""
        return {
            user_id: None
            for group_id in self.app.groups
            for user_id in self.groups[group_id].members
            if self.users[user_id].status != "DEPROVISIONED"
        }
