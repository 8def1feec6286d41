"""What RFC 7644 describes and this server does not do: 501, never a silent 404 (RFC 7644 §3.12)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim.protocol.errors import NotImplementedYetError

from .auth import bearer_required

bp = Blueprint("unsupported", __name__)

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@bp.route("/Me", methods=METHODS)
@bp.post("/Bulk")
@bp.post("/.search")
@bp.post("/Users/.search")
@bp.post("/Groups/.search")
@bp.get("/")
@bearer_required
def refuse() -> ResponseReturnValue:
    raise NotImplementedYetError("this server does not support that; see /ServiceProviderConfig")
