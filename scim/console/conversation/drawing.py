"""A pen that draws SVG, and how wide a text is."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from markupsafe import Markup, escape

from scim.console.showing import visible

# The variables of console.css with the same names.
LIGHT: Mapping[str, str] = {
    "surface": "#ffffff",
    "raised": "#f1f1ee",
    "text": "#1b1d20",
    "soft": "#595e66",
    "line": "#dfdfda",
    "accent": "#2450be",
    "accent-soft": "#e7edfb",
    "on-accent": "#ffffff",
    "good": "#1a6e36",
    "warn": "#8a5300",
    "bad": "#b3202a",
}
DARK: Mapping[str, str] = {
    "surface": "#1a1d21",
    "raised": "#22262b",
    "text": "#e7e9ec",
    "soft": "#a2a9b3",
    "line": "#31363d",
    "accent": "#8fb2ff",
    "accent-soft": "#1f2b47",
    "on-accent": "#10131a",
    "good": "#6fce8b",
    "warn": "#e9b95b",
    "bad": "#ff938c",
}
SANS = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', Arial, sans-serif"
MONO = "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
BOLD = 600
# Parts of the font size, as in DejaVu Sans, the widest of the usual fonts.
NARROW = {
    **dict.fromkeys("ijlIJ.,:;'|!", 0.34),
    **dict.fromkeys(' ftr()[]/\\-"`', 0.42),
    **dict.fromkeys("mwMW@%", 1.0),
}
MONO_WIDTH = 0.61


@dataclass(frozen=True, slots=True)
class Font:
    """A size in pixels, a weight, and whether all characters are equally wide."""

    size: float
    weight: int = 400
    is_mono: bool = False

    def width(self, text: str) -> float:
        """Return at least the width of a text, whatever font of the list a machine has."""
        return sum(map(self._width, text)) * self.size * (1.12 if self.weight >= BOLD else 1)

    def _width(self, character: str) -> float:
        if unicodedata.east_asian_width(character) in "WF":
            return 1.1
        if self.is_mono:
            return MONO_WIDTH
        return NARROW.get(character) or (0.76 if character.isupper() else 0.63)

    def fit(self, text: str, width: float) -> str:
        """Return a text that is cut to a width, with an ellipsis."""
        fitting = self._fitting(text, width)
        if fitting == len(text):
            return text
        kept = text[: self._fitting(text, width - self.size)].rstrip()
        return f"{kept}…" if kept else ""

    def wrap(self, text: str, width: float, most: int = 4) -> list[str]:
        """Return a text in lines of a width; the last of ``most`` lines is cut."""
        lines: list[str] = []
        rest = " ".join(text.split())
        while rest and len(lines) < most - 1:
            end = self._fitting(rest, width)
            if end < len(rest):
                space = rest.rfind(" ", 0, end + 1)
                end = space if space > 0 else max(end, 1)  # a long word is broken
            lines.append(rest[:end].rstrip())
            rest = rest[end:].lstrip()
        return [*lines, self.fit(rest, width)] if rest else lines

    def _fitting(self, text: str, width: float) -> int:
        """Return how many characters fit."""
        used = 0.0
        for place, character in enumerate(text):
            used += self.width(character)
            if used > width:
                return place
        return len(text)


def tag(name: str, *inner: str, **attributes: Any) -> Markup:
    """Return an element; ``class_`` and ``font_size`` become ``class`` and ``font-size``.

    Every value is escaped. ``Markup.format`` would take three times as long.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    content = "".join(map(escape, inner))
    return Markup(f"<{name}{given}>{content}</{name}>")


def _value(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws with the colours of a palette. ``is_linked`` is off in a file of its own."""

    colours: Mapping[str, str]
    is_linked: bool = True
    zone: tzinfo = UTC

    def local(self, instant: str) -> datetime | None:
        """Return an instant in the zone of who looks; None if it is none."""
        try:
            return datetime.fromisoformat(instant).astimezone(self.zone)
        except (ValueError, OverflowError):
            return None

    def text(
        self,
        x: float,
        y: float,
        said: str,
        font: Font,
        fill: str = "text",
        anchor: str | None = None,
    ) -> Markup:
        """Return a text whose baseline is at ``y``."""
        return tag(
            "text",
            visible(said),
            x=x,
            y=y,
            font_size=font.size,
            text_anchor=anchor,
            font_weight=font.weight if font.weight != 400 else None,
            font_family=MONO if font.is_mono else None,
            **self._paint(fill, None),
        )

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str = "none",
        stroke: str | None = None,
        *inner: Markup,
        radius: float = 0,
    ) -> Markup:
        place = {"x": x, "y": y, "width": width, "height": height, "rx": radius or None}
        return tag("rect", *inner, **place, **self._paint(fill, stroke))

    def path(self, d: str, stroke: str, width: float = 1.5, **more: Any) -> Markup:
        """Return a line; ``d`` is made of numbers only."""
        return tag("path", d=d, stroke_width=width, **more, **self._paint("none", stroke))

    def shape(self, d: str, fill: str, stroke: str | None = None) -> Markup:
        return tag("path", d=d, **self._paint(fill, stroke))

    def _paint(self, fill: str, stroke: str | None) -> dict[str, str]:
        painted = {"fill": self.colours.get(fill, fill)}
        classes = [f"f-{fill}"] if fill in self.colours else []
        if stroke:
            painted["stroke"] = self.colours[stroke]
            classes.append(f"s-{stroke}")
        return {"class_": " ".join(classes), **painted} if classes else painted


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing: its size, its parts, and what it shows in words."""

    width: float
    height: float
    parts: Sequence[Markup]
    title: str


def page_svg(picture: Picture, role: str) -> Markup:
    """Return the SVG of a picture within a page; ``role`` is ``img``, or ``group`` with links."""
    return _svg(picture, picture.parts, role=role, aria_label=picture.title)


def file_svg(pen: Pen, *pictures: Picture) -> str:
    """Return pictures one below the other as a file of its own, on a background."""
    width = max(each.width for each in pictures)
    height = sum(each.height for each in pictures)
    parts = [tag("title", pictures[-1].title), pen.box(0, 0, width, height, "surface")]
    top = 0.0
    for each in pictures:
        parts.append(tag("g", *each.parts, transform=f"translate(0 {_value(top)})"))
        top += each.height
    whole = Picture(width, height, parts, pictures[-1].title)
    size = {"width": width, "height": height}
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_svg(whole, parts, role="img", **size)}\n'


def _svg(picture: Picture, parts: Sequence[Markup], **attributes: Any) -> Markup:
    return tag(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_value(picture.width)} {_value(picture.height)}",
        font_family=SANS,
        **attributes,
    )
