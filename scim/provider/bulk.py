"""Bulk requests: many operations, each alone or not at all (RFC 7644 §3.7).

Creates that follow each other are written together, which is many times faster. If one of them is
refused, each half of them is tried, so that the result is as if they were written one by one.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic
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
)
from scim.protocol.errors import (
    ConflictError,
    ScimError,
    UnavailableError,
)
from scim.serializers.answers import dump_error
from scim.serializers.messages import bulk_patch
from scim.serializers.stored import load_draft
from scim.storage import Store, Stored, Transaction, new_id

from . import writing
from .creates import Circle, Create, bringing, created, write_together
from .journal import Interrupted, Journal
from .operations import Request
from .paths import endpoint
from .single import change

WRITTEN_AT_ONCE = 200  # creates in one transaction; more gain nothing
LEAST = 10  # of them, however long they take: fewer would take nearly as long
MEMBERS_AS_A_CREATE = 10  # as many members take as long
LONG, SHORT = 0.1, 0.025  # seconds of a transaction after which the next one is smaller or larger


def carry_out(
    store: Store,
    operations: Sequence[BulkOperation],
    fail_on_errors: int | None,
    request: Request,
    journal: Journal | None = None,
) -> str:
    """Carry out operations until there are ``fail_on_errors`` errors; None for no limit.

    Return the BulkResponse with the results in the order of the request. Those that a ``journal``
    has already are not carried out again.

    :raises Interrupted: the journal wants the rest to be done later
    """
    journal = journal or Journal()
    job = _Job(store, operations, fail_on_errors, request, journal)
    for step in plan(operations):
        if job.is_over:
            break
        if journal.rests():
            job.write_waiting()
            raise Interrupted
        job.take(step)
    job.write_waiting()
    return bulk_response(job.results[index] for index in sorted(job.results))


class _Job:
    """A bulk request that is being carried out.

    ``owners`` are the operations by their bulkIds, ``ids`` the ids of the resources created so far,
    by bulkId, and ``results`` the results by the operations' places in the request. Creates in
    ``waiting`` are not written yet; their ids are places. ``written`` has the ids by the places.
    """

    def __init__(
        self,
        store: Store,
        operations: Sequence[BulkOperation],
        fail_on_errors: int | None,
        request: Request,
        journal: Journal,
    ) -> None:
        self.store = store
        self.definitions = store.directory.definitions
        self.owners = bulk_ids(operations)
        self.errors_left = fail_on_errors and fail_on_errors - journal.failures
        self.request = request
        self.journal = journal
        self.ids = journal.created(operations)
        self.results = journal.results
        self.written: dict[str, str] = {}
        self.waiting: list[Create] = []
        self.room = self.at_once = WRITTEN_AT_ONCE

    @property
    def is_over(self) -> bool:
        return self.errors_left is not None and self.errors_left <= 0

    def take(self, step: Step) -> None:
        """Carry out a step, or let a create wait for others that follow."""
        operation = step[0]
        if operation.index in self.results:
            return
        if is_circular(step):
            self.write_waiting()
            self.create_circle(step)
        elif operation.method == "POST":
            self.attempt(operation, self.create)
        else:
            self.write_waiting()
            self.attempt(operation, self.change)

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
        """Check a create and let it wait; write it now if it may restore a user, or joins one."""
        create = self.prepare(operation, new_id())
        size = 1 + len(create.draft.member_ids) // MEMBERS_AS_A_CREATE
        restores = self.store.directory.restores and create.resource_type.is_account
        is_alone = restores or bool(create.resource_type.part_of)
        if is_alone or size > self.room:
            self.write_waiting()
        self.ids[str(operation.bulk_id)] = create.place
        self.waiting.append(create)
        self.room -= size
        if is_alone or self.room <= 0:
            self.write_waiting()

    def prepare(self, operation: BulkOperation, place: str) -> Create:
        """Return a checked create.

        :raises ScimError: the operation or its resource is refused
        """
        check_operation(operation, self.owners)
        resource_type = endpoint(self.definitions, operation.path, self.request.permission)
        draft = load_draft(resource_type, self.data(operation), self.request.tolerated)
        return Create(operation, resource_type, draft, place)

    def write_waiting(self) -> None:
        """Write the waiting creates."""
        waiting, self.waiting = self.waiting, []
        self.write(waiting)
        self.room = self.at_once

    def write(self, creates: Sequence[Create]) -> None:
        """Write creates together, or in halves if one is refused, unless the job is over."""
        if self.is_over or not creates:
            return
        middle = len(creates) // 2
        try:
            for create in creates:
                self.check_references(create)
            if middle:
                self.write_together(creates)
            else:
                self.write_one(creates[0])
        except ScimError as error:
            if middle == 0 or isinstance(error, UnavailableError):  # the halves would wait as long
                self.give_up(creates, error)
            else:
                self.write(creates[:middle])
                self.write(creates[middle:])

    def write_together(self, creates: Sequence[Create]) -> None:
        """Write creates in one transaction; the next ones are fewer if it takes long.

        :raises ScimError: one of them is refused
        """

        def work(transaction: Transaction) -> tuple[dict[str, Stored], float]:
            made = write_together(transaction, creates, self.written)
            self.journal.coming = bringing(creates, [made[each.place] for each in creates])
            return made, monotonic() - transaction.began

        made, seconds = self.store.atomically(work)
        if seconds > LONG:
            self.at_once = max(LEAST, len(creates) // 2)
        elif seconds < SHORT:
            self.at_once = min(WRITTEN_AT_ONCE, 2 * self.at_once)
        for create in creates:
            self.note_created(create, made[create.place])

    def write_one(self, create: Create) -> None:
        """Write one create; it may restore a deleted user.

        :raises ScimError: it is refused
        """
        draft = create.draft_with(self.written)

        def work(transaction: Transaction) -> Stored:
            made = writing.create(transaction, create.resource_type, draft)
            self.journal.coming = bringing([create], [made])
            return made

        self.note_created(create, self.store.atomically(work))

    def check_references(self, create: Create) -> None:
        """Raise if a create that was to be written before another, which refers to it, failed.

        :raises ConflictError: nothing was created with a bulkId that is referred to
        """
        if not create.operation.references <= self.ids.keys():
            resolve_ids(create.operation.data, self.ids)

    def create_circle(self, step: Step) -> None:
        """Create resources that refer to each other, all or none (RFC 7644 §3.7.1)."""
        if self.is_over:
            return
        self.ids |= {str(operation.bulk_id): new_id() for operation in step}
        circle = Circle(step[0], self.written)

        def work(transaction: Transaction) -> list[Stored]:
            made = circle.write(transaction)
            self.journal.coming = bringing(circle.creates, made)
            return made

        try:
            for operation in step:
                circle.current = operation
                circle.creates.append(self.prepare(operation, self.ids[str(operation.bulk_id)]))
            circle.check_groups()
            made = self.store.atomically(work)
        except ScimError as error:
            failed_too = ConflictError(
                f"a circular reference to Operations[{circle.current.index}], which failed"
            )
            for operation in step:
                del self.ids[str(operation.bulk_id)]
                self.fail(operation, error if operation is circle.current else failed_too)
        else:
            for create, stored in zip(circle.creates, made, strict=True):
                self.note_created(create, stored)

    def change(self, operation: BulkOperation) -> None:
        """Carry out a PUT, a PATCH or a DELETE."""
        check_operation(operation, self.owners)
        placed = replace(operation, path=resolve_ids(operation.path, self.ids))
        data = self.data(operation)
        request = replace(self.request, if_match=operation.version, if_none_match=None)
        self.results[operation.index] = change(self.store, placed, data, request, self.journal)

    def data(self, operation: BulkOperation) -> Any:
        """Return an operation's data with ids in place of references by bulkId."""
        data = resolve_ids(operation.data, self.ids) if operation.references else operation.data
        return bulk_patch(data, self.request.tolerated) if operation.method == "PATCH" else data

    def note_created(self, create: Create, made: Stored) -> None:
        operation = create.operation
        self.ids[str(operation.bulk_id)] = self.written[create.place] = made.id
        self.results[operation.index] = created(create, made)

    def give_up(self, creates: Sequence[Create], error: ScimError) -> None:
        """Note the error of creates that were not written, until the job is over."""
        for create in creates:
            self.ids.pop(str(create.operation.bulk_id))
            if not self.is_over:
                self.fail(create.operation, error)

    def fail(self, operation: BulkOperation, error: ScimError) -> None:
        """Note the error of an operation, and the id that a reference in its path stands for.

        :raises UnavailableError: the error passes, and the request is carried out again
        """
        self.journal.check(error)
        with suppress(ConflictError):  # the path may have a bulkId of which nothing was created
            operation = replace(operation, path=resolve_ids(operation.path, self.ids))
        self.results[operation.index] = failed(operation, error.status, dump_error(error))
        if self.errors_left is not None:
            self.errors_left -= 1
