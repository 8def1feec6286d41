"""The /Bulk endpoint: many operations in one request (RFC 7644 §3.7)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim import provider

from .auth import bearer_required
from .call import Call
from .writing import write

bp = Blueprint("bulk", __name__)


@bp.post("/Bulk")
@bearer_required
def carry_out(call: Call) -> ResponseReturnValue:
    return call.answer(write(call, provider.carry_out, *call.bulk_body(), call.details()))
