"""PATCH operations in plain words (RFC 7644 §3.5.2)."""

import json
import re
from collections.abc import Container
from typing import Any

WORDS = {"add": "add {value} to {place}", "replace": "set {place} to {value}"}
LONGEST = 200  # characters of a value
WHOLE = "the resource"
HIDDEN = "…"
NAME = re.compile(r"[\w$-]+", re.ASCII)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?')


def without_secrets(operation: Any, secret: Container[str]) -> Any:
    """Return an operation with ``…`` for each value of a secret attribute.

    ``secret`` has the names of those attributes in small letters. A path or a key that has one of
    them anywhere hides its value, and the texts in the path: an operation that the server refuses
    shows no secret either.
    """
    if isinstance(operation, list):
        return [without_secrets(each, secret) for each in operation]
    if isinstance(operation, str) and operation.lstrip().startswith(("{", "[")):
        return HIDDEN if _names(operation, secret) else operation  # JSON in a text
    if not isinstance(operation, dict):
        return operation
    path = next((value for name, value in operation.items() if name.lower() == "path"), None)
    is_secret = _names(path, secret)
    return {
        name: QUOTED.sub('"…"', str(value))
        if is_secret and name.lower() == "path"
        else HIDDEN
        if _names(name, secret) or (is_secret and name.lower() == "value")
        else without_secrets(value, secret)
        for name, value in operation.items()
    }


def _names(path: Any, secret: Container[str]) -> bool:
    """Tell whether a path has the name of a secret attribute."""
    return any(name in secret for name in NAME.findall(str(path).lower()))


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
