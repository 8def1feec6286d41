"""Live: each exchange as it happens, folded into conversations (`/` and its event stream)."""

import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from threading import BoundedSemaphore, Lock
from time import monotonic, sleep
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scim.explain.choosing import Choice, read_choice
from scim.explain.exchange import Exchange
from scim.explain.sentences.conversations import Conversation, conversations
from scim.storage.recordings import Recordings

from ..state import State, state

SHOWN = 100  # conversations on the page
CHUNK = 200  # exchanges that are read at once, in search of those that are chosen
WINDOW = 300  # exchanges before the new ones: a conversation goes on among them
MOST_SENT = 50  # conversations in one event; older ones are passed over
PAUSE = 0.5  # seconds between two events
PATIENCE = 15  # seconds after which a stream says that it is still there
MOST_MADE = 2000  # rows that are kept for the next who watch

MOST_EVENTS = 50  # that are kept for the others who watch
MOST_STREAMS = 40

_streams = BoundedSemaphore(MOST_STREAMS)

_made: dict[Hashable, str] = {}
_events_made: dict[Hashable, str] = {}
_making = Lock()

bp = Blueprint("live", __name__)


@bp.get("/")
def live() -> ResponseReturnValue:
    """Show the newest conversations; ``q`` chooses, ``before`` leads to older ones."""
    choice = this_choice()
    before = request.args.get("before", type=int)
    found, scanned = chosen(state().recordings, choice, before)
    names = state().names.of(found)
    folded = sorted(conversations(found, names), key=newest, reverse=True)
    rest = folded[SHOWN:]
    settings = state().service.settings
    return render_template(
        "live/page.html",
        choice=choice,
        conversations=folded[:SHOWN],
        names=names,
        before=before,
        older=newest(rest[0]) + 1 if rest else scanned,
        last=state().recordings.last(),
        dropped=state().recordings.dropped(),
        job=state().jobs.current,
        base_url=settings.base_url,
        token=settings.token if settings.has_demo_token else "",
    )


@bp.get("/stream")
def stream() -> ResponseReturnValue:
    """Send the conversations that grow as server-sent events, after ``Last-Event-ID``.

    With too many streams, no thread would be left for the pages: the next who watch poll instead.
    """
    if not _streams.acquire(blocking=False):
        abort(503)
    choice = this_choice()
    last = request.headers.get("Last-Event-ID", type=int) or request.args.get("after", 0, type=int)
    app, here = current_app._get_current_object(), state()  # type: ignore[attr-defined]
    events = _events(app, here, choice, last)
    answer = Response(events, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
    answer.call_on_close(_streams.release)
    return answer


@bp.get("/poll")
def poll() -> ResponseReturnValue:
    """Answer with the events after ``after`` as JSON, for servers that cannot stream."""
    choice = this_choice()
    last = request.args.get("after", 0, type=int)
    new = state().recordings.after(last, CHUNK)
    found = [each for each in new if choice.matches(each)]
    payload = _payload(current_app, state(), found, {each.number for each in found})
    return payload | {"last": new[-1].number if new else last}


@bp.get("/year")
def year() -> ResponseReturnValue:
    """Answer with how far the company's year is, as a part of the page."""
    return render_template("live/year.html", job=state().jobs.current)


@bp.post("/exchanges/clear")
def clear() -> ResponseReturnValue:
    """Delete all recorded exchanges."""
    state().recordings.clear()
    state().feed.reset()
    return redirect("/", 303)


def this_choice() -> Choice:
    """Return which exchanges the request wants: the filter, and the tenant that was chosen."""
    choice = read_choice(request.args.get("q", ""))
    tenant = request.args.get("tenant", "").lower()
    return replace(choice, terms=(*choice.terms, ("tenant", tenant))) if tenant else choice


def chosen(
    recordings: Recordings, choice: Choice, before: int | None, most: int = SHOWN * 3
) -> tuple[list[Exchange], int | None]:
    """Return the newest exchanges that match, and the number before which to go on."""
    found = list(islice(matching(recordings, choice, before), most))
    return found, found[-1].number if len(found) == most else None


def matching(
    recordings: Recordings, choice: Choice, before: int | None = None
) -> Iterator[Exchange]:
    """Yield the exchanges that match, the newest first."""
    while part := recordings.before(before, CHUNK):
        yield from filter(choice.matches, part)
        before = part[-1].number


def _events(app: Flask, here: State, choice: Choice, last: int) -> Iterator[str]:
    yield "retry: 1000\n\n"
    window: list[Exchange] = []
    newest_of_all = here.recordings.last()
    here.feed.note(newest_of_all)
    resets = here.feed.resets
    if last > newest_of_all:  # the page is older than the recordings
        last = 0
    if last:
        window = here.recordings.before(last + 1, WINDOW)[::-1]
    while True:
        new = here.feed.newer(last, PATIENCE)
        if here.feed.resets != resets:
            resets, last, window = here.feed.resets, 0, []
            continue
        if not new:
            yield ": still here\n\n"
            continue
        before, last = last, new[-1].number
        window = [*window, *new][-WINDOW:]
        fresh = {each.number for each in new if choice.matches(each)}
        if fresh:
            matching = [each for each in window if choice.matches(each)]
            key = (here.port, tuple(choice.terms), before, last, new[-1].id)
            data = _once(key, partial(_payload, app, here, matching, fresh))
            yield f"id: {last}\nevent: rows\ndata: {data}\n\n"
        sleep(PAUSE - monotonic() % PAUSE)  # all wake together, and a burst becomes few events


def _once(key: Hashable, payload: Callable[[], dict[str, Any]]) -> str:
    """Return an event as JSON, made once for all who watch the same."""
    with _making:
        if key not in _events_made:
            if len(_events_made) >= MOST_EVENTS:
                _events_made.clear()
            _events_made[key] = json.dumps(payload())
        return _events_made[key]


def _payload(
    app: Flask, here: State, window: Sequence[Exchange], fresh: set[int]
) -> dict[str, Any]:
    """Return the rows of the conversations in which something is new, the oldest first."""
    names = here.names.of(window)
    grown = [
        each
        for each in conversations(window, names)
        if any(exchange.number in fresh for exchange in each.exchanges)
    ]
    rows = [
        {"number": each.number, "last": newest(each), "html": row(app, each, names)}
        for each in sorted(grown, key=newest)[-MOST_SENT:]
    ]
    return {"rows": rows, "count": len(fresh)}


def newest(conversation: Conversation) -> int:
    """Return the number of the newest exchange of a conversation."""
    return max(each.number for each in conversation.exchanges)


def row(app: Flask, conversation: Conversation, names: Mapping[str, str]) -> str:
    """Return the HTML of a conversation, made once for all who watch."""
    ends = conversation.exchanges[0].id, conversation.exchanges[-1].id
    key = (conversation.number, len(conversation.exchanges), newest(conversation), *ends)
    html = _made.get(key)
    if html is None:
        template = app.jinja_env.get_template("live/row.html")
        html = template.render(conversation=conversation, names=names)
        if len(_made) >= MOST_MADE:
            _made.clear()
        _made[key] = html
    return html
