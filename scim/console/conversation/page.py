"""The conversation as a picture: a sequence diagram and a timeline (`/conversation`)."""

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from threading import Lock
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from scim.explain.choosing import Choice
from scim.explain.exchange import Exchange
from scim.storage.recordings import Recordings

from ..exchanges.live import CHUNK, this_choice
from ..sharing import Shared
from ..state import state
from .drawing import DARK, LIGHT, Pen, Picture, file_svg, page_svg
from .grid import GRIDS
from .scene import Scene, conversation_of, newest
from .sequence import draw_sequence
from .timeline import KINDS, Mark, bars, draw_timeline, marks

SHOWN = 30  # exchanges in the diagram, unless another number is asked for
MOST = 100
BEFORE = 50  # exchanges before those, which may tell names and begin a conversation
LOOKED_AT = 3000  # the newest exchanges, from which the timeline is made
AROUND = 300  # exchanges before and after one, among which its conversation is
KEPT = 4  # choices whose exchanges are kept for the next look
CHOSEN = ("q", "tenant", "of", "most", "zone")
TABLE = 30  # rows of the table beside the timeline

bp = Blueprint("conversation", __name__)


@dataclass(slots=True)
class Watch:
    """The newest exchanges of a choice, and the marks of all that were looked at."""

    last: int = 0
    newest: deque[Exchange] = field(default_factory=lambda: deque(maxlen=MOST + BEFORE))
    marks: deque[Mark] = field(default_factory=lambda: deque(maxlen=LOOKED_AT))
    lock: Lock = field(default_factory=Lock)

    def look(self, recordings: Recordings, choice: Choice) -> tuple[list[Exchange], list[Mark]]:
        """Read what is new, and return all."""
        with self.lock:
            known = recordings.before(self.last + 1, 1)
            if self.last and (not known or known[0].number != self.last):  # they were emptied
                self.last = 0
                self.newest.clear()
                self.marks.clear()
            self.last = max(self.last, recordings.last() - LOOKED_AT)
            while part := recordings.after(self.last, CHUNK):
                self.last = part[-1].number
                for each in filter(choice.matches, part):
                    self.newest.append(each)
                    self.marks.extend(marks(each))
            return list(self.newest), list(self.marks)


_watches: OrderedDict[tuple[int, tuple[tuple[str, str], ...]], Watch] = OrderedDict()
_lock = Lock()
_pictures = Shared()


@bp.get("/conversation")
def page() -> ResponseReturnValue:
    """Show the newest exchanges, or with ``of`` the conversation of one; ``q`` chooses."""
    return _page("conversation/page.html")


@bp.get("/conversation/picture")
def picture() -> ResponseReturnValue:
    """Answer with the pictures of the page alone, for the page to replace its own."""
    key = (state().port, request.query_string)
    return _pictures.get(key, lambda: _page("conversation/picture.html"))


@bp.get("/conversation.svg")
def sequence_file() -> ResponseReturnValue:
    """Send the diagram as a file, in the size and theme that are asked for."""
    found, _ = _found()
    if not found.exchanges:
        abort(404, "There is nothing to draw yet.")
    pen = Pen(_palette(), is_linked=False, zone=_zone())
    name = f"conversation-{found.exchanges[0].number}.svg"
    return _file(file_svg(pen, *draw_sequence(found, pen, _size())), name)


@bp.get("/timeline.svg")
def timeline_file() -> ResponseReturnValue:
    """Send the timeline as a file."""
    _, found = _found()
    pen = Pen(_palette(), is_linked=False, zone=_zone())
    return _file(file_svg(pen, draw_timeline(found, pen, _size())), "timeline.svg")


def _page(template: str) -> str:
    last = state().recordings.last()  # what comes from now on is drawn later
    found, marked = _found()
    pen = Pen(LIGHT, zone=_zone())
    counted = bars(marked, TABLE, pen.zone)
    return render_template(
        template,
        choice=this_choice(),
        of=_integer("of"),
        most=_most(),
        found=found,
        last=last,
        query=_query(),
        diagrams={size: _drawn(draw_sequence(found, pen, size)) for size in GRIDS}
        if found.exchanges
        else {},
        timelines={size: page_svg(draw_timeline(marked, pen, size), "img") for size in GRIDS},
        kinds=KINDS,
        zone=str(pen.zone),
        rows=counted.rows() if counted else [],
    )


def _drawn(pictures: tuple[Picture, Picture]) -> tuple[Markup, Markup]:
    head, diagram = pictures
    return page_svg(head, "img"), page_svg(diagram, "group")


def _found() -> tuple[Scene, list[Mark]]:
    """Return what the URL asks for.

    :raises NotFound: there is no such exchange
    """
    recordings, choice, of = state().recordings, this_choice(), _integer("of")
    names = state().names
    if of is None:
        window, marked = _watch(choice).look(recordings, choice)
        return newest(window, _most(), names.of(window)), marked
    window = recordings.before(of + 1, AROUND)
    if not window or window[0].number != of:
        abort(404, f"There is no exchange {of}, or it is no longer kept.")
    window += recordings.after(of, AROUND)
    found = conversation_of(window, of, names.of(window))
    return found, [mark for each in found.exchanges for mark in marks(each)]


def _watch(choice: Choice) -> Watch:
    key = (state().port, tuple(choice.terms))
    with _lock:
        watch = _watches.setdefault(key, Watch())
        _watches.move_to_end(key)
        if len(_watches) > KEPT:
            _watches.popitem(last=False)
        return watch


def _integer(name: str) -> int | None:
    return request.args.get(name, type=int)


def _most() -> int:
    return max(1, min(_integer("most") or SHOWN, MOST))


def _query() -> str:
    """Return the choice in the URL, for the URL of a file."""
    given = {name: request.args[name] for name in CHOSEN if name in request.args}
    return f"{urlencode(given)}&" if given else ""


def _size() -> str:
    """Return the layout that is asked for: as wide as a screen, a stage or a phone."""
    size = request.args.get("size", "wide")
    return size if size in GRIDS else "wide"


def _zone() -> tzinfo:
    """Return the time zone of the browser, which conversation.js sends; UTC if it is none."""
    try:
        return ZoneInfo(request.args.get("zone", "")[:64])
    except (ValueError, OSError, KeyError):
        return UTC


def _palette() -> Mapping[str, str]:
    return DARK if request.args.get("theme") == "dark" else LIGHT


def _file(svg: str, name: str) -> Response:
    answer = Response(svg, mimetype="image/svg+xml")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
