"""An exchange: one request with its answer, as it is recorded, explained and shown."""

from collections.abc import Sequence
from dataclasses import dataclass

CONSOLE = "console"  # the name of the console's own token, and of the console in history


@dataclass(frozen=True, slots=True)
class Message:
    """One side of an exchange. Secrets in it are masked before it is recorded.

    ``size`` is the number of bytes of the whole body; a longer ``body`` was cut.
    """

    headers: Sequence[tuple[str, str]] = ()
    body: str = ""
    size: int = 0
    is_cut: bool = False

    def header(self, name: str) -> str:
        """Return the value of a header, whatever the case of its name; empty if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that ran, without the values in it; ``rows`` is None where nobody counted."""

    text: str
    milliseconds: float
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A version of a resource that an exchange made; history has the body before and after."""

    resource_type: str
    resource_id: str
    version: int
    operation: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a rejected credential: what was looked at, what was expected and what came."""

    name: str
    expected: str
    came: str
    is_passed: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, with what the server knows of both.

    ``number`` is its place in the recordings, 0 before it is stored. ``id`` is the request id.
    ``at`` is the instant of its arrival in UTC, ``milliseconds`` is how long the answer took.
    ``base`` is the base path, and ``path`` what follows it; a path elsewhere has an empty ``base``.
    ``tenant`` and ``token`` are names, empty if no credential was accepted. ``checks`` are those of
    a rejected credential. ``tolerated`` are the names of the tolerances that it needed, ``applied``
    is a preference that was heeded (``dry-run``), ``detail`` that of the error that was answered.
    """

    id: str
    at: str
    milliseconds: float
    method: str
    base: str
    path: str
    query: str
    status: int
    request: Message
    answer: Message
    number: int = 0
    client: str = ""
    provider: str = ""
    tenant: str = ""
    token: str = ""
    tolerated: Sequence[str] = ()
    applied: str = ""
    detail: str = ""
    statements: Sequence[Statement] = ()
    made: Sequence[Made] = ()
    checks: Sequence[Check] = ()
    is_marked: bool = False

    @property
    def is_failed(self) -> bool:
        return self.status >= 400
