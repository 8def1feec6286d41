"""PATCH operations in plain words (RFC 7644 §3.5.2)."""

import json
from typing import Any

WORDS = {"add": "add {value} to {place}", "replace": "set {place} to {value}"}
LONGEST = 200  # characters of a value
WHOLE = "the resource"


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
