"""Requests and answers as they are on the wire, for people who watch; secrets are hidden."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import httpx2

from scim.conformance.hiding import HIDDEN, hide


class Wire:
    """Shows each request and each answer in lines. ``token`` is hidden wherever it occurs."""

    def __init__(self, token: str, show: Callable[[str], None]) -> None:
        self.token, self.show = token, show

    def sent(self, request: httpx2.Request) -> None:
        """Show a request before it is sent."""
        self._show(">", f"{request.method} {request.url}", request.headers.raw, request.content)

    def received(self, answer: httpx2.Response) -> None:
        """Show an answer, after all of it has come."""
        first = f"{answer.status_code} {answer.reason_phrase}".rstrip()
        self._show("<", first, answer.headers.raw, answer.read())

    def _show(
        self, sign: str, first: str, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> None:
        lines = [first]
        lines += [
            _of_header(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers
        ]
        lines += ["", *_readable(body).split("\n")] if body else []
        for line in lines:
            self.show(f"    {sign} {hide([self.token], line)}".rstrip())


def _of_header(name: str, value: str) -> str:
    scheme = value.partition(" ")[0]
    return f"{name}: {scheme} {HIDDEN}" if name.lower() == "authorization" else f"{name}: {value}"


def _readable(body: bytes) -> str:
    text = body.decode(errors="replace")
    try:
        return json.dumps(_masked(json.loads(text)), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text


def _masked(value: Any) -> Any:
    """Return a JSON value without the passwords in it, at a key or at the path of a PATCH."""
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if not isinstance(value, dict):
        return value
    is_of_password = _is_password(value.get("path"))
    return {
        name: HIDDEN
        if each is not None and (_is_password(name) or (is_of_password and name == "value"))
        else _masked(each)
        for name, each in value.items()
    }


def _is_password(name: Any) -> bool:
    return isinstance(name, str) and name.lower().rpartition(":")[2] == "password"
