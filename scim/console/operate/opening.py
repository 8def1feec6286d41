"""Operate: what opens a tenant, its tokens, and whether it takes changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from flask import Blueprint, abort, flash, redirect, request
from flask.typing import ResponseReturnValue

from scim.explain.exchange import CONSOLE, Exchange
from scim.protocol.permissions import SCOPES, Permission
from scim.protocol.values import date_time
from scim.storage.access import OWN
from scim.storage.keys import now
from scim.storage.tokens import (
    DEFAULT_TENANT,
    Tenant,
    list_tokens,
    revoke_token,
    rotate_token,
    set_tenant,
)

from ..asked import new_name, this_tenant
from ..connect import once
from ..connect.page import new_token
from ..links import page_url
from ..state import state

OVERLAPS = {24: "a day", 1: "an hour", 168: "a week", 0: "no time"}  # by hours, the default first

bp = Blueprint("opening", __name__)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the page shows it; ``used`` is the instant of its last use, empty for none.

    SCIM_TOKEN has no instant of its issue, and its last use is its last recorded request.
    """

    name: str
    created: str = ""
    used: str = ""
    scopes: str = Permission().stored_scopes
    types: str | None = None
    expires: str | None = None
    replaced: bool = False
    has_expired: bool = False


def listed_tokens(tenant: Tenant, newest: Sequence[Exchange]) -> list[Token]:
    """Return the tokens of a tenant; ``newest`` are exchanges, the newest first."""
    issued, at = state().service.database.read(partial(list_tokens, tenant=tenant)), now()
    listed = [
        Token(
            row.name,
            row.created,
            row.last_used or "",
            row.scopes,
            row.types,
            row.expires,
            row.replaced,
            has_expired=bool(row.expires) and row.expires <= at,
        )
        for row in issued
    ]
    if tenant.id == DEFAULT_TENANT and state().service.settings.own_token:
        mine = (each.at for each in newest if (each.tenant, each.token) == (tenant.name, OWN))
        return [Token(OWN, used=next(mine, "")), *listed]
    return listed


@bp.post("/operate/token")
def issue() -> ResponseReturnValue:
    """Issue a token of the tenant, and show it once."""
    wanted = new_name("token")
    named, token = new_token(this_tenant(), wanted, _permission(), _expires())
    once.keep(f"token {named}", token)
    return to_tokens()


def _permission() -> Permission:
    named, types = request.form.getlist("scope"), frozenset(request.form.getlist("type"))
    if not types <= {each.name for each in state().service.definitions.served}:
        abort(400, "There is no resource type of that name.")
    scopes = frozenset(named) & frozenset(SCOPES) if named else Permission().scopes
    return Permission(scopes, types or None)


def _expires() -> str | None:
    """Return the end of the day that the form names, None without one."""
    day = request.form.get("expires", "")
    try:
        found = date_time(datetime.fromisoformat(f"{day}T23:59:59")) if day else None
    except ValueError:
        abort(400, "A day is written as 2026-11-29.")
    if found and found <= now():
        abort(400, "The token would have expired already.")
    return found


@bp.post("/operate/revoke")
def revoke() -> ResponseReturnValue:
    """Revoke a token of the tenant; running servers refuse it within seconds."""
    name, tenant = request.form.get("name", ""), this_tenant()
    done = state().service.database.write(partial(revoke_token, tenant=tenant, name=name))
    flash(f"Revoked {name}." if done else f"There is no token {name!r}.")
    return to_tokens()


@bp.post("/operate/rotate")
def rotate() -> ResponseReturnValue:
    """Make a new token of the same name, and show it once; the old one stays for some hours."""
    name, tenant = request.form.get("name", ""), this_tenant()
    hours = request.form.get("hours", type=int)
    if hours not in OVERLAPS:
        abort(400, "There is no such overlap.")
    rotated = partial(rotate_token, tenant=tenant, name=name, overlap=timedelta(hours=hours))
    if name != CONSOLE and (token := state().service.database.write(rotated)):
        once.keep(f"token {name}", token)
    else:
        flash(f"There is no token {name!r}.")
    return to_tokens()


@bp.post("/operate/pause")
def pause() -> ResponseReturnValue:
    """Let the tenant be read only, or take changes of clients again."""
    tenant, paused = this_tenant(), "paused" in request.form
    state().service.database.write(partial(set_tenant, tenant=tenant, paused=paused))
    flash(f"{'Paused' if paused else 'Resumed'} {tenant.name}.")
    return redirect(page_url("operate.page"), 303)


def to_tokens() -> ResponseReturnValue:
    """Go back to the tokens and clients."""
    return redirect(page_url("operate.page", _anchor="tokens"), 303)
