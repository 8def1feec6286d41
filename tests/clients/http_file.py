"""A small client of ``.http`` files, after the rules of VS Code's REST Client.

``###`` begins a request, ``#`` a comment, ``@name = value`` defines a variable, and
``{{name.response.body.$.id}}`` or ``{{name.response.headers.ETag}}`` is a part of the answer to the
request that ``# @name`` gave a name.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from docs.requests.description import Expectation

from .expectations import found

DEFINITION = re.compile(r"^@(\w+) = (.*)$", re.MULTILINE)
NAME = re.compile(r"^# @name (\w+)$", re.MULTILINE)
REFERENCE = re.compile(r"\{\{([^}]+)}}")
REQUEST_LINE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (\S+)")
URL = re.compile(r"[\w.~:/?@!$&'()*+,;=%-]+")  # RFC 3986 §2, without brackets


@dataclass
class Editor:
    """Somebody who opens a file and sends its requests one by one."""

    client: httpx2.Client
    text: str
    answers: dict[str, httpx2.Response] = field(default_factory=dict)

    def send_all(self) -> Iterator[tuple[str, httpx2.Response]]:
        """Yield the title of each request and its answer."""
        _, *blocks = re.split(r"^###", self.text, flags=re.MULTILINE)
        for block in blocks:
            title, _, request = block.partition("\n")
            answer = self.send(request)
            for name in NAME.findall(request):
                self.answers[name] = answer
            yield title.strip(), answer

    def send(self, request: str) -> httpx2.Response:
        lines = [line for line in request.strip().splitlines() if not line.startswith("#")]
        head, _, body = self.filled("\n".join(lines)).partition("\n\n")
        request_line, *header_lines = head.splitlines()
        matched = REQUEST_LINE.fullmatch(request_line)
        assert matched, request_line
        method, url = matched.groups()
        assert URL.fullmatch(url), url
        headers = dict(line.split(": ", 1) for line in header_lines)
        return self.client.request(method, url, headers=headers, content=body or None)

    def filled(self, text: str) -> str:
        return REFERENCE.sub(lambda reference: self.value(reference[1]), text)

    def value(self, reference: str) -> str:
        """Return what a variable stands for, or a part of an answer."""
        name, _, part = reference.partition(".response.")
        if not part:
            return self.filled(dict(DEFINITION.findall(self.text))[reference])
        kind, _, where = part.partition(".")
        if kind == "headers":
            return self.answers[name].headers[where]
        steps = Expectation(where.removeprefix("$."), None).steps
        value: Any = found(json.loads(self.answers[name].text), steps)
        assert isinstance(value, str), reference
        return value
