"""One operation, as bulk requests have them, that is carried out by itself."""

from functools import partial
from typing import Any

from scim.protocol.bulk import BulkOperation, succeeded
from scim.protocol.errors import MethodNotAllowedError
from scim.protocol.values import Record
from scim.serializers.stored import Representation
from scim.storage import Store

from . import operations
from .journal import Journal, brought
from .operations import Request
from .paths import endpoint, named


def carry_out(
    store: Store, operation: BulkOperation, data: Any, request: Request, journal: Journal
) -> Record:
    """Carry out an operation, and return its result.

    :raises ScimError: it is refused
    """
    if operation.method != "POST":
        return change(store, operation, data, request, journal)
    journal.coming = partial(brought, operation)
    resource_type = endpoint(store.directory.definitions, operation.path, request.permission)
    made = operations.create(store, resource_type, data, request)
    return succeeded(operation, 201, made.location, made.version)


def change(
    store: Store, operation: BulkOperation, data: Any, request: Request, journal: Journal
) -> Record:
    """Carry out a PUT, a PATCH or a DELETE, and return its result.

    :raises ScimError: it is refused
    """
    journal.coming = partial(brought, operation)
    definitions, permission = store.directory.definitions, request.permission
    resource_type, resource_id = named(definitions, operation.path, permission)
    if operation.method == "DELETE":
        operations.delete(store, resource_type, resource_id, request)
        return succeeded(operation, 204)
    if resource_type.part_of:
        raise MethodNotAllowedError(
            f"a {resource_type.name} never changes; delete it and create another"
        )
    work = operations.replace if operation.method == "PUT" else operations.patch
    shown: Representation = work(store, resource_type, resource_id, data, request)
    return succeeded(operation, 200, shown.location, shown.version)
