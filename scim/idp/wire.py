"""Requests and answers as they are on the wire, for people who watch; secrets are hidden."""

import json
from collections.abc import Callable, Iterable

import httpx2

from scim.explain.secrets.masking import Masker

SECRET = {"password"}


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
        masker = Masker(SECRET, [self.token])
        read = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        lines = [masker.text(first)]
        lines += [f"{name}: {value}" for name, value in masker.headers(read)]
        lines += ["", *_indented(masker.body(body)).split("\n")] if body else []
        for line in lines:
            self.show(f"    {sign} {line}".rstrip())


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text
