"""Bulk requests: many operations, each alone or not at all (RFC 7644 §3.7).

Creates that follow each other are written together, which is many times faster. If the database
refuses one of them, they are written one by one, so that the result is the same.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
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
    resolve_ids,
    succeeded,
    withhold,
)
from scim.protocol.errors import ConflictError, InvalidSyntaxError, NotFoundError, ScimError
from scim.protocol.schema import ResourceType
from scim.protocol.values import Record
from scim.serializers.messages import bulk_patch
from scim.serializers.resources import with_hash
from scim.serializers.stored import Draft, Representation, load_draft, location
from scim.storage import Store, Stored, Transaction

from . import operations, writing
from .operations import Request

WRITTEN_AT_ONCE = 200  # more gain nothing, and would hold their locks for longer


def carry_out(
    store: Store,
    operations: Sequence[BulkOperation],
    fail_on_errors: int | None,
    request: Request,
) -> str:
    """Carry out operations until there are ``fail_on_errors`` errors; None for no limit.

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
class _Create:
    """A checked create."""

    operation: BulkOperation
    resource_type: ResourceType
    draft: Draft


class _Job:
    """A bulk request that is being carried out.

    ``owners`` are the operations by their bulkIds, ``ids`` the ids of the resources created so far,
    by bulkId, and ``results`` the results by the operations' places in the request.
    """

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
        self.waiting: dict[str, _Create] = {}

    @property
    def is_over(self) -> bool:
        return self.errors_left is not None and self.errors_left <= 0

    def take(self, step: Step) -> None:
        """Carry out a step, or let a create wait for others that follow."""
        operation = step[0]
        if is_circular(step):
            self.write_waiting()
            self.create_circle(step)
        elif operation.method == "POST":
            if self.must_write_before(operation):
                self.write_waiting()
            self.attempt(operation, self.create)
        else:
            self.write_waiting()
            self.attempt(operation, self.change)

    def must_write_before(self, operation: BulkOperation) -> bool:
        """Tell whether the waiting creates must be written before another create."""
        first = next(iter(self.waiting.values()), None)
        other = first is not None and first.resource_type.endpoint != operation.path
        full = len(self.waiting) == WRITTEN_AT_ONCE
        return other or full or not operation.references.isdisjoint(self.waiting)

    def attempt(self, operation: BulkOperation, work: Callable[[BulkOperation], None]) -> None:
        """Do the work of an operation, unless the job is over, and note its error."""
        if self.is_over:
            return
        try:
            work(operation)
        except ScimError as error:
            self.write_waiting()  # the creates before it come first, and may end the job
            if not self.is_over:
                self.fail(operation, error)

    def create(self, operation: BulkOperation) -> None:
        """Check a create and let it wait; write it now if it has members or may restore a user."""
        check_operation(operation, self.owners)
        resource_type = self.endpoint(operation)
        draft = self.load(resource_type, self.data(operation))
        if draft.member_ids or self.store.directory.restores:
            self.write_waiting()
            self.write_one(_Create(operation, resource_type, draft))
        else:
            self.waiting[str(operation.bulk_id)] = _Create(operation, resource_type, draft)

    def write_waiting(self) -> None:
        """Write the waiting creates, together if possible."""
        waiting, self.waiting = list(self.waiting.values()), {}
        if not waiting:
            return
        resource_type = waiting[0].resource_type
        sent = [create.draft.document for create in waiting]
        try:
            made = self.store.atomically(
                lambda transaction: writing.insert(transaction, resource_type, sent)
            )
        except ScimError:  # one by one, to find the one that fails
            for create in waiting:
                self.write_one(create)
        else:
            for create, stored in zip(waiting, made, strict=True):
                self.note_created(create.operation, resource_type, stored)

    def write_one(self, create: _Create) -> None:
        """Write one create, unless the job is over."""
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
            self.note_created(create.operation, resource_type, made)

    def create_circle(self, step: Step) -> None:
        """Create resources that refer to each other, all or none (RFC 7644 §3.7.1)."""
        if self.is_over:
            return
        circle = _Circle(self, step)
        try:
            circle.hash_passwords()
            made = self.store.atomically(circle.write)
        except ScimError as error:
            failed_too = ConflictError(
                f"a circular reference to Operations[{circle.current.index}], which failed"
            )
            for operation in step:
                self.fail(operation, error if operation is circle.current else failed_too)
        else:
            for operation, (resource_type, stored) in zip(step, made, strict=True):
                self.note_created(operation, resource_type, stored)

    def change(self, operation: BulkOperation) -> None:
        """Carry out a PUT, a PATCH or a DELETE."""
        check_operation(operation, self.owners)
        placed = replace(operation, path=resolve_ids(operation.path, self.ids))
        data = self.data(operation)
        resource_type, resource_id = self.resource(placed.path)
        request = replace(self.request, if_match=operation.version, if_none_match=None)
        if operation.method == "DELETE":
            operations.delete(self.store, resource_type, resource_id, request)
            self.results[operation.index] = succeeded(placed, 204)
            return
        work = operations.replace if operation.method == "PUT" else operations.patch
        shown: Representation = work(self.store, resource_type, resource_id, data, request)
        self.results[operation.index] = succeeded(placed, 200, shown.location, shown.version)

    def data(self, operation: BulkOperation) -> Any:
        """Return an operation's data with ids in place of references by bulkId."""
        data = resolve_ids(operation.data, self.ids) if operation.references else operation.data
        return bulk_patch(data, self.request.tolerated) if operation.method == "PATCH" else data

    def load(self, resource_type: ResourceType, data: Any) -> Draft:
        return load_draft(resource_type, data, self.request.tolerated)

    def note_created(
        self, operation: BulkOperation, resource_type: ResourceType, made: Stored
    ) -> None:
        self.ids[str(operation.bulk_id)] = made.id
        place = location(resource_type, made.id)
        self.results[operation.index] = succeeded(operation, 201, place, made.version)

    def fail(self, operation: BulkOperation, error: ScimError) -> None:
        """Note the error of an operation, and the id that a reference in its path stands for."""
        with suppress(ConflictError):  # the path may have a bulkId of which nothing was created
            operation = replace(operation, path=resolve_ids(operation.path, self.ids))
        self.results[operation.index] = failed(operation, error)
        if self.errors_left is not None:
            self.errors_left -= 1

    def endpoint(self, operation: BulkOperation) -> ResourceType:
        """Return the resource type at the path of a POST."""
        found = self.store.directory.definitions.by_endpoint.get(operation.path)
        if found is None:
            raise NotFoundError(
                f"{operation.path[:80]!r} is not the endpoint of a resource type, such as /Users"
            )
        return found

    def resource(self, path: str) -> tuple[ResourceType, str]:
        """Return the resource type and the id in the path of a PUT, PATCH or DELETE."""
        endpoint, _, resource_id = path.rpartition("/")
        found = self.store.directory.definitions.by_endpoint.get(endpoint)
        if found is None or not resource_id:
            raise InvalidSyntaxError(
                f"{path[:80]!r} is not the path of a resource, such as /Users/2819c223"
            )
        return found, resource_id


