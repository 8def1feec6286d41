"""Requests that are carried out later: accepted here, and answered if they end soon enough.

RFC 7240 §4.1 and §4.3, RFC 9967 §2.5.1.1; `scim/deliver/asynchronous` carries them out.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from time import monotonic
from typing import Any, NamedTuple, TypeVar, TypeVarTuple, cast

from scim import provider
from scim.protocol.bulk import bulk_response
from scim.protocol.errors import NotFoundError, ScimError, SkippedError, TooManyRequestsError
from scim.protocol.headers import PARK, PARKED
from scim.protocol.values import PLACEHOLDER, Record
from scim.provider.paths import named
from scim.storage import Connection, Database, Store, new_id
from scim.storage.deferred import BULK, Deferrals, Deferred
from scim.storage.keys import now

from .call import Call

T = TypeVar("T")
Sent = TypeVarTuple("Sent")
RESULTS = "/Async"  # below it are the results
RETRY_AFTER = 5  # seconds until there may be room for another request
LOOKED = 0.1  # seconds between two looks at the requests that somebody waits for
METHODS: Mapping[Callable[..., Any], str] = {
    provider.create: "POST",
    provider.replace: "PUT",
    provider.patch: "PATCH",
    provider.delete: "DELETE",
    provider.carry_out: "POST",
}


class Left(NamedTuple):
    """The ids that a parked request finds when it is asked again; the log has its ``request_id``.

    ``txn`` is the id of the request that is carried out for it; a poll for events has none.
    """

    request_id: str
    txn: str = ""


class Accepted(Exception):
    """The request is carried out later; ``txn`` is its id."""

    def __init__(self, txn: str) -> None:
        super().__init__(txn)
        self.txn = txn


def defer(call: Call, operation: Callable[[Store, *Sent], T], *sent: *Sent) -> T:
    """Accept an operation; return what it returns if it is carried out soon enough.

    :raises Accepted: it is carried out later
    :raises ScimError: it was carried out, and refused
    :raises TooManyRequestsError: too many requests of the tenant wait
    """
    left: Left | None = call.environ.get(PARKED)
    if left:
        return cast("T", outcome(call, left.txn, operation, sent))
    path = path_of(operation, sent)
    if "\0" in path:  # it cannot be stored, and leads nowhere
        return operation(call.store, *sent)
    txn = accept(call, METHODS[operation], path)
    if (wait := call.preferences.wait) and (park := call.environ.get(PARK)):
        tenant_id, awaited = call.admitted.tenant.id, awaited_in(call.service.database)
        left = Left(call.id, txn)
        park(tenant_id, lambda: awaited.has_ended(tenant_id, txn), wait, left)
    raise Accepted(txn)


def accept(call: Call, method: str, path: str) -> str:
    """Store a request, and return its id.

    :raises TooManyRequestsError: too many requests of the tenant wait
    """
    access = call.admitted
    request = Deferred(
        tenant_id=access.tenant.id,
        id=new_id(),
        method=method,
        path=path,
        if_match=call.environ.get("HTTP_IF_MATCH"),
        if_none_match=call.environ.get("HTTP_IF_NONE_MATCH"),
        base_url=call.service_url,
        token=access.token,
        issued=access.issued or None,
        request_id=call.id,
        client=call.remote_addr or "",
        accepted=now(),
    )
    body, most = call.received.decode("utf-8-sig"), call.settings.max_async_requests
    if not call.service.database.write(lambda known: Deferrals(known).put(request, body, most)):
        error = TooManyRequestsError(
            f"{most} asynchronous requests of this tenant wait, or too many bytes of them; "
            "try again when some are done"
        )
        error.retry_after = RETRY_AFTER
        raise error
    return request.id


def outcome(call: Call, txn: str, operation: object, sent: tuple[Any, ...]) -> object:
    """Return what an operation returns that was carried out.

    :raises Accepted: it is still waiting or in work, or its resource is gone again
    :raises ScimError: it was refused
    """
    tenant_id = call.admitted.tenant.id
    results = call.service.database.read(lambda known: results_of(known, tenant_id, txn))
    if results is None:
        raise Accepted(txn)
    if operation is provider.carry_out:
        skipped = str(SkippedError.status)
        return bulk_response(each for each in results if each["status"] != skipped)
    [result] = results
    if "response" in result:
        raise refusal(result)
    if operation is provider.delete:
        return None
    path, details = result["location"].removeprefix(PLACEHOLDER), sent[-1]
    resource_type, resource_id = named(call.definitions, path, details.permission)
    asked = replace(details, if_match=None, if_none_match=None)
    try:
        return provider.get(call.store, resource_type, resource_id, asked)
    except NotFoundError:
        raise Accepted(txn) from None


def path_of(operation: object, sent: tuple[Any, ...]) -> str:
    """Return the path, below the base URL, of the resource that an operation is about."""
    if operation is provider.carry_out:
        return BULK
    endpoint: str = sent[0].endpoint
    return endpoint if operation is provider.create else f"{endpoint}/{sent[1]}"


def results_of(connection: Connection, tenant_id: int, txn: str) -> list[Record] | None:
    """Return the results of a request that has ended; None if it has not, or they are gone."""
    deferrals = Deferrals(connection)
    request = deferrals.find(tenant_id, txn)
    if request is None or request.finished is None:
        return None
    results = [each.result for each in deferrals.results(request)]
    return results if results or request.is_bulk else None  # it was purged a moment ago


def refusal(result: Record) -> ScimError:
    """Return the error in the result of an operation that was refused."""
    response = result["response"]
    error = ScimError(response["detail"])
    error.status, error.scim_type = int(result["status"]), response.get("scimType")
    return error


class Awaited:
    """The requests that clients wait for; one statement looks at all of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.asked: set[tuple[int, str]] = set()
        self.ended: set[tuple[int, str]] = set()
        self.looked = 0.0

    def has_ended(self, tenant_id: int, txn: str) -> bool:
        """Tell whether a request had ended when all were last looked at."""
        self.asked.add((tenant_id, txn))
        if monotonic() - self.looked >= LOOKED:
            asked, self.asked, self.looked = self.asked, set(), monotonic()
            unfinished = self.database.read(lambda known: Deferrals(known).unfinished(asked))
            self.ended = asked - unfinished
        return (tenant_id, txn) in self.ended


@lru_cache(maxsize=16)
def awaited_in(database: Database) -> Awaited:
    """Return the requests of a database that clients of this process wait for."""
    return Awaited(database)
