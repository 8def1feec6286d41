"""Operate: the brake of a tenant with its release, and the rules that protect users."""

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect
from flask.typing import ResponseReturnValue

from scim.operate.brake import DONE, NOUNS, Brake, State, let_pass, words
from scim.operate.brake import state as state_of
from scim.storage.brakings import Brakings
from scim.storage.protections import rules_of
from scim.storage.tokens import Tenant

from ..asked import this_tenant
from ..links import page_url
from ..state import state

bp = Blueprint("braking", __name__)


@bp.post("/operate/release")
def release() -> ResponseReturnValue:
    """Let pass what the brake of the tenant stops, for as long as its window."""
    tenant = this_tenant()
    brake = Brake.of(tenant) or abort(400, "The brake of this tenant is off.")
    until = let_pass(state().service.database, tenant, brake.window)
    flash(f"The brake of {tenant.name} lets everything pass until {until[:19]}Z.")
    return redirect(page_url("operate.page", _anchor="brake"), 303)


class Shown:
    """The brake of a tenant as the page shows it."""

    def __init__(self, tenant: Tenant) -> None:
        database = state().service.database
        self.state: State = database.read(
            lambda known: state_of(Brakings(known, tenant.id), tenant)
        )
        self.rules: Sequence[str] = database.read(lambda known: rules_of(known, tenant.id))
        self.nouns, self.done = NOUNS, DONE
        self.window = words(self.state.brake.window) if self.state.brake else ""
