"""Connect without an identity provider: the checks, a year, an empty server."""

from base64 import b64encode
from hashlib import sha256

from flask import Response, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scim.storage.emptying import empty

from ..asked import this_tenant
from ..keys import for_writers
from ..links import page_url
from ..state import state
from . import page as connect
from .jobs import JOBS

SCRIPT = ("<script>", "</script>")

bp = connect.bp  # these views are Connect's, too


@bp.post("/connect/run/<kind>")
def run(kind: str) -> ResponseReturnValue:
    """Start the checks, or a company's year."""
    if kind not in JOBS:
        abort(404)
    if not state().jobs.start(kind, this_tenant()):
        flash("Something is running already. Wait for its end, or stop it.")
    elif request.form.get("then") == "live":
        return redirect(page_url("live.live"), 303)
    return redirect(page_url("connect.page", _anchor="try"), 303)


@bp.post("/connect/stop")
def stop() -> ResponseReturnValue:
    """Stop what is running."""
    state().jobs.stop()
    if request.form.get("then") == "live":
        return redirect(page_url("live.live"), 303)
    return redirect(page_url("connect.page", _anchor="try"), 303)


@bp.get("/connect/job")
def job() -> ResponseReturnValue:
    """Answer with what runs, or has ended, as a part of a page."""
    return render_template("connect/job.html", job=state().jobs.current)


@bp.get("/connect/report")
def report() -> ResponseReturnValue:
    """Show the report of the last checks, a page of its own that may run its script only."""
    found = state().jobs.current
    if not found or not found.report:
        abort(404, "There is no report. Run the checks on the page Connect.")
    script = found.report.rpartition(SCRIPT[0])[2].partition(SCRIPT[1])[0]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    headers = {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'; sandbox allow-scripts"
    }
    return Response(found.report, headers=headers)


@bp.get("/connect/empty")
@for_writers
def ask_to_empty() -> ResponseReturnValue:
    """Show what an empty directory would lose, and ask for the tenant's name."""
    tenant = this_tenant()
    return render_template("connect/empty.html", tenant=tenant, lost=state().figures(tenant))


@bp.post("/connect/empty")
def carry_out() -> ResponseReturnValue:
    """Delete all that the tenant has but its tokens and choices, as ``manage.py reset`` does."""
    tenant, database = this_tenant(), state().service.database
    if request.form.get("name", "").strip() != tenant.name:
        flash("Nothing was deleted: the name was another one.")
        return redirect(page_url("connect.ask_to_empty"), 303)
    database.write(lambda connection: empty(connection, [tenant.id]))
    if database.replica:
        database.replica.remember(tenant.id)
    flash(f"The directory of {tenant.name} is empty. Its tokens are still there.")
    return redirect(page_url("connect.page", _anchor="try"), 303)
