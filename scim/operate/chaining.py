"""Changes are chained to the audit in the background; the log shows the ends of the chains."""

import logging
import time

from scim.service import Service
from scim.storage.audit import (
    CHAINED_AT_ONCE,
    Audit,
    AuditKeyError,
    Head,
    tenants_to_begin,
    waiting_tenants,
)
from scim.storage.history import BEGINNING, History, Place
from scim.storage.tokens import Tenant

LONGEST = 1.0  # seconds of work until other jobs may stop the server
TELLING = 3600.0  # seconds between two lines in the log about one chain

logger = logging.getLogger("scim")


class Chaining:
    """The chains of all tenants as one process continues them.

    ``places`` says how far the history of a tenant without a chain was taken up; None if all was.
    A chain begins with this history, so nothing is chained before.
    """

    def __init__(self) -> None:
        self.places: dict[int, Place | None] = {}
        self.begins = True
        self.grown: dict[int, Tenant] = {}
        self.failed: set[int] = set()
        self.told = -TELLING

    def work(self, service: Service) -> bool:
        """Chain what waits; tell whether more is left.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        began, is_done = time.monotonic(), True
        if is_due := began - self.told >= TELLING:
            self.failed.clear()  # they are tried again
        for tenant in self._tenants(service):
            if tenant.id not in self.failed:
                is_done &= self._catch_up(service, tenant, began + LONGEST)
        self.begins &= not is_done
        if is_due and (self.grown or self.failed):
            self._tell(service)
        return not is_done

    def _tenants(self, service: Service) -> list[Tenant]:
        """Return the tenants whose changes wait, and at first those whose chain has to begin."""
        found = list(service.database.read(waiting_tenants))
        if self.begins:
            known = {tenant.id for tenant in found}
            begun = service.database.read(tenants_to_begin)
            found += [tenant for tenant in begun if tenant.id not in known]
        return found

    def _catch_up(self, service: Service, tenant: Tenant, ends: float) -> bool:
        """Continue the chain of a tenant until ``ends``; tell whether nothing is left."""
        try:
            while self.step(service, tenant):
                if time.monotonic() > ends:
                    return False
        except AuditKeyError as error:
            self.failed.add(tenant.id)
            logger.error("The audit of %s is not continued: %s", tenant.name, error.detail)
        return True

    def take_up(self, tenant: Tenant) -> None:
        """Go through the history of a tenant again, for changes that are not in the chain."""
        self.places[tenant.id] = BEGINNING

    def step(self, service: Service, tenant: Tenant) -> bool:
        """Do a part of what is to do for a tenant; tell whether more may be left.

        :raises AuditKeyError: the last entry was not made with the key
        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        database, seal = service.database, service.seal(tenant.name)
        if tenant.id not in self.places:
            has_begun = head_of(service, tenant).number > 0
            self.places[tenant.id] = None if has_begun else BEGINNING
        if place := self.places[tenant.id]:
            self.places[tenant.id] = self._take_up_part(service, tenant, place)
            return True
        taken = database.write(lambda known: Audit(known, tenant.id, seal).chain())
        if taken:
            self.grown[tenant.id] = tenant
        return taken == CHAINED_AT_ONCE[database.engine.dialect.name]

    def _take_up_part(self, service: Service, tenant: Tenant, place: Place) -> Place | None:
        """Let the next changes of a history wait to be chained; return the place behind them."""
        database, seal = service.database, service.seal(tenant.name)
        part = database.read(lambda known: History(known, tenant.id).part(place))
        if not part:
            return None
        database.write(lambda known: Audit(known, tenant.id, seal).take_up(part))
        return part[-1].at, part[-1].resource_id, part[-1].version

    def _tell(self, service: Service) -> None:
        """Write the ends of the chains that have grown to the log."""
        for tenant in self.grown.values():
            logger.info("The audit of %s ends with %s", tenant.name, head_of(service, tenant))
        self.told = time.monotonic()
        self.grown.clear()


def head_of(service: Service, tenant: Tenant) -> Head:
    """Return the end of a tenant's chain.

    :raises UnavailableError: the database cannot be reached, or is too busy
    """
    return service.database.read(lambda known: Audit(known, tenant.id, None).head())
