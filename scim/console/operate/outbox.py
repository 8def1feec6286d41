"""Operate: who is told of a tenant's changes, what waits for them, and dead letters."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue

from scim.explain.words import counted
from scim.storage.backlogs import Backlog, backlogs
from scim.storage.letters import (
    AT_ONCE,
    Chosen,
    count_letters,
    drop_letters,
    find_letter,
    letters,
    retry_letters,
)
from scim.storage.outbox import Message
from scim.storage.tokens import Tenant

from ..asked import this_tenant
from ..links import page_url
from ..state import state

SHOWN = 20  # messages
NONE_DEAD = "There are no dead letters; somebody may have sent them again, or dropped them."

bp = Blueprint("outbox", __name__)


@dataclass(frozen=True, slots=True)
class Undelivered:
    """The receivers of a tenant, and its dead letters or else what waits; ``number`` of all."""

    receivers: list[Backlog]
    messages: list[Message]
    number: int
    dead: bool

    @property
    def names(self) -> dict[str, str]:
        """The names of the receivers by id."""
        return {each.receiver.id: each.receiver.name for each in self.receivers}


def told(tenant: Tenant) -> Undelivered:
    """Return who is told of a tenant's changes, and the oldest messages."""
    database = state().service.database
    receivers = database.read(lambda known: backlogs(known, tenant))
    dead = any(each.dead for each in receivers)
    chosen = Chosen(tenant.id, dead=dead)
    messages = database.read(lambda known: letters(known, chosen, SHOWN)) if receivers else []
    number = database.read(lambda known: count_letters(known, chosen)) if receivers else 0
    return Undelivered(receivers, messages, number, dead)


@bp.post("/operate/outbox")
def change() -> ResponseReturnValue:
    """Send a message of the tenant again, or drop it; without an id, all that are dead."""
    tenant, database = this_tenant(), state().service.database
    key, drops = request.form.get("id", ""), request.form.get("do") == "drop"
    if key:
        one = database.read(lambda known: find_letter(known, tenant.id, key))
        parts = [one] if one else []
    else:  # a part: the page says how many are left
        dead = Chosen(tenant.id, dead=True)
        parts = database.read(lambda known: letters(known, dead, AT_ONCE))
    act, done = (drop_letters, "dropped") if drops else (retry_letters, "to be sent now")
    number = database.write(lambda known: act(known, parts)) if parts else 0
    gone = "The message is not in the outbox; it may be delivered." if key else NONE_DEAD
    flash(f"{counted(number, 'message')} {done}." if number else gone)
    return redirect(page_url("operate.page", _anchor="outbox"), 303)
