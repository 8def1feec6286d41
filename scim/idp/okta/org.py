"""An Okta organization in memory: users, groups and one app with its assignments."""

import secrets
from dataclasses import dataclass, field

from ..values import Record, now

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
KINDS = ("template", "wizard")


def new_id(prefix: str) -> str:
    """Return an id of 20 characters like Okta's; ``00u`` is the prefix of users."""
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(20 - len(prefix)))


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
    source_id: str | None = None  # the id in the app of an imported group
    id: str = field(default_factory=lambda: new_id("00g"))
    members: list[str] = field(default_factory=list)
    created: str = field(default_factory=now)
    last_updated: str = field(default_factory=now)
    membership_updated: str = field(default_factory=now)


@dataclass
class Assignment:
    """A user who has the app, individually or through a group (``scope``)."""

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
    """The SCIM resource of a user. It is kept when the user loses the app."""

    scim_id: str
    pushed: Record  # the profile that was sent last


@dataclass
class Mapping:
    """A group that is pushed. ``pushed_members`` are userNames by their SCIM ids."""

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
    """The app that provisions into the SCIM server."""

    kind: str
    id: str = "0oascim2testapp00000"  # the same each time: commands can be repeated
    created: str = field(default_factory=now)
    creates: bool = True
    updates: bool = True
    deactivates: bool = True
    syncs_passwords: bool = False  # off at first, as in Okta
    assignments: dict[str, Assignment] = field(default_factory=dict)
    groups: dict[str, AppGroup] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    mappings: dict[str, Mapping] = field(default_factory=dict)


@dataclass
class Org:
    """An organization with one app."""

    app: App
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)

    def drop_group(self, group_id: str) -> None:
        """Forget a group, its push mapping and its assignment to the app."""
        for mapping_id, mapping in list(self.app.mappings.items()):
            if mapping.group_id == group_id:
                del self.app.mappings[mapping_id]
        self.app.groups.pop(group_id, None)
        del self.groups[group_id]

    def users_of_app_groups(self) -> dict[str, None]:
        """Return the ids of the users who have the app through a group, in order."""
        return {
            user_id: None
            for group_id in self.app.groups
            for user_id in self.groups[group_id].members
            if self.users[user_id].status != "DEPROVISIONED"
        }
