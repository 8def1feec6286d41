"""PATCH operations in plain words (RFC 7644 §3.5.2)."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from scim.protocol.errors import ScimError

WORDS = {"add": "add {value} to {place}", "replace": "set {place} to {value}"}
MOST_STEPS = 50
LONGEST = 200  # characters of a value
WHOLE = "the resource"


@dataclass(frozen=True, slots=True)
class Step:
    """An operation of a PATCH with the resource before and after it.

    ``operation`` has no secrets, and ``is_hidden`` tells whether it had any. ``error`` is that of
    the operations up to this one, which may need what follows; with ``is_refused`` it is that of
    the whole PATCH, and no step follows.
    """

    number: int
    sentence: str
    operation: Any
    before: str
    after: str
    is_hidden: bool
    is_refused: bool
    error: ScimError | None


def steps(
    operations: Sequence[Any],
    before: str,
    tried: Callable[[int], tuple[str, ScimError | None]],
    mask: Callable[[Any], Any],
) -> Iterator[Step]:
    """Yield the first operations of a PATCH as steps.

    ``tried`` returns the resource after so many operations, or the error that they end in.
    ``mask`` returns an operation without secrets.
    """
    tried = cache(tried)
    refusal = tried(len(operations))[1] if operations else None
    for number, operation in enumerate(operations[:MOST_STEPS], start=1):
        masked = mask(operation)
        after, error = tried(number)
        is_refused = bool(error and refusal and error.detail == refusal.detail)
        after = before if error else after
        is_hidden = masked != operation
        told = sentence(masked)
        yield Step(number, told, masked, before, after, is_hidden, is_refused, error)
        if is_refused:
            return
        before = after


def sentence(operation: Any) -> str:
    """Return what an operation asks for, as it was sent: ``set title to "Guide"``."""
    if not isinstance(operation, dict):
        return f"{_shown(operation)} is no operation"
    sent = {str(name).lower(): value for name, value in operation.items()}
    op, path = str(sent.get("op", "")).lower(), sent.get("path")
    place = str(path) if path else WHOLE
    if op == "remove":
        narrowed = f" where the value is {_shown(sent['value'])}" if sent.get("value") else ""
        return f"remove {place}{narrowed}"
    if op not in WORDS:
        return f"{_shown(sent.get('op'))} is no operation that a PATCH has"
    if place == WHOLE and isinstance(sent.get("value"), dict):
        named = ", ".join(f"{name} to {_shown(value)}" for name, value in sent["value"].items())
        return f"{'set' if op == 'replace' else 'add to or set'} {named}"
    return WORDS[op].format(place=place, value=_shown(sent.get("value")))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
