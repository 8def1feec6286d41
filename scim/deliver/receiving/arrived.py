"""A message that arrived at a receiver, and the receiver's verdict on it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

MOST_REMEMBERED = 10_000  # ids of messages


@dataclass(frozen=True, slots=True)
class Arrived:
    """A POST; the names of ``headers`` are in lower case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a POST: lines for people, and the answer to its sender.

    The lines have values of a stranger: print them escaped. The text of the answer
    is of the type ``content_type``, in a ``language`` if that is to be said.
    """

    lines: Sequence[str]
    status: HTTPStatus = HTTPStatus.NO_CONTENT
    text: str = ""
    content_type: str = "text/plain; charset=utf-8"
    language: str = ""


class Remembered:
    """The ids of accepted messages: a sender repeats a message that was not answered in time."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def add(self, message_id: str) -> bool:
        """Remember an id; tell whether it was known."""
        is_known = message_id in self._ids
        if len(self._ids) >= MOST_REMEMBERED:
            del self._ids[next(iter(self._ids))]
        self._ids[message_id] = None
        return is_known


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines as they are printed: all but the first are indented."""
    for number, line in enumerate(lines):
        yield f"  {line}" if number else line


Reader = Callable[[Arrived], Verdict]  # of one content type; called by one thread at a time


def refused(status: HTTPStatus, reason: str) -> Verdict:
    """Return that a POST is not accepted; ``reason`` is a sentence without a full stop."""
    return Verdict([f"Refused with {status}: {reason}."], status, f"{reason}\n")
