"""Expectations of an answer that several suites share."""

import re
from collections.abc import Iterator
from typing import Any

from .client import Exchange
from .outcomes import Failure, expect

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

UNCOMPARED = {"schemas", "meta", "password"}  # the server makes them, or never shows them


def expect_status(answer: Exchange, *statuses: int) -> None:
    """Fail unless the answer has one of these statuses."""
    wanted = " or ".join(str(status) for status in statuses)
    if answer.status not in statuses:
        said = f"{answer.method} was answered {answer.status} instead of {wanted}"
        raise Failure(said, answer=answer)


def value_at(document: Any, path: str) -> Any:
    """Return the value at a place like ``Resources[0].name.familyName``, None if it has none."""
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(document, list):
            document = document[int(step)] if int(step) < len(document) else None
        elif isinstance(document, dict):
            document = document.get(step)
        else:
            return None
    return document


def expect_schema(answer: Exchange, schema: str) -> None:
    """Fail unless the answer's ``schemas`` names a schema."""
    schemas = value_at(answer.json, "schemas")
    expect(
        isinstance(schemas, list) and schema in schemas,
        f"schemas is {schemas!r}, {schema} is not in it",
    )


def expect_filled(answer: Exchange, *paths: str) -> None:
    """Fail unless each of these places has a value that is not empty."""
    empty = [path for path in paths if value_at(answer.json, path) in (None, "", [], {})]
    expect(not empty, f"missing or empty: {', '.join(empty)}")


def expect_equal(answer: Exchange, **values: Any) -> None:
    """Fail unless these attributes of the answer have these values."""
    for path, value in values.items():
        real = value_at(answer.json, path)
        is_equal = real == value and type(real) is type(value)
        expect(is_equal, f"{path} is {real!r} instead of {value!r}")


def differences(sent: Any, shown: Any, place: str = "") -> Iterator[str]:
    """Yield, in words, how a resource lacks what was sent; it may show more than that."""
    if isinstance(sent, dict) and isinstance(shown, dict):
        for name, value in sent.items():
            if name not in UNCOMPARED:
                yield from differences(value, shown.get(name), f"{place}.{name}".lstrip("."))
    elif isinstance(sent, list) and isinstance(shown, list):
        for element in sent:
            if not any(_is_shown(element, each) for each in shown):
                yield f"{place}: {element!r} is not among {shown!r}"
    elif not _is_same(sent, shown):
        yield f"{place} is {shown!r} instead of {sent!r}"


def _is_same(sent: Any, shown: Any) -> bool:
    if sent in ([], {}) and shown is None:
        return True  # unassigned (RFC 7643 §2.5)
    return bool(sent == shown) and type(sent) is type(shown)  # true is not 1


def _is_shown(sent: Any, shown: Any) -> bool:
    return not list(differences(sent, shown))


def expect_shown(sent: Any, shown: Any) -> None:
    """Fail unless a resource shows everything that was sent."""
    found = list(differences(sent, shown))
    expect(not found, "not as sent: " + "; ".join(found))
