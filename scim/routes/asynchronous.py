"""/Async: the results of asynchronous requests, for the tenant that has sent them (RFC 9967)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim.deliver.asynchronous.completion import claims_of
from scim.deliver.events.signing import TYPE, signer
from scim.protocol.errors import NotFoundError
from scim.protocol.headers import SET_TXN
from scim.serializers.resources import to_json
from scim.storage import is_id
from scim.storage.deferred import Completed, Deferrals, Deferred

from .answers import Answer, Empty
from .auth import bearer_required
from .call import Call
from .deferring import RESULTS

bp = Blueprint("asynchronous", __name__, url_prefix=RESULTS)
SOON = {"Retry-After": "1"}


@bp.get("/<txn>")
@bearer_required
def get_result(call: Call, txn: str) -> ResponseReturnValue:
    """Answer with the event of the completion, or with 202 as long as there is none.

    The events of a bulk request come together, as a poll for events is answered (RFC 8936 §2.2).
    """
    request = _find(call, txn)
    headers = {SET_TXN: request.id}
    if request.finished is None:
        return Empty(status=202, headers=headers | SOON)
    completed = call.service.database.read(lambda known: Deferrals(known).results(request))
    if not completed and not request.is_bulk:  # it was purged a moment ago
        raise _unknown(call)
    sets = _signed(call, request, completed)
    if not request.is_bulk:
        [only] = sets.values()
        return Answer(only, 200, headers, content_type=f"application/{TYPE}")
    return Answer(to_json({"sets": sets}), 200, headers, content_type="application/json")


def _find(call: Call, txn: str) -> Deferred:
    """Return the request with an id.

    :raises NotFoundError: the tenant has none, or the token must not see it
    """
    access = call.admitted
    found = is_id(txn) and call.service.database.read(
        lambda known: Deferrals(known).find(access.tenant.id, txn)
    )
    is_limited = access.permission.types is not None
    if not found or (is_limited and found.token != access.token):
        raise _unknown(call)
    return found


def _unknown(call: Call) -> NotFoundError:
    return NotFoundError(
        "there is no asynchronous request with this id; results are kept for"
        f" {call.settings.async_result_hours} hours"
    )


def _signed(call: Call, request: Deferred, completed: list[Completed]) -> dict[str, str]:
    """Return the security event tokens of a request by their ids."""
    sign = signer(call.service)
    return {
        each.id: sign(claims_of(call.service, request, each) | {"jti": each.id})
        for each in completed
    }