class _Circle:
    """Creates that refer to each other, for one transaction.

    Each is created without its references to resources that do not exist yet. When all exist, each
    is completed. ``current`` is the create in work, so that an error can be told of it. ``data`` is
    the data of each create, with the hash of its password.
    """

    def __init__(self, job: _Job, step: Step) -> None:
        self.job = job
        self.step = step
        self.current = step[0]
        self.data: list[Any] = []

    def hash_passwords(self) -> None:
        """Hash the password in the data of each create, before the transaction.

        :raises ScimError: a create is no legal operation
        """
        for operation in self.step:
            self.current = operation
            check_operation(operation, self.job.owners)
            resource_type, tolerated = self.job.endpoint(operation), self.job.request.tolerated
            self.data.append(with_hash(operation.data, resource_type, tolerated))

    def write(self, transaction: Transaction) -> list[tuple[ResourceType, Stored]]:
        """Write all resources; return them with their types, in the order of the step."""
        ids = dict(self.job.ids)
        types = self.create(transaction, ids)
        self.complete(transaction, types, ids)
        return [
            (each, transaction.get(each, ids[str(operation.bulk_id)], with_related=False))
            for each, operation in zip(types, self.step, strict=True)
        ]

    def create(self, transaction: Transaction, ids: dict[str, str]) -> list[ResourceType]:
        """Create each resource, add its id to ``ids``, and return all types."""
        absent, types = set(bulk_ids(self.step)), []
        for operation, data in zip(self.step, self.data, strict=True):
            self.current = operation
            types.append(self.job.endpoint(operation))
            draft = self.job.load(types[-1], resolve_ids(withhold(data, absent), ids))
            made = writing.create(transaction, types[-1], draft)
            ids[str(operation.bulk_id)] = made.id
            absent.discard(str(operation.bulk_id))
        return types

    def complete(
        self, transaction: Transaction, types: Sequence[ResourceType], ids: Mapping[str, str]
    ) -> None:
        """Write the references that each resource lacks.

        :raises ConflictError: the database refuses a reference
        """
        for operation, resource_type, data in zip(self.step, types, self.data, strict=True):
            self.current = operation
            draft = self.job.load(resource_type, resolve_ids(data, ids))
            try:
                writing.complete(transaction, resource_type, ids[operation.bulk_id], draft)
            except ScimError as error:
                raise ConflictError(f"a circular reference: {error.detail}") from None
