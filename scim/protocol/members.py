"""The members that a client lists (RFC 7643 §4.2). A group may have a hundred thousand of them."""

from typing import Any

from .errors import InvalidValueError
from .tolerance import STRICT, Tolerated


def member_ids(value: Any, tolerated: Tolerated = STRICT) -> tuple[str, ...]:
    """Return the ids in a list of members, each once, in the order given.

    Only ``value`` counts; ``display``, ``type`` and ``$ref`` are made by the server.

    :raises InvalidValueError: an element has no ``value``; the detail names it
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
    found = item.get("value") if isinstance(item, dict) else None
    if found is None and isinstance(item, dict):
        found = next((item[name] for name in item if name.lower() == "value"), None)
    if not isinstance(found, str) or not found:
        raise InvalidValueError(
            f"members[{index}]: expected an object with the member's id as value"
        )
    return found
