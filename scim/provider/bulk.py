"""Bulk requests: many operations in one, each by itself or not at all (RFC 7644 §3.7).

Creates that follow each other are written together, which is many times faster, and one by one if
the database refuses any of them: the outcome is the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scim.protocol.bulk import (
    BulkOperation,
    Step,
    bulk_ids,
    bulk_response,
    check_operation,
    failed,
    is_circular,
    plan,
    resolved,
    succeeded,
    withheld,
)
from scim.protocol.errors import ConflictError, InvalidSyntaxError, NotFoundError, ScimError
from scim.protocol.schema import ResourceType
from scim.protocol.values import Record
from scim.serializers import documents
from scim.serializers.stored import Representation, location
from scim.storage import Store, Stored, Transaction

from . import operations, writing
from .operations import Request

WRITTEN_AT_ONCE = 200  # more at once gain nothing, and would hold their locks for longer


def carry_out(
    store: Store,
    operations: Sequence[BulkOperation],
    fail_on_errors: int | None,
    request: Request,
) -> str:
    """Carry operations out, until there are as many errors as the client accepts.

    Return the BulkResponse with the results in the order of the request.
    """
    job = _Job(store, operations, fail_on_errors, request)
    for step in plan(operations):
        if job.is_over:
            break
        job.take(step)
    job.write_waiting()
    return bulk_response(job.results[index] for index in sorted(job.results))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A create that is ready to be written."""

    operation: BulkOperation
    resource_type: ResourceType
    draft: documents.Draft


