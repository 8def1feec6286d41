"""Forms of values on pages: JSON with colours and folds, instants, sizes. All text is escaped."""

import json
import shlex
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import unquote_plus

from flask import Flask
from markupsafe import Markup, escape

from scim.explain.changes.versions import URN
from scim.explain.exchange import Exchange
from scim.explain.secrets.telling import MASK
from scim.storage.figures import MOST

INLINE = 72  # characters of an object or array that stands in one line
MOST_OPEN = 40  # elements of an array that are not folded at first
MOST_KINDS = 2
SIGNS = {"create": "+", "restore": "+", "delete": "−"}
MASKED = "masked before it was recorded"
_encode = json.JSONEncoder(ensure_ascii=False).encode


def register(app: Flask) -> None:
    """Let the templates use these functions as filters."""
    of_texts = (attribute, coded, decoded, json_view, visible)
    of_values = (clock, day, duration, many, size, state_of)
    for function in (*of_texts, *of_values):
        app.add_template_filter(function, function.__name__)
    app.add_template_filter(shlex.quote, "shell")
    app.add_template_global(effect, "effect")


def attribute(path: str) -> str:
    """Return the path of an attribute without the URN of its schema: ``department``."""
    return URN.sub("", path)


def clock(instant: str) -> str:
    """Return the time of an instant: ``10:42:07``, in UTC."""
    return instant[11:19]


def coded(text: str) -> Markup:
    """Return a text in which what stands in backticks is code."""
    parts = [
        Markup("<code>{}</code>" if number % 2 else "{}").format(visible(part))
        for number, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)


def day(instant: str) -> str:
    """Return the day of an instant: ``2026-11-29``, in UTC."""
    return instant[:10]


def decoded(query: str) -> str:
    """Return a query as people read it: ``filter=userName eq "jane"``."""
    return unquote_plus(query)


def duration(milliseconds: float) -> str:
    """Return a duration: ``<0.1 ms``, ``0.8 ms``, ``12 ms``, ``3.4 s``."""
    if milliseconds < 0.05:
        return "<0.1 ms"
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"


def effect(*exchanges: Exchange) -> str:
    """Return what exchanges did to the directory, in short: ``+1 user``, ``~2 groups``.

    A resource counts once: as new, if it was made among them.
    """
    signs: dict[tuple[str, str], str] = {}
    for exchange in exchanges:
        for each in exchange.made:
            sign = SIGNS.get(each.operation, "~")
            if sign != "~" or (each.resource_type, each.resource_id) not in signs:
                signs[each.resource_type, each.resource_id] = sign
    counted = Counter((sign, kind) for (kind, _), sign in signs.items())
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
    shown = str(text)
    if shown.isprintable():
        return shown
    return "".join(each if _is_harmless(each) else repr(each)[1:-1] for each in shown)


def json_text(document: Any) -> str:
    """Return JSON to read and to edit; characters that nobody sees are written as escapes."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return "".join(
        each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text
    )


def json_view(text: str, changed: Collection[str] = ()) -> Markup:
    """Return JSON with colours and folds; what is no JSON is shown as it came.

    ``changed`` are paths such as ``name.familyName`` whose values are marked.
    """
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return Markup('<pre class="json">{}</pre>').format(visible(text))
    try:
        return Markup('<div class="json">' + _shown(value, "", frozenset(changed)) + "</div>")
    except RecursionError:
        return Markup('<pre class="json">{}</pre>').format(visible(text))


# The functions below return HTML as plain strings: a body may have thousands of values, and
# ``Markup.format`` takes seven times as long. ``_text`` escapes all that clients sent.


def _shown(value: Any, path: str, changed: Collection[str], key: str = "", comma: str = "") -> str:
    """Return a value with the key before it and the comma behind it."""
    is_folding = isinstance(value, dict | list) and value
    if is_folding and (not _is_short(value) or _has_changed(path, changed)):
        return _folding(value, path, changed, key, comma)
    return f"{key}{_inline(value)}{comma}"


def _is_short(value: Any) -> bool:
    """Tell whether a value stands in one line; a long one is not written for that."""
    return len(value) <= INLINE // 3 and len(_encode(value)) <= INLINE


def _folding(value: Any, path: str, changed: Collection[str], key: str, comma: str) -> str:
    is_object = isinstance(value, dict)
    opening, closing = "{}" if is_object else "[]"
    count = f"{len(value)} {'attributes' if is_object else 'elements'}"
    is_open = is_object or len(value) <= MOST_OPEN
    lines = "".join(_lines(value, path, changed))
    return (
        f'<details class="fold"{" open" if is_open else ""}><summary>{key}{opening}'
        f'<span class="count">{count} {closing}{comma}</span></summary>'
        f'<div class="inner">{lines}</div>{closing}{comma}</details>'
    )


def _lines(value: Any, path: str, changed: Collection[str]) -> Iterator[str]:
    is_object = isinstance(value, dict)
    items = value.items() if is_object else enumerate(value)
    last = len(value) - 1
    for number, (name, each) in enumerate(items):
        below = path if not is_object else f"{path}.{name}" if path else str(name)
        key = _key(name) if is_object else ""
        mark = ' class="changed"' if is_object and below in changed else ""
        shown = _shown(each, below, changed, key, "," if number < last else "")
        yield f"<div{mark}>{shown}</div>"


def _has_changed(path: str, changed: Collection[str]) -> bool:
    return any(each.startswith(f"{path}.") for each in changed) if path else bool(changed)


def _inline(value: Any) -> str:
    match value:
        case str() if value == MASK:
            return f'<span class="masked" title="{MASKED}">{value}</span>'
        case str():
            return f'<span class="string">{_text(value)}</span>'
        case bool() | None:
            return f'<span class="word">{json.dumps(value)}</span>'
        case int() | float():
            return f'<span class="number">{json.dumps(value)}</span>'
        case dict():
            inner = ", ".join(_key(name) + _inline(each) for name, each in value.items())
            return f"{{ {inner} }}" if value else "{}"
    return f"[{', '.join(map(_inline, value))}]"


def _key(name: str) -> str:
    return f'<span class="key">{_text(name)}</span>: '


def _text(value: Any) -> str:
    """Return a text as a JSON string, escaped."""
    return str(escape(visible(_encode(value))))


def _is_harmless(character: str) -> bool:
    return character.isprintable() or character in "\n\t"
