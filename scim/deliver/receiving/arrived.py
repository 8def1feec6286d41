"""A message that arrived at a receiver, and the receiver's verdict on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Arrived:
    """A POST; the names of ``headers`` are in lower case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a POST: lines for people, and the answer to its sender.

    The lines have values of a stranger: print them escaped. The text of the answer
    is of the type ``content_type``, in a ``language`` if that is to be said.
    """

    lines: Sequence[str]
    status: HTTPStatus = HTTPStatus.NO_CONTENT
    text: str = ""
    content_type: str = "text/plain; charset=utf-8"
    language: str = ""


Reader = Callable[[Arrived], Told]  # of one content type; called by one thread at a time


def refused(status: HTTPStatus, reason: str) -> Told:
    """Return that a POST is not accepted; ``reason`` is a sentence without a full stop."""
    return Told([f"Refused with {status}: {reason}."], status, f"{reason}\n")
