"""Values in the forms that providers send them, turned into the form of their attribute."""

import re
from typing import Any

from .attributes import Attribute
from .errors import InvalidValueError
from .references import is_reference, linked
from .tolerance import Tolerated
from .values import DATE_TIME, INTEGERS, Record

# A time may follow a blank, as in SQL. In a URL, a plus sign becomes one, too. So a date alone has
# no zone but Z, since a blank behind it could be either.
INSTANT = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"((t| )(?P<time>\d\d:\d\d)((?P<seconds>:\d\d)(?P<fraction>[.,]\d+)?)?"
    r"(( ?(?P<sign>[+-])| )(?P<hours>\d\d)(:?(?P<minutes>\d\d))?| ?z)?| ?z)?",
    re.ASCII | re.IGNORECASE,
)


def as_boolean(value: Any, tolerated: Tolerated) -> Any:
    """Return the boolean for a text such as "True"; any other value as it is."""
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true" if tolerated.allows("text_booleans") else value
    return value


def as_date_time(value: Any, tolerated: Tolerated, bounds: bool = False) -> Any:
    """Return the xsd:dateTime for a text that is plainly an instant; any other value as it is.

    A date alone is one only where it ``bounds`` a search. As a value to be stored, it would get a
    time that nobody has sent.
    """
    if not isinstance(value, str) or DATE_TIME.fullmatch(value):
        return value
    found = INSTANT.fullmatch(value)
    if found is None or not (found["time"] or bounds):
        return value
    if not tolerated.allows("loose_dates"):
        return value
    time = (found["time"] or "00:00") + (found["seconds"] or ":00")
    fraction = (found["fraction"] or "").replace(",", ".")
    zone = "Z"
    if found["hours"]:
        zone = f"{found['sign'] or '+'}{found['hours']}:{found['minutes'] or '00'}"
    return f"{found['date']}T{time}{fraction}{zone}"


def simple_value(attribute: Attribute, value: Any, tolerated: Tolerated) -> Any:
    """Return one value of a simple attribute in the form of its type; None if it unassigns."""
    if isinstance(value, list | dict):
        value = _only(value, tolerated)
    if attribute.type == "boolean":
        return as_boolean(value, tolerated)
    if attribute.type == "dateTime":
        return as_date_time(value, tolerated)
    is_number = isinstance(value, int) and not isinstance(value, bool) and value in INTEGERS
    if attribute.type == "string" and is_number:
        return str(value) if tolerated.allows("number_for_text") else value
    return value


def _only(value: list[Any] | Record, tolerated: Tolerated) -> Any:
    """Return the simple value in a list of one, in an object with ``value`` alone, or in both."""
    items = value if isinstance(value, list) else [value]
    found = items[0] if items else None
    if isinstance(found, dict):
        members = _members(found)
        found = members.pop("value", found)
        if any(member is not None for member in members.values()):
            return value
    if len(items) > 1 or isinstance(found, list | dict):
        return value
    return found if tolerated.allows("complex_for_simple") else value


def _members(value: Record) -> Record:
    """Return the members of an object by their names in lower case."""
    return {name.lower(): member for name, member in value.items()}


def sent_value(attribute: Attribute, value: Any, tolerated: Tolerated) -> Any:
    """Return a whole value that a client sent, in the form of ``attribute``; None if it unassigns.

    :raises InvalidValueError: it refers to a resource by a link, and the link is of no use
    """
    if attribute.multi_valued:
        items = value if isinstance(value, list) else [] if value in (None, "") else [value]
        return [element(attribute, item, tolerated) for item in items] or None
    if attribute.type != "complex":
        return simple_value(attribute, value, tolerated)
    if isinstance(value, list) and len(value) <= 1 and tolerated.allows("simple_for_complex"):
        value = value[0] if value else None
    if value == "" and tolerated.allows("empty_for_unassigned"):
        return None
    if is_reference(attribute):
        return _referring(attribute, element(attribute, value, tolerated), tolerated)
    return element(attribute, value, tolerated)


def element(attribute: Attribute, value: Any, tolerated: Tolerated) -> Any:
    """Return one value of ``attribute``; a string is the ``value`` of a complex one."""
    if attribute.type != "complex":
        return simple_value(attribute, value, tolerated)
    if not isinstance(value, str) or attribute.find("value") is None:
        return value
    return {"value": value} if tolerated.allows("simple_for_complex") else value


def _referring(attribute: Attribute, value: Any, tolerated: Tolerated) -> Any:
    """Return a reference with its ``value``; None if that is blank and nothing else is said."""
    if not isinstance(value, dict):
        return value
    said = _said(attribute, value)
    identity = attribute.find("value")
    if identity and "value" in said:
        said["value"] = simple_value(identity, said["value"], tolerated)
    if said.keys() == {"value"} and is_blank(said["value"]):
        return None if tolerated.allows("empty_for_unassigned") else value
    link = _members(value).get("$ref")
    if "value" in said or link is None or is_blank(link):
        return value
    kept = {name: member for name, member in value.items() if name.lower() not in ("value", "$ref")}
    return kept | {"value": link_target(f"{attribute.name}.$ref", link, tolerated)}


def _said(attribute: Attribute, value: Record) -> Record:
    """Return the members of a value that are known, not null and the client's to write."""
    named = ((attribute.find(name), member) for name, member in value.items())
    return {
        below.key: member
        for below, member in named
        if below and below.mutability != "readOnly" and member is not None
    }


def is_unknown(attribute: Attribute, value: Any) -> bool:
    """Tell whether a complex value has names, of which none is that of a sub-attribute."""
    items = value if isinstance(value, list) else [value]
    return attribute.type == "complex" and all(
        isinstance(item, dict) and item and not any(map(attribute.find, item)) for item in items
    )


def link_target(place: str, link: Any, tolerated: Tolerated) -> str:
    """Return the id in the link at ``place``, which stands there without a ``value``.

    :raises InvalidValueError: it leads to no resource of this server, or the tenant takes ids alone
    """
    found = linked(link, tolerated.base_url) if isinstance(link, str) else None
    if found is None:
        raise InvalidValueError(
            f"{place} leads to no resource of this server; send its id as value"
        )
    if not tolerated.allows("link_for_id"):
        raise InvalidValueError(f"{place} is made by the server; send the id as value")
    return found


def is_blank(value: Any) -> bool:
    """Tell whether a value is a text without anything but white space."""
    return isinstance(value, str) and not value.strip()


def is_cleared(
    sub_attribute: Attribute, attribute: Attribute, value: Any, tolerated: Tolerated
) -> bool:
    """Tell whether writing ``value`` to ``attribute.value`` means to unassign the reference."""
    return (
        is_blank(value)
        and sub_attribute.key == "value"
        and not attribute.multi_valued
        and is_reference(attribute)
        and tolerated.allows("empty_for_unassigned")
    )


def first_primary(attribute: Attribute, items: list[Any], tolerated: Tolerated) -> list[Any]:
    """Return ``items`` in which only the first of several primary values is primary."""
    primaries = [item for item in items if isinstance(item, dict) and item.get("primary") is True]
    if len(primaries) < 2 or not tolerated.allows("duplicate_primary"):
        return items
    demoted = [id(item) for item in primaries[1:]]
    return [item | {"primary": False} if id(item) in demoted else item for item in items]
