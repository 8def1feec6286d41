"""Operate: the OAuth clients of a tenant, which get short-lived tokens by themselves."""

from functools import partial

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue

from scim.protocol.permissions import UNLIMITED
from scim.storage.clients import add_client, change_secret, remove_client

from ..asked import new_name, this_tenant
from ..connect import once
from ..state import state
from .opening import to_tokens

bp = Blueprint("clients", __name__)


@bp.post("/operate/client")
def add() -> ResponseReturnValue:
    """Add a client of the tenant, and show its secret once."""
    name, tenant = new_name("client"), this_tenant()
    made = partial(add_client, tenant=tenant, name=name, permission=UNLIMITED)
    if added := state().service.database.write(made):
        once.keep(f"secret of {name}", added[1])
    else:
        flash(f"There is a client {name!r} already.")
    return to_tokens()


@bp.post("/operate/client/secret")
def renew() -> ResponseReturnValue:
    """Give a client a new secret, and show it once; the old one gets no more tokens."""
    name, tenant = request.form.get("name", ""), this_tenant()
    if secret := state().service.database.write(partial(change_secret, tenant=tenant, name=name)):
        once.keep(f"secret of {name}", secret)
    else:
        flash(f"There is no client {name!r}.")
    return to_tokens()


@bp.post("/operate/client/remove")
def remove() -> ResponseReturnValue:
    """Remove a client with its tokens; running servers refuse them within seconds."""
    name, tenant = request.form.get("name", ""), this_tenant()
    done = state().service.database.write(partial(remove_client, tenant=tenant, name=name))
    flash(f"Removed {name}." if done else f"There is no client {name!r}.")
    return to_tokens()
