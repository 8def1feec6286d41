"""The carrier: jobs beside the workers that carry deferred requests out.

1. The requests of a tenant are carried out one after the other, in the order of their acceptance.
2. Of several tenants, the one goes first whose last request was carried out the longest ago.
3. Several carriers may work on the same database. One that is killed leaves a claim, which ends
   seconds later; another goes on with the request where it was.
4. One transaction stores the changes of a request and its result, so nothing is done twice.
"""

import logging
import time
from contextlib import suppress
from threading import Lock, Thread

from scim.operate import metrics
from scim.operate.catalogue import QUEUED
from scim.operate.jobs import Job
from scim.operate.recorder import Recorder
from scim.protocol.errors import UnavailableError
from scim.service import Service
from scim.storage.deferred import Deferrals, Deferred
from scim.storage.noting import NOTHING, begin, end

from .carried import tell
from .errand import run

THREADS = 4  # so that many tenants' requests are carried out at once
IDLE = 0.2  # seconds between two looks for requests
RENEWED = 0.5  # seconds between two times that a claim is renewed
LOOKED = 10.0  # seconds between two looks at the queue, and at what is too old
MOST_KNOWN = 10_000  # tenants

logger = logging.getLogger("scim")


class Carrier:
    """The deferred requests that a process carries out, one for each of some tenants."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[int, Deferred] = {}
        self._served: dict[int, float] = {}  # when tenants had their last turn
        self._quiet_until = 0.0  # nothing waited a moment ago; one thread looks for all
        self._renewing: Thread | None = None
        self._recorder: Recorder | None = None

    def work(self, service: Service) -> bool:
        """Carry a request out; tell whether there was one.

        :raises UnavailableError: the database cannot be reached, or is too busy
        """
        taken = self._take(service)
        if taken is None:
            return False
        request, body = taken
        noted = begin() if service.settings.records else NOTHING
        try:
            carried = run(service, request, body)
        finally:
            end()
            self._held.pop(request.tenant_id)
        if carried:
            tell(service, carried, self._recorder_of(service), noted)
        return True

    def _recorder_of(self, service: Service) -> Recorder | None:
        if self._recorder is None and service.settings.records:
            self._recorder = Recorder.of(service)
        return self._recorder

    def _take(self, service: Service) -> tuple[Deferred, str] | None:
        """Claim the next request of the tenant whose turn it is; None if there is none."""
        with self._lock:
            if time.monotonic() < self._quiet_until:
                return None
            waiting = service.database.read(lambda known: Deferrals(known).next_ones())
            free = [each for each in waiting if each[0] not in self._held]
            for tenant_id, key in sorted(free, key=lambda each: self._served.get(each[0], 0.0)):
                if taken := _claim(service, tenant_id, key):
                    self._hold(service, taken[0])
                    return taken
            if not self._held:  # the next request of a tenant is free when this one is done
                self._quiet_until = time.monotonic() + IDLE / 2
        return None

    def _hold(self, service: Service, request: Deferred) -> None:
        if self._renewing is None or not self._renewing.is_alive():
            renewing = Thread(target=self._renew, args=[service], name="claims", daemon=True)
            renewing.start()  # if there is no room for it, nothing is held
            self._renewing = renewing
        if len(self._served) >= MOST_KNOWN:
            self._served.clear()
        self._served[request.tenant_id] = time.monotonic()
        self._held[request.tenant_id] = request

    def _renew(self, service: Service) -> None:
        """Keep the claims to requests that take long."""
        known: set[str] = set()
        while True:
            time.sleep(RENEWED)
            held = tuple(self._held.values())
            for request in (each for each in held if each.id in known):
                with suppress(UnavailableError):
                    _put_off(service, request)
            known = {each.id for each in held}


def _claim(service: Service, tenant_id: int, request_id: str) -> tuple[Deferred, str] | None:
    return service.database.write(lambda known: Deferrals(known).claim(tenant_id, request_id))


def _put_off(service: Service, request: Deferred) -> None:
    service.database.write(lambda known: Deferrals(known).put_off(request))


def look(service: Service) -> bool:
    """Measure the queue, and delete some results that are too old; tell whether more may be."""
    if metrics.meter:
        waiting = service.database.read(lambda known: Deferrals(known).count_waiting())
        metrics.measure(QUEUED, waiting, "asynchronous")
    hours = service.settings.async_result_hours
    old = service.database.read(lambda known: Deferrals(known).old_ones(hours))
    if old:  # a write would hold up others, for nothing most of the time
        service.database.write(lambda known: Deferrals(known).purge(old))
    return bool(old)


QUEUE = Job("asynchronous requests", LOOKED, look)


def jobs() -> list[Job]:
    """Return the jobs of carrying requests out, for one process."""
    carrier = Carrier()
    names = [f"asynchronous requests {number + 1}" for number in range(THREADS)]
    return [Job(name, IDLE, carrier.work) for name in names]
