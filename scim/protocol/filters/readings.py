"""The ways in which a filter can be read: as the RFCs say, and as clients may have meant it."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..tolerance import Tolerated, with_decoded_values
from .nodes import Filter
from .parser import Limits, parse_filter


@dataclass(frozen=True, slots=True)
class Reading:
    """A meaning of a filter, and the name of the tolerance that it needs, empty for none."""

    node: Filter
    tolerance: str = ""


def readings(text: str, tolerated: Tolerated, limits: Limits) -> Iterator[Reading]:
    """Yield the meanings of ``text`` that a tenant accepts, that of the RFCs first.

    A later meaning counts only if those before it find nothing. Values are decoded after parsing,
    since a decoded quotation mark must not end the value.

    :raises InvalidFilterError: the text is not a filter
    """
    parsed = parse_filter(text, tolerated, limits)
    yield Reading(parsed)
    if "%" in text and tolerated.tolerance.double_encoded_filter_values:
        decoded = with_decoded_values(parsed)
        if decoded != parsed:
            yield Reading(decoded, "double_encoded_filter_values")
    if "\\" in text and tolerated.tolerance.literal_backslashes:
        literal = parse_filter(text, tolerated, limits, is_literal=True)
        if literal != parsed:
            yield Reading(literal, "literal_backslashes")
