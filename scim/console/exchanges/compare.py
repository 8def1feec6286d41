"""Two exchanges side by side (`/compare?left=1&right=2`): works with Okta, fails with Entra ID."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from scim.explain.bodies import Reading
from scim.explain.exchange import Exchange
from scim.explain.requests.comparing import compare

from ..state import state
from .live import chosen, this_choice
from .page import recorded

SHOWN = 100

bp = Blueprint("compare", __name__)


@bp.get("/compare")
def page() -> ResponseReturnValue:
    """Show two exchanges side by side; without ``right``, those that one may choose."""
    left = _side("left") or abort(404, "Open an exchange, and choose Compare there.")
    right = _side("right")
    if right:
        return render_template(
            "exchanges/compare.html",
            left=left,
            right=right,
            found=compare(left, right),
            names=state().names.of([left, right]),
        )
    choice = this_choice()
    found, _ = chosen(state().recordings, choice, None, SHOWN)
    others = [each for each in found if each.number != left.number]
    others.sort(key=lambda each: -_likeness(left, each))
    names = state().names.of([left, *others])
    return render_template(
        "exchanges/choose.html", left=left, others=others, choice=choice, names=names
    )


def _side(name: str) -> Exchange | None:
    number = request.args.get(name, type=int)
    return recorded(number) if number is not None else None


def _likeness(left: Exchange, other: Exchange) -> int:
    """Return how much there is to learn from a comparison: alike, but with another outcome."""
    is_alike = Reading(left).endpoint == Reading(other).endpoint and left.method == other.method
    return 2 * is_alike + (is_alike and left.is_failed != other.is_failed)