class _Job:
    """A bulk request being carried out; ``ids`` are those of what has been created so far."""

    def __init__(
        self,
        store: Store,
        operations: Sequence[BulkOperation],
        fail_on_errors: int | None,
        request: Request,
    ) -> None:
        self.store = store
        self.owners = bulk_ids(operations)
        self.errors_left = fail_on_errors
        self.request = request
        self.ids: dict[str, str] = {}
        self.results: dict[int, Record] = {}
        self.waiting: dict[str, _Waiting] = {}

    @property
    def is_over(self) -> bool:
        return self.errors_left is not None and self.errors_left <= 0

    def take(self, step: Step) -> None:
        """Carry out a step, or let it wait for others like it."""
        operation = step[0]
        if len(step) == 1 and operation.method == "POST" and not is_circular(step):
            if self.needs_waiting(operation):
                self.write_waiting()
            if not self.is_over:
                self.attempt(operation, self.create)
            return
        self.write_waiting()
        if self.is_over:
            return
        if is_circular(step):
            self.close_circle(step)
        else:
            self.attempt(operation, self.change)

    def needs_waiting(self, operation: BulkOperation) -> bool:
        """Tell whether what waits must be written before an operation."""
        first = next(iter(self.waiting.values()), None)
        other = first is not None and first.resource_type.endpoint != operation.path
        full = len(self.waiting) == WRITTEN_AT_ONCE
        return other or full or not operation.references.isdisjoint(self.waiting)

    def attempt(self, operation: BulkOperation, work: Callable[[BulkOperation], None]) -> None:
        """Do the work of an operation, the error of which is its own."""
        try:
            work(operation)
        except ScimError as error:
            self.write_waiting()  # as much as the client sent before it
            if not self.is_over:
                self.fail(operation, error)

    def fail(self, operation: BulkOperation, error: ScimError) -> None:
        self.results[operation.index] = failed(self.placed(operation), error)
        if self.errors_left is not None:
            self.errors_left -= 1

    def data(self, operation: BulkOperation) -> Any:
        """Return an operation's data with the ids that references in it stand for."""
        return resolved(operation.data, self.ids) if operation.references else operation.data

    def placed(self, operation: BulkOperation) -> BulkOperation:
        """Return an operation with the id that a reference in its path stands for, if it does."""
        try:
            return replace(operation, path=resolved(operation.path, self.ids))
        except ConflictError:
            return operation

    def created(self, operation: BulkOperation, resource_type: ResourceType, made: Stored) -> None:
        self.ids[str(operation.bulk_id)] = made.id
        place = location(resource_type, made.id)
        self.results[operation.index] = succeeded(operation, 201, place, made.version)

    def create(self, operation: BulkOperation) -> None:
        """Check a create and let it wait, or carry it out if it has to see what is there."""
        check_operation(operation, self.owners)
        resource_type = self.endpoint(operation)
        draft = documents.load(resource_type, self.data(operation), self.request.tolerated)
        if draft.member_ids or self.store.directory.restores:
            self.write_waiting()
            self.write_one(_Waiting(operation, resource_type, draft))
        else:
            self.waiting[str(operation.bulk_id)] = _Waiting(operation, resource_type, draft)

    def write_waiting(self) -> None:
        """Write the creates that wait."""
        waiting, self.waiting = list(self.waiting.values()), {}
        if not waiting:
            return
        resource_type = waiting[0].resource_type
        drafts = [each.draft.document for each in waiting]
        try:
            made = self.store.atomically(
                lambda transaction: writing.insert(transaction, resource_type, drafts)
            )
        except ScimError:  # find out which of them it was
            for each in waiting:
                self.write_one(each)
        else:
            for each, stored in zip(waiting, made, strict=True):
                self.created(each.operation, resource_type, stored)

    def write_one(self, create: _Waiting) -> None:
        if self.is_over:
            return
        resource_type, draft = create.resource_type, create.draft
        try:
            made = self.store.atomically(
                lambda transaction: writing.create(transaction, resource_type, draft)
            )
        except ScimError as error:
            self.fail(create.operation, error)
        else:
            self.created(create.operation, resource_type, made)

    def change(self, operation: BulkOperation) -> None:
        """Carry out a PUT, a PATCH or a DELETE."""
        check_operation(operation, self.owners)
        moved = replace(operation, path=resolved(operation.path, self.ids))
        data = self.data(operation)
        resource_type, resource_id = self.resource(moved.path)
        request = replace(self.request, if_match=operation.version, if_none_match=None)
        if operation.method == "DELETE":
            operations.delete(self.store, resource_type, resource_id, request)
            self.results[operation.index] = succeeded(moved, 204)
            return
        work = operations.replace if operation.method == "PUT" else operations.patch
        shown: Representation = work(self.store, resource_type, resource_id, data, request)
        self.results[operation.index] = succeeded(moved, 200, shown.location, shown.version)

    def close_circle(self, step: Step) -> None:
        """Create resources that refer to each other, all or none (RFC 7644 §3.7.1).

        Each is created without the references to those that are not there yet, and completed.
        """
        culprit = step[0]

        def work(transaction: Transaction) -> list[tuple[ResourceType, Stored]]:
            nonlocal culprit
            ids, absent = dict(self.ids), set(bulk_ids(step))
            types = []
            for culprit in step:
                check_operation(culprit, self.owners)
                types.append(self.endpoint(culprit))
                draft = self.draft(types[-1], withheld(culprit.data, absent), ids)
                made = writing.create(transaction, types[-1], draft)
                ids[str(culprit.bulk_id)] = made.id
                absent.discard(str(culprit.bulk_id))
            for culprit, resource_type in zip(step, types, strict=True):
                draft = self.draft(resource_type, culprit.data, ids)
                try:
                    writing.complete(transaction, resource_type, ids[culprit.bulk_id], draft)
                except ScimError as error:
                    raise ConflictError(f"a circular reference: {error.detail}") from None
            return [
                (each, transaction.get(each, ids[str(operation.bulk_id)], with_related=False))
                for each, operation in zip(types, step, strict=True)
            ]

        try:
            made = self.store.atomically(work)
        except ScimError as error:
            for operation in step:
                if operation is culprit:
                    self.fail(operation, error)
                else:
                    other = f"a circular reference to Operations[{culprit.index}], which failed"
                    self.fail(operation, ConflictError(other))
        else:
            for operation, (resource_type, stored) in zip(step, made, strict=True):
                self.created(operation, resource_type, stored)

    def draft(
        self, resource_type: ResourceType, data: object, ids: dict[str, str]
    ) -> documents.Draft:
        return documents.load(resource_type, resolved(data, ids), self.request.tolerated)

    def endpoint(self, operation: BulkOperation) -> ResourceType:
        """Return the type that the path of a POST names."""
        found = self.store.directory.definitions.by_endpoint.get(operation.path)
        if found is None:
            raise NotFoundError(
                f"{operation.path[:80]!r} is not the endpoint of a resource type, such as /Users"
            )
        return found

    def resource(self, path: str) -> tuple[ResourceType, str]:
        """Return what any other path names: a resource of a type."""
        endpoint, _, resource_id = path.rpartition("/")
        found = self.store.directory.definitions.by_endpoint.get(endpoint)
        if found is None or not resource_id:
            raise InvalidSyntaxError(
                f"{path[:80]!r} is not the path of a resource, such as /Users/2819c223"
            )
        return found, resource_id
