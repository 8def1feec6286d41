"""The service of one process: its settings and what they open, for endpoints and commands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scim.protocol.definitions.assembly import Definitions
from scim.protocol.filters.parser import Limits
from scim.protocol.profile import INTEROP_PROFILE, NO_PROFILE, Profile
from scim.protocol.tolerance import STRICT_TOLERANCE, Tolerance, Tolerated
from scim.settings import Settings
from scim.storage import (
    Access,
    Database,
    Directory,
    Doorkeeper,
    Store,
    Transaction,
    digest,
)
from scim.storage.access import find_access, seconds_until
from scim.storage.directory import Watcher
from scim.storage.recordings import Recordings
from scim.storage.seal import Seal
from scim.storage.tokens import Tenant


@dataclass(frozen=True, slots=True)
class Service:
    """All that requests and commands share; ``app.extensions["scim"]`` is the only one.

    ``tolerance`` is that of every tenant that is not strict. ``watchers`` are told of the changes
    of all tenants.
    """

    settings: Settings
    database: Database
    definitions: Definitions
    tolerance: Tolerance
    doorkeeper: Doorkeeper
    watchers: Sequence[Watcher] = ()

    @property
    def limits(self) -> Limits:
        """The limits of a filter."""
        return Limits(self.settings.max_filter_length, depth=self.settings.max_filter_depth)

    def tolerated(self, is_strict: bool, base_url: str, is_dry: bool = False) -> Tolerated:
        """Return the tolerances of one request of a tenant; ``base_url`` is that of its links."""
        return Tolerated(
            STRICT_TOLERANCE if is_strict else self.tolerance,
            base_url,
            INTEROP_PROFILE if is_strict else NO_PROFILE,
            self.settings.max_elements,
            is_dry,
        )

    def admit(self, token: str) -> Access | None:
        """Return what a bearer token opens; None if it opens nothing."""
        presented = digest(token)
        return self.doorkeeper.remembered(presented) or self.database.read(
            lambda connection: self.doorkeeper.admit(connection, presented)
        )

    def expired(self, token: str) -> str:
        """Return the instant at which a token expired; empty if it did not, or is unknown."""
        found = self.database.read(lambda connection: find_access(connection, digest(token)))
        return found.until if found and found.until and seconds_until(found.until) <= 0 else ""

    def note_use(self, access: Access) -> None:
        """Note that a token is used now, if it is an issued one."""
        if access.issued:
            self.doorkeeper.uses.note(access.issued, self.database)

    def has_met(self, token: str) -> bool:
        """Tell whether a token has opened a directory since the start of the process."""
        return digest(token) in self.doorkeeper.known

    def recordings(self) -> Recordings:
        """Return the recorded exchanges, opened anew; the caller closes them."""
        return Recordings.open(
            self.database, self.settings.recordings, self.settings.recording_days
        )

    def seal(self, tenant: str) -> Seal | None:
        """Return what seals the audit of a tenant; None without a key."""
        key = self.settings.audit_key
        return Seal(key, tenant) if key else None

    def store(
        self,
        tenant: Tenant,
        token: str,
        guard: Callable[[Transaction], None] | None = None,
        request_id: str | None = None,
    ) -> Store:
        """Return the directory of a tenant; history names the token and request of each change.

        A ``guard`` may refuse what clients do. Operators have none.
        """
        directory = Directory(
            tenant.id,
            self.definitions,
            unique_names=self.settings.unique_group_names,
            skip_unknown=self.settings.skip_unknown_members,
            restores=tenant.restores and not Profile(kept=tenant.strict).deletes_for_good,
            largest=self.settings.max_resource_size,
            max_nesting_depth=self.settings.max_nesting_depth,
            max_nesting_pairs=self.settings.max_nesting_pairs,
            keeps_history=self.settings.history_days > 0,
            tenant_name=tenant.name,
            token=token,
            seal=self.seal(tenant.name),
            watchers=self.watchers,
            guard=guard,
            request_id=request_id,
        )
        return Store(self.database, directory)
