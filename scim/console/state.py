"""The state that all pages of a console share."""

from dataclasses import dataclass, field
from functools import partial

from flask import current_app

from scim.explain.exchange import CONSOLE, Exchange
from scim.protocol.values import UNSTORABLE
from scim.service import Service
from scim.storage import Store
from scim.storage.database.readiness import Readiness
from scim.storage.figures import Figures, figures
from scim.storage.recordings import Recordings
from scim.storage.tokens import Tenant, find_tenant, list_tenants

from .client import Endpoints
from .connect.jobs import Jobs
from .connect.watching import Tunnels
from .feed import Feed
from .names import Names
from .problems.troubles import Troubles

MOST_LISTED = 100  # tenants on a page: ten thousand took 21 s and 4 MB


@dataclass(frozen=True, slots=True)
class State:
    """``app.extensions["console"]``: the service that is watched, and where the console is."""

    service: Service
    recordings: Recordings
    origin: str  # the scheme, host and port by which a browser on this machine reaches it
    port: int
    key: bytes  # the digest of the key in the link that the start prints
    feed: Feed = field(init=False)
    endpoints: Endpoints = field(init=False)
    names: Names = field(init=False)
    tunnels: Tunnels = field(init=False)
    jobs: Jobs = field(init=False)
    problems: Troubles = field(init=False)
    readiness: Readiness = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "feed", Feed(self.recordings))
        object.__setattr__(self, "endpoints", Endpoints(self.service))
        object.__setattr__(self, "names", Names(self.service))
        object.__setattr__(self, "tunnels", Tunnels(self.service.settings, self.recordings))
        object.__setattr__(self, "jobs", Jobs(self.service))
        object.__setattr__(self, "problems", Troubles(self.recordings, self.is_ours))
        object.__setattr__(self, "readiness", Readiness(self.service.database))

    def is_ours(self, exchange: Exchange) -> bool:
        """Tell whether the console, or a command that it started, sent a request."""
        return exchange.token == CONSOLE or self.jobs.sent(exchange)

    def tenants(self) -> list[Tenant]:
        """Return the tenants to choose from, the oldest first; there may be more."""
        return list(self.service.database.read(partial(list_tenants, most=MOST_LISTED)))

    def tenant(self, name: str) -> Tenant | None:
        """Return the tenant of that name, or None."""
        if UNSTORABLE.search(name):
            return None
        return self.service.database.read(lambda connection: find_tenant(connection, name))

    def figures(self, tenant: Tenant) -> Figures:
        """Return how much a tenant has."""
        return self.service.database.read(lambda connection: figures(connection, tenant.id))

    def store(self, tenant: Tenant) -> Store:
        """Return the directory of a tenant; history names the console for changes."""
        return self.service.store(tenant, CONSOLE)


def state() -> State:
    """Return the state of the console that answers the request."""
    found: State = current_app.extensions["console"]
    return found
