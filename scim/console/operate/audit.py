"""Operate: the audit of the tenant that was chosen."""

from dataclasses import dataclass

from scim.storage.audit import Audit, Head
from scim.storage.tokens import Tenant

from ..state import state


@dataclass(frozen=True, slots=True)
class Chained:
    """The end of a tenant's chain, and how many changes wait; without a key it does not grow."""

    head: Head
    waiting: int
    has_key: bool


def chained(tenant: Tenant) -> Chained:
    """Return how far the audit of a tenant is."""
    service = state().service
    head, waiting = service.database.read(
        lambda known: ((found := Audit(known, tenant.id, None)).head(), found.waiting())
    )
    return Chained(head, waiting, bool(service.settings.audit_key))
