"""Receivers fetch security event tokens here (RFC 8936)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim.deliver.events import polling
from scim.protocol.errors import NotFoundError
from scim.protocol.headers import PARK
from scim.serializers.resources import to_json

from .answers import Empty
from .auth import events_permitted
from .call import Call
from .deferring import Left

LONGEST = 20.0  # seconds that a poll waits


bp = Blueprint("events", __name__)


@bp.post("/Events/poll")
@events_permitted
def poll(call: Call) -> ResponseReturnValue:
    """Answer with tokens for the receiver that has the name of the request's token.

    Without any the request waits, unless the client does not want that; it holds no thread.
    """
    tenant, name = call.admitted.tenant, call.admitted.token
    receiver = polling.receiver_of(call.service, tenant, name)
    if receiver is None:
        raise NotFoundError(
            f"no stream that polls has the name of this token, {name!r}; an operator adds one with "
            "that name by `python manage.py stream add NAME --poll`"
        )
    asked = polling.read_poll(call.json_body())
    if call.is_first:
        polling.settle(call.service, receiver, asked)
    told = polling.answer(call.service, receiver, asked.number)
    park = None if told["sets"] or asked.is_short or not asked.number else call.environ.get(PARK)
    watch = polling.arrivals(call.service.database).watch
    if park and park(tenant.id, watch(receiver), LONGEST, Left(call.id)):
        return Empty(status=202)  # nobody gets it
    return call.answer(to_json(told), media_type="application/json")
