"""The filter of a recorded request, in its words and as a tree, with the place of a fault."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scim.explain import filters
from scim.explain.bodies import Reading
from scim.explain.exchange import Exchange
from scim.protocol.errors import InvalidFilterError
from scim.protocol.schema import ResourceType

LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text of a filter: a token of a kind, or what is between (``gap``)."""

    kind: str
    text: str
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Filtered:
    """A filter; without a tree it is none."""

    pieces: Sequence[Piece]
    tree: Sequence[str] = ()
    sentence: str = ""
    rules: Sequence[str] = ()


def filtered(exchange: Exchange, resource_type: ResourceType | None) -> Filtered | None:
    """Return the filter of a request; None if it has none."""
    reading = Reading(exchange)
    text = reading.parameters.get("filter", "")[:LONGEST]
    if not text or not (reading.method in ("GET", "HEAD") or reading.is_search):
        return None
    place = filters.position(reading.detail) if exchange.is_failed else None
    pieces = list(_pieces(text, place or 0))
    node = reading.filter
    if node is None:
        return Filtered(pieces)
    told = filters.sentence(node, resource_type) if resource_type else ""
    rules = filters.rules(node, resource_type) if resource_type else ()
    return Filtered(pieces, list(filters.tree(node)), told, rules)


def _pieces(text: str, wrong: int) -> Iterator[Piece]:
    """Yield the pieces of a filter; the one at the position ``wrong``, from 1, is marked."""
    try:
        tokens = filters.tokens(text)
    except InvalidFilterError:
        start = max(0, wrong - 1)
        yield from (Piece("gap", text[:start]), Piece("gap", text[start:], is_wrong=True))
        return
    end = 0
    for token in tokens:
        start = token.position - 1
        yield Piece("gap", text[end:start])
        end = start + len(token.text)
        yield Piece(token.kind, token.text, start < wrong <= end)
    yield Piece("gap", text[end:] or (" " if wrong > end else ""), wrong > end)
