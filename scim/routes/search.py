"""Queries of all resource types together, at the root (RFC 7644 §3.4.2.1, §3.4.3); deltas, too."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim.protocol.delta import DELTA, DELTA_TOKEN

from . import delta
from .auth import bearer_required, search_permitted
from .call import Call

bp = Blueprint("search", __name__)


@bp.get("/")
@bearer_required
def query_all(call: Call) -> ResponseReturnValue:
    return call.search(call.definitions.resource_types, call.query())


@bp.post("/.search")
@search_permitted
def search_all(call: Call) -> ResponseReturnValue:
    return call.search(call.definitions.resource_types, call.search_body())


@bp.get(DELTA_TOKEN)
@bearer_required
def get_delta_token(call: Call) -> ResponseReturnValue:
    return delta.issue_token(call, call.definitions.resource_types, is_root=True)


@bp.post(DELTA)
@search_permitted
def query_delta(call: Call) -> ResponseReturnValue:
    return delta.answer(call, call.definitions.resource_types)
