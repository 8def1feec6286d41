"""Values of attributes: which are legal, and the folded form in which they are compared.

RFC 7643 §2.3 has the types; §2.2 and §2.4 decide on case. Filters, sorting and uniqueness see a
folded resource: keys in lower case, text of ``caseExact: false`` attributes after NFKC and case
folding, dateTimes as UTC in one sortable form, empty values left out.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from .attributes import Attribute
from .errors import InvalidValueError

Record = dict[str, Any]  # a JSON object

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
# The base URL in stored texts; an answer has the real one in its place. Clients cannot send it.
PLACEHOLDER = "\x1f"
UNSTORABLE = re.compile("[\0\x1f]")

# Padding may be left out; the alphabet of URLs is for attributes that say so (RFC 7643 §2.3.6).
BASE64 = re.compile(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?", re.ASCII)
INTEGERS = range(-(2**63), 2**63)
# Normalizing a text sorts combining characters in a row, in a time quadratic in their number.
MOST_COMBINING = 1000


def fold_text(text: str) -> str:
    """Return ``text`` as ``caseExact: false`` attributes compare it."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def fold_date_time(text: str) -> str:
    """Return an xsd:dateTime as UTC with microseconds, so that text order is time order.

    :raises ValueError: ``text`` is not an xsd:dateTime with date and time
    """
    match = DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    fraction, zone = (match[1] or ".0")[:7], match[2] or "Z"
    instant = datetime.fromisoformat(
        text[:19] + fraction.ljust(7, "0") + zone.replace("Z", "+00:00")
    )
    try:
        return date_time(instant.astimezone(UTC))
    except OverflowError:
        raise ValueError(text) from None


def date_time(instant: datetime) -> str:
    """Return ``instant`` (UTC) in the form that this server stores and shows."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def instant(seconds: float) -> str:
    """Return an instant in seconds of Unix time in that form."""
    return date_time(datetime.fromtimestamp(seconds, UTC))


def check(attribute: Attribute, value: Any) -> Any:
    """Return ``value`` if it is legal for a simple attribute (RFC 7643 §2.3).

    :raises InvalidValueError: it is not; the detail says what is expected
    """
    match attribute.type:
        case "boolean":
            legal = isinstance(value, bool)
        case "decimal" if isinstance(value, float):
            legal = math.isfinite(value)
        case "integer" | "decimal":
            legal = isinstance(value, int) and not isinstance(value, bool) and value in INTEGERS
        case _:
            legal = isinstance(value, str) and _legal_text(attribute, value)
    if not legal:
        raise InvalidValueError(f"the value must be {EXPECTED.get(attribute.type, 'a string')}")
    return value


EXPECTED = {
    "boolean": "true or false",
    "integer": "an integer of at most 64 bits",
    "decimal": "a number",
    "dateTime": "a dateTime such as 2026-01-31T12:00:00Z",
    "binary": "base64",
}


def _legal_text(attribute: Attribute, text: str) -> bool:
    if UNSTORABLE.search(text):
        raise InvalidValueError("the characters U+0000 and U+001F cannot be stored; remove them")
    if len(text) > MOST_COMBINING and not text.isascii():
        _check_combining(text)
    if attribute.type == "dateTime":
        try:
            fold_date_time(text)
        except ValueError:
            return False
    return attribute.type != "binary" or BASE64.fullmatch("".join(text.split())) is not None


def _check_combining(text: str) -> None:
    row = 0
    for character in text:
        row = row + 1 if unicodedata.combining(character) else 0
        if row > MOST_COMBINING:
            raise InvalidValueError(
                f"more than {MOST_COMBINING} combining characters follow each other; remove them"
            )


def deep_copy(value: Any) -> Any:
    """Return a deep copy of a JSON value, in a sixth of the time of ``copy.deepcopy``."""
    if isinstance(value, dict):
        return {name: deep_copy(member) for name, member in value.items()}
    return [deep_copy(item) for item in value] if isinstance(value, list) else value


def fold_value(attribute: Attribute, value: Any) -> Any:
    """Return a legal simple value as it is compared."""
    if attribute.type == "dateTime":
        return fold_date_time(value)
    if attribute.type == "binary":
        return "".join(value.split()).rstrip("=")
    if attribute.type == "string" and not attribute.case_exact:
        return fold_text(value)
    return value


def fold(resource: Mapping[str, Any], attributes: Iterable[Attribute]) -> Record:
    """Return the folded form of ``resource``, whose names are in the schema's case."""
    folded = {}
    for attribute in attributes:
        value = resource.get(attribute.name)
        if value is None:
            continue
        if attribute.multi_valued:
            folded[attribute.key] = [fold_item(attribute, item) for item in value]
        else:
            folded[attribute.key] = fold_item(attribute, value)
    return folded


def fold_item(attribute: Attribute, value: Any) -> Any:
    """Return the folded form of one value of ``attribute``, complex or simple."""
    if attribute.type == "complex":
        return fold(value, attribute.sub_attributes)
    return fold_value(attribute, value)
