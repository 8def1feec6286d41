"""The names of users and groups by their ids, for exchanges that have the ids only."""

from collections.abc import Iterable, Mapping
from time import monotonic

from scim.explain.bodies import names, subject
from scim.explain.exchange import CONSOLE, Exchange
from scim.protocol.errors import UnavailableError
from scim.service import Service
from scim.storage.tokens import find_tenant

KEPT = 10_000
KEPT_SECONDS = 30


class Names:
    """Looks names up in the directory, and remembers them for the next who ask."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: dict[tuple[str, str], str] = {}
        self._until = 0.0  # people change their names

    def of(self, exchanges: Iterable[Exchange]) -> Mapping[str, str]:
        """Return the names of those that the exchanges are about, by id; '' where none is known."""
        exchanges = list(exchanges)
        told = names(exchanges)
        wanted: dict[str, set[str]] = {}
        for each in exchanges:
            if each.tenant and (missing := subject(each).id) and missing not in told:
                wanted.setdefault(each.tenant, set()).add(missing)
        found = dict(told)
        for tenant, ids in wanted.items():
            found |= self.named(tenant, ids)
        return found

    def named(self, tenant: str, ids: Iterable[str]) -> dict[str, str]:
        """Return the names of resources of a tenant by their ids."""
        if len(self._known) > KEPT or monotonic() >= self._until:
            self._known, self._until = {}, monotonic() + KEPT_SECONDS
        known, ids = self._known, list(ids)
        missing = [each for each in ids if (tenant, each) not in known]
        if missing:
            try:
                read = self._read(tenant, missing)
            except UnavailableError:
                return {each: known.get((tenant, each), "") for each in ids}
            known.update(((tenant, each), read.get(each, "")) for each in missing)
        return {each: known[tenant, each] for each in ids}

    def _read(self, tenant: str, ids: list[str]) -> Mapping[str, str]:
        row = self._service.database.read(lambda connection: find_tenant(connection, tenant))
        if row is None:
            return {}
        store = self._service.store(row, CONSOLE)
        return {
            each.id: each.name for each in store.browse(lambda known: known.names(ids)).values()
        }
