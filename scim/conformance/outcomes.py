"""How a check ends early: it fails, or the server has nothing that it could check."""

from enum import StrEnum
from typing import NoReturn

from .client import Exchange


class Level(StrEnum):
    """How binding a rule is (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Status(StrEnum):
    """The outcome of a check."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"


class Failure(Exception):
    """The server breaks the rule; ``answer`` is the one that had to succeed, if it is that."""

    def __init__(
        self, message: str, level: Level = Level.MUST, answer: Exchange | None = None
    ) -> None:
        super().__init__(message)
        self.level, self.answer = level, answer


class Unprepared(Failure):
    """What a check needs cannot be made in the server."""


class Skip(Exception):
    """The rule cannot be checked on this server."""


def expect(condition: object, message: str, level: Level = Level.MUST) -> None:
    """Fail with ``message`` unless ``condition`` holds."""
    if not condition:
        raise Failure(message, level)


def skip(reason: str) -> NoReturn:
    """End a check that cannot run on this server."""
    raise Skip(reason)
