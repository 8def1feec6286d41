"""A sequence diagram: who asked what of this server, and what the database did."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from urllib.parse import unquote_plus

from markupsafe import Markup

from scim.console.showing import duration, effect, state_of, visible
from scim.explain.bodies import Reading
from scim.explain.exchange import Exchange
from scim.explain.sentences.conversations import Conversation
from scim.explain.sentences.sentence import sentence
from scim.explain.words import counted, plain

from .drawing import BOLD, Font, Pen, Picture, tag
from .grid import GRIDS, SMALL, Grid
from .scene import Scene

OTHERS = "Others"
HEAD = 58  # pixels of the lanes' names
MONO = Font(11.5, is_mono=True)
BETWEEN = 28  # pixels between a request and its answer
BAR = 9  # the width of what shows that the server is at work
SIGNS = {  # drawn, since not every font has them
    "good": "M-4 0.5 L-1 3.5 L4.5 -3.5",
    "warn": "M0 -4.5 V1 M0 3.6 V4.6",
    "bad": "M-3.5 -3.5 L3.5 3.5 M-3.5 3.5 L3.5 -3.5",
}


def draw_sequence(scene: Scene, pen: Pen, size: str) -> tuple[Picture, Picture]:
    """Return the head with the names of the lanes, and the diagram below it."""
    grid = GRIDS[size]
    lanes = _lanes(scene.exchanges, grid.most)
    diagram = _Diagram(pen, grid, lanes, scene)
    for number, run in groupby(scene.exchanges, lambda each: scene.talks[each.number].number):
        diagram.add_run(number, list(run))
    return _head(pen, grid, lanes, scene.title), diagram.picture()


def _who(exchange: Exchange) -> str:
    return Reading(exchange).who


def _lanes(exchanges: Sequence[Exchange], most: int) -> list[str]:
    """Return the names of the lanes: those with most exchanges, and one for all others."""
    count = Counter(map(_who, exchanges))
    if len(count) <= most:
        return sorted(count)
    kept = [name for name, _ in count.most_common(most - 1)]
    return [*sorted(kept), OTHERS]


def _head(pen: Pen, grid: Grid, lanes: Sequence[str], title: str) -> Picture:
    places = [*map(grid.lane, range(len(lanes))), grid.server, grid.database]
    own, ours = grid.step - (10 if grid.time else 4), min(132, grid.database - grid.server - 12)
    widths = [own] * len(lanes) + [ours] * 2
    parts = [pen.box(0, 0, grid.width, HEAD, "surface")]
    kinds = ["provider"] * len(lanes) + ["server", "database"]
    told = [*lanes, "this server" if grid.time else "server", "database"]
    for place, most, name, kind in zip(places, widths, told, kinds, strict=True):
        width = min(most, 2 * (grid.width - place) - 6)
        if kind == "database":
            parts += _cylinder(pen, place, width)
        else:
            fill, stroke = ("accent", "accent") if kind == "server" else ("raised", "line")
            box = (place - width / 2, 10, width, 36)
            parts.append(pen.box(*box, fill, stroke, radius=8))
        ink = "on-accent" if kind == "server" else "text"
        down = 2.5 if kind == "database" else 0
        parts.append(
            pen.text(place, 33 + down, grid.name.fit(name, width - 4), grid.name, ink, "middle")
        )
        parts.append(pen.path(f"M{place:g} 46 V{HEAD}", "soft", 1))
    return Picture(grid.width, HEAD, parts, title)


def _cylinder(pen: Pen, x: float, width: float) -> list[Markup]:
    left, right, half = x - width / 2, x + width / 2, width / 2
    side = f"M{left:g} 14 V42 A{half:g} 5 0 0 0 {right:g} 42 V14"
    return [
        tag("g", pen.shape(f"{side} Z", "raised", "line")),
        tag("g", pen.shape(f"M{left:g} 14 A{half:g} 5 0 0 1 {right:g} 14 "
                           f"A{half:g} 5 0 0 1 {left:g} 14 Z", "surface", "line")),
    ]  # fmt: skip


class _Diagram:
    """A diagram that is being drawn; ``y`` is where the next part begins."""

    def __init__(self, pen: Pen, grid: Grid, lanes: Sequence[str], scene: Scene) -> None:
        self.pen, self.grid, self.lanes, self.scene = pen, grid, lanes, scene
        self.left, self.right = grid.text()
        self.frames: list[Markup] = []  # below the lines of the lanes
        self.parts: list[Markup] = []
        self.y = 6.0
        self.clock, self.day = "", date.min  # those that were written last

    def picture(self) -> Picture:
        height = self.y + 10
        places = [*map(self.grid.lane, range(len(self.lanes)))]
        places += [self.grid.server, self.grid.database]
        lines = [
            self.pen.path(f"M{place:g} 0 V{height:g}", "soft", 1, stroke_dasharray="2 4")
            for place in places
        ]
        parts = [*self.frames, *lines, *self.parts]
        return Picture(self.grid.width, height, parts, self.scene.title)

    def add_run(self, number: int, run: Sequence[Exchange]) -> None:
        """Draw exchanges that follow one another; those of one conversation get a frame."""
        talk = self.scene.talks[run[0].number]
        if len(talk.exchanges) == 1:
            self.add_step(run[0])
            return
        self.y += 6
        top = self.y
        self._add_title(talk, is_first=run[0].number == number)
        for each in run:
            self.add_step(each)
        box = (6, top, self.grid.width - 12, self.y - top)
        self.frames.append(self.pen.box(*box, "none", "line", radius=10))
        self.y += 8

    def _add_title(self, talk: Conversation, is_first: bool) -> None:
        grid, pen = self.grid, self.pen
        facts = f"{counted(len(talk.exchanges), 'request')} · {talk.outcome}"
        facts += f" · {duration(talk.milliseconds)}"
        is_phone = grid.time is None
        room = grid.width - 44 - (0 if is_phone else SMALL.width(facts) + 16)
        lines = grid.title.wrap(talk.sentence if is_first else f"… {talk.sentence}", room, 3)
        height = 20 * len(lines) + 12 + (18 if is_phone else 0)
        self.parts.append(pen.box(6.5, self.y + 0.5, grid.width - 13, height, "raised", radius=9.5))
        for place, line in enumerate(lines):
            self.parts.append(pen.text(22, self.y + 21 + 20 * place, line, grid.title))
        if is_phone:
            self.parts.append(pen.text(22, self.y + height - 8, facts, SMALL, "soft"))
        else:
            self.parts.append(pen.text(grid.width - 22, self.y + 21, facts, SMALL, "soft", "end"))
        self.y += height

    def add_step(self, exchange: Exchange) -> None:
        """Draw a request with its sentence, what the database did, and the answer."""
        told = sentence(exchange, self.scene.names)
        lines = self.grid.sentence.wrap(told, self.right - self.left)
        top, line = self.y, self.grid.sentence.size + 5
        sent = top + 14 + line * len(lines) + 8
        parts = [self._area(top, sent + BETWEEN + 12 - top)]
        parts += self._times(exchange, top + 9 + line)
        width = max(map(self.grid.sentence.width, lines), default=0)
        parts += self._ground(self.left, top + 10, width, line * len(lines) + 2)
        parts += [
            self.pen.text(self.left, top + 9 + line * (place + 1), each, self.grid.sentence)
            for place, each in enumerate(lines)
        ]
        parts += self._arrows(exchange, sent)
        parts += self._database(exchange, sent)
        words = f"{told} {exchange.method} {exchange.path}, {exchange.status}"
        self.parts.append(self._step(exchange, parts, visible(words)))
        self.y = sent + BETWEEN + 12

    def _step(self, exchange: Exchange, parts: Sequence[Markup], words: str) -> Markup:
        if not self.pen.is_linked:
            return tag("g", *parts)
        href = f"/exchange/{exchange.number}"
        return tag("a", *parts, href=href, class_="step", data_row="", aria_label=plain(words, 400))

    def _ground(self, x: float, y: float, width: float, height: float) -> list[Markup]:
        """Return what stops the lines of the lanes behind words that stand across them."""
        if len(self.lanes) == 1 and self.grid.time:
            return []
        return [self.pen.box(x - 3, y, width + 6, height, "surface")]

    def _area(self, top: float, height: float) -> Markup:
        """Return what takes the click, and shows where the pointer is."""
        width = self.grid.width - 16
        return tag(
            "rect", class_="area", x=8, y=top + 2, width=width, height=height - 2, rx=6,
            fill="none", pointer_events="all",
        )  # fmt: skip

    def _times(self, exchange: Exchange, y: float) -> list[Markup]:
        """Return the time, and the day where it is another one."""
        grid, pen = self.grid, self.pen
        if grid.time is None or not (at := pen.local(exchange.at)):
            return []
        parts = []
        if f"{at:%H:%M:%S}" != self.clock or at.date() != self.day:
            parts.append(pen.text(grid.time, y, f"{at:%H:%M:%S}", Font(12, BOLD), "soft"))
        if at.date() != self.day:
            parts.append(pen.text(grid.time, y + 16, f"{at:%Y-%m-%d}", SMALL, "soft"))
            parts.append(pen.text(grid.time, y + 32, f"{at:%Z}"[:10], SMALL, "soft"))
        self.day, self.clock = at.date(), f"{at:%H:%M:%S}"
        return parts

    def _arrows(self, exchange: Exchange, y: float) -> list[Markup]:
        """Return the request and the answer, with method, path and status between them."""
        pen, grid, state = self.pen, self.grid, state_of(exchange.status)
        who = _who(exchange)
        lane = grid.lane(self.lanes.index(who if who in self.lanes else OTHERS))
        server, end = grid.server - BAR / 2, y + BETWEEN
        facts = f"{exchange.status} · {duration(exchange.milliseconds)}"
        if lane + grid.fact.width(facts) > server - 34:
            facts = str(exchange.status)
        left = max(self.left, lane + 12) if grid.time else lane + 8
        room = server - 40 - grid.fact.width(facts) - left
        asked = _asked(exchange, room)
        mark = f"translate({server - 15:g} {y + 14:g})"
        return [
            *_arrow(pen, lane, server, y, "text"),
            *_arrow(pen, server, lane, end, state, "6 4"),
            pen.box(server, y - 5, BAR, BETWEEN + 10, "accent", radius=2),
            *self._ground(left, y + 6, MONO.width(asked), 17),
            pen.text(left, y + 18, asked, MONO, "soft"),
            pen.text(server - 26, y + 18, facts, grid.fact, state, "end"),
            tag("g", pen.path(SIGNS[state], state, 2), transform=mark),
        ]

    def _database(self, exchange: Exchange, y: float) -> list[Markup]:
        """Return the number of statements and their time, and what was made."""
        ran, grid, pen = exchange.statements, self.grid, self.pen
        if not ran:
            return []
        server, middle = grid.server + BAR / 2, (grid.server + grid.database) / 2
        room = grid.database - server - 10
        took = duration(sum(each.milliseconds for each in ran))
        whole = f"{counted(len(ran), 'statement')} · {took}"
        told = whole if grid.small.width(whole) < room else took
        made = grid.fact.fit(effect(exchange), room)
        parts = [
            *_arrow(pen, server, grid.database, y + 2, "soft"),
            *_arrow(pen, grid.database, server, y + BETWEEN - 2, "soft", "6 4"),
            pen.text(middle, y + 18, made, grid.fact, "accent", "middle"),
        ]
        if grid.time or not made:  # a phone has room for one of them
            place = y - 5 if grid.time else y + 18
            parts.append(pen.text(middle, place, told, grid.small, "soft", "middle"))
        return parts


def _arrow(
    pen: Pen, start: float, end: float, y: float, colour: str, dashes: str | None = None
) -> list[Markup]:
    back = -8 if end > start else 8
    return [
        pen.path(f"M{start:g} {y:g} H{end + back / 2:g}", colour, stroke_dasharray=dashes),
        pen.shape(f"M{end:g} {y:g} l{back:g} -4.5 v9 z", colour),
    ]


def _asked(exchange: Exchange, room: float) -> str:
    """Return method, path and query as far as there is room, or the method alone."""
    query = unquote_plus(exchange.query[:600])
    url = f"{exchange.path}?{query}" if query else exchange.path
    method = plain(exchange.method, 12)
    whole = plain(f"{method} {url}", 300)
    return MONO.fit(whole if room > MONO.width(method) + 60 else method, room)
