"""One deferred request as it is carried out, with the rights that its token has by then."""

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic, perf_counter
from typing import Any

from scim import provider
from scim.operate.guard import PAUSED, guard
from scim.protocol.bulk import BulkOperation, failed
from scim.protocol.errors import (
    InternalError,
    PausedError,
    ScimError,
    SkippedError,
    UnauthorizedError,
)
from scim.protocol.permissions import WRITE
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import PLACEHOLDER, Record
from scim.provider import single
from scim.provider.journal import Interrupted, Journal, passes
from scim.serializers.answers import dump_error
from scim.serializers.messages import load_bulk
from scim.service import Service
from scim.storage import Access, Change, Connection, Directory, Store, Transaction
from scim.storage.access import granted
from scim.storage.contents import About
from scim.storage.deferred import BULK, ClaimLost, Completed, Deferrals, Deferred

from ..events.streams import tell_completions
from .carried import Carried
from .completion import about, claims_of

MOST_ATTEMPTS = 10  # without any progress
SLICE = 2.0  # seconds after which a bulk request lets others go on
PAUSE = 2.0  # seconds before the next attempt
GONE = "the token that sent this request has been revoked since; send it again with another one"
INTERRUPTED = "the server was interrupted too often while it carried this out; send it again"
SKIPPED = "failOnErrors: as many operations failed before this one was carried out"

logger = logging.getLogger("scim")


class Lasting(Journal):
    """A journal that stores results in the transactions that bring them, which it watches.

    ``operations`` are those of the request; a request for one resource is one.
    """

    def __init__(
        self,
        service: Service,
        request: Deferred,
        operations: Sequence[BulkOperation],
        done: Sequence[Completed],
    ) -> None:
        results = {each.operation: each.result for each in done}
        super().__init__(results, retries=request.attempts < MOST_ATTEMPTS)
        self.service = service
        self.request = request
        self.operations = operations
        self.is_over = False
        self._stored, self._kept = set(results), set[int]()
        self._ends = False
        self._rests_at = monotonic() + SLICE

    def carry_out(
        self, store: Store, details: provider.Request, sent: Any, most_errors: int | None
    ) -> None:
        """Carry out the operations that have no result yet.

        :raises ScimError: the operation of a request for one resource is refused
        :raises Interrupted: a bulk request rests
        """
        if self.request.is_bulk:
            provider.carry_out(store, self.operations, most_errors, details, self)
            self.fail(SkippedError(SKIPPED))
        else:
            self.results[0] = single.carry_out(store, self.operations[0], sent, details, self)

    def rests(self) -> bool:
        """Tell whether other tenants have waited long enough."""
        return monotonic() >= self._rests_at

    def rest(self) -> None:
        """Store the results so far; the request is the tenant's next one again."""
        self.service.database.write(lambda known: self._keep(known, self.results, False))
        self.service.database.write(lambda known: Deferrals(known).put_off(self.request, 0))

    def before_commit(self, transaction: Transaction) -> None:
        """Store the results so far, and those that the transaction brings."""
        if not self.is_over:
            results = {**self.results, **self.coming(transaction)}
            self._keep(transaction.connection, results, not self.request.is_bulk)

    def after_commit(self, directory: Directory, changes: Sequence[Change]) -> None:
        """Note what is stored."""
        self._stored |= self._kept
        self.is_over = self._ends

    def finish(self) -> None:
        """Store the results that no transaction has brought; the request has ended."""
        if not self.is_over:
            self.service.database.write(lambda known: self._keep(known, self.results, True))
            self.is_over = True

    def _keep(self, connection: Connection, results: Mapping[int, Record], is_over: bool) -> None:
        new = {place: each for place, each in results.items() if place not in self._stored}
        told = {place: (self._uri(place, each), each) for place, each in new.items()}
        completed = Deferrals(connection).keep(self.request, told, is_over)
        tell_completions(connection, self.request.tenant_id, map(self._claims, completed))
        self._kept, self._ends = set(new), is_over

    def _claims(self, completed: Completed) -> tuple[Record, About]:
        """Return what streams are told of an operation."""
        about_it = about(self.service, self.request, completed)
        return claims_of(self.service, self.request, completed), about_it

    def _uri(self, place: int, result: Record) -> str:
        """Return the path of the resource of an operation, or else of the endpoint."""
        location = result.get("location", "").removeprefix(PLACEHOLDER)
        path = location or next(each.path for each in self.operations if each.index == place)
        is_path = isinstance(path, str) and path.startswith("/") and "\0" not in path
        return path if is_path else BULK

    def fail(self, error: ScimError) -> None:
        """Note an error of all operations that have no result yet."""
        for operation in self.operations:
            if operation.index not in self.results:
                self.results[operation.index] = failed(operation, error.status, dump_error(error))


