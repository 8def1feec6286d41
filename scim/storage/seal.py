"""The keyed hashes of the audit: whoever can write rows cannot make them.

Each is the HMAC-SHA-256 of a JSON text: sorted members, no spaces, only ASCII. The members of the
four texts differ, so none of them stands for another.
"""

import hmac
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .changes import Change

START = bytes(32)  # in place of the hash before the first entry

# A copy of what has read the key takes 0.02 ms between other work, ``hmac.digest`` 0.04 ms.
_keyed = lru_cache(maxsize=2)(lambda key: hmac.new(key, digestmod="sha256"))
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One change in the chain of a tenant; ``previous`` is the hash of the entry before.

    ``change`` is None if it is gone. If it was purged, ``stub`` proves the instant ``purged``.
    """

    number: int
    at: str
    resource_id: str
    version: int
    digest: bytes
    previous: bytes
    hash: bytes = b""
    purged: str | None = None
    stub: bytes | None = None
    change: Change | None = None


class Seal:
    """The key of the audit, for the chain of one tenant."""

    __slots__ = ("_keyed", "tenant")

    def __init__(self, key: str, tenant: str) -> None:
        self._keyed: hmac.HMAC = _keyed(key.encode())
        self.tenant = tenant

    def digest(self, change: Change) -> bytes:
        """Return the hash of a change, all of it."""
        return self._hash(
            {
                "tenant": self.tenant,
                "resource_type": change.resource_type,
                "resource_id": change.resource_id,
                "version": change.version,
                "operation": change.operation,
                "cause": str(change.cause) if change.cause else None,
                "before": change.before,
                "after": change.after,
                "members": change.members if type(change.members) is dict else {**change.members},
                "unseen": bool(change.unseen),
                "at": change.at,
                "token": change.token,
                "request_id": change.request_id,
            }
        )

    def chained(self, digest: bytes) -> bytes:
        """Return what an entry has of the digest of its change.

        Nobody without the key gets back from an entry to a change that waits. Or else entries could
        be taken out, and the server would chain the others anew.
        """
        return self._hash({"digest": digest.hex()})

    def hash(self, entry: Entry) -> bytes:
        """Return the hash of an entry, which covers those before it."""
        return self._hash(
            {
                "tenant": self.tenant,
                "number": entry.number,
                "resource_id": entry.resource_id,
                "version": entry.version,
                "at": entry.at,
                "digest": entry.digest.hex(),
                "previous": entry.previous.hex(),
            }
        )

    def stub(self, entry_hash: bytes, purged: str) -> bytes:
        """Return the proof that the change of an entry was purged at an instant."""
        return self._hash({"hash": entry_hash.hex(), "purged": purged})

    def _hash(self, members: dict[str, Any]) -> bytes:
        made = self._keyed.copy()
        made.update(_canonical(members).encode())
        return made.digest()
