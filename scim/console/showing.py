"""How values are shown: JSON with colours and folds, instants, sizes. All text is escaped."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from scim.explain.exchange import Exchange
from scim.storage.figures import MOST

URN = re.compile(r'^urn:(?:[^:\["]+:)+(?=[A-Za-z])', re.IGNORECASE)
INLINE = 72  # characters of an object or array that stands in one line
MOST_OPEN = 40  # elements of an array that are not folded at first
MOST_KINDS = 2
SIGNS = {"create": "+", "restore": "+", "delete": "−"}
MASK = "••••"
MASKED = "masked before it was recorded"


def register(app: Flask) -> None:
    """Let the templates use these functions as filters."""
    filters = (attribute, clock, day, duration, effect, json_view, many, size, state_of, visible)
    for function in filters:
        app.add_template_filter(function, function.__name__)


def attribute(path: str) -> str:
    """Return the path of an attribute without the URN of its schema: ``department``."""
    return URN.sub("", path)


def clock(instant: str) -> str:
    """Return the time of an instant: ``10:42:07``, in UTC."""
    return instant[11:19]


def day(instant: str) -> str:
    """Return the day of an instant: ``2026-11-29``, in UTC."""
    return instant[:10]


def duration(milliseconds: float) -> str:
    """Return a duration: ``<0.1 ms``, ``0.8 ms``, ``12 ms``, ``3.4 s``."""
    if milliseconds < 0.05:
        return "<0.1 ms"
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"


def effect(exchange: Exchange) -> str:
    """Return what an exchange did to the directory, in short: ``+1 user``, ``~2 groups``."""
    counted = Counter(
        (SIGNS.get(each.operation, "~"), each.resource_type) for each in exchange.made
    )
    return ", ".join(
        f"{sign}{count} {kind.lower()}{'s' if count > 1 else ''}"
        for (sign, kind), count in counted.most_common(MOST_KINDS)
    )


def many(number: int) -> str:
    """Return a count: ``1,240``, or ``more than 100,000`` where nobody counted on."""
    return f"{number:,}" if number <= MOST else f"more than {MOST:,}"


def size(number: int) -> str:
    """Return a number of bytes: ``512 bytes``, ``1.2 KB``."""
    if number < 1000:
        return f"{number} bytes"
    return f"{number / 1000:.1f} KB" if number < 1_000_000 else f"{number / 1_000_000:.1f} MB"


def state_of(status: int) -> str:
    """Return the class of a status: ``good``, ``warn`` for a client's error, ``bad``."""
    return "good" if status < 400 else "warn" if status < 500 else "bad"


def visible(text: Any) -> str:
    """Return a text in which characters that would turn or hide others are written as escapes.

    A right-to-left override in a name would reorder the words around it.
    """
    return "".join(each if _is_harmless(each) else repr(each)[1:-1] for each in str(text))


def json_view(text: str, changed: Collection[str] = ()) -> Markup:
    """Return JSON with colours and folds; what is no JSON is shown as it came.

    ``changed`` are paths such as ``name.familyName`` whose values are marked.
    """
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return Markup('<pre class="json">{}</pre>').format(visible(text))
    try:
        shown = _shown(value, "", frozenset(changed), Markup(""), "")
        return Markup('<div class="json">{}</div>').format(shown)
    except RecursionError:
        return Markup('<pre class="json">{}</pre>').format(visible(text))


def _shown(value: Any, path: str, changed: Collection[str], key: Markup, comma: str) -> Markup:
    """Return a value with the key before it and the comma behind it."""
    if isinstance(value, dict | list) and value:
        short = json.dumps(value, ensure_ascii=False)
        if len(short) > INLINE or _has_changed(path, changed):
            return _folding(value, path, changed, key, comma)
    return Markup("{}{}{}").format(key, _inline(value), comma)


def _folding(value: Any, path: str, changed: Collection[str], key: Markup, comma: str) -> Markup:
    is_object = isinstance(value, dict)
    opening, closing = "{}" if is_object else "[]"
    count = f"{len(value)} {'attributes' if is_object else 'elements'}"
    is_open = is_object or len(value) <= MOST_OPEN
    lines = Markup("").join(_lines(value, path, changed))
    return Markup(
        '<details class="fold"{}><summary>{}{}<span class="count">{} {}{}</span></summary>'
        '<div class="inner">{}</div>{}{}</details>'
    ).format(
        Markup(" open") if is_open else "",
        *(key, opening, count, closing, comma),
        *(lines, closing, comma),
    )


def _lines(value: Any, path: str, changed: Collection[str]) -> Iterator[Markup]:
    is_object = isinstance(value, dict)
    items = value.items() if is_object else enumerate(value)
    last = len(value) - 1
    for number, (name, each) in enumerate(items):
        below = path if not is_object else f"{path}.{name}" if path else str(name)
        key = Markup('<span class="key">{}</span>: ').format(_text(name)) if is_object else ""
        mark = Markup(' class="changed"') if is_object and below in changed else ""
        comma = "," if number < last else ""
        shown = _shown(each, below, changed, Markup(key), comma)
        yield Markup("<div{}>{}</div>").format(mark, shown)


def _has_changed(path: str, changed: Collection[str]) -> bool:
    return any(each.startswith(f"{path}.") for each in changed) if path else bool(changed)


def _inline(value: Any) -> Markup:
    match value:
        case str() if value == MASK:
            return Markup(
                '<span class="masked" title="masked before it was recorded">{}</span>'
            ).format(value)
        case str():
            return Markup('<span class="string">{}</span>').format(_text(value))
        case bool() | None:
            return Markup('<span class="word">{}</span>').format(json.dumps(value))
        case int() | float():
            return Markup('<span class="number">{}</span>').format(json.dumps(value))
        case dict():
            inner = Markup(", ").join(
                Markup('<span class="key">{}</span>: {}').format(_text(name), _inline(each))
                for name, each in value.items()
            )
            return Markup("{{ {} }}").format(inner) if value else Markup("{{}}")
        case list():
            return Markup("[{}]").format(Markup(", ").join(map(_inline, value)))
    return escape(str(value))


def _text(value: Any) -> str:
    return visible(json.dumps(value, ensure_ascii=False))


def _is_harmless(character: str) -> bool:
    return character.isprintable() or character in "\n\t"
