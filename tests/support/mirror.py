"""A directory as a receiver of webhooks knows it, which has learned all from messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

from .listener import Got
from .scim import Record


@dataclass
class Mirror:
    """Users by their ids, and groups with the ids of their members; ``repeated`` came twice."""

    secret: str
    users: dict[str, tuple[str, bool]] = field(default_factory=dict)
    groups: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    repeated: int = 0

    def learn(self, got: Got) -> None:
        """Verify a message, and keep what it says; fail if it is out of order."""
        told = Webhook(self.secret).verify(got.body, dict(got.headers))
        data, (kind, happening) = told["data"], told["type"].split(".")
        if got.headers["webhook-id"] in self.known:
            self.repeated += 1
            return
        self.known.add(got.headers["webhook-id"])
        assert self.versions.get(data["id"], 0) <= data["version"], f"out of order: {told}"
        self.versions[data["id"]] = data["version"]
        if happening == "deleted":
            (self.users if kind == "user" else self.groups).pop(data["id"])
        elif kind == "user":
            self.users[data["id"]] = (data["userName"], data["active"])
        else:
            _, members = self.groups.get(data["id"], ("", frozenset()))
            joined, left = _ids(data, "membersAdded"), _ids(data, "membersRemoved")
            self.groups[data["id"]] = (data["displayName"], (members | joined) - left)


def _ids(data: Mapping[str, Any], name: str) -> frozenset[str]:
    part = data.get(name, {"total": 0, "ids": []})
    assert part["total"] == len(part["ids"]), "the message names not all"
    return frozenset(part["ids"])


def mirrored(resources: list[Record]) -> Mirror:
    """Return what a mirror must know of users and groups."""
    mirror = Mirror("")
    for each in resources:
        if each["meta"]["resourceType"] == "User":
            mirror.users[each["id"]] = (each["userName"], each["active"])
        else:
            members = frozenset(member["value"] for member in each.get("members", []))
            mirror.groups[each["id"]] = (each["displayName"], members)
    return mirror
