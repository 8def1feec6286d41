"""How a check ends early: it fails, or the server has nothing that it could check."""

from enum import StrEnum
from typing import NoReturn


class Level(StrEnum):
    """How binding a rule is (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Failure(Exception):
    """The server breaks the rule."""

    def __init__(self, message: str, level: Level = Level.MUST) -> None:
        super().__init__(message)
        self.level = level


class Skip(Exception):
    """The rule cannot be checked on this server."""


def expect(condition: object, message: str, level: Level = Level.MUST) -> None:
    """Fail with ``message`` unless ``condition`` holds."""
    if not condition:
        raise Failure(message, level)


def skip(reason: str) -> NoReturn:
    """End a check that cannot run on this server."""
    raise Skip(reason)
