"""A write as its client asks for it: now, later, or for trial."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from scim.protocol.headers import DRY_RUN
from scim.storage import Store

from .call import Call
from .deferring import defer

T = TypeVar("T")
Sent = TypeVarTuple("Sent")


def write(call: Call, operation: Callable[[Store, *Sent], T], *sent: *Sent) -> T:
    """Return what an operation returns; in a dry run, nothing that it does is kept.

    :raises Accepted: the client does not wait for the operation
    """
    if call.is_dry:
        call.applied = DRY_RUN
        return call.store.rehearse(lambda store: operation(store, *sent))
    if call.preferences.respond_async and call.settings.max_async_requests:
        return defer(call, operation, *sent)
    return operation(call.store, *sent)
