"""Check the expectations of ``docs/requests`` without Postman."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from docs.requests.description import EACH, Expectation, Request


def found(value: Any, steps: tuple[str | int, ...]) -> Any:
    """Return what stands at the end of the steps, or nothing off the path."""
    for number, step in enumerate(steps):
        if step == EACH:
            return [found(each, steps[number + 1 :]) for each in value or []]
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def holds(expectation: Expectation, answer: Any, filled: Callable[[str], str]) -> bool:
    """Tell whether an answer shows what is expected of it."""
    actual, expected = found(answer, expectation.steps), expectation.value
    if expected is None:
        return actual is None
    if expected == "*":
        return bool(actual)
    if expectation.at_least:
        return bool(actual >= expected)
    if isinstance(expected, list):
        return sorted(actual) == sorted(filled(each) for each in expected)
    if isinstance(expected, str):
        return bool(actual == filled(expected))
    return type(actual) is type(expected) and bool(actual == expected)


def falsified(request: Request) -> Request:
    """Return a request whose answer shows nothing of what is expected."""
    return replace(request, shows={key: _other(key, value) for key, value in request.shows.items()})


def _other(key: str, value: Any) -> Any:
    if key.endswith(">="):
        return value + 1_000_000
    match value:
        case None:
            return "*"
        case "*":
            return None
        case bool():
            return not value
        case int():
            return value + 1
        case list():
            return [*value, "another"]
        case _:
            return f"another {value}"
