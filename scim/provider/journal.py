"""The journal of a request: its results so far, and those that come with a transaction.

A request that is carried out later may be interrupted, and go on. It must not repeat an operation,
so its journal stores each result in the transaction of the operation.
"""

from collections.abc import Callable, Iterable, Mapping

from scim.protocol.bulk import BulkOperation, succeeded
from scim.protocol.errors import PausedError, ScimError, TooExpensiveError, UnavailableError
from scim.protocol.schema import GROUP_MEMBERSHIP
from scim.protocol.values import PLACEHOLDER, Record
from scim.storage import MEMBERSHIP_VERSION, Transaction, joined_id

Coming = Callable[[Transaction], Mapping[int, Record]]


class Interrupted(Exception):
    """A request rests, and is carried out further another time."""


class Journal:
    """The results of operations by their places in a request; this one stores nothing.

    ``coming`` returns the results that a transaction at its end brings, if it is committed. With
    ``retries``, a request that meets an error that passes is carried out again later.
    """

    def __init__(self, results: Mapping[int, Record] | None = None, retries: bool = False) -> None:
        self.results: dict[int, Record] = dict(results or {})
        self.coming: Coming = lambda _: {}
        self.retries = retries

    @property
    def failures(self) -> int:
        """The number of results that are errors."""
        return sum(int(each["status"]) >= 400 for each in self.results.values())

    def created(self, operations: Iterable[BulkOperation]) -> dict[str, str]:
        """Return the ids of the resources that were created, by the bulkIds of their operations."""
        done = [
            (each, self.results[each.index]) for each in operations if each.index in self.results
        ]
        return {
            str(operation.bulk_id): result["location"].rpartition("/")[2]
            for operation, result in done
            if result["status"] == "201"
        }

    def rests(self) -> bool:
        """Tell whether the request is to be interrupted."""
        return False

    def check(self, error: ScimError) -> None:
        """Raise an error that passes, if the request is carried out again then."""
        if self.retries and passes(error):
            raise error


def passes(error: ScimError) -> bool:
    """Tell whether what failed may succeed in a moment, without anybody's help."""
    lasting = isinstance(error, PausedError | TooExpensiveError)
    return isinstance(error, UnavailableError) and not lasting


def brought(operation: BulkOperation, transaction: Transaction) -> Mapping[int, Record]:
    """Return the result that a transaction brings to an operation, by its place; or nothing.

    A transaction that changes what refers to a deleted resource brings no further result.
    """
    change = next((each for each in transaction.changes if each.cause is None), None)
    if change is None:
        return {}
    if operation.method == "DELETE":
        return {operation.index: succeeded(operation, 204)}
    if operation.method != "POST":
        return {operation.index: succeeded(operation, 200, None, change.version)}
    made, version = change.resource_id, change.version
    if operation.path == GROUP_MEMBERSHIP.endpoint:  # which is made by a change of its group
        made, version = joined_id(made, next(iter(change.members))), MEMBERSHIP_VERSION
    location = f"{PLACEHOLDER}{operation.path}/{made}"
    return {operation.index: succeeded(operation, 201, location, version)}
