"""Two exchanges side by side: where they differ, and which of it may matter."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from scim.protocol.headers import without_request

from ..bodies import completed
from ..changes.differences import Difference, changes
from ..exchange import Exchange, Message
from ..sentences.sentence import sentence

PASSING = {"date", "x-request-id", "content-length", "etag", "location", "last-modified"}
# What the server makes anew for each resource and version.
MADE = {"id", "meta.created", "meta.lastModified", "meta.location", "meta.version"}
FACTS: dict[str, Callable[[Exchange], str]] = {
    "Meaning": sentence,
    "Status": lambda each: str(each.status),
    "Error": lambda each: each.detail,
    "Tolerances": lambda each: ", ".join(each.tolerated),
    "Provider": lambda each: each.provider,
    "Method": lambda each: each.method,
    "Path": lambda each: f"{each.base}{each.path}",
    "Query": lambda each: each.query,
    "Tenant": lambda each: each.tenant,
    "Token": lambda each: each.token,
    "Versions made": lambda each: str(len(each.made)),
    "Statements": lambda each: str(len(each.statements)),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """The same thing of both sides; an empty text where a side does not have it."""

    name: str
    left: str
    right: str

    @property
    def differs(self) -> bool:
        return self.left != self.right


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of two exchanges; bodies only where they differ."""

    facts: Sequence[Pair]
    sent_headers: Sequence[Pair]
    answered_headers: Sequence[Pair]
    sent: Sequence[Difference]
    answered: Sequence[Difference]
    statements: Sequence[Pair]


def compare(left: Exchange, right: Exchange) -> Comparison:
    """Return two exchanges side by side."""
    facts = [Pair(name, of(left), of(right)) for name, of in FACTS.items()]
    return Comparison(
        [each for each in facts if each.left or each.right],
        _headers(left.request, right.request),
        _headers(left.answer, right.answer),
        _bodies(left.request, right.request),
        _bodies(left.answer, right.answer),
        list(_statements(left, right)),
    )


def _headers(left: Message, right: Message) -> list[Pair]:
    """Return the headers that differ, but for those that differ in every answer."""
    names = dict.fromkeys(name.lower() for name, _ in (*left.headers, *right.headers))
    pairs = (Pair(name, left.header(name), right.header(name)) for name in names)
    return [each for each in pairs if each.differs and each.name not in PASSING]


def _bodies(left: Message, right: Message) -> Sequence[Difference]:
    found = changes(_json(left), _json(right))
    return [each for each in found if each.path not in MADE and not _is_same_error(each)]


def _is_same_error(found: Difference) -> bool:
    """Tell whether the details of two errors differ in nothing but the request."""
    if found.path != "detail" or found.before is None or found.after is None:
        return False
    before, after = (without_request(str(json.loads(e))) for e in (found.before, found.after))
    return before == after


def _json(message: Message) -> str | None:
    return (completed(message.body) if message.is_cut else message.body) or None


def _statements(left: Exchange, right: Exchange) -> Iterator[Pair]:
    """Yield the statements that only one of the sides has, in their order."""
    ours, theirs = ({each.text for each in side.statements} for side in (left, right))
    for each in dict.fromkeys(each.text for each in left.statements):
        if each not in theirs:
            yield Pair("", each, "")
    for each in dict.fromkeys(each.text for each in right.statements):
        if each not in ours:
            yield Pair("", "", each)