def run(service: Service, request: Deferred, body: str) -> Carried | None:
    """Carry a request out, and store its results; return what became of it.

    None if it rests, or an error passes, and it goes on later, or somebody else has the claim.

    :raises UnavailableError: the database cannot be reached, or is too busy
    """
    began = perf_counter()
    access, done = service.database.read(lambda known: _known(known, request))
    tolerated = service.tolerated(bool(access and access.tenant.strict), request.base_url)
    sent = json.loads(body) if body else None
    operations, most_errors = _read(request, sent, tolerated)
    journal = Lasting(service, request, operations, done)
    try:
        store, details = _opened(service, request, access, journal, tolerated)
        journal.carry_out(store, details, sent, most_errors)
        failure = None
    except ClaimLost:
        return None
    except Interrupted:
        with suppress(ClaimLost):
            journal.rest()
        return None
    except ScimError as error:
        failure = error
        if journal.retries and passes(error):
            service.database.write(lambda known: Deferrals(known).put_off(request, PAUSE))
            return None
    except Exception:
        logger.exception("Request %s failed unexpectedly", request.request_id)
        failure = InternalError()
    if failure:
        journal.fail(failure)
    with suppress(ClaimLost):
        journal.finish()
        tenant, used = access.tenant.name if access else "", tuple(tolerated.used)
        milliseconds = 1000 * (perf_counter() - began)
        return Carried(request, body, tenant, used, journal.results, milliseconds)
    return None


def _known(connection: Connection, request: Deferred) -> tuple[Access | None, list[Completed]]:
    """Return what the token of a request opens now, and what was carried out earlier."""
    access = granted(connection, request.tenant_id, request.token, request.issued)
    return access, Deferrals(connection).results(request)


def _read(
    request: Deferred, sent: Any, tolerated: Tolerated
) -> tuple[list[BulkOperation], int | None]:
    """Return the operations of a request, and the number of errors that ends them."""
    if not request.is_bulk:
        return [BulkOperation(0, request.method, request.path)], None
    with suppress(ScimError):  # the tenant may be stricter than it was
        return load_bulk(sent, tolerated)
    return [], None


def _opened(
    service: Service,
    request: Deferred,
    access: Access | None,
    journal: Lasting,
    tolerated: Tolerated,
) -> tuple[Store, provider.Request]:
    """Return the directory that a request changes, and what its operations need.

    :raises ScimError: the token of the request does not permit it any more
    """
    if request.attempts > MOST_ATTEMPTS:
        raise InternalError(INTERRUPTED)
    if access is None:
        raise UnauthorizedError(GONE)
    access.permission.check_scope(WRITE)
    if access.is_paused:
        raise PausedError(PAUSED)
    allowed = guard(access, service.definitions)
    store = service.store(access.tenant, access.token, allowed, request.request_id)
    watchers = (*store.directory.watchers, journal)
    txn = None if request.is_bulk else request.id  # a bulk request has a transaction for each part
    directory = replace(store.directory, watchers=watchers, txn=txn)
    details = provider.Request(
        tolerated=tolerated,
        if_match=request.if_match,
        if_none_match=request.if_none_match,
        limits=service.limits,
        max_operations=service.settings.max_patch_operations,
        permission=access.permission,
    )
    return Store(service.database, directory), details
