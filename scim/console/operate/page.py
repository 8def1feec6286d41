"""Operate: tenants, tokens, trash, sizes and rates at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scim.explain.exchange import Exchange
from scim.protocol.values import date_time
from scim.settings import VERSION, Settings
from scim.storage.figures import Figures, place
from scim.storage.tokens import DEFAULT_TENANT, Tenant, count_tenants, list_tokens, revoke_token

from ..asked import this_tenant
from ..connect import once
from ..connect.page import new_token
from ..links import page_url
from ..state import state
from .rates import MINUTES, NEWEST, rates

WIDTH, HEIGHT = 720, 120  # of the chart
STEP = WIDTH // MINUTES
SECRET = ("token", "tls_key", "audit_key")
URLS = ("database_url", "replica_url")

bp = Blueprint("operate", __name__)


@dataclass(frozen=True, slots=True)
class Token:
    """An issued token; ``seen`` is the instant of its last recorded request."""

    name: str
    created: str
    seen: str


@bp.get("/operate")
def page() -> ResponseReturnValue:
    """Show the state of the server, and that of the tenant that was chosen."""
    here, tenant = state(), this_tenant()
    tenants = here.tenants()
    if tenant not in tenants:
        tenants.append(tenant)
    now = datetime.now(UTC)
    newest = here.recordings.heads(NEWEST)
    figures = {each.name: here.figures(each) for each in tenants}
    return render_template(
        "operate/page.html",
        tenant=tenant,
        figures=figures,
        listed=tenants,
        number=here.service.database.read(count_tenants),
        tokens=_tokens(tenant, newest),
        issued=once.take(),
        purged=_purged(figures[tenant.name], here.service.settings),
        rates=rates(newest, now),
        database=here.service.database.read(place),
        where=here.service.database.url,
        recorded=here.recordings.count(),
        size=here.recordings.size(),
        dropped=here.recordings.dropped(),
        settings=here.service.settings,
        failed=here.readiness.failed(),
        version=VERSION,
        changed=_changed(here.service.settings),
        width=WIDTH,
        height=HEIGHT,
        step=STEP,
    )


@bp.post("/operate/token")
def issue() -> ResponseReturnValue:
    """Issue a token of the tenant, and show it once."""
    name = request.form.get("name", "").strip()
    if not 0 < len(name) <= 100:
        abort(400, "A token needs a name of at most 100 characters.")
    once.keep(*new_token(this_tenant(), name))
    return redirect(page_url("operate.page", _anchor="tokens"), 303)


@bp.post("/operate/revoke")
def revoke() -> ResponseReturnValue:
    """Revoke a token of the tenant; running servers refuse it within seconds."""
    name, tenant = request.form.get("name", ""), this_tenant()
    done = state().service.database.write(partial(revoke_token, tenant=tenant, name=name))
    flash(f"Revoked {name}." if done else f"There is no token {name!r}.")
    return redirect(page_url("operate.page", _anchor="tokens"), 303)


def _tokens(tenant: Tenant, newest: Sequence[Exchange]) -> list[Token]:
    seen: dict[str, str] = {}
    for each in newest:
        if each.tenant == tenant.name:
            seen.setdefault(each.token, each.at)
    issued = state().service.database.read(partial(list_tokens, tenant=tenant))
    listed = [Token(row.name, row.created, seen.pop(row.name, "")) for row in issued]
    if tenant.id == DEFAULT_TENANT and state().service.settings.own_token:
        return [Token("SCIM_TOKEN", "", seen.get("SCIM_TOKEN", "")), *listed]
    return listed


def _purged(figures: Figures, settings: Settings) -> str:
    """Return the instant from which ``trash purge`` deletes the oldest; empty without one."""
    if not figures.oldest:
        return ""
    oldest = datetime.fromisoformat(figures.oldest)
    return date_time(oldest + timedelta(days=settings.trash_days))


def _changed(settings: Settings) -> list[tuple[str, str]]:
    """Return the settings that differ from their defaults; secrets are not among their values."""
    found = []
    for each in fields(Settings):
        value = getattr(settings, each.name)
        if value == each.default:
            continue
        if each.name in SECRET:
            value = "set"
        elif each.name in URLS:
            value = state().service.database.url if each.name == "database_url" else "set"
        found.append((f"SCIM_{each.name.upper()}", str(value)))
    return found
