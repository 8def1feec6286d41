"""Reads ``requests.json``: requests to a SCIM server, and what to expect of their answers."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

DESCRIPTION = Path(__file__).with_name("requests.json")
VARIABLE = re.compile(r"\{\{(\w+)}}")
STEP = re.compile(r'\["(?P<urn>[^"]+)"]|\[(?P<index>\d*)]|(?P<name>[^.\[\]]+)')
EACH = ""  # the step from a list to each of its elements
NO_BODY = (204, 304)


@dataclass(frozen=True)
class Expectation:
    """The value expected at a path of an answer.

    ``"*"`` stands for any value, ``null`` for no value, and a list for exactly these values in any
    order. A step of the path is a name, ``["urn"]``, an index as ``[0]``, or ``[]`` for each value.
    """

    path: str
    value: Any
    at_least: bool = False

    @classmethod
    def read(cls, key: str, value: Any) -> Self:
        path = key.removesuffix(" >=")
        return cls(path, value, at_least=path != key)

    @property
    def steps(self) -> tuple[str | int, ...]:
        return tuple(
            found["name"] or found["urn"] or (int(found["index"]) if found["index"] else EACH)
            for found in STEP.finditer(self.path)
        )

    def __str__(self) -> str:
        if self.value == "*":
            return f"{self.path} is there"
        if self.value is None:
            return f"{self.path} is not there"
        return f"{self.path} is {'at least ' * self.at_least}{json.dumps(self.value)}"


@dataclass(frozen=True)
class Request:
    """A request, a text about it, and the expected answer.

    ``path`` is relative to the base URL, unless it begins with a variable. ``keep`` maps variables
    to the parts of the answer that later requests need: ``$.id`` of the body, or a header.
    """

    name: str
    about: str
    method: str
    path: str
    status: int
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    token: str = ""
    body: Any = None
    shows: dict[str, Any] = field(default_factory=dict)
    answer_headers: list[str] = field(default_factory=list)
    keep: dict[str, str] = field(default_factory=dict)

    @property
    def expectations(self) -> list[Expectation]:
        return [Expectation.read(key, value) for key, value in self.shows.items()]

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers to send, without the token (RFC 7644 §3.8)."""
        content = {} if self.body is None else {"Content-Type": "application/scim+json"}
        return {"Accept": "application/scim+json"} | content | self.headers

    @property
    def url(self) -> str:
        return self.path if VARIABLE.match(self.path) else f"{{{{baseUrl}}}}{self.path}"


@dataclass(frozen=True)
class Folder:
    """Requests for one part of SCIM."""

    name: str
    about: str
    requests: list[Request]


@dataclass(frozen=True)
class Description:
    """All requests, in the order of sending."""

    name: str
    about: str
    folders: list[Folder]

    @property
    def requests(self) -> Iterator[Request]:
        for folder in self.folders:
            yield from folder.requests


def read() -> Description:
    """Return the requests of ``requests.json``."""
    document = json.loads(DESCRIPTION.read_text())
    folders = [
        Folder(told["name"], told["about"], [Request(**request) for request in told["requests"]])
        for told in document["folders"]
    ]
    return Description(document["name"], document["about"], folders)
