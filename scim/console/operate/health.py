"""Health: the metrics, for Prometheus and for people."""

from flask import Blueprint, Response

from scim.operate.metrics import CONTENT_TYPE, page

from ..state import state

bp = Blueprint("health", __name__)


@bp.get("/metrics")
def metrics() -> Response:
    """Answer with the metrics of all processes; a client without cookies sends the key."""
    return Response(page(state().readiness.failed()), content_type=CONTENT_TYPE)
