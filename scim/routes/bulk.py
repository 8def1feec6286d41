"""The /Bulk endpoint: many operations in one request (RFC 7644 §3.7)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim import bulk

from .auth import bearer_required
from .wire import bulk_body, json_response, request_for, store

bp = Blueprint("bulk", __name__)


@bp.post("/Bulk")
@bearer_required
def carry_out() -> ResponseReturnValue:
    operations, fail_on_errors = bulk_body()
    return json_response(bulk.carry_out(store(), operations, fail_on_errors, request_for()), 200)
