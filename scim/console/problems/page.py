"""Problems: failures of one kind, with their cause, and what to change where."""

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from scim.explain.reasons.problems import Problem

from ..state import state
from .troubles import WINDOW

bp = Blueprint("problems", __name__)


@bp.get("/problems")
def page() -> ResponseReturnValue:
    """Show each problem with its cause, its remedy, and links to its exchanges."""
    return render_template("problems/page.html", found=chosen(), query=query, window=WINDOW)


def chosen() -> Sequence[Problem]:
    """Return the problems of the tenant that was chosen; a rejected credential has none."""
    name = request.args.get("tenant", "")
    found = state().problems.newest()
    return [each for each in found if not name or each.tenant in ("", name)]


def query(problem: Problem) -> str:
    """Return the filter with which Live shows a problem's exchanges."""
    terms = [f"status:{problem.status}"]
    if problem.provider:
        terms.append(f"provider:{problem.provider.lower().replace(' ', '')}")
    if problem.endpoint:
        terms.append(f'path:"/{problem.endpoint.lower()}"')
    return " ".join(terms)
