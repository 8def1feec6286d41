"""Expectations of an answer or a resource; each fails the check if it does not hold."""

from typing import Any

from ..answers import expect_status
from ..client import Exchange
from ..outcomes import expect
from ..service import Resource, Service
from .requests import patched


def expect_error(answer: Exchange, status: int, *scim_types: str) -> None:
    """Fail unless the answer has this status and, if any are named, one of these scimTypes."""
    expect_status(answer, status)
    if scim_types:
        shown = answer.json.get("scimType")
        expect(shown in scim_types, f"scimType is {shown!r} instead of {' or '.join(scim_types)}")


def expect_explained(answer: Exchange, status: int, *scim_types: str) -> None:
    """Fail unless the answer has this status, and one of these scimTypes if it has one at all."""
    expect_status(answer, status)
    shown = answer.json.get("scimType")  # OPTIONAL (RFC 7644 §3.12)
    expect(shown in (None, *scim_types), f"scimType is {shown!r}, not {' or '.join(scim_types)}")


def expect_refused(answer: Exchange) -> None:
    """Fail unless the status is an error of the client (4xx)."""
    expect(
        400 <= answer.status < 500,
        f"{answer.method} was answered {answer.status} instead of 4xx",
    )


def expect_values(shown: Resource, wanted: Resource) -> None:
    """Fail unless a resource has these values; a complex value may have more sub-attributes."""
    for name, value in wanted.items():
        now: Any = shown.get(name)
        is_right = now | value == now if isinstance(value, dict) else now == value
        expect(is_right, f"{name} is {now!r} instead of {value!r}")


def expect_change(
    service: Service, before: Resource, operation: dict[str, Any], after: Resource
) -> None:
    """Fail unless an operation gives a user these values and keeps its userName."""
    user = service.new_user(**before)
    shown = patched(service, user, operation)
    expect_values(shown, after)
    expect(shown["userName"] == user["userName"], "userName has changed, too")
