"""The changes that a write makes: ``Transaction.changes`` lists them, history reads them.

Nobody needs to watch the tables: whatever has to know of changes can read this list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Operation(StrEnum):
    """The operations that make a version of a resource."""

    CREATE = "create"
    REPLACE = "replace"
    PATCH = "patch"
    DELETE = "delete"
    RESTORE = "restore"
    REVERT = "revert"


BEGINNINGS = (Operation.CREATE, Operation.RESTORE)  # after them a resource is there


class Reason(StrEnum):
    """Why the server made a change that no request named."""

    DELETED = "deleted"  # a resource that this one shows or refers to was deleted
    RESTORED = "restored"  # a member of this group came back from the trash
    VERSION = "version"  # an operator went back to an earlier version


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason with its subject: the other resource's id, or the number of a version.

    The subject is empty where older history does not know it.
    """

    reason: Reason
    subject: str

    def __str__(self) -> str:
        return f"{self.reason} {self.subject}".rstrip()

    @classmethod
    def read(cls, text: str) -> "Cause":
        """Return the cause that ``str`` wrote."""
        reason, _, subject = text.partition(" ")
        return cls(Reason(reason), subject)


@dataclass(frozen=True, slots=True)
class Change:
    """One version of one resource: what made it, when, in whose name.

    ``cause`` is None for the resource that the request named. ``before`` and ``after`` are bodies,
    None where there was or is no resource, and both None where only members changed. ``members``
    tells who joined a group (true) or left it (false), by id. ``unseen``: an attribute changed that
    no body shows, a password for example. ``at`` is an instant in UTC, ``token`` a token's name,
    ``request_id`` the id of the request.
    """

    resource_type: str
    resource_id: str
    version: int
    operation: Operation
    cause: Cause | None
    before: str | None
    after: str | None
    members: Mapping[str, bool]
    unseen: bool
    at: str
    token: str
    request_id: str | None = None
