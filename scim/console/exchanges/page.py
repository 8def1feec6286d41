"""An exchange: what happened, why, what it changed; and what one does with exchanges."""

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scim.explain.bodies import Reading, completed
from scim.explain.exchange import Exchange, Message
from scim.explain.providers import recognised
from scim.explain.reasons.problems import problems
from scim.explain.reasons.reason import reason
from scim.explain.requests import copying, har
from scim.explain.requests.bulks import Operation, operations
from scim.explain.sentences.conversations import Conversation, conversations
from scim.protocol.errors import UnavailableError
from scim.storage import is_id
from scim.storage.recordings import Recordings
from scim.storage.tokens import Tenant

from ..asked import type_at
from ..state import state
from .changed import changed
from .documents import decisions, rfc_url, words
from .filtered import filtered
from .live import matching, this_choice
from .stepping import steps

AROUND = 40  # exchanges on each side in which a conversation is looked for
MOST_EXPORTED = 1000
MOST_NAMED = 200  # operations of a bulk request


bp = Blueprint("exchanges", __name__)
bp.add_app_template_filter(words, "cell")
bp.add_app_template_global(rfc_url, "rfc_url")


@bp.app_template_global("phrase")
def phrase(status: int) -> str:
    """Return the words of a status: ``Not Found``."""
    return har.PHRASES.get(status, "")


@bp.app_template_filter("whole")
def whole(message: Message) -> str:
    """Return a body, that of a cut one as far as it is JSON."""
    return completed(message.body) if message.is_cut else message.body


@bp.get("/exchange/<int:number>")
def page(number: int) -> ResponseReturnValue:
    """Show an exchange with all that is known of it."""
    exchange = recorded(number)
    tenant = _tenant(exchange)
    store = state().store(tenant) if tenant else None
    reading = Reading(exchange)
    resource_type = type_at(reading.endpoint)
    versions = changed(store, exchange) if store and exchange.made else []
    own = next((each for each in versions if each.made.resource_id == reading.subject.id), None)
    recordings, base_url = state().recordings, state().service.settings.base_url
    earlier = next(iter(recordings.before(number, 1)), None)
    later = next(iter(recordings.after(number, 1)), None)
    conversation = _conversation(recordings, exchange)
    together = conversation.exchanges if conversation else ()
    near = [exchange, *together, *filter(None, (earlier, later))]
    return render_template(
        "exchanges/page.html",
        exchange=exchange,
        reason=reason(exchange),
        thought=_thought(exchange),
        problem=next(iter(problems([exchange])), None),
        decisions=decisions,
        versions=versions,
        marked=own.marks if own and not own.became else [],
        steps=steps(store, tenant, exchange),
        filtered=filtered(exchange, resource_type),
        operations=_operations(reading),
        conversation=conversation,
        earlier=earlier,
        later=later,
        names=state().names.of(near),
        curl=copying.curl(exchange, base_url),
        httpie=copying.httpie(exchange, base_url),
        pytest=copying.pytest(exchange),
    )


def _tenant(exchange: Exchange) -> Tenant | None:
    """Return the tenant of an exchange; None if it is not known, or the database is away."""
    with suppress(UnavailableError):
        return state().tenant(exchange.tenant) if exchange.tenant else None
    return None


def _operations(reading: Reading) -> list[Operation]:
    """Return the operations of a bulk request, with the names of those whom they are about."""
    if reading.endpoint.lower() != "bulk" or reading.method != "POST":
        return []
    paths = (str(each.get("path", "")) for each in reading.operations[:MOST_NAMED])
    ids = {path.rpartition("/")[2] for path in paths}
    names = state().names.named(reading.exchange.tenant, filter(is_id, ids)) if ids else {}
    return operations(reading.exchange, names)


def recorded(number: int) -> Exchange:
    """Return an exchange, or end the request with 404."""
    return state().recordings.get(number) or abort(
        404, f"Exchange {number} is not recorded. The oldest go when newer ones need the room."
    )


def _thought(exchange: Exchange) -> str:
    """Return why one thinks that a request is of its provider; empty if nothing tells."""
    sent = exchange.request
    name, why = recognised(sent.headers, exchange.method, exchange.path, exchange.query, sent.body)
    return why if name == exchange.provider else ""


def _conversation(recordings: Recordings, exchange: Exchange) -> Conversation | None:
    """Return the conversation of an exchange, among its neighbours; None if it is alone."""
    earlier = recordings.before(exchange.number, AROUND)[::-1]
    around = [*earlier, exchange, *recordings.after(exchange.number, AROUND)]
    own = (
        each
        for each in conversations(around)
        if any(one.number == exchange.number for one in each.exchanges)
    )
    found = next(own, None)
    return found if found and len(found.exchanges) > 1 else None


@bp.post("/exchange/<int:number>/mark")
def mark(number: int) -> ResponseReturnValue:
    """Mark an exchange, so that it is kept, or no longer."""
    recorded(number)
    state().recordings.mark(number, request.form.get("mark") == "on")
    return redirect(f"/exchange/{number}", 303)


@bp.get("/exchange/<int:number>.har")
def har_of_one(number: int) -> ResponseReturnValue:
    """Answer with one exchange as a HAR file."""
    return _archive(iter([recorded(number)]), f"exchange-{number}.har")


@bp.get("/exchanges.har")
def har_of_many() -> ResponseReturnValue:
    """Answer with the newest exchanges that ``q`` chooses as a HAR file, the newest first."""
    found = matching(state().recordings, this_choice())
    return _archive(islice(found, MOST_EXPORTED), "exchanges.har")


def _archive(found: Iterator[Exchange], name: str) -> Response:
    base_url = state().service.settings.base_url
    found = chain(list(islice(found, 1)), found)  # else an error would come within the file
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_lines(found, base_url), mimetype="application/json", headers=disposition)


def _lines(found: Iterator[Exchange], base_url: str) -> Iterator[str]:
    creator = json.dumps(har.CREATOR)
    yield f'{{"log": {{"version": "1.2", "creator": {creator}, "entries": ['
    for number, exchange in enumerate(found):
        yield ",\n" * (number > 0) + json.dumps(har.entry(exchange, base_url))
    yield "]}}\n"
