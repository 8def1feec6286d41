"""A recorded request, sent once more, as it was or edited (`/exchange/N/again`)."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, sleep

import httpx2
from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scim.explain.exchange import Exchange
from scim.explain.requests.copying import masked, target
from scim.explain.secrets.telling import MASK
from scim.protocol.headers import DRY_RUN
from scim.storage.recordings import Recordings

from ..keys import for_writers
from ..showing import json_text
from ..state import state
from .page import recorded

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADERS = ("Content-Type", "If-Match", "If-None-Match")
HEADER = re.compile(r"[\x20-\x7e\t]*", re.ASCII)
PATIENCE = 2  # seconds until the new exchange is recorded
LOOK = 0.05

bp = Blueprint("again", __name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """A request as the form has it; ``target`` is the path behind the base URL, and the query."""

    method: str
    target: str
    headers: dict[str, str]
    body: str
    tenant: str
    is_dry: bool = False


@bp.get("/exchange/<int:number>/again")
@for_writers
def form(number: int) -> ResponseReturnValue:
    """Show a recorded request as a form."""
    exchange = recorded(number)
    kept = {name: exchange.request.header(name) for name in HEADERS}
    draft = Draft(
        exchange.method, target(exchange), kept, pretty(exchange.request.body), exchange.tenant
    )
    return _form(exchange, draft)


@bp.post("/exchange/<int:number>/again")
def send(number: int) -> ResponseReturnValue:
    """Send the request of the form, and lead to its exchange."""
    exchange = recorded(number)
    given = request.form
    draft = Draft(
        given.get("method", "").strip().upper(),
        given.get("target", "").strip(),
        {name: given.get(name, "").strip() for name in HEADERS},
        given.get("body", "").replace("\r\n", "\n"),
        given.get("tenant", ""),
        "dry" in given,
    )
    if problems := list(_problems(exchange, draft)):
        return _form(exchange, draft, problems), 400
    tenant = state().tenant(draft.tenant)
    assert tenant is not None
    headers = {name: value for name, value in draft.headers.items() if value}
    headers |= {"Prefer": DRY_RUN} if draft.is_dry else {}
    try:
        body = draft.body.encode() if draft.body.strip() else None
        answer = state().endpoints.send(tenant, draft.method, draft.target, body, headers)
    except httpx2.InvalidURL as error:
        return _form(exchange, draft, [f"The path cannot be used: {error}."]), 400
    except httpx2.HTTPError as error:
        return _form(exchange, draft, [f"The server did not answer: {error}."]), 502
    new = _wait_for(state().recordings, answer.headers.get("X-Request-Id", ""), number)
    if new:
        return redirect(f"/exchange/{new.number}", 303)
    return _form(exchange, draft, answer=answer)


def _form(
    exchange: Exchange,
    draft: Draft,
    problems: Sequence[str] = (),
    answer: httpx2.Response | None = None,
) -> str:
    return render_template(
        "exchanges/again.html",
        exchange=exchange,
        draft=draft,
        masked=masked(exchange),
        methods=dict.fromkeys([*METHODS, draft.method]),
        headers=HEADERS,
        problems=problems,
        answer=answer,
    )


def _problems(exchange: Exchange, draft: Draft) -> list[str]:
    """Return what has to be mended before the request can be sent."""
    found = []
    if draft.method not in (*METHODS, exchange.method):
        found.append("Choose a method.")
    if not draft.target.startswith("/"):  # else it could become another host's
        found.append("The path must begin with a slash, for example /Users.")
    if MASK in draft.target or MASK in draft.body:
        found.append(f"Put real values in place of {MASK}, or take them out.")
    if exchange.request.is_cut and draft.body == pretty(exchange.request.body):
        found.append("The body was cut when it was recorded. Complete it, or replace it.")
    if state().tenant(draft.tenant) is None:
        found.append("Choose a tenant.")
    found += [
        f"{name} may have printable characters only."
        for name, value in draft.headers.items()
        if not HEADER.fullmatch(value)
    ]
    return found


def pretty(text: str) -> str:
    """Return a body with line breaks if it is JSON, or else as it is."""
    try:
        value = json.loads(text)
        shown = json_text(value)
    except (ValueError, RecursionError):
        return text
    has_same = json.dumps(value) == json.dumps(json.loads(shown))
    return shown if has_same and '"' in text else text


def _wait_for(recordings: Recordings, request_id: str, after: int) -> Exchange | None:
    """Return the exchange with a request id as soon as it is recorded; None if it is not."""
    ends = monotonic() + PATIENCE
    while request_id and monotonic() < ends:
        for found in recordings.find(request_id):
            if found.number > after:
                return found
        sleep(LOOK)
    return None
