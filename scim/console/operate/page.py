"""Operate: tenants, tokens, trash, sizes and rates at a glance."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from scim.explain.words import ago
from scim.protocol.permissions import SCOPES
from scim.protocol.values import date_time
from scim.settings import VERSION, Settings, variable
from scim.storage.clients import list_clients
from scim.storage.deferred import Deferrals
from scim.storage.figures import Figures, place
from scim.storage.tokens import count_tenants

from ..asked import this_tenant
from ..connect import once
from ..state import state
from .audit import chained
from .braking import Shown
from .opening import OVERLAPS, listed_tokens
from .outbox import told
from .rates import MINUTES, NEWEST, rates

WIDTH, HEIGHT = 720, 120  # of the chart
STEP = WIDTH // MINUTES

bp = Blueprint("operate", __name__)


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
        tokens=listed_tokens(tenant, newest),
        clients=here.service.database.read(partial(list_clients, tenant=tenant)),
        scopes=SCOPES,
        types=[each.name for each in here.service.definitions.served],
        overlaps=OVERLAPS,
        today=date_time(now)[:10],
        issued=once.take(),
        braking=Shown(tenant),
        audit=chained(tenant),
        told=told(tenant),
        ago=ago,
        purged=_purged(figures[tenant.name], here.service.settings),
        rates=rates(newest, now),
        width=WIDTH,
        height=HEIGHT,
        step=STEP,
        **_of_the_server(),
    )


def _of_the_server() -> dict[str, Any]:
    """Return what the page shows of the server, whatever tenant was chosen."""
    here = state()
    database, settings = here.service.database, here.service.settings
    return {
        "database": database.read(place),
        "where": database.url,
        "recorded": here.recordings.count(),
        "size": here.recordings.size(),
        "dropped": here.recordings.dropped(),
        "deferred": database.read(lambda known: Deferrals(known).count_waiting()),
        "settings": settings,
        "failed": here.readiness.failed(),
        "version": VERSION,
        "changed": _changed(settings),
    }


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
        if each.name == "database_url":
            value = state().service.database.url
        elif not each.repr:
            value = "set"
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        found.append((variable(each.name.upper()), shown))
    return found
