"""Notes, in the thread of a request, the statements that run and the versions that it makes.

Nothing is noted unless a thread has called ``begin``.
"""

from collections.abc import Callable, Sequence
from threading import local
from typing import Any

from scim.explain.exchange import Made

from .changes import Change

MOST_STATEMENTS = 100  # of a request; of the others, their number and time
MOST_MADE = 1000  # versions


class Noted:
    """The statements (text, seconds, rows) of one request, and the versions that it made.

    ``unlisted`` is the number and the seconds of statements beyond ``MOST_STATEMENTS``.
    """

    __slots__ = ("made", "statements", "unlisted")

    def __init__(self) -> None:
        self.statements: list[tuple[str, float, int | None]] = []
        self.made: list[Made] = []
        self.unlisted = (0, 0.0)


NOTHING = Noted()


class _Here(local):
    noted: Noted | None = None


HERE = _Here()


def begin() -> Noted:
    """Note from now on what this thread does."""
    HERE.noted = noted = Noted()
    return noted


def end() -> None:
    """Note nothing more."""
    HERE.noted = None


def note_statement(
    text: str, _: Callable[[], Any] | None, seconds: float, rows: int | None
) -> None:
    """Note a statement without its values, which are people's data. It is an ``Observer``."""
    if noted := HERE.noted:
        if len(noted.statements) < MOST_STATEMENTS:
            noted.statements.append((text, seconds, rows))
        else:
            number, before = noted.unlisted
            noted.unlisted = number + 1, before + seconds


def note_made(changes: Sequence[Change]) -> None:
    """Note changes that have been committed."""
    if noted := HERE.noted:
        for each in changes[: MOST_MADE - len(noted.made)]:
            made = Made(each.resource_type, each.resource_id, each.version, each.operation.value)
            noted.made.append(made)
