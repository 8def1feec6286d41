"""A tenant is removed while the server runs; whoever is ended meanwhile goes on another time."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing

from scim.service import Service
from scim.storage.access import KEPT_SECONDS, UNCHECKED
from scim.storage.figures import figures
from scim.storage.removing import close_tenant, count_what_goes, remove_rows, remove_tenant
from scim.storage.tokens import Tenant

PAUSE = 0.01  # seconds between two parts, in which others write


def describe(service: Service, tenant: Tenant) -> Mapping[str, int]:
    """Return how much a tenant has of what, without what it has none of."""
    database = service.database
    found = dict(database.read(lambda known: figures(known, tenant.id)).resources)
    found |= database.read(lambda known: count_what_goes(known, tenant))
    with closing(service.recordings()) as recordings:
        found["recorded exchanges"] = recordings.count_of(tenant.name)
    return {what: number for what, number in found.items() if number}


def remove(service: Service, tenant: Tenant) -> Iterator[int]:
    """Remove a tenant with all that it has; yield the number of rows of each part.

    Its tokens go first, and running servers forget them before anything else goes; the rest of a
    bulk request is refused.
    """
    database = service.database
    if database.write(lambda connection: close_tenant(connection, tenant)):
        time.sleep(KEPT_SECONDS + UNCHECKED)
    for number in remove_rows(database, tenant):
        yield number
        time.sleep(PAUSE)
    with closing(service.recordings()) as recordings:
        recordings.forget(tenant.name)
    database.write(lambda connection: remove_tenant(connection, tenant))
