"""The members that a client lists (RFC 7643 §4.2). A group may have a hundred thousand of them."""

from typing import Any

from ..errors import InvalidSyntaxError, InvalidValueError
from ..schema import GROUP
from ..tolerance import STRICT, Tolerated

NAMES = {below.name for below in GROUP.locate("members")[0].sub_attributes}


def member_ids(value: Any, tolerated: Tolerated = STRICT) -> tuple[str, ...]:
    """Return the ids in a list of members, each once, in the order given.

    Only ``value`` counts; ``display``, ``type`` and ``$ref`` are made by the server.

    :raises InvalidValueError: an element has no ``value``; the detail names it
    :raises InvalidSyntaxError: an element has what a member has not
    """
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    return tuple(
        dict.fromkeys(_member_id(item, index, tolerated) for index, item in enumerate(items))
    )


def _member_id(item: Any, index: int, tolerated: Tolerated) -> str:
    if isinstance(item, str) and tolerated.allows("simple_for_complex"):
        return item
    if isinstance(item, dict) and not item.keys() <= NAMES:
        _check_names(item, index, tolerated)
    found = item.get("value") if isinstance(item, dict) else None
    if found is None and isinstance(item, dict):
        found = next((item[name] for name in item if name.lower() == "value"), None)
    if not isinstance(found, str) or not found:
        raise InvalidValueError(
            f"members[{index}]: expected an object with the member's id as value"
        )
    return found


def _check_names(item: dict[str, Any], index: int, tolerated: Tolerated) -> None:
    known = {name.lower() for name in NAMES}
    unknown = [name for name in item if name.lower() not in known]
    if unknown and not tolerated.allows("unknown_attributes"):
        raise InvalidSyntaxError(f"members[{index}]: a member has no attribute {unknown[0]!r}")
